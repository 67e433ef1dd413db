"""One believable publication as the archive is given it, without a ledger."""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from PIL import Image

from archive import ChannelRecord, Content, DecisionRecord, Exchange, StepTime, Stored, warc_of
from archive.verifikasi import GENESIS, event_hash
from sop.digest import SCHEME, digest_of
from sop.load import DATA, load
from sop.manuscript import BlobStore, Facts, Manuscript, Media

NOON = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[3]
EXAMPLE = ROOT / "examples" / "rilis-contoh"
ADDRESS = "http://127.0.0.1:8080/berita/vaksinasi-a1b2c3d4"

BODY = """\
**PALEMBANG** – Petugas memeriksa *21 awak kapal* di [Boom Baru](https://contoh.example/a).

![Petugas di dermaga](media:foto-2.jpg)

## Jalannya kegiatan

1. Pendaftaran
2. Pemeriksaan suhu
   - bagi awak kapal
   - bagi penumpang

> “Tidak ada yang menunggu lebih dari satu jam,” kata petugas.

| Hari | Jumlah | Hasil |
|---|---:|---|
| Senin | 12 | sehat |
| Selasa | 9 | sehat |

Baris `#set text(red)` dan #emph[ini] bukan perintah.
"""


def small_picture(color: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 48), color).save(out, "JPEG")
    return out.getvalue()


def content_in(
    blobs: BlobStore, *, pictures: tuple[bytes, ...] | None = None, **changed: Any
) -> Content:
    """A publication on two channels; `pictures` are small unless given."""
    given = pictures or (small_picture("navy"), small_picture("teal"))
    alts = ("Kapal bersandar di dermaga", "Dua petugas memeriksa dokumen", "Perawat menyuntik")
    media = tuple(
        Media(
            filename=f"foto-{number}.jpg",
            sha256=blobs.put(data),
            received_sha256=blobs.put(data + b"GPS"),
            mime="image/jpeg",
            size=len(data),
            alt=alts[number - 1],
            credit="Humas BKK",
        )
        for number, data in enumerate(given, start=1)
    )
    manuscript = Manuscript(
        title="21 Awak Kapal Divaksin Sebelum Berlayar",
        lead="Sebanyak 21 awak kapal menerima vaksin meningitis di Pelabuhan Boom Baru.",
        body=BODY,
        facts=Facts("Vaksinasi", "21 awak kapal", "Senin", "Boom Baru", "Wajib", "Tiga meja"),
        tags=("vaksinasi", "kekarantinaan"),
        media=media,
        source_sha256=blobs.put(b"sumber"),
        source_filename="naskah rilis.docx",
    )
    posts: dict[str, dict[str, Any]] = {"website": {"text": "isi"}, "x": {"text": "ringkas"}}
    digest = digest_of(manuscript, posts)
    page = warc_of([Exchange(ADDRESS, 200, (), b"<h1>Halo</h1>", NOON)], name="contoh.warc.gz")
    values: dict[str, Any] = {
        "reference": "a1b2c3d4",
        "number": 1,
        "title": "Vaksinasi awak kapal",
        "unit": "Tim Kerja 1",
        "classification": "berkala",
        "rehearsal": False,
        "sop": load(DATA / "ot-02-02-1-229-2022.toml"),
        "digest": digest,
        "approved": {"scheme": SCHEME, "manuscript": asdict(manuscript), "posts": posts},
        "manuscript": manuscript,
        "revision_number": 2,
        "channels": tuple(_channel(code, media) for code in ("website", "x")),
        "decisions": (
            DecisionRecord(4, 1, "Putri Contoh", "ya", "Lengkap.", None, NOON),
            DecisionRecord(5, 1, "dr. Hasan Contoh", "ya", "", digest, NOON),
        ),
        "steps": (
            StepTime(4, "Verifikasi", "Tim PPID", 1, "Putri Contoh", NOON, NOON, 12.5, 60, "ya"),
            StepTime(9, "Monev", "Tim PPID", 1, "=Bayu", NOON, NOON, 3.0, None, "selesai"),
        ),
        "events": chain_of({"satu": 1}, {"teks": "dua\u2028baris"}, {"tiga": "é"}),
        "monev_note": "Berjalan baik.",
        "warc": Stored("halaman.warc.gz", blobs.put(page), "application/warc"),
        "sealed_at": NOON + timedelta(hours=1),
    }
    return Content(**{**values, **changed})


def _channel(code: str, media: tuple[Media, ...]) -> ChannelRecord:
    return ChannelRecord(
        code=code,
        label=code.title(),
        url=ADDRESS if code == "website" else "http://127.0.0.1:8080/x/17",
        request={"text": "isi", "dikirim": "2026-11-23"},
        answer={"id": "17", "paging": "http://api.example/v1?access_token=RAHASIA1&limit=2"},
        reread={"state": "live", "headers": {"Authorization": "Bearer RAHASIA2345"}},
        links={"http://t.example/1": ADDRESS},
        media=tuple(Stored(item.filename, item.sha256, item.mime, item.alt) for item in media),
    )


def chain_of(*data: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    """Events as the ledger would store them."""
    events: list[dict[str, Any]] = []
    before = GENESIS
    for number, one in enumerate(data, start=1):
        event: dict[str, Any] = {
            "id": number * 7,
            "chain": "c" * 32,
            "seq": number,
            "at": "2026-11-23T05:00:00.000000Z",
            "kind": "kejadian",
            "actor_staff_id": None,
            "data": json.dumps(one, ensure_ascii=False),
            "prev_hash": before,
        }
        before = event_hash(event)
        events.append({**event, "hash": before})
    return tuple(events)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
