"""The publishing step of a run: every channel as far as it goes, then wait, ask or go on."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from prefect import Task
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.runtime import flow_run

from tasks.answering import conclude
from tasks.case import Case, publication_in, read_case
from tasks.delivery import fill_addresses, new_owner
from tasks.gate import not_before
from tasks.langkah import name_of, unggah_saluran
from tasks.office import Office, office
from tasks.progress import ask_person
from tasks.rendering import WEBSITE
from tasks.standings import is_settled, needs_person, ready_channels, standings, wakes_at
from tasks.stepwork import Outcome
from tasks.suspension import suspend_without_form
from tasks.waking import wake_at

# The run must have left its process before it is woken.
_SHORTEST_NAP = timedelta(seconds=2)


def publish_everywhere(case: Case) -> None:
    """Website first, since its addresses feed the others; then the rest side by side.

    A channel in trouble never keeps another one: whatever can go out goes out. Then
    the SOP goes on, a person is asked, or the run waits without a process.
    """
    here = office()
    wait_until_due(here, case)
    owner = new_owner(here.locks.place, str(_run_id()))
    if WEBSITE in ready_channels(here, case.publication_id):
        _upload(here, case, WEBSITE).submit(case.publication_id, WEBSITE, owner).wait()
    futures = [
        _upload(here, case, code).submit(case.publication_id, code, owner)
        for code in _ready_now(here, case)
    ]
    for future in futures:
        future.wait()
    _conclude_publishing(here, case)


def _ready_now(here: Office, case: Case) -> tuple[str, ...]:
    """The channels after the website; none when the gate sent the publication back."""
    if not _is_at(here, case):
        return ()
    ready = ready_channels(here, case.publication_id)
    return tuple(code for code in ready if code != WEBSITE)


def _is_at(here: Office, case: Case) -> bool:
    now = read_case(here, case.publication_id)
    return now is not None and now.round_id == case.round_id


def _upload(here: Office, case: Case, channel: str) -> Task[[str, str, str], State]:
    label = here.channel_labels.get(channel, channel)
    return unggah_saluran.with_options(task_run_name=name_of(case, f" · {label}"))


def _conclude_publishing(here: Office, case: Case) -> None:
    now = read_case(here, case.publication_id)
    if now is None or now.round_id != case.round_id:
        return  # the gate sent it back to verification
    rows = standings(here, case.publication_id)
    again_at = _again_at(here, case)
    if rows and again_at is None and all(is_settled(row) for row in rows):
        fill_addresses(here, case.publication_id)
        with here.ledger.work() as work:
            conclude(here, work, now, Outcome("selesai"))
        return
    if again_at is not None:
        wake_at(again_at, case.publication_id)
    if any(needs_person(row) for row in rows):
        ask_person(now)
    if again_at is None:
        raise RuntimeError("Pengunggahan belum selesai; run akan dijalankan kembali.")
    for row in rows:
        if not is_settled(row) and row.error_sentence:
            get_run_logger().info("%s: %s %s", row.channel, row.error_sentence, row.error_action)
    _suspend(here, case, again_at)


def _again_at(here: Office, case: Case) -> datetime | None:
    """When the publication goes on by itself, in whole seconds and never at once."""
    with here.ledger.read() as work:
        due = wakes_at(work, publication_in(work, case.publication_id))
        now = work.now
    if due is None:
        return None
    later = max(due, now + _SHORTEST_NAP)
    return later.replace(microsecond=0) + timedelta(seconds=1)


def wait_until_due(here: Office, case: Case) -> None:
    """Suspend without a form until the wanted time; the pipeline itself publishes then."""
    with here.ledger.read() as work:
        due = not_before(publication_in(work, case.publication_id))
    if due is None or due <= here.clock():
        return
    wake_at(due, case.publication_id)
    get_run_logger().info("Menunggu waktu tayang %s.", due.isoformat())
    _suspend(here, case, due)


def _suspend(here: Office, case: Case, until: datetime) -> None:
    """Leave the process; the sweeper starts the run again then. Never returns."""
    key = f"tayang-{case.round_id}-{int(until.timestamp())}-{int(here.clock().timestamp())}"
    suspend_without_form(_run_id(), key)


def _run_id() -> UUID:
    return UUID(str(flow_run.id))
