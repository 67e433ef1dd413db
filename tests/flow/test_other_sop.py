"""Another SOP, with other steps and roles, runs through the same flow: only data differs."""

from __future__ import annotations

import shutil
from pathlib import Path
from uuid import UUID

import pytest

from deployments.player import Player
from deployments.stack import WORKER
from ledger import publications
from ledger.people import add_staff
from ledger.verify import verify
from sop.forms.steps import FROM_FORM, NO, YES
from tasks.case import past_rounds, read_case
from tests.support.kantor import FACTS, WRITTEN, TestOffice, running_office

pytestmark = pytest.mark.flow

FIVE_STEPS = Path(__file__).parents[1] / "data" / "sop-lima-langkah.toml"
STAFF = {
    "Ratna Contoh": "redaktur",
    "Karta Contoh": "korektor",
    "Pipit Contoh": "pimpinan",
    "Panca Contoh": "pimpinan",
}


def enrol(here: TestOffice) -> None:
    """Enrol one person or two for each role of the five steps."""
    secrets = {}
    with here.office.ledger.work() as work:
        for number, (name, role) in enumerate(STAFF.items(), start=1):
            nip = f"1900010120200110{number:02d}"
            secrets[name] = add_staff(work, nip, name, [role]).secret
    here.player.close()
    here.player = Player(here.stack.api_url, secrets)


def revised(source: str) -> str:
    """Revision 2: proofreading has other minutes and another name, and a "tidak" leads to it."""
    changes = {
        'revisi = "1"': 'revisi = "2"',
        'nama_singkat = "Koreksi naskah"': 'nama_singkat = "Koreksi dan telaah"',
        "menit = 20": "menit = 25",
        "ya = 40\ntidak = 10": "ya = 40\ntidak = 20",
    }
    for old, new in changes.items():
        assert source.count(old) == 1
        source = source.replace(old, new)
    return source


def steps_shown(here: TestOffice, run_id: UUID) -> list[str]:
    return [task["name"] for task in here.player.task_runs(run_id)]


def test_a_five_step_sop_runs_and_a_publication_keeps_the_revision_it_started_under(
    tmp_path: Path,
) -> None:
    sop_file = tmp_path / "sop-kantor.toml"
    shutil.copyfile(FIVE_STEPS, sop_file)
    with running_office(tmp_path / "kantor", sop_file=sop_file) as here:
        enrol(here)
        folder = here.material("bahan")
        old = here.start(folder=folder)
        form = here.form(old)
        assert "Langkah 10 · Menulis berita ringkas · putaran 1" in form.description
        assert form.options("petugas") == ["Ratna Contoh"]
        here.answer(old, "Ratna Contoh", **WRITTEN)
        assert here.form(old).options("petugas") == ["Karta Contoh"]

        sop_file.write_text(revised(FIVE_STEPS.read_text("utf-8")), "utf-8")
        here.stack.stop_part(WORKER)
        here.stack.start_part(WORKER)
        new = here.start(folder=folder)
        assert "Langkah 10" in here.form(new).description

        here.answer(old, "Karta Contoh", keputusan=YES, alasan="Lengkap.")
        assert "Baku waktu: 10 menit" in here.form(old).description
        here.answer(old, "Pipit Contoh", keputusan=NO, alasan="Judulnya kurang jelas.")
        again = here.form(old)
        # Revision 1 leads from a "tidak" to writing, revision 2 to proofreading.
        assert "Langkah 10 · Menulis berita ringkas · putaran 2" in again.description
        assert "Judulnya kurang jelas" in again.description
        clearer = {**WRITTEN, "judul": "Vaksinasi Meningitis bagi 120 Calon Jemaah"}
        here.answer(old, "Ratna Contoh", **clearer)
        here.answer(old, "Karta Contoh", keputusan=YES, alasan="Lengkap.")
        here.answer(old, "Panca Contoh", keputusan=YES)
        here.answer(old, "Ratna Contoh", catatan="Tercatat.")
        assert here.player.finished(old)["name"] == "Selesai"

        written = {**WRITTEN, **FACTS, "sumber": FROM_FORM}
        here.answer(new, "Ratna Contoh", **written)
        assert "Baku waktu: 25 menit" in here.form(new).description

        assert [len(posts) for posts in here.posts().values()] == [1, 1, 1, 1]
        names = steps_shown(here, old)
        assert "20 · Koreksi naskah · putaran 2" in names
        assert not any("telaah" in name for name in names)
        case = read_case(here.office, here.publication_id(new))
        assert case is not None
        assert (case.sop.revisi, case.step.short) == ("2", "Koreksi dan telaah")
        with here.office.ledger.read() as work:
            publication = publications.get(work, here.publication_id(old))
            sop = publications.sop_of(work, publication)
            rounds = past_rounds(here.office, work, publication, sop)
        assert sop.revisi == "1"
        assert {one.standard_minutes for one in rounds if one.step_no == 20} == {20}
        assert publication.status == "selesai"
        assert verify(here.office.ledger) == []
