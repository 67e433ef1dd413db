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
_MARK = '<style id="siar">'


def improve_forms(ui_folder: Path) -> bool:
    """Add the rules to the classic UI's page; whether its page was found.

    `ui_folder` is Prefect's static directory, filled by `create_app`. Harmless to repeat.
    """
    page = ui_folder / "v1" / "index.html"
    if not page.is_file():
        return False
    html = page.read_text(encoding="utf-8")
    if _MARK not in html:
        page.write_text(
            html.replace("</head>", f"{_MARK}{RULES}</style></head>", 1), encoding="utf-8"
        )
    return True
