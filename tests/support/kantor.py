"""A whole office for tests: Prefect server, worker, rehearsal channels, sample staff.

Real processes on free loopback ports over a folder of the test's own.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from PIL import Image

from deployments.player import OpenForm, Player
from deployments.sample_staff import SAMPLE_STAFF, ensure_sample_staff
from deployments.settings import Settings
from deployments.stack import Stack
from deployments.wiring import build_office
from ledger import publications
from ledger.models import Event
from sop.forms.steps import FROM_FORM, YES
from tasks.office import Office
from tests.support.prefect_database import lay_down_prefect_tables

SUBBAG, SUBBAG_2 = "Rahma Contoh", "Dimas Contoh"
HUMAS, WRITER, HUMAS_3 = "Sari Contoh", "Yoga Contoh", "Mega Contoh"
PPID, PPID_2, PPID_3 = "Putri Contoh", "Bayu Contoh", "Laras Contoh"
KEPALA = "dr. Hasan Contoh"
# The channels that the rehearsal plays.
REHEARSED = ("website", "x", "facebook", "instagram")

FACTS = {
    "apa": "Vaksinasi meningitis bagi calon jemaah",
    "siapa": "Petugas kekarantinaan dan 120 calon jemaah",
    "kapan": "Senin, 23 November 2026, pukul 08.00 WIB",
    "di_mana": "Pelabuhan Boom Baru, Palembang",
    "mengapa": "Memenuhi syarat perjalanan internasional",
    "bagaimana": "Dilayani dalam tiga meja: pendaftaran, pemeriksaan, penyuntikan",
}


@dataclass
class TestOffice:
    """A running office and the people in it."""

    __test__ = False

    stack: Stack
    office: Office
    player: Player
    answered: dict[UUID, str] = field(default_factory=dict)
    # Names by role, who was asked longest ago first (`tests.support.carrying.Crowd`).
    crowd: dict[str, list[str]] = field(default_factory=dict)

    def material(self, name: str, *, pictures: int = 2) -> str:
        """A material folder with pictures and their alt texts; its name."""
        folder = self.office.intake_root / name
        folder.mkdir(parents=True)
        notes = []
        for number in range(1, pictures + 1):
            picture = Image.effect_noise((1200, 900), 60 + number).convert("RGB")
            picture.save(folder / f"foto-{number}.jpg", quality=80)
            notes.append(f"foto-{number}.jpg: Petugas memeriksa dokumen di meja {number}")
        (folder / "keterangan.txt").write_text("\n".join(notes), encoding="utf-8")
        return name

    def start(self, **request: Any) -> UUID:
        """Start a publication in the way the start form does."""
        asked = {
            "judul": "Vaksinasi meningitis di Boom Baru",
            "unit": "Tim Kerja 1",
            "klasifikasi": "berkala",
            "saluran": [self.office.channel_labels[channel] for channel in REHEARSED],
            **FACTS,
            **request,
        }
        return self.player.start(asked)

    def form(self, run_id: UUID) -> OpenForm:
        """The next form of the run that was not answered yet."""
        return self.player.form(run_id, after=self.answered.get(run_id, ""), patience=120.0)

    def answer(self, run_id: UUID, person: str, **fields: Any) -> OpenForm:
        """Wait for the run's form and answer it."""
        form = self.form(run_id)
        self.player.answer(form, person, fields)
        self.answered[run_id] = form.key
        return form

    def to_step(self, run_id: UUID, step: int) -> None:
        """Answer every form before this step with what a careful office would say."""
        for number, person, fields in CAREFUL:
            if number < step:
                self.answer(run_id, person, **fields)

    def publication_id(self, run_id: UUID) -> str:
        with self.office.ledger.read() as work:
            found = publications.by_flow_run(work, str(run_id))
            assert found is not None
            return found.id

    def events(self, run_id: UUID) -> list[str]:
        """The kinds of the publication's events, in order."""
        chain = self.publication_id(run_id)
        with self.office.ledger.read() as work:
            rows = work.session.query(Event).filter_by(chain=chain).order_by(Event.seq)
            return [row.kind for row in rows]

    def posts(self) -> dict[str, list[dict[str, Any]]]:
        """Everything that readers of the rehearsal channels can see, by channel."""
        address = f"{self.stack.rehearsal_url}/gladi/isi.json"
        shown: dict[str, list[dict[str, Any]]] = httpx.get(address, trust_env=False).json()
        return shown

    def close(self) -> None:
        self.player.close()
        self.office.ledger.engine.dispose()


BODY = (
    "Balai Kekarantinaan Kesehatan melayani **vaksinasi** bagi calon jemaah.\n\n"
    "## Jalannya kegiatan\n\n- Pendaftaran\n- Pemeriksaan\n- Penyuntikan\n\n"
    "Kegiatan berlangsung tertib dan selesai tepat waktu."
)
WRITTEN: Mapping[str, Any] = {
    "sumber": FROM_FORM,
    "judul": "BKK Palembang Layani Vaksinasi Meningitis",
    "teras": "Sebanyak 120 calon jemaah menerima vaksin meningitis di Pelabuhan Boom Baru.",
    "isi": BODY,
    "tagar": "vaksinasi, kekarantinaan",
}
CAREFUL: tuple[tuple[int, str, Mapping[str, Any]], ...] = (
    (1, SUBBAG, {}),
    (2, HUMAS, {"penulis": WRITER, "catatan": "Tulis singkat dan lengkap."}),
    (3, WRITER, WRITTEN),
    (4, PPID, {"keputusan": YES, "alasan": "Lengkap."}),
    (5, KEPALA, {"keputusan": YES}),
    (6, HUMAS_3, {"petugas_unggah": PPID_2}),
    (8, PPID_2, {"catatan": "Berjalan baik."}),
)


@contextmanager
def running_office(folder: Path, **settings: Any) -> Iterator[TestOffice]:
    """Start everything below `folder`; stop it at the end."""
    wanted = Settings.model_validate(
        {"data_dir": folder, "prefect": {"port": 0}, "rehearsal": {"port": 0}, **settings}
    )
    lay_down_prefect_tables(wanted.prefect_home)
    with Stack(wanted, say=lambda _line: None) as stack:
        office = build_office(stack.settings)
        ensure_sample_staff(office.ledger, stack.settings)
        secrets = {one.name: one.secret for one in SAMPLE_STAFF}
        here = TestOffice(stack, office, Player(stack.api_url, secrets))
        try:
            yield here
        finally:
            here.close()
            shutil.rmtree(folder / "jalan" / "publikasi", ignore_errors=True)
