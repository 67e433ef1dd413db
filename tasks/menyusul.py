"""Channels that go on by themselves while a person is asked about another one.

The run of such a publication is suspended on its form, and replacing a form under
somebody's hands would lose what is being typed. So the sweeper does the passes.
"""

from __future__ import annotations

import logging
import secrets
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.exceptions import ObjectNotFound
from prefect.logging import get_run_logger
from prefect.states import Scheduled

from ledger import forms, publications, rounds
from ledger.models import Publication
from ledger.work import RecordAlteredError, Work
from sop.model import StepKind
from tasks.case import publication_in
from tasks.delivery import deliver, new_owner
from tasks.gate import NotApprovedError
from tasks.office import Office, office
from tasks.returning import return_to_verification
from tasks.standings import needs_person, ready_channels, standings


def deliver_beside_forms() -> list[str]:
    """One pass for every due channel of publications that wait on a form; their references."""
    here = office()
    log = get_run_logger()
    done = []
    # A place of its own: the lock of the publication is not held here.
    owner = new_owner(f"menyusul-{secrets.token_hex(8)}", "rekonsiliasi")
    for publication_id, reference, run_id in _asked_about(here):
        try:
            if beside_form(here, publication_id, owner):
                done.append(reference)
            if run_id and _form_is_pointless(here, publication_id):
                _wake(run_id)
        except Exception:
            # One publication's trouble never stops the others.
            logging.getLogger(__name__).exception("publication %s", reference)
    if done:
        log.info("Saluran yang menyusul diperiksa: %s.", ", ".join(done))
    return done


def _asked_about(here: Office) -> list[tuple[str, str, str]]:
    """Publications at their publishing step whose form waits for an answer."""
    with here.ledger.read() as work:
        return [
            (row.id, row.reference, row.flow_run_id or "")
            for row in publications.open_publications(work)
            if _waits_on_a_form(work, row)
        ]


def _waits_on_a_form(work: Work, publication: Publication) -> bool:
    current = rounds.current_round(work, publication)
    if current is None or forms.waiting_form(work, publication) is None:
        return False
    try:
        step = publications.sop_of(work, publication).step(current.step_no)
    except RecordAlteredError:
        return False
    return step.kind is StepKind.UNGGAH


def beside_form(here: Office, publication_id: str, owner: str) -> bool:
    """One pass for each channel that is due; whether there was one."""
    started = {row.channel for row in standings(here, publication_id)}
    due = [code for code in ready_channels(here, publication_id) if code in started]
    for channel in due:
        try:
            deliver(here, publication_id, channel, owner)
        except NotApprovedError as refused:
            return_to_verification(here, publication_id, refused.reasons)
            break
    return bool(due)


def _form_is_pointless(here: Office, publication_id: str) -> bool:
    """Whether the run should go on without an answer: nothing is left to ask, or there is
    something that only the run does."""
    with here.ledger.read() as work:
        if not _waits_on_a_form(work, publication_in(work, publication_id)):
            return False
    rows = standings(here, publication_id)
    started = {row.channel for row in rows}
    unstarted = any(code not in started for code in ready_channels(here, publication_id))
    return unstarted or not any(needs_person(row) for row in rows)


def _wake(run_id: str) -> None:
    with get_client(sync_client=True) as client:
        try:
            run = client.read_flow_run(UUID(run_id))
        except ObjectNotFound:
            return  # the sweeper starts a new one
        if run.state is not None and run.state.is_paused():
            client.set_flow_run_state(run.id, Scheduled(name="Dilanjutkan"), force=True)
