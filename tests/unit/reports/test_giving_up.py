"""A publication that is given up: where it stood, on whose order and why stands in the report."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner, Result

from deployments.giving_up import is_wanted
from ledger import publications
from monev.model import Period
from sop.indonesian import today
from tasks.laporan import monev_report
from tasks.office import Office
from tasks.penghentian import CannotGiveUpError, give_up
from tests.unit.notifications.office import Clock, waiting

WHY = "Kegiatannya batal."


def reference_of(office: Office, publication_id: str) -> str:
    with office.ledger.read() as work:
        return publications.get(work, publication_id).reference


def asked(office: Office, reference: str, typed: str) -> Result:
    """What the question says, then whether the answer was a yes."""

    @click.command()
    def command() -> None:
        click.echo(is_wanted(office, reference))

    return CliRunner().invoke(command, input=typed)


def test_the_report_names_what_was_given_up_with_its_step_and_who_ordered_it(
    office: Office, clock: Clock
) -> None:
    ordered = reference_of(office, waiting(office, 4, title="Diundur", run="run-1"))
    other = reference_of(office, waiting(office, 2, title="Salah bahan", run="run-2"))
    waiting(office, 3, title="Berjalan terus", run="run-3")
    clock.pass_time(hours=1)
    ended = give_up(office, ordered, f"  {WHY}\n", "Kepala\nBalai")
    assert ended.step == "4 · Verifikasi dan penyuntingan"
    clock.pass_time(minutes=1)
    give_up(office, other, "Keliru dimulai.")
    clock.pass_time(minutes=1)

    day = today(clock.now)
    report = monev_report(office, Period(day, day, clock.now))

    told = [(one.reference, one.step_no, one.ordered_by, one.reason) for one in report.ended]
    assert told == [(ordered, 4, "Kepala Balai", WHY), (other, 2, "", "Keliru dimulai.")]
    assert report.counts.cancelled == 2


@pytest.mark.parametrize(
    ("typed", "is_yes"), [("ya\n", True), ("Y\n", True), ("tidak\n", False), ("\n", False)]
)
def test_the_question_names_the_step_and_only_ya_is_a_yes(
    office: Office, typed: str, is_yes: bool
) -> None:
    reference = reference_of(office, waiting(office, 5, title="Bakti sosial"))
    found = asked(office, reference, typed)
    assert f"{reference} “Bakti sosial” sedang di langkah 5 · Persetujuan pemuatan" in found.output
    assert found.output.endswith(f"{is_yes}\n")


def test_what_has_ended_is_not_asked_about(office: Office) -> None:
    reference = reference_of(office, waiting(office, 5))
    give_up(office, reference, WHY)
    assert isinstance(asked(office, reference, "ya\n").exception, CannotGiveUpError)


def test_a_reason_is_kept_as_text_that_every_screen_shows_and_no_longer_than_a_report_holds(
    office: Office,
) -> None:
    reference = reference_of(office, waiting(office, 2))
    with pytest.raises(CannotGiveUpError, match="paling panjang 500"):
        give_up(office, reference, "x" * 501)
    ended = give_up(office, reference, "bita \udcff\x1b[31m rusak\n\u202e", "Kepala\x07 Balai")
    assert ended.reason == "bita [31m rusak"
    with office.ledger.read() as work:
        assert publications.by_reference(work, reference).status_reason == ended.reason  # type: ignore[union-attr]
