"""What can be said of a manuscript without a person: complete, sound, and discreet?

Blocking findings must be mended before a "ya"; the others are for the verifier
to judge. Every sentence says what is wrong and what to do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from pathlib import PurePosixPath

from sop.manuscript import Finding, Manuscript, Media
from sop.markup import foreign_pictures, link_addresses, media_references, to_plain
from sop.personal_data import Sighting, sightings

# In characters. Channels have their own, smaller limits; these keep one text readable.
TITLE_LIMIT = 150
LEAD_LIMIT = 1_000
BODY_LIMIT = 100_000
FACT_LIMIT = 2_000
CAPTION_LIMIT = 10_000
ALT_LIMIT = 1_000
CREDIT_LIMIT = 200
CATEGORY_LIMIT = 100
TAG_LIMIT = 60
# In pieces.
TAGS_LIMIT = 30
MEDIA_LIMIT = 30
LINKS_LIMIT = 50
# A list of hundreds of numbers is one finding, not hundreds.
SIGHTINGS_SHOWN = 20

IMAGE_TYPES = {
    "image/jpeg": (".jpg", ".jpeg"),
    "image/png": (".png",),
    "image/webp": (".webp",),
    "image/gif": (".gif",),
}
VIDEO_TYPES = {
    "video/mp4": (".mp4", ".m4v"),
    "video/quicktime": (".mov", ".qt"),
}

_FACTS = {
    "apa": ("apa", "Tuliskan kegiatan atau peristiwanya."),
    "siapa": ("siapa", "Tuliskan siapa yang melakukan dan siapa yang terlibat."),
    "kapan": ("kapan", "Tuliskan hari, tanggal dan waktunya."),
    "di_mana": ("di mana", "Tuliskan tempatnya."),
    "mengapa": ("mengapa", "Tuliskan alasan atau tujuannya."),
    "bagaimana": ("bagaimana", "Tuliskan jalannya kegiatan."),
}
_EMPTY_ALTS = frozenset({"foto", "gambar", "image", "photo", "picture", "img", "video", "-"})
_GONE = (404, 410)
_ANSWERED_WELL = range(200, 400)


def check(
    manuscript: Manuscript, *, today: date, own_domains: Collection[str] = frozenset()
) -> list[Finding]:
    """Everything the automatic checks have to say, blocking findings first.

    `own_domains` are the office's own e-mail domains or addresses.
    """
    findings = [
        *_missing(manuscript),
        *_missing_facts(manuscript),
        *_too_long(manuscript),
        *_media(manuscript.media),
        *_pictures_in_text(manuscript),
        *_personal_data(manuscript, today, own_domains),
    ]
    return sorted(findings, key=lambda one: not one.blocking)


def links_to_ask(manuscript: Manuscript) -> tuple[str, ...]:
    """The http(s) addresses linked in lead and body, each once, at most LINKS_LIMIT."""
    return tuple(address for _, address in _linked(manuscript))[:LINKS_LIMIT]


def broken_links(manuscript: Manuscript, answers: Mapping[str, int | None]) -> list[Finding]:
    """What the addresses of `links_to_ask` answered.

    `answers` maps an address to its status, or to None when it cannot be reached; one
    that has not answered yet is not in it. Only 404 and 410 are blocking, so whoever
    asks should make sure of them with a GET: some servers answer HEAD falsely.
    """
    findings: list[Finding] = []
    addresses = list(_linked(manuscript))
    for place, address in addresses[:LINKS_LIMIT]:
        finding = (
            _link_finding(place, address, answers[address])
            if address in answers
            else _unanswered(place, address)
        )
        if finding is not None:
            findings.append(finding)
    if len(addresses) > LINKS_LIMIT:
        findings.append(
            Finding(
                "tautan",
                f"{len(addresses) - LINKS_LIMIT} tautan lain belum diperiksa karena jumlahnya "
                f"melebihi {LINKS_LIMIT}. Buka sendiri tautan-tautan itu.",
                False,
                "tautan.banyak",
            )
        )
    return findings


def _missing(manuscript: Manuscript) -> Iterator[Finding]:
    parts = (
        ("judul", manuscript.title.strip(), "Judul masih kosong. Tuliskan judul beritanya."),
        (
            "teras",
            _shown_text(manuscript.lead),
            "Teras masih kosong. Tuliskan satu paragraf pembuka yang memuat pokok beritanya.",
        ),
        ("isi", _shown_text(manuscript.body), "Isi masih kosong. Tuliskan isi beritanya."),
    )
    for place, text, sentence in parts:
        if not text:
            yield Finding(place, sentence, True, f"kosong.{place}")


def _shown_text(markdown: str) -> str:
    """What a reader would see; a text of signs only is empty, an oversized one is not read."""
    stripped = markdown.strip()
    return stripped if len(stripped) > BODY_LIMIT else to_plain(stripped)


def _missing_facts(manuscript: Manuscript) -> Iterator[Finding]:
    for name, (word, mend) in _FACTS.items():
        if not str(getattr(manuscript.facts, name)).strip():
            yield Finding(
                f"5W + 1H, {word}", f"Unsur “{word}” belum diisi. {mend}", True, f"5w1h.{name}"
            )


def _too_long(manuscript: Manuscript) -> Iterator[Finding]:
    for place, text, limit in _measured(manuscript):
        if len(text) > limit:
            yield Finding(
                place,
                f"Terlalu panjang: {_number(len(text))} huruf, batasnya {_number(limit)}. "
                f"Kurangi paling sedikit {_number(len(text) - limit)} huruf.",
                True,
                "panjang",
            )
    for place, count, limit, what in (
        ("tagar", len(manuscript.tags), TAGS_LIMIT, "tagar"),
        ("foto dan video", len(manuscript.media), MEDIA_LIMIT, "berkas"),
    ):
        if count > limit:
            yield Finding(
                place,
                f"Terlalu banyak: {count} {what}, batasnya {limit}. "
                f"Kurangi paling sedikit {count - limit} {what}.",
                True,
                "banyak",
            )


def _measured(manuscript: Manuscript) -> Iterator[tuple[str, str, int]]:
    yield "judul", manuscript.title, TITLE_LIMIT
    yield "teras", manuscript.lead, LEAD_LIMIT
    yield "isi", manuscript.body, BODY_LIMIT
    yield "kategori", manuscript.category, CATEGORY_LIMIT
    for name, (word, _) in _FACTS.items():
        yield f"5W + 1H, {word}", str(getattr(manuscript.facts, name)), FACT_LIMIT
    for channel, caption in manuscript.captions.items():
        yield f"keterangan {channel}", caption, CAPTION_LIMIT
    for tag in manuscript.tags:
        yield f"tagar {tag[:TAG_LIMIT]}", tag, TAG_LIMIT
    for media in manuscript.media:
        yield f"teks alternatif {media.filename}", media.alt, ALT_LIMIT
        yield f"kredit {media.filename}", media.credit, CREDIT_LIMIT


def _number(value: int) -> str:
    return f"{value:,}".replace(",", ".")


def _media(media: Sequence[Media]) -> Iterator[Finding]:
    names = Counter(item.filename.casefold() for item in media)
    for item in media:
        yield from _unusable(item)
        yield from _undescribed(item)
        if names.get(item.filename.casefold(), 0) > 1:
            names.pop(item.filename.casefold())
            yield Finding(
                item.filename,
                "Ada lebih dari satu berkas dengan nama ini. Beri setiap berkas nama sendiri.",
                True,
                "media.nama_ganda",
            )


def _unusable(item: Media) -> Iterator[Finding]:
    types = {**IMAGE_TYPES, **VIDEO_TYPES}
    extension = PurePosixPath(item.filename).suffix.lower()
    if item.mime not in types:
        yield Finding(
            item.filename,
            f"Isinya bukan foto atau video yang dapat dimuat ({item.mime or 'jenis tak dikenal'}). "
            "Pakai foto JPEG, PNG, WebP atau GIF, atau video MP4 atau MOV.",
            True,
            "media.jenis",
        )
    elif extension not in types[item.mime]:
        yield Finding(
            item.filename,
            f"Nama berkas tidak sesuai dengan isinya ({item.mime}). "
            f"Ganti akhiran namanya menjadi {types[item.mime][0]}.",
            True,
            "media.akhiran",
        )
    if item.size <= 0:
        yield Finding(
            item.filename, "Berkas ini kosong. Salin ulang berkasnya.", True, "media.kosong"
        )
    elif item.is_image and not (item.width and item.height):
        yield Finding(
            item.filename,
            "Ukuran gambar tidak terbaca; berkasnya mungkin rusak. "
            "Buka dan simpan ulang gambarnya, lalu kirim lagi.",
            True,
            "media.ukuran",
        )
    if "/" in item.filename or "\\" in item.filename or item.filename.startswith("."):
        yield Finding(
            item.filename,
            "Nama berkas tidak dapat dipakai. "
            "Pakai huruf, angka, spasi, tanda - atau _, tanpa garis miring dan titik di depan.",
            True,
            "media.nama",
        )


def _undescribed(item: Media) -> Iterator[Finding]:
    if not item.is_image:
        return
    alt = item.alt.strip()
    if not alt:
        yield Finding(
            item.filename,
            "Teks alternatif belum ada. Tuliskan dengan satu kalimat apa yang tampak di gambar, "
            "agar dimengerti orang yang tidak melihatnya.",
            True,
            "alt.kosong",
        )
    elif alt.casefold() in _EMPTY_ALTS | {
        item.filename.casefold(),
        PurePosixPath(item.filename).stem.casefold(),
    }:
        yield Finding(
            item.filename,
            f"Teks alternatif “{alt}” tidak menjelaskan gambarnya. "
            "Sebaiknya tuliskan apa yang tampak.",
            False,
            "alt.hampa",
        )


def _pictures_in_text(manuscript: Manuscript) -> Iterator[Finding]:
    texts = [("teras", manuscript.lead), ("isi", manuscript.body)]
    known = {item.filename for item in manuscript.media}
    placed: set[str] = set()
    for place, text in texts:
        if len(text) > BODY_LIMIT:
            continue
        for name in media_references(text):
            placed.add(name)
            if name not in known:
                yield Finding(
                    _at(place, text, name),
                    f"Gambar “{name}” disebut tetapi berkasnya tidak ada. "
                    "Sertakan berkasnya, atau hapus gambar itu dari naskah.",
                    True,
                    "gambar.tidak_ada",
                )
        for address in foreign_pictures(text):
            yield Finding(
                _at(place, text, address),
                f"Gambar dari alamat luar ({address[:80]}) tidak dapat dimuat. "
                "Simpan gambarnya sebagai berkas dan sertakan, atau hapus dari naskah.",
                True,
                "gambar.luar",
            )
    # Naming no picture at all is usual: they then follow the text in their order.
    if placed:
        featured = next((item.filename for item in manuscript.media if item.is_image), None)
        for item in manuscript.media:
            if item.filename not in placed and item.filename != featured:
                yield Finding(
                    item.filename,
                    "Berkas ini tidak disebut di isi dan akan dimuat sesudah isi. Bila perlu di "
                    f"tempat lain, tulis ![teks alternatif](media:{item.filename}) di sana.",
                    False,
                    "gambar.tidak_disebut",
                )


def _at(place: str, text: str, wanted: str) -> str:
    """`place` with the line on which `wanted` first stands, where it stands as written."""
    found = text.find(wanted)
    return place if found < 0 else f"{place}, baris {text.count(chr(10), 0, found) + 1}"


def _personal_data(
    manuscript: Manuscript, today: date, own_domains: Collection[str]
) -> Iterator[Finding]:
    found: list[tuple[str, Sighting]] = [
        (f"{place}, baris {one.line}" if many_lines else place, one)
        for place, text, many_lines in _read_by_the_public(manuscript)
        for one in sightings(text, today=today, own_addresses=own_domains)
    ]
    for place, one in found[:SIGHTINGS_SHOWN]:
        yield Finding(
            place,
            f"Tampaknya ada data pribadi ({one.name}): “{one.masked}”. "
            "Hapus bila tidak perlu atau tidak ada persetujuan pemiliknya.",
            False,
            f"pribadi.{one.code}",
        )
    if len(found) > SIGHTINGS_SHOWN:
        yield Finding(
            "naskah",
            f"Tampaknya ada {len(found) - SIGHTINGS_SHOWN} data pribadi lain. "
            "Periksa seluruh naskah sebelum menjawab ya.",
            False,
            "pribadi.banyak",
        )


def _read_by_the_public(manuscript: Manuscript) -> Iterator[tuple[str, str, bool]]:
    """Place, text (cut at the limit of the body) and whether lines are worth naming."""
    yield "judul", manuscript.title[:BODY_LIMIT], False
    yield "teras", manuscript.lead[:BODY_LIMIT], True
    yield "isi", manuscript.body[:BODY_LIMIT], True
    for name, (word, _) in _FACTS.items():
        yield f"5W + 1H, {word}", str(getattr(manuscript.facts, name))[:BODY_LIMIT], False
    for channel, caption in manuscript.captions.items():
        yield f"keterangan {channel}", caption[:BODY_LIMIT], True
    for tag in manuscript.tags:
        yield "tagar", tag[:BODY_LIMIT], False
    for media in manuscript.media:
        yield f"teks alternatif {media.filename}", media.alt[:BODY_LIMIT], False
        yield f"kredit {media.filename}", media.credit[:BODY_LIMIT], False


def _linked(manuscript: Manuscript) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    for place, text in (("teras", manuscript.lead), ("isi", manuscript.body)):
        if len(text) > BODY_LIMIT:
            continue
        for address in link_addresses(text):
            if address.lower().startswith(("http://", "https://")) and address not in seen:
                seen.add(address)
                yield _at(place, text, address), address


def _unanswered(place: str, address: str) -> Finding:
    return Finding(
        place,
        f"Tautan {_shown_address(address)} belum terjawab ketika formulir ini dibuka; belum tentu "
        "rusak. Buka sendiri tautan itu.",
        False,
        "tautan.belum_terjawab",
    )


def _shown_address(address: str) -> str:
    return address if len(address) <= 120 else address[:119] + "…"


def _link_finding(place: str, address: str, status: int | None) -> Finding | None:
    shown = _shown_address(address)
    if status is None:
        return Finding(
            place,
            f"Tautan {shown} tidak dapat dibuka dari sini: situsnya tidak menjawab, atau alamatnya "
            "salah ketik. Periksa alamatnya, lalu buka sendiri tautan itu.",
            False,
            "tautan.tak_terperiksa",
        )
    if status in _GONE:
        return Finding(
            place,
            f"Tautan {shown} tidak ada ({status}). Perbaiki alamatnya, atau hapus tautan itu.",
            True,
            "tautan.rusak",
        )
    if status not in _ANSWERED_WELL:
        return Finding(
            place,
            f"Tautan {shown} menjawab {status}. "
            "Buka sendiri tautan itu, dan ganti bila tidak terbuka.",
            False,
            "tautan.ragu",
        )
    return None
