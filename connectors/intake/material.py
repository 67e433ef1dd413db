"""Everything in one folder, turned to values; every problem listed, not the first only."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Final
from urllib.parse import unquote

from slugify import slugify

from connectors.imaging import take_media_with_notes
from connectors.intake.documents import ReadDocument, read_manuscript_bytes
from connectors.intake.errors import IntakeError
from connectors.intake.folder import (
    MAX_PICTURE_FILE_BYTES,
    MAX_VIDEO_FILE_BYTES,
    VIDEO_SUFFIXES,
    FolderContents,
    PictureNote,
    read_bounded,
    read_notes,
    scan,
    shown_name,
)
from connectors.intake.values import MAX_DOCUMENT_BYTES, MEDIA_SCHEME, clean_text
from sop.manuscript import BlobStore, Media

_MAX_STEM: Final = 60
_REFERENCE: Final = re.compile(r"!\[((?:\\.|[^\]\\])*)\]\(media:([^)\s]+)\)")
_EMBEDDED: Final = re.compile(r"gambar-\d+\.[a-z]+")  # as `PictureCollector` names them
_ESCAPED: Final = re.compile(r"\\([!-/:-@\[-`{-~])")


@dataclass(frozen=True, slots=True)
class Material:
    """What a folder holds for one publication.

    `problems` must be mended before the material is complete; `notes` are worth
    knowing (what was left out or changed). Both are Indonesian sentences. File names
    in `media` are safe and unique, and the body of `document` refers to them by these
    names. Photos of the folder come first, then embedded pictures, then videos.
    """

    document: ReadDocument | None
    media: tuple[Media, ...]
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def gather(blobs: BlobStore, folder: Path, alts: Mapping[str, str] | None = None) -> Material:
    """Read the folder; never raises for what lies in it.

    `alts` maps file names to alternative texts typed in a form; they win over
    `keterangan.txt`, which wins over what the document says.
    """
    try:
        contents = scan(folder)
    except IntakeError as refusal:
        return Material(None, (), (refusal.sentence,))
    return _Gathering(blobs, contents, alts or {}).material()


def gather_media(blobs: BlobStore, folder: Path) -> Material:
    """Photos and videos of a folder whose text is not wanted: its document stays unopened."""
    try:
        contents = scan(folder)
    except IntakeError as refusal:
        return Material(None, (), (refusal.sentence,))
    return _MediaGathering(blobs, replace(contents, manuscript=None), {}).material()


class _Gathering:
    """One pass over one folder; holds what has been found so far."""

    def __init__(self, blobs: BlobStore, contents: FolderContents, alts: Mapping[str, str]) -> None:
        self._blobs = blobs
        self._contents = contents
        self._alts = {_key(name): alt.strip() for name, alt in alts.items() if alt.strip()}
        self._problems = list(contents.problems)
        self._notes = [f"{name} tidak dipakai: {reason}." for name, reason in contents.ignored]
        self._said: dict[str, PictureNote] = {}
        self._media: list[Media] = []
        self._final: dict[str, str] = {}  # name in folder or document → name in `media`

    def material(self) -> Material:
        self._read_notes()
        document = self._read_document()
        pictures = [p for p in self._contents.media if p.suffix.casefold() not in VIDEO_SUFFIXES]
        written = _alts_in(document.body) if document else {}
        for path in pictures:
            self._take_file(path, MAX_PICTURE_FILE_BYTES, written)
        for picture in document.pictures if document else ():
            self._take(picture.filename, picture.data, picture.alt, document)
        for path in self._contents.media[len(pictures) :]:
            self._take_file(path, MAX_VIDEO_FILE_BYTES, written)
        self._report_strangers()
        if document:
            document = replace(document, body=self._settled_body(document))
            self._notes += document.warnings
        return Material(document, tuple(self._media), tuple(self._problems), tuple(self._notes))

    def _read_notes(self) -> None:
        if self._contents.notes is None:
            return
        try:
            self._said, problems = read_notes(self._contents.notes)
        except IntakeError as refusal:
            self._problems.append(refusal.sentence)
        else:
            self._problems += problems

    def _read_document(self) -> ReadDocument | None:
        if self._contents.manuscript is None:
            return None
        try:
            data = read_bounded(self._contents.manuscript, MAX_DOCUMENT_BYTES)
            document = read_manuscript_bytes(data, self._contents.manuscript.name)
        except IntakeError as refusal:
            self._problems.append(refusal.sentence)
            return None
        self._blobs.put(data)  # the archive keeps the file as it was handed in
        return document

    def _take_file(self, path: Path, limit: int, written: Mapping[str, str]) -> None:
        try:
            data = read_bounded(path, limit)
        except IntakeError as refusal:
            self._problems.append(refusal.sentence)
        else:
            self._take(path.name, data, written.get(_key(path.name), ""), None)

    def _take(
        self, name: str, data: bytes, written_alt: str, document: ReadDocument | None
    ) -> None:
        said = self._said.get(_key(name), PictureNote(""))
        alt = self._alts.get(_key(name)) or said.alt or written_alt
        shown = f"{name} di {document.source_filename}" if document else shown_name(name)
        try:
            media, notes = take_media_with_notes(self._blobs, shown, data, alt, said.credit)
        except IntakeError as refusal:
            self._problems.append(refusal.sentence)
            return
        self._notes += notes
        twin = next((m for m in self._media if m.sha256 == media.sha256), None)
        if twin is not None:
            # The same photo in the text and in the folder is one photo.
            self._final[_key(name)] = twin.filename
            if not twin.alt and alt:
                self._media[self._media.index(twin)] = replace(twin, alt=alt)
            return
        final = self._unique_name(name, PurePath(media.filename).suffix)
        alt = alt or self._alts.get(_key(final), "")
        self._final[_key(name)] = final
        self._media.append(replace(media, filename=final, alt=alt))

    def _unique_name(self, name: str, suffix: str) -> str:
        stem = slugify(PurePath(name).stem, max_length=_MAX_STEM) or "foto"
        taken = {media.filename for media in self._media}
        final, number = f"{stem}{suffix}", 2
        while final in taken:
            final, number = f"{stem}-{number}{suffix}", number + 1
        return final

    def _report_strangers(self) -> None:
        """Notes about files that are not there: mostly a typing error in the name."""
        source = self._contents.notes.name if self._contents.notes else ""
        present = {_key(path.name) for path in self._contents.media} | set(self._final)
        self._problems += [
            f"{source} menyebut {name}, tetapi berkas itu tidak ada di folder. "
            "Samakan nama berkasnya."
            for name in self._said
            if name not in present and not self._may_be_unseen(name)
        ]

    def _may_be_unseen(self, name: str) -> bool:
        """Whether a picture of this name may be there although it was not looked for."""
        return False

    def _settled_body(self, document: ReadDocument) -> str:
        """The body with every picture by its final name and alternative text."""

        def settled(found: re.Match[str]) -> str:
            name = unquote(found[2])
            final = self._final.get(_key(name))
            if final is None:
                if _key(name) not in self._refused_names(document):
                    self._problems.append(
                        f"{document.source_filename} menyebut gambar {name}, tetapi berkasnya "
                        "tidak ada di folder. Letakkan berkasnya di folder atau hapus gambar itu "
                        "dari naskah."
                    )
                return ""
            media = next(m for m in self._media if m.filename == final)
            alt = re.sub(r"([\\\[\]*_`<&])", r"\\\1", media.alt)
            return f"![{alt}]({MEDIA_SCHEME}{final})"

        body = _REFERENCE.sub(settled, document.body)
        return re.sub(r"\n{3,}", "\n\n", body).strip()

    def _refused_names(self, document: ReadDocument) -> set[str]:
        """Pictures that are there but could not be used: said already, with the reason."""
        names = {_key(path.name) for path in self._contents.media}
        return names | {_key(picture.filename) for picture in document.pictures}


class _MediaGathering(_Gathering):
    """A pass that leaves the folder's document unopened, and the pictures in it."""

    def _may_be_unseen(self, name: str) -> bool:
        return _EMBEDDED.fullmatch(name) is not None


def _key(name: str) -> str:
    return clean_text(name).strip().casefold()


def _alts_in(body: str) -> dict[str, str]:
    """Alternative texts that the text itself gives for files of the folder."""

    def pairs() -> Iterator[tuple[str, str]]:
        for found in _REFERENCE.finditer(body):
            if found[1].strip():
                yield _key(unquote(found[2])), _ESCAPED.sub(r"\1", found[1]).strip()

    return dict(pairs())
