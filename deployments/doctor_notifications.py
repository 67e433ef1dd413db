"""Doctor's look at notifications: is anybody told, can addresses be used, do links open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from connectors.notifications import Address, AddressBook, is_understood
from deployments.finding import Finding, Patient, care, good, wrong
from deployments.settings import is_loopback

PART = "Pemberitahuan"


def notification_findings(patient: Patient) -> Iterable[Finding]:
    """One line when all is well or nothing is set; else one for each thing to mend."""
    from deployments.wiring import build_notifier, sop_in_force

    settings = patient.settings
    book = build_notifier(settings).book
    if book.is_empty:
        if settings.is_rehearsal:
            return [good(PART, "tidak disetel; di mode gladi tidak wajib")]
        sentence = "belum disetel: tidak ada yang diberi tahu di luar layar formulir"
        return [
            care(PART, sentence, "Isi [notifications] menurut docs/panduan/06-administrator.md.")
        ]
    roles = {role.code: role.name for role in sop_in_force(settings).roles}
    found = [*_unusable(book.all()), *_strange_roles(book, roles), *_untold(book, roles)]
    if not settings.is_rehearsal and is_loopback(urlsplit(settings.prefect_url).hostname or ""):
        found.append(
            care(
                PART,
                f"tautan di pesan menunjuk {settings.prefect_url}, hanya terbuka di komputer ini",
                "Isi prefect.public_url dengan alamat yang dibuka pegawai.",
            )
        )
    told = f"{len(book.all())} alamat; kirim pesan percobaan dengan: siar notifikasi coba"
    return found or [good(PART, told)]


def _unusable(addresses: Iterable[Address]) -> Iterator[Finding]:
    for one in addresses:
        if not is_understood(one.url):
            yield wrong(
                PART,
                f"{one.named}: alamatnya tidak dikenali Apprise",
                "Perbaiki alamat itu di [notifications]; bentuknya ada di situs Apprise.",
            )


def _strange_roles(book: AddressBook, roles: dict[str, str]) -> Iterator[Finding]:
    for code in sorted(set(book.roles) - set(roles)):
        yield wrong(
            PART,
            f"peran {code} di [notifications.roles] tidak ada di SOP",
            f"Pilih salah satu dari: {', '.join(roles)}.",
        )


def _untold(book: AddressBook, roles: dict[str, str]) -> Iterator[Finding]:
    if book.everyone or book.people:  # those may well be the people of any role
        return
    untold = [name for code, name in roles.items() if not book.roles.get(code)]
    if untold:
        yield care(
            PART,
            f"tidak ada alamat untuk {', '.join(untold)}",
            "Tambahkan di [notifications.roles], atau isi urls untuk semua.",
        )
