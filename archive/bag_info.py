"""bag-info.txt: what the bag is, for archivists and for other software."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from archive.content import Content, Retention
from sop.indonesian import WIB

UNSET = "belum ditetapkan"


def bag_info(content: Content, *, octets: int, files: int) -> str:
    """The metadata as RFC 8493 lines; `octets` and `files` are the payload's."""
    return "".join(
        f"{name}: {_one_line(value)}\n" for name, value in _fields(content, octets, files)
    )


def _fields(content: Content, octets: int, files: int) -> Iterator[tuple[str, str]]:
    sealed = content.sealed_at.astimezone(WIB)
    sop = content.sop
    yield "Source-Organization", f"{sop.unit}, {sop.instansi}"
    yield "External-Identifier", content.bag_name
    yield "External-Description", f"Arsip publikasi: {content.manuscript.title}"
    yield "Bagging-Date", sealed.date().isoformat()
    yield "Payload-Oxum", f"{octets}.{files}"
    yield "Bag-Count", f"{content.number} of ?"
    yield "Nomor-SOP", sop.nomor
    yield "Revisi-SOP", sop.revisi or UNSET
    yield "Acuan-Publikasi", content.reference
    yield "Unit-Pengusul", content.unit or UNSET
    yield "Klasifikasi-Informasi", content.classification or UNSET
    yield "Sidik-Disetujui", content.digest
    yield from _retention(content.retention, sealed.date())
    yield "Gladi", "ya" if content.rehearsal else "tidak"
    for sentence in content.missing:
        yield "Kekurangan", sentence
    yield "Cara-Memeriksa", "python3 verifikasi.py"


def _retention(rule: Retention | None, sealed: date) -> Iterator[tuple[str, str]]:
    """The schedule (JRA) is the office's; where it says nothing, nothing is made up."""
    if rule is None:
        for name in ("Kode-Klasifikasi-Arsip", "Retensi-Aktif-Sampai", "Retensi-Sampai"):
            yield name, UNSET
        yield "Nasib-Akhir", UNSET
        return
    active = years_after(sealed, rule.active_years)
    yield "Kode-Klasifikasi-Arsip", rule.code or UNSET
    yield "Retensi-Aktif-Sampai", active.isoformat()
    yield "Retensi-Sampai", years_after(active, rule.inactive_years).isoformat()
    yield "Nasib-Akhir", rule.disposition or UNSET


def years_after(day: date, years: int) -> date:
    """The same day so many years later; 29 February becomes the 28th."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def _one_line(value: str) -> str:
    return " ".join(value.split())
