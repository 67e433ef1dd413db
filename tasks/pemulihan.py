"""Bringing the runs of open publications back to where the ledger says they stand."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.exceptions import ObjectNotFound
from prefect.logging import get_run_logger
from prefect.states import Scheduled

from ledger import forms, publications, restarts, rounds
from ledger.models import Form, Publication, Round
from ledger.work import RecordAlteredError, Work
from sop.model import Actor
from tasks.beginnings import restart_lost_beginnings
from tasks.office import Office, office
from tasks.standings import wakes_at
from tasks.suspension import response_key, stored_input

# A worker that died before it started the run leaves it pending for ever.
PENDING_TOO_LONG = timedelta(minutes=2)
# Nothing here schedules a run for later than now: somebody else put it off.
AT_MOST_AHEAD = timedelta(minutes=5)
DUE = "waktunya untuk melanjutkan sudah tiba"
POSTPONED = "run-nya dijadwalkan ulang ke waktu yang jauh"
# A run that fails again and again is not started every minute for ever.
RESTARTS_AN_HOUR = 5
THEN_EVERY = timedelta(minutes=30)
SLOWLY = (
    "Sudah {times} kali dijalankan kembali dalam satu jam dan belum berhasil, jadi sekarang dicoba "
    "tiap {minutes} menit. Perbaiki sebabnya, lalu jalankan: siar recover. Sebab terakhir: {reason}"
)
NOT_REGISTERED = (
    "Alur publikasi belum terdaftar di Prefect. Jalankan Siar (siar start) lebih dahulu, "
    "lalu ulangi: siar recover."
)
DEPLOYMENT = "publikasi/publikasi"
FINAL = frozenset({StateType.COMPLETED, StateType.FAILED, StateType.CRASHED, StateType.CANCELLED})


class NotRegisteredError(Exception):
    """Prefect does not know the publication flow; the sentence says what to do."""


@dataclass(frozen=True)
class Standing:
    """An open publication as the sweeper sees it.

    `altered` says what was changed outside of Siar and has to be restored first.
    """

    publication_id: str
    reference: str
    title: str
    run_id: str
    round_id: str
    step: str
    form_key: str | None = None
    waits_until: datetime | None = None
    is_handed_over: bool = False
    altered: str = ""


@dataclass(frozen=True)
class Sweep:
    """How runs are looked at.

    The schedule is `patient`: it leaves a run that was just started alone, and starts
    one that fails again and again less often. A person who asks does not want to wait.
    """

    office: Office
    client: SyncPrefectClient
    patient: bool = True

    def waited(self, since: datetime, long_enough: timedelta) -> bool:
        """Whether enough time has gone by since that moment."""
        return not self.patient or self.office.clock() - since >= long_enough


@dataclass(frozen=True)
class Mended:
    """A publication whose run was started again, or could not be (`obstacle`)."""

    reference: str
    title: str
    step: str
    reason: str
    obstacle: str = ""


def mend_open_publications() -> list[str]:
    """Re-run what does not wait as it should; the references of those publications."""
    log = get_run_logger()
    here = office()
    with get_client(sync_client=True) as client:
        mended = sweep(Sweep(here, client))
        begun = restart_lost_beginnings(here.ledger, client, here.clock(), here.settling)
    for title in begun:
        log.warning("Permintaan “%s” dimulai kembali: prosesnya mati sebelum tercatat.", title)
    for one in mended:
        if one.obstacle:
            log.error("Publikasi %s belum dapat dilanjutkan: %s", one.reference, one.obstacle)
        else:
            log.warning("Publikasi %s dijalankan kembali: %s", one.reference, one.reason)
    return [one.reference for one in mended if not one.obstacle]


def sweep(how: Sweep) -> list[Mended]:
    """Look at every open publication once; one publication's trouble never stops the others."""
    return [
        found
        for standing in standings_of_open(how.office)
        if (found := _looked_at(how, standing)) is not None
    ]


def _looked_at(how: Sweep, standing: Standing) -> Mended | None:
    told = Mended(standing.reference, standing.title, standing.step, "")
    try:
        if standing.altered:
            _record_once(how, standing, restarts.BLOCKED, standing.altered)
            return replace(told, obstacle=standing.altered)
        reason = mend(how, standing)
    except Exception as error:
        logging.getLogger(__name__).exception("publication %s", standing.reference)
        return replace(told, obstacle=f"{type(error).__name__}: {error}")
    return replace(told, reason=reason) if reason else None


def standings_of_open(here: Office) -> list[Standing]:
    """Every open publication whose run has something left to do."""
    with here.ledger.read() as work:
        found = [_standing(work, row) for row in publications.open_publications(work)]
    return [standing for standing in found if not standing.is_handed_over]


def _standing(work: Work, publication: Publication) -> Standing:
    current = rounds.current_round(work, publication)
    form = forms.waiting_form(work, publication)
    known = Standing(
        publication_id=publication.id,
        reference=publication.reference,
        title=publication.title,
        run_id=publication.flow_run_id or "",
        round_id=current.id if current else "",
        step="",
        form_key=form.key if form else None,
    )
    try:
        _refuse_altered(work, publication, current, form)
        step = publications.sop_of(work, publication).step(current.step_no) if current else None
    except RecordAlteredError as error:
        return replace(known, altered=str(error))
    actor = step.actor if step else Actor.ALUR
    return replace(
        known,
        step=f"{step.no} · {step.short}" if step else "",
        waits_until=wakes_at(work, publication) if actor is Actor.KONEKTOR else None,
        is_handed_over=actor is Actor.ALUR,
    )


def _refuse_altered(work: Work, *rows: Publication | Round | Form | None) -> None:
    """Raise for a row that the run would have to write over and may not."""
    for row in rows:
        if row is not None and not work.is_unaltered(row):
            raise RecordAlteredError(row.__tablename__, row.id)


def mend(how: Sweep, standing: Standing) -> str:
    """Have the publication's run started again if it does not stand as it should; why, or ""."""
    run = _run_of(how.client, standing)
    gone = run is None or run.state is None
    reason = "run-nya tidak ada lagi di Prefect" if gone else _trouble(how, standing, run)
    if reason == DUE:  # as planned: no restart that counts
        _rescheduling(how, standing, reason)()
        return reason
    if not reason or not _may_restart(how, standing, reason):
        return ""
    start = _starting_anew(how, standing) if gone else _rescheduling(how, standing, reason)
    with how.office.ledger.work() as work:
        restarts.record_restart(
            work, standing.publication_id, standing.round_id, reason, run_id=standing.run_id
        )
    start()
    return reason


def _may_restart(how: Sweep, standing: Standing, reason: str) -> bool:
    """False while a run that keeps failing has to wait; the record says so and why."""
    now = how.office.clock()
    with how.office.ledger.read() as work:
        past = restarts.restarts_of(work, standing.publication_id, standing.round_id)
    recent = [at for at in past if at > now - timedelta(hours=1)]
    if len(recent) < RESTARTS_AN_HOUR or how.waited(recent[-1], THEN_EVERY):
        return True
    minutes = int(THEN_EVERY.total_seconds() // 60)
    slowly = SLOWLY.format(times=RESTARTS_AN_HOUR, minutes=minutes, reason=reason)
    _record_once(how, standing, restarts.SLOWED_DOWN, slowly)
    return False


def _record_once(how: Sweep, standing: Standing, kind: str, reason: str) -> None:
    with how.office.ledger.work() as work:
        restarts.record_once(work, standing.publication_id, standing.round_id, kind, reason)


def _run_of(client: SyncPrefectClient, standing: Standing) -> FlowRun | None:
    if not standing.run_id:
        return None
    try:
        return client.read_flow_run(UUID(standing.run_id))
    except ObjectNotFound:
        return None


def _trouble(how: Sweep, standing: Standing, run: FlowRun | None) -> str:
    """Why the run must be started again; "" when it stands as it should."""
    state = run.state if run else None
    if run is None or state is None or not how.office.locks.is_free(standing.publication_id):
        return ""
    if state.is_scheduled():
        return POSTPONED if _is_postponed(how, state) else ""
    if state.is_paused():
        return _trouble_while_paused(how, standing, run)
    # A run that was just started may not hold its lock yet.
    usual = PENDING_TOO_LONG if state.is_pending() else how.office.settling
    if not how.waited(state.timestamp, usual):
        return ""
    if state.type in FINAL:
        said = f": {state.message[:300]}" if state.message else ""
        return f"run-nya berakhir ({state.name}) padahal publikasi belum selesai{said}"
    return f"tidak ada proses yang mengerjakannya, padahal keadaannya {state.name}"


def _is_postponed(how: Sweep, state: State[Any]) -> bool:
    due = state.state_details.scheduled_time
    return due is not None and due > how.office.clock() + AT_MOST_AHEAD


def _trouble_while_paused(how: Sweep, standing: Standing, run: FlowRun) -> str:
    key = run.state.state_details.pause_key if run.state else None
    if standing.form_key is None:
        due = standing.waits_until
        if due is None:
            return "tidak ada yang ditunggunya lagi"
        return "" if due > how.office.clock() else DUE
    if key != standing.form_key:
        return "formulir di Prefect bukan yang ditunggu catatan"
    if stored_input(how.client, run.id, response_key(standing.form_key)) is not None:
        return "ada jawaban tersimpan tanpa melanjutkan run"
    return ""


def _rescheduling(how: Sweep, standing: Standing, reason: str) -> Callable[[], None]:
    def start() -> None:
        said = f"Dilanjutkan dari catatan, sebab {reason}"
        state: State[Any] = Scheduled(name="Dijalankan kembali", message=said)
        how.client.set_flow_run_state(UUID(standing.run_id), state, force=True)

    return start


def _starting_anew(how: Sweep, standing: Standing) -> Callable[[], None]:
    """A new run for a publication whose run is gone; it reads from the ledger where to go on.

    The publication is bound to it at once, and asking twice gives the same run: a
    worker that is slow to begin must not lead to two runs of one publication.
    """
    try:
        deployment = how.client.read_deployment_by_name(DEPLOYMENT)
    except ObjectNotFound:
        raise NotRegisteredError(NOT_REGISTERED) from None

    def start() -> None:
        run = how.client.create_flow_run_from_deployment(
            deployment.id,
            parameters={"permintaan": {"judul": standing.title}, "rujukan": standing.reference},
            idempotency_key=f"pulih-{standing.reference}-{standing.run_id or 'baru'}",
        )
        with how.office.ledger.work() as work:
            publication = publications.get(work, standing.publication_id)
            publications.bind_flow_run(work, publication, str(run.id))

    return start
