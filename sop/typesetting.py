"""Setting a document as PDF with Typst: the same for the archive and for reports.

Typst is given all text as JSON values, so nothing that was typed is ever read as its
source. No system fonts and no clock: the same values give the same bytes anywhere.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typst

# The strictest first: PDF/A-2a and PDF/UA-1 where the letters allow it (Typst's own fonts
# have neither emoji nor Chinese), else what is left.
STANDARDS: tuple[list[str], ...] = (["a-2a", "ua-1"], ["a-2b"], [])


def pdf_of(template: Path, data: Mapping[str, Any], pictures: Mapping[str, bytes]) -> bytes:
    """The template with these values; `pictures` are the files that it may show, by name.

    Raises typst.TypstError when it cannot be set at all.
    """
    with tempfile.TemporaryDirectory(prefix="siar-pdf-") as made:
        folder = Path(made)
        for name, content in pictures.items():
            (folder / name).write_bytes(content)
        (folder / "data.json").write_text(json.dumps(data), encoding="utf-8")
        source = folder / template.name
        source.write_bytes(template.read_bytes())
        return _compiled(source)


def _compiled(source: Path) -> bytes:
    for standards in STANDARDS:
        try:
            made: bytes = typst.compile(
                str(source),
                root=str(source.parent),
                ignore_system_fonts=True,
                format="pdf",
                pdf_standards=standards,  # type: ignore[call-overload]
                timestamp=0,
            )
        except typst.TypstError:
            if not standards:
                raise
            continue
        return made
    raise AssertionError("the last standard is none at all")
