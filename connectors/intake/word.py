"""Word documents (.docx) to simple HTML, through mammoth.

Deleted text of tracked changes, comments and hidden text stay out: what a reader
of the printed page would not see must not reach the website.
"""

from __future__ import annotations

import encodings.cp437  # noqa: F401 - of zipfile; as the next, for a fork not to import it again
import io
import xml.dom.expatbuilder  # noqa: F401 - of mammoth
import zipfile
from typing import Any, Final
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, ParseError, tostring

import mammoth
from defusedxml.ElementTree import fromstring  # type: ignore[import-untyped]

from connectors.intake.errors import IntakeError
from connectors.intake.packages import UNPACKING_ERRORS, broken, is_read_in_docx, open_docx
from connectors.intake.values import Converted, PictureCollector

_STYLE_MAP: Final = """
p[style-name='Title'] => h1.judul:fresh
p[style-name='Subtitle'] => p:fresh
p[style-name='caption'] => p.keterangan:fresh
p[style-name='Caption'] => p.keterangan:fresh
p[style-name='Quote'] => blockquote > p:fresh
p[style-name='Intense Quote'] => blockquote > p:fresh
p[style-name='List Bullet 2'] => ul|ol > li > ul > li:fresh
p[style-name='List Bullet 3'] => ul|ol > li > ul|ol > li > ul > li:fresh
p[style-name='List Number 2'] => ul|ol > li > ol > li:fresh
p[style-name='List Number 3'] => ul|ol > li > ul|ol > li > ol > li:fresh
p[style-name='toc 1'] => !
p[style-name='toc 2'] => !
p[style-name='toc 3'] => !
p[style-name='TOC Heading'] => !
"""

# What a style says about looks; its name, its kind and its numbering stand elsewhere.
_LOOKS: Final = frozenset(
    {"docDefaults", "latentStyles", "rPr", "tblPr", "tblStylePr", "tcPr", "trPr"}
)

_W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def docx_to_html(data: bytes, filename: str) -> Converted:
    """The visible text of a Word document. Raises IntakeError."""
    with open_docx(data, filename) as package:
        try:
            visible, hidden = _readable(package)
        except UNPACKING_ERRORS as error:
            raise broken(filename) from error
    collector = PictureCollector(filename)

    def picture(image: Any) -> dict[str, str]:
        with image.open() as stream:
            content = stream.read()
        return {"src": collector.reference(content, image.alt_text or "")}

    try:
        result = mammoth.convert_to_html(
            io.BytesIO(visible),
            convert_image=mammoth.images.img_element(picture),
            style_map=_STYLE_MAP,
            # A document must not choose how it is read, nor make us read other files.
            include_embedded_style_map=False,
            external_file_access=False,
        )
    except IntakeError:
        raise
    except Exception as error:
        # mammoth trusts the structure of its input; any surprise there ends here.
        raise broken(filename) from error
    warnings = []
    if any("external image" in message.message for message in result.messages):
        warnings.append(
            f"Gambar di {filename} yang hanya berupa tautan tidak diambil. Letakkan berkas "
            "gambarnya di folder bila diperlukan."
        )
    if hidden:
        warnings.append(f"Teks tersembunyi di {filename} tidak ikut dibaca.")
    return Converted(result.value, collector.pictures, tuple(warnings))


def _readable(package: zipfile.ZipFile) -> tuple[bytes, bool]:
    """What of the package is to be read, and whether runs marked "hidden" were taken out."""
    hidden = False
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as rewritten:
        for entry in package.infolist():
            name = entry.filename
            if not is_read_in_docx(name):
                continue
            part = package.read(entry)
            if name.startswith("word/styles"):
                part = _named_styles(part)
            elif b"vanish" in part and _is_text(name):
                hidden = True
                part = _visible_part(part)
            rewritten.writestr(name, part)
    return out.getvalue(), hidden


def _is_text(name: str) -> bool:
    return name.startswith("word/") and name.endswith(".xml") and "/" not in name[5:]


def _named_styles(part: bytes) -> bytes:
    """The styles with their names and numbering only: how they look is most of many a document."""
    try:
        # Its entities and its size were judged when the package was opened.
        root = ElementTree.fromstring(part)  # noqa: S314
    except (ParseError, ValueError):
        return part
    for parent in (root, *root):
        for child in list(parent):
            if child.tag.rpartition("}")[2] in _LOOKS:
                parent.remove(child)
    named: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return named


def _visible_part(part: bytes) -> bytes:
    try:
        root: Element = fromstring(part, forbid_dtd=True)
    except (ParseError, ValueError):
        return part
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag == f"{_W}r" and _is_hidden(child):
                parent.remove(child)
    visible: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return visible


def _is_hidden(run: Element) -> bool:
    mark = run.find(f"{_W}rPr/{_W}vanish")
    return mark is not None and mark.get(f"{_W}val", "true") not in ("0", "false", "off")
