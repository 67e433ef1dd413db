"""The daily check: is each channel fit to publish today and in the two weeks to come.

What was found goes onto the office's own chain, so that a later reader can tell
since when a channel was unfit; people read it as the run's state and artifact.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from prefect import task
from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.states import Completed

from connectors.base import Connector
from connectors.health import Checked, Need, check_all
from ledger.models import OFFICE_CHAIN
from sop.indonesian import moment
from sop.markup import escape_for_form
from tasks.office import Office, office

CHECKED = "saluran-diperiksa"
NEEDS_PERSON = "Perlu tindakan"
ARTIFACT = "pemeriksaan-saluran"
PAGE = "halaman"
MARKS = {Need.NOTHING: "✓", Need.SOON: "⚠", Need.NOW: "✗"}
MOST_STATE_TEXT = 900


@task(name="Periksa saluran", task_run_name="Periksa saluran", persist_result=False)
def periksa_saluran() -> list[Checked]:
    """Look at every channel by reading only."""
    here = office()
    return check_all(to_check(here), here.clock())


def to_check(here: Office) -> Iterable[Connector]:
    """Every channel, and the website's pages where summaries of reports become such."""
    yield from here.connectors.values()
    if here.public_summary == PAGE and PAGE in here.summary_channels:
        yield here.summary_channels[PAGE]


@task(name="Catat hasil pemeriksaan", task_run_name="Catat hasil", persist_result=False)
def catat(checked: list[Checked]) -> None:
    """Put what was found onto the office's chain and in front of people."""
    here = office()
    record(here, checked)
    log = get_run_logger()
    for one in checked:
        if one.need is Need.NOTHING:
            log.info("%s: %s", one.label, one.sentence)
        else:
            log.warning("%s: %s %s", one.label, one.sentence, one.health.action)
    create_markdown_artifact(
        markdown=report(checked, here.clock()),
        key=ARTIFACT,
        description="Keadaan saluran publikasi pagi ini",
    )


def record(here: Office, checked: Iterable[Checked]) -> None:
    """One event for the whole check; technical details of errors stay out of it."""
    said: dict[str, dict[str, str]] = {}
    for one in checked:
        # The website's pages have its code, and a name of their own.
        said[one.label if one.code in said else one.code] = _as_recorded(one)
    with here.ledger.work() as work:
        work.record(OFFICE_CHAIN, CHECKED, {"saluran": said})


def _as_recorded(one: Checked) -> dict[str, str]:
    ends = one.health.expires_at
    return {
        "perlu": one.need.value,
        "kalimat": one.sentence,
        "tindakan": one.health.action,
        "berakhir": ends.isoformat() if ends else "",
    }


def report(checked: Iterable[Checked], at: datetime) -> str:
    """The artifact: a paragraph per channel, those that need a person with what to do.

    No table: on an office PC its last column, what to do, would lie outside the window.
    """
    parts = [f"Diperiksa {moment(at)}."]
    for one in checked:
        said = f"{MARKS[one.need]} **{_line(one.label)}:** {_line(one.sentence)}"
        if action := _line(one.health.action):
            said += f"\\\nYang perlu dilakukan: {action}"
        parts.append(said)
    return "\n\n".join(parts)


def _line(text: str) -> str:
    # An account's name comes from outside and may hold anything.
    return escape_for_form(" ".join(text.split()))


def hasil(checked: Iterable[Checked]) -> State:
    """How the run ends: its name says whether a person is needed, its message why."""
    wanting = [one for one in checked if one.need is not Need.NOTHING]
    if not wanting:
        return Completed(name="Baik", message="Semua saluran siap.")
    sentences = [f"{one.label}: {one.sentence} {one.health.action}".strip() for one in wanting]
    return Completed(name=NEEDS_PERSON, message="\n".join(sentences)[:MOST_STATE_TEXT])
