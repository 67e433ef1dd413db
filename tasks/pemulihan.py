"""Bringing the runs of open publications back to where the ledger says they stand."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
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
from tasks.beginnings import publication_runs, restart_lost_beginnings
from tasks.dead_runs import end_task_runs, usual_wait
from tasks.office import Office, is_carried_out, office
from tasks.standings import wakes_at
from tasks.suspension import response_key, stored_input
from tasks.system_runs import drop_missed_runs, end_dead_system_runs
from tasks.waking import wake_at

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
# Where a killed process leaves a run whose publication has come to its end.
_KILLED = (StateType.PENDING, StateType.RUNNING, StateType.CANCELLING, StateType.CRASHED)


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
    lock_name: str = ""

    @property
    def lock(self) -> str:
        """The lock that the process holds which carries it out."""
        return self.lock_name or self.publication_id


@dataclass(frozen=True)
class Sweep:
    """How runs are looked at.

    The schedule is `patient`: it leaves a run that was just started alone, and starts
    one that fails again and again less often. A person who asks does not want to wait.
    `look_again` collects when something that may be wrong will have lasted long enough.
    """

    office: Office
    client: SyncPrefectClient
    patient: bool = True
    look_again: list[datetime] = field(default_factory=list)

    def waited(self, since: datetime, long_enough: timedelta) -> bool:
        """Whether enough time has gone by since that moment."""
        return not self.patient or self.office.clock() - since >= long_enough

    def lasted(self, since: datetime, long_enough: timedelta) -> bool:
        """The same; if not, it is to be looked at again as soon as it has."""
        if self.waited(since, long_enough):
            return True
        self.look_again.append(since + long_enough)
        return False


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
        how = Sweep(here, client)
        mended = sweep(how)
        begun = restart_lost_beginnings(here, client)
        drop_missed_runs(client, here.clock())
        for ended in end_dead_system_runs(here, client):
            log.warning("%s", ended)
    here.locks.tidy()
    look_again_for(how, "pulih")
    for title in begun:
        log.warning("Permintaan “%s” dimulai kembali: prosesnya mati sebelum tercatat.", title)
    for one in mended:
        tell_of(log, f"Publikasi {one.reference}", one)
    return [one.reference for one in mended if not one.obstacle]


def tell_of(log: logging.Logger | logging.LoggerAdapter[Any], name: str, one: Mended) -> None:
    """Say in the run's log what became of a run that did not wait as it should."""
    if one.obstacle:
        log.error("%s belum dapat dilanjutkan: %s", name, one.obstacle)
    else:
        log.warning("%s dijalankan kembali: %s", name, one.reason)


def look_again_for(how: Sweep, what: str) -> None:
    """Wake for what was too young to be judged, as soon as it is old enough."""
    if how.look_again:
        wake_at(min(how.look_again) + timedelta(seconds=1), what)


def sweep(how: Sweep) -> list[Mended]:
    """Look at every open publication once; one publication's trouble never stops the others.

    Looked at as well: killed runs of publications that have nothing left for a run to do.
    """
    open_ones = standings_of_open(how.office)
    ended = _standings_of_killed(how, {one.publication_id for one in open_ones})
    return [
        found
        for standing in (*open_ones, *ended)
        if (found := _looked_at(how, standing)) is not None
    ]


def _looked_at(how: Sweep, standing: Standing) -> Mended | None:
    told = Mended(standing.reference, standing.title, standing.step, "")
    try:
        if standing.altered:
            record_once(how, standing, restarts.BLOCKED, standing.altered)
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


def _standings_of_killed(how: Sweep, already: set[str]) -> list[Standing]:
    """Publications handed over or ended, whose run was killed before it could say so."""
    killed = publication_runs(how.client, _KILLED)
    with how.office.ledger.read() as work:
        found = [publications.by_flow_run(work, str(run.id)) for run in killed]
        return [_standing(work, row) for row in found if row is not None and row.id not in already]


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
    turn = f"lanjut-{standing.publication_id}"
    if not how.office.locks.acquire(turn):
        return ""  # another sweeper is at it
    try:
        return _mended(how, standing)
    finally:
        how.office.locks.release(turn)


def _mended(how: Sweep, standing: Standing) -> str:
    run = run_of(how.client, standing)
    gone = run is None or run.state is None
    reason = "run-nya tidak ada lagi di Prefect" if gone else trouble_of(how, standing, run)
    if not reason or _has_moved_on(how, standing, run):
        return ""
    if reason == DUE:  # as planned: no restart that counts
        rescheduling(how, standing, reason)()
        return reason
    if not may_restart(how, standing, reason):
        return ""
    start = _starting_anew(how, standing) if gone else rescheduling(how, standing, reason)
    with how.office.ledger.work() as work:
        restarts.record_restart(
            work, standing.publication_id, standing.round_id, reason, run_id=standing.run_id
        )
    if run is not None:
        end_task_runs(how.client, run.id)
    start()
    return reason


def _has_moved_on(how: Sweep, standing: Standing, run: FlowRun | None) -> bool:
    """Whether run or publication changed since they were looked at, so that nothing was proved.

    The two are read one after the other while people answer forms; only what stood still
    in both over two readings was there at the same time.
    """
    with how.office.ledger.read() as work:
        publication = publications.get(work, standing.publication_id)
        if _standing(work, publication) != standing:
            return True
    now = run_of(how.client, standing)
    return state_id(now) != state_id(run)


def state_id(run: FlowRun | None) -> UUID | None:
    """Which state the run is in: another id is another moment."""
    return run.state.id if run is not None and run.state is not None else None


def may_restart(how: Sweep, standing: Standing, reason: str) -> bool:
    """False while a run that keeps failing has to wait; the record says so and why."""
    now = how.office.clock()
    with how.office.ledger.read() as work:
        past = restarts.restarts_of(work, standing.publication_id, standing.round_id)
    recent = [at for at in past if at > now - timedelta(hours=1)]
    if len(recent) < RESTARTS_AN_HOUR or how.waited(recent[-1], THEN_EVERY):
        return True
    minutes = int(THEN_EVERY.total_seconds() // 60)
    slowly = SLOWLY.format(times=RESTARTS_AN_HOUR, minutes=minutes, reason=reason)
    record_once(how, standing, restarts.SLOWED_DOWN, slowly)
    return False


def record_once(how: Sweep, standing: Standing, kind: str, reason: str) -> None:
    """Say in the record why nothing is started, once."""
    with how.office.ledger.work() as work:
        restarts.record_once(work, standing.publication_id, standing.round_id, kind, reason)


def run_of(client: SyncPrefectClient, standing: Standing) -> FlowRun | None:
    """The run as Prefect knows it; None when it is gone."""
    if not standing.run_id:
        return None
    try:
        return client.read_flow_run(UUID(standing.run_id))
    except ObjectNotFound:
        return None


def trouble_of(how: Sweep, standing: Standing, run: FlowRun | None) -> str:
    """Why the run must be started again; "" when it stands as it should."""
    state = run.state if run else None
    if run is None or state is None or _is_at_work(how.office, standing, run):
        return ""
    if state.is_scheduled():
        return POSTPONED if _is_postponed(how, state) else ""
    if state.is_paused():
        return _trouble_while_paused(how, standing, run)
    # A run that was just started may not hold its locks yet.
    if not how.lasted(state.timestamp, usual_wait(how.office, state)):
        return ""
    if state.type in FINAL:
        said = f": {state.message[:300]}" if state.message else ""
        return f"run-nya berakhir ({state.name}) padahal pekerjaannya belum selesai{said}"
    return f"tidak ada proses yang mengerjakannya, padahal keadaannya {state.name}"


def _is_at_work(here: Office, standing: Standing, run: FlowRun) -> bool:
    return is_carried_out(here, run.id) or not here.locks.is_free(standing.lock)


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


def rescheduling(how: Sweep, standing: Standing, reason: str) -> Callable[[], None]:
    """What has the same run again."""

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
