"""The payload of a bag: which files lie where, and what stands in them.

Every value comes from `Content`; each file that two places share is kept once and
named by both in `media/daftar.json`.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

import rfc8785
from slugify import slugify

from archive.content import ChannelRecord, Content, StepTime, Stored
from archive.document import as_html, as_markdown, as_pdf
from archive.redaction import without_secrets
from sop.indonesian import moment, number
from sop.manuscript import BlobStore, Media

File = tuple[str, bytes]

_HEADINGS = (
    *("Langkah", "Kegiatan", "Peran", "Putaran", "Oleh", "Dibuka", "Ditutup"),
    *("Menit kerja", "Baku", "Sesuai baku", "Hasil", "Alasan"),
)


def payload(content: Content, blobs: BlobStore) -> Iterator[File]:
    """Every payload file as its path below `data/` and its bytes, one at a time."""
    places = media_places(content)
    yield "BACA-SAYA.txt", _readme(content).encode()
    yield from _manuscript(content, blobs, places)
    for path, stored in sorted({path: stored for stored, path in places}.items()):
        yield path, blobs.get(stored.sha256)
    yield "media/daftar.json", _json(_listing(content, places))
    for channel in content.channels:
        yield from _channel(channel)
    if content.warc is not None:
        yield "website/halaman.warc.gz", blobs.get(content.warc.sha256)
    yield "persetujuan/isi-yang-disetujui.json", rfc8785.dumps(_plain(content.approved))
    yield "persetujuan/persetujuan.json", _json(_decisions(content))
    yield "sop.toml", content.sop.source.encode()
    yield "langkah.json", _json([_step(one) for one in content.steps])
    yield "langkah.csv", _steps_table(content).encode("utf-8-sig")
    yield "catatan-monev.txt", (content.monev_note.strip() + "\n").encode()
    yield "kejadian.jsonl", "".join(_event_line(one) for one in content.events).encode()


def _manuscript(
    content: Content, blobs: BlobStore, places: list[tuple[Stored, str]]
) -> Iterator[File]:
    manuscript = content.manuscript
    where = {stored.sha256: path for stored, path in places}
    yield "naskah/naskah.md", as_markdown(manuscript).encode()
    html = as_html(manuscript, lambda item: f"../{where[item.sha256]}")
    yield "naskah/naskah.html", html.encode()
    yield "naskah/naskah.pdf", as_pdf(content, blobs)
    if manuscript.source_sha256:
        name = safe_name(manuscript.source_filename or "naskah")
        yield f"naskah/sumber/{name}", blobs.get(manuscript.source_sha256)


def media_places(content: Content) -> list[tuple[Stored, str]]:
    """Each stored file with its path: cleaned originals, as received, as each channel got it."""
    found: list[tuple[Stored, str]] = []
    first: dict[str, str] = {}
    for folder, files in _media_folders(content):
        for order, stored in enumerate(files, start=1):
            path = f"media/{folder}/{order:02}-{safe_name(stored.filename)}"
            found.append((stored, first.setdefault(stored.sha256, path)))
    return found


def _media_folders(content: Content) -> Iterator[tuple[str, tuple[Stored, ...]]]:
    media = content.manuscript.media
    yield "bersih", tuple(_stored(item, item.sha256) for item in media)
    yield "diterima", tuple(_stored(item, item.received_sha256) for item in media)
    for channel in content.channels:
        yield f"dikirim/{safe_name(channel.code)}", channel.media


def _stored(item: Media, sha256: str) -> Stored:
    return Stored(item.filename, sha256, item.mime, item.alt)


def _listing(content: Content, places: list[tuple[Stored, str]]) -> list[dict[str, str]]:
    uses = [folder for folder, files in _media_folders(content) for _ in files]
    return [
        {
            "dipakai": use,
            "nama_asli": stored.filename,
            "berkas": path,
            "sha256": stored.sha256,
            "jenis": stored.mime,
            "teks_alternatif": stored.alt,
        }
        for use, (stored, path) in zip(uses, places, strict=True)
    ]


def _channel(channel: ChannelRecord) -> Iterator[File]:
    folder = f"saluran/{safe_name(channel.code)}"
    yield f"{folder}/permintaan.json", _json(without_secrets(channel.request))
    yield f"{folder}/jawaban.json", _json(without_secrets(channel.answer))
    if channel.reread is not None:
        yield f"{folder}/dibaca-kembali.json", _json(without_secrets(channel.reread))
    yield f"{folder}/tautan.json", _json(without_secrets(dict(channel.links)))


def _decisions(content: Content) -> dict[str, Any]:
    return {
        "sidik": content.digest,
        "revisi": content.revision_number,
        "keputusan": [
            {
                "langkah": one.step_no,
                "putaran": one.round_number,
                "oleh": one.person,
                "keputusan": one.decision,
                "alasan": one.reason,
                "sidik": one.digest,
                "pada": _instant(one.decided_at),
                "dicabut_pada": _instant(one.revoked_at) if one.revoked_at else None,
                "alasan_dicabut": one.revoked_reason,
            }
            for one in content.decisions
        ],
    }


def _step(one: StepTime) -> dict[str, Any]:
    return {
        "langkah": one.step_no,
        "kegiatan": one.activity,
        "peran": one.role,
        "putaran": one.round_number,
        "oleh": one.person,
        "dibuka": _instant(one.opened_at),
        "ditutup": _instant(one.closed_at),
        "menit_kerja": round(one.working_minutes, 3),
        "baku_menit": one.standard_minutes,
        "sesuai_baku": _within(one),
        "hasil": one.outcome,
        "alasan": one.reason,
    }


def _within(one: StepTime) -> bool | None:
    # The SOP gives step 9 no standard: a duration then, never a judgement.
    return None if one.standard_minutes is None else one.working_minutes <= one.standard_minutes


def _steps_table(content: Content) -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(_HEADINGS)
    for one in content.steps:
        within = {None: "–", True: "ya", False: "tidak"}[_within(one)]
        standard = "–" if one.standard_minutes is None else str(one.standard_minutes)
        writer.writerow(
            _cell(value)
            for value in (
                str(one.step_no),
                one.activity,
                one.role,
                str(one.round_number),
                one.person,
                moment(one.opened_at),
                moment(one.closed_at),
                number(one.working_minutes),
                standard,
                within,
                one.outcome,
                one.reason,
            )
        )
    return out.getvalue()


def _cell(text: str) -> str:
    """A cell that no spreadsheet reads as a formula."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


def _event_line(event: Mapping[str, Any]) -> str:
    return json.dumps(dict(event), ensure_ascii=False, separators=(",", ":")) + "\n"


def _readme(content: Content) -> str:
    warc = "rekaman halaman website beserta gambarnya (WARC)" if content.warc else "tidak terekam"
    gaps = "".join(f"- {sentence}\n" for sentence in content.missing)
    return (
        f"""{"GLADI: latihan, bukan publikasi sungguhan." if content.rehearsal else ""}
Paket arsip publikasi {content.reference}: {content.manuscript.title}
Disegel atas keadaan pada {moment(content.sealed_at)}, menurut SOP {content.sop.nomor}.

Memeriksa keutuhan:  python3 verifikasi.py   (di folder paket; tanpa pustaka tambahan)

Isi folder data:
  naskah/          naskah yang disetujui: Markdown, HTML, PDF, dan berkas sumbernya
  media/           bersih (disetujui), diterima (asli), dikirim (per saluran); lihat daftar.json
  saluran/         per saluran: permintaan, jawaban, kiriman yang dibaca kembali, tautan
  website/         {warc}
  persetujuan/     keputusan dan isi yang disetujui; SHA-256 isi itu adalah sidik persetujuan
  langkah.*        waktu tiap langkah dibandingkan dengan baku SOP
  kejadian.jsonl   rantai kejadian; tiap baris memuat sidik baris sebelumnya
  sop.toml         SOP yang berlaku saat publikasi dimulai
  catatan-monev.txt
{"Kekurangan:" if gaps else ""}
{gaps}""".strip()
        + "\n"
    )


def safe_name(name: str) -> str:
    """A file name that every system takes: plain letters, its kind kept."""
    pure = PurePosixPath(name)
    stem = slugify(pure.stem, max_length=60) or "berkas"
    kind = slugify(pure.suffix)
    return f"{stem}.{kind}" if kind else stem


def _instant(at: datetime) -> str:
    return at.isoformat()


def _json(value: Any) -> bytes:
    text = json.dumps(_plain(value), ensure_ascii=False, indent=2, sort_keys=True)
    return (text + "\n").encode("utf-8", "replace")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
