"""Step 8 against a running office: recorded before the form, sealed after its answer."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import bagit
import pytest

from archive import check
from deployments.player import OpenForm
from ledger import publications
from tasks.archiving import Sealed, sealed_bags
from tests.support.cast import carried_to, new_cast
from tests.support.kantor import TestOffice
from tests.support.waiting import soon

pytestmark = pytest.mark.flow


@dataclass(frozen=True)
class Documented:
    """A publication whose step 8 was answered: its run, what the form asked, its bag."""

    run: UUID
    asked: OpenForm
    sealed: Sealed


@pytest.fixture(scope="module")
def documented(here: TestOffice) -> Documented:
    cast = new_cast(here)
    run = carried_to(here, 7, cast, written={"judul": "Berita yang diarsipkan"})
    asked = here.answer(run, cast.officer.name, catatan="Tanpa kendala.")
    here.player.finished(run)
    with here.office.ledger.read() as work:
        (sealed,) = sealed_bags(publications.get(work, here.publication_id(run)))
    return Documented(run, asked, sealed)


def test_the_form_of_step_8_says_what_is_archived_and_its_answer_seals_it(
    here: TestOffice, documented: Documented
) -> None:
    run, asked, sealed = documented.run, documented.asked, documented.sealed
    assert sealed.path in asked.description
    assert "rekaman halaman website" in asked.description
    assert "Belum terekam" not in asked.description
    bag = here.office.archive_root / sealed.path
    bagit.Bag(str(bag)).validate()
    assert check(here.office.archive_root) == []
    assert (bag / "data/catatan-monev.txt").read_text() == "Tanpa kendala.\n"
    assert here.events(run)[-1] == "arsip-disegel"
    steps = [
        "8 · Pendokumentasian dan pengarsipan · rekam hasil · putaran 1",
        "8 · Pendokumentasian dan pengarsipan · putaran 1",
        "8 · Pendokumentasian dan pengarsipan · segel arsip · putaran 1",
    ]

    def shown() -> list[str]:
        return [task["name"] for task in here.player.task_runs(run)]

    # The server draws its timeline from events, a little after the run's end.
    soon(lambda: shown()[-3:] == steps, "the steps in the timeline")


def test_the_monthly_check_names_the_file_that_changed_in_a_bag(
    here: TestOffice, documented: Documented
) -> None:
    path = documented.sealed.path
    note = here.office.archive_root / path / "data/catatan-monev.txt"
    kept = note.read_bytes()

    whole = here.player.finished(here.player.order("keutuhan/keutuhan", {}))
    note.chmod(0o600)
    note.write_text("Banyak kendala.\n")
    altered = here.player.finished(here.player.order("keutuhan/keutuhan", {}))
    note.write_bytes(kept)

    assert whole["name"] == "Utuh"
    assert altered["name"] == "Perlu tindakan"
    assert f"{path}: data/catatan-monev.txt (berubah)" in altered["message"]
