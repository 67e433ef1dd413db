"""Small mends to the look of Prefect's UI, in Siar's own copy of its pages.

The classic UI's dialog lets a long form squeeze the text above it to a height of
nothing: nobody would see what is asked, nor why an answer was refused. Its drop-downs
take one click for two, and close as they open unless the small arrow is hit. The rules
below only concern forms; the installed package stays as it was installed.
"""

from __future__ import annotations

from pathlib import Path

# Class names of Prefect 3.8; tests/e2e fails when one of them no longer fits.
RULES = """
.p-modal__body > .markdown-renderer { flex-shrink: 0; }
.p-modal__card:has(.schema-input) { max-width: min(52rem, 100%); }
.schema-form-property .p-textarea__control { field-sizing: content; max-height: 24rem; }
.p-modal__body code { white-space: normal; overflow-wrap: anywhere; }
.p-select-button { cursor: pointer; }
.p-select-button__control { pointer-events: none; }
.p-select-button__control .p-tag__dismiss { pointer-events: auto; }
"""
# The newer UI's dialog: a digest of 64 letters would run off a phone's screen.
RULES_V2 = """
[role="dialog"] code { white-space: normal; overflow-wrap: anywhere; }
"""
_MARK = '<style id="siar">'


def improve_forms(ui_folder: Path) -> bool:
    """Add the rules to the pages of both UIs; whether the classic one's was found.

    `ui_folder` is Prefect's static directory, filled by `create_app`. Harmless to repeat.
    """
    _add(RULES_V2, ui_folder / "v2" / "index.html")
    return _add(RULES, ui_folder / "v1" / "index.html")


def _add(rules: str, page: Path) -> bool:
    if not page.is_file():
        return False
    html = page.read_text(encoding="utf-8")
    if _MARK not in html:
        page.write_text(
            html.replace("</head>", f"{_MARK}{rules}</style></head>", 1), encoding="utf-8"
        )
    return True
