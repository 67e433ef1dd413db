"""Looks into a .docx or .odt before any library opens it.

Both are ZIP files full of XML, made by strangers: the guards here bound what
unpacking and parsing can cost, and name the cases staff really meet (a password,
a renamed file, macros) in a sentence. Nothing is ever written to disk.
"""

from __future__ import annotations

import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable
from typing import Final
from xml.sax import SAXException
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesImpl

from defusedxml import DefusedXmlException  # type: ignore[import-untyped]
from defusedxml.sax import make_parser  # type: ignore[import-untyped]

from connectors.intake.errors import IntakeError

MAX_ENTRIES: Final = 1_500
MAX_DIRECTORY_BYTES: Final = 1_000_000
MAX_UNPACKED_BYTES: Final = 250 * 1024 * 1024
MAX_XML_BYTES: Final = 25 * 1024 * 1024
MAX_RATIO: Final = 200
RATIO_MATTERS_FROM: Final = 2 * 1024 * 1024
MAX_ELEMENTS: Final = 250_000
MAX_DEPTH: Final = 150

_END_OF_DIRECTORY: Final = b"PK\x05\x06"
_ZIP64_LOCATOR: Final = b"PK\x06\x07"
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ODT_MIME: Final = b"application/vnd.oasis.opendocument.text"

# Parts of a Word document that are never parsed, neither by the check nor by the reader
# (`word`): how it looks, who saved it, what is printed at the edge of each page. Often
# they are most of it.
_UNREAD_IN_DOCX: Final = (
    "customxml/",
    "docprops/",
    "word/fonttable.xml",
    "word/footer",
    "word/glossary/",
    "word/header",
    "word/settings.xml",
    "word/styleswitheffects.xml",
    "word/theme/",
    "word/websettings.xml",
)

# What zipfile raises over damaged bytes, most of it undocumented: found by fuzzing.
UNPACKING_ERRORS: Final = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    RuntimeError,  # also for a method or version that it does not know
    ValueError,
    KeyError,
)


def open_docx(data: bytes, filename: str) -> zipfile.ZipFile:
    """The package of a checked Word document. Raises IntakeError.

    Only what `is_read_in_docx` names is checked: nobody may parse anything else of it.
    """
    package = _open_package(data, filename, "Word (.docx)", is_read_in_docx)
    names = set(package.namelist())
    if "mimetype" in names and "[Content_Types].xml" not in names:
        raise _renamed(filename, "OpenDocument", ".odt")
    if "[Content_Types].xml" not in names or not any(
        name.startswith("word/document") for name in names
    ):
        raise IntakeError(
            f"{filename} bukan dokumen Word (mungkin Excel, PowerPoint atau ZIP yang diganti "
            "namanya). Simpan naskah sebagai .docx dari Word atau LibreOffice, lalu coba lagi."
        )
    macros = any(name.casefold().endswith("vbaproject.bin") for name in names)
    if macros or b"macroEnabled" in _read(package, "[Content_Types].xml", filename):
        raise _macros(filename, ".docx")
    return package


def is_read_in_docx(name: str) -> bool:
    """Whether this part of a Word document says anything that readers will read."""
    return not name.casefold().startswith(_UNREAD_IN_DOCX)


def open_odt(data: bytes, filename: str) -> zipfile.ZipFile:
    """The package of a checked OpenDocument text. Raises IntakeError."""
    package = _open_package(data, filename, "OpenDocument (.odt)", lambda _name: True)
    names = set(package.namelist())
    if "[Content_Types].xml" in names:
        raise _renamed(filename, "Word", ".docx")
    mime = _read(package, "mimetype", filename).strip() if "mimetype" in names else b""
    if mime != _ODT_MIME or "content.xml" not in names:
        raise IntakeError(
            f"{filename} bukan dokumen teks OpenDocument. Simpan naskah sebagai .odt dari "
            "LibreOffice Writer, lalu coba lagi."
        )
    if any(name.startswith(("Basic/", "Scripts/")) and not name.endswith("/") for name in names):
        raise _macros(filename, ".odt")
    manifest = "META-INF/manifest.xml"
    if manifest in names and b"encryption-data" in _read(package, manifest, filename):
        raise _locked(filename)
    return package


def _read(package: zipfile.ZipFile, name: str, filename: str) -> bytes:
    try:
        return package.read(name)
    except UNPACKING_ERRORS as error:
        raise broken(filename) from error


def _open_package(
    data: bytes, filename: str, wanted: str, is_read: Callable[[str], bool]
) -> zipfile.ZipFile:
    if data.startswith(_OLE):
        raise IntakeError(
            f"{filename} terkunci kata sandi atau berformat Word lama (.doc). Buka di Word, hapus "
            "kata sandinya, simpan sebagai .docx, lalu coba lagi."
        )
    if not data.startswith(b"PK\x03\x04"):
        raise IntakeError(
            f"Isi {filename} bukan dokumen {wanted}. Buka naskah di pengolah kata, simpan ulang "
            "dengan format itu, lalu coba lagi."
        )
    _refuse_endless_directory(data, filename)
    try:
        package = zipfile.ZipFile(io.BytesIO(data))
        entries = package.infolist()
        _refuse_bomb(entries, filename)
        read = [entry for entry in entries if is_read(entry.filename)]
        _refuse_hostile_xml(package, read, filename)
    except UNPACKING_ERRORS as error:
        raise broken(filename) from error
    return package


def broken(filename: str) -> IntakeError:
    """The refusal of a file that cannot be opened at all."""
    return IntakeError(
        f"{filename} rusak atau belum tersalin lengkap sehingga tidak dapat dibuka. "
        "Salin ulang berkas aslinya, lalu coba lagi."
    )


def _refuse_endless_directory(data: bytes, filename: str) -> None:
    # zipfile builds one object per entry before anyone can count them, so the
    # size of the directory is judged from the record that stands at the end.
    at = data.rfind(_END_OF_DIRECTORY)
    if at < 0 or len(data) < at + 22:
        raise broken(filename)
    entries, size = struct.unpack("<HI", data[at + 10 : at + 16])
    zip64 = data[max(0, at - 20) : at].startswith(_ZIP64_LOCATOR)
    if zip64 or entries > MAX_ENTRIES or size > MAX_DIRECTORY_BYTES:
        raise _bomb(filename)


def _refuse_bomb(entries: Iterable[zipfile.ZipInfo], filename: str) -> None:
    total = 0
    seen: set[str] = set()
    for entry in entries:
        if entry.flag_bits & 0x1:
            raise _locked(filename)
        total += entry.file_size
        ratio = entry.file_size / max(1, entry.compress_size)
        if entry.file_size > RATIO_MATTERS_FROM and ratio > MAX_RATIO:
            raise _bomb(filename)
        if _is_xml(entry.filename) and entry.file_size > MAX_XML_BYTES:
            raise _bomb(filename)
        if entry.filename in seen:
            # Two files of one name: the check would read one, the reader the other.
            raise broken(filename)
        seen.add(entry.filename)
    if total > MAX_UNPACKED_BYTES or len(seen) > MAX_ENTRIES:
        raise _bomb(filename)


def _is_xml(name: str) -> bool:
    return name.casefold().endswith((".xml", ".rels"))


class _Budget(ContentHandler):
    """Counts elements and depth over all parts of one document; builds nothing."""

    def __init__(self, filename: str) -> None:
        super().__init__()
        self._filename = filename
        self._elements = 0
        self._depth = 0

    def startDocument(self) -> None:  # noqa: N802 - the name is the SAX interface
        self._depth = 0

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: N802
        self._elements += 1
        self._depth += 1
        if self._elements > MAX_ELEMENTS or self._depth > MAX_DEPTH:
            raise IntakeError(
                f"Susunan {self._filename} terlalu rumit untuk dibaca. Salin teksnya ke dokumen "
                "baru yang kosong, simpan, lalu coba lagi."
            )

    def endElement(self, name: str) -> None:  # noqa: N802
        self._depth -= 1


def _refuse_hostile_xml(
    package: zipfile.ZipFile, entries: Iterable[zipfile.ZipInfo], filename: str
) -> None:
    budget = _Budget(filename)
    for entry in entries:
        if not _is_xml(entry.filename):
            continue
        parser = make_parser()
        # Old OpenOffice manifests carry a DOCTYPE; entities are refused all the same.
        parser.forbid_dtd = not entry.filename.startswith("META-INF/")
        parser.setContentHandler(budget)
        try:
            with package.open(entry) as part:
                parser.parse(part)
        except DefusedXmlException as error:
            raise IntakeError(
                f"{filename} memuat kode XML yang berbahaya dan tidak dibuka. Salin teksnya ke "
                "dokumen baru, simpan, lalu coba lagi."
            ) from error
        except SAXException as error:
            raise broken(filename) from error


def _bomb(filename: str) -> IntakeError:
    return IntakeError(
        f"{filename} mengembang terlalu besar bila dibuka dan ditolak demi keamanan. Salin teksnya "
        "ke dokumen baru, letakkan foto sebagai berkas tersendiri, lalu coba lagi."
    )


def _locked(filename: str) -> IntakeError:
    return IntakeError(
        f"{filename} terkunci kata sandi. Hapus kata sandinya di pengolah kata, simpan, "
        "lalu coba lagi."
    )


def _macros(filename: str, ending: str) -> IntakeError:
    return IntakeError(
        f"{filename} berisi makro dan tidak dibuka. Simpan sebagai {ending} biasa tanpa makro, "
        "lalu coba lagi."
    )


def _renamed(filename: str, really: str, ending: str) -> IntakeError:
    return IntakeError(
        f"{filename} sebenarnya dokumen {really} yang diganti namanya. Ubah akhiran namanya "
        f"menjadi {ending}, lalu coba lagi."
    )
