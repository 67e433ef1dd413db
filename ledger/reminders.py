"""Reminders: each occasion is claimed, sent and settled once.

The claim is committed before anything is sent and its key is unique, so whoever dies
in between leaves a reminder that is settled as "tidak-pasti" and not sent again. What
is due is decided by the caller; here are the facts that it decides from.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import func, or_, select
from sqlalchemy.orm import aliased

from ledger.models import (
    OFFICE_CHAIN,
    Answer,
    Event,
    Form,
    FormState,
    Outcome,
    Publication,
    PublicationStatus,
    Reminder,
    Round,
)
from ledger.work import Work

CLAIMED = "pengingat-diambil"
SETTLED = "pengingat-selesai"
SWITCHED = "pemberitahuan-disetel"

_CHUNK = 500
_FIRST = aliased(Form)


class ReminderKind(StrEnum):
    """What a reminder is about; "eskalasi" is the daily one as the head gets it."""

    FORMULIR = "formulir-terbuka"
    HAMPIR = "80-persen"
    HABIS = "baku-habis"
    HARIAN = "harian"
    ESKALASI = "eskalasi"
    TAYANG = "tayang"
    PERLU_ORANG = "perlu-orang"


# Of these only the newest counts in a round: a late one is not sent after a later one.
IN_ORDER = (
    ReminderKind.FORMULIR,
    ReminderKind.HAMPIR,
    ReminderKind.HABIS,
    ReminderKind.HARIAN,
    ReminderKind.ESKALASI,
)


class ReminderOutcome(StrEnum):
    """How it ended. TANPA_PENERIMA: nobody of the role has an address in the settings."""

    DIAMBIL = "diambil"
    TERKIRIM = "terkirim"
    GAGAL = "gagal"
    TIDAK_PASTI = "tidak-pasti"
    TANPA_PENERIMA = "tanpa-penerima"


@dataclass(frozen=True, slots=True)
class WaitingRound:
    """An open round whose form waits for a person.

    `asked_at` is when the round's first form opened, `form_at` when the one that waits
    did; `accepted` counts the answers that the round has taken so far. `last_due_at` is
    the due time of its newest reminder of those `IN_ORDER`.
    """

    publication_id: str
    sop_sha256: str
    round_id: str
    step_no: int
    opened_at: datetime
    deadline_at: datetime | None
    asked_at: datetime
    form_at: datetime
    accepted: int
    last_due_at: datetime | None


@dataclass(frozen=True, slots=True)
class ClosedRound:
    """A round that led on."""

    publication_id: str
    sop_sha256: str
    round_id: str
    step_no: int
    closed_at: datetime


def waiting_rounds(work: Work) -> list[WaitingRound]:
    """Every open publication that waits for a person, the one that waits longest first."""
    # Looked up round by round: the open ones are few, whatever the record has grown to.
    asked_at = (
        select(func.min(_FIRST.opened_at)).where(_FIRST.round_id == Round.id).scalar_subquery()
    )
    accepted = (
        select(func.count())
        .where(Answer.round_id == Round.id, Answer.accepted.is_(True))
        .scalar_subquery()
    )
    last_due_at = (
        select(func.max(Reminder.due_at))
        .where(
            Reminder.publication_id == Publication.id,
            Reminder.round_id == Round.id,
            Reminder.kind.in_([kind.value for kind in IN_ORDER]),
        )
        .scalar_subquery()
    )
    chosen = (
        select(
            Publication.id,
            Publication.sop_sha256,
            Round.id,
            Round.step_no,
            Round.opened_at,
            Round.deadline_at,
            asked_at,
            Form.opened_at,
            accepted,
            last_due_at,
        )
        .join(Round, Round.publication_id == Publication.id)
        .join(Form, Form.round_id == Round.id)
        .where(
            Publication.status == PublicationStatus.BERJALAN.value,
            Round.closed_at.is_(None),
            Form.state == FormState.MENUNGGU.value,
        )
        .order_by(Round.opened_at, Round.id)
    )
    return [WaitingRound(*row) for row in work.session.execute(chosen)]


def rounds_closed_since(work: Work, moment: datetime) -> list[ClosedRound]:
    """Rounds that ended well since a moment, the earliest first."""
    chosen = (
        select(Publication.id, Publication.sop_sha256, Round.id, Round.step_no, Round.closed_at)
        .join(Round, Round.publication_id == Publication.id)
        .where(
            or_(
                Publication.status == PublicationStatus.BERJALAN.value,
                Publication.finished_at >= moment,
            ),
            Round.closed_at >= moment,
            Round.outcome != Outcome.TIDAK.value,
        )
        .order_by(Round.closed_at, Round.id)
    )
    return [ClosedRound(*row) for row in work.session.execute(chosen)]


def known_keys(work: Work, keys: Iterable[str]) -> set[str]:
    """Those of the keys that were claimed already."""
    wanted = list(keys)
    found: set[str] = set()
    for start in range(0, len(wanted), _CHUNK):
        chosen = select(Reminder.key).where(Reminder.key.in_(wanted[start : start + _CHUNK]))
        found.update(work.session.scalars(chosen))
    return found


def still_waits(work: Work, round_id: str) -> bool:
    """Whether the round's form still waits for an answer."""
    chosen = (
        select(func.count())
        .select_from(Form)
        .join(Round, Round.id == Form.round_id)
        .where(
            Form.round_id == round_id,
            Form.state == FormState.MENUNGGU.value,
            Round.closed_at.is_(None),
        )
    )
    return bool(work.session.scalar(chosen))


def claim(
    work: Work,
    *,
    key: str,
    kind: ReminderKind,
    publication_id: str,
    round_id: str | None,
    step_no: int | None,
    role: str,
    due_at: datetime,
) -> Reminder | None:
    """Take the occasion for oneself; None when somebody has taken it before."""
    if known_keys(work, [key]):
        return None
    row = Reminder(
        id=work.new_id(),
        publication_id=publication_id,
        key=key,
        kind=kind.value,
        step_no=step_no,
        round_id=round_id,
        role=role,
        due_at=due_at,
        claimed_at=work.now,
        settled_at=None,
        outcome=ReminderOutcome.DIAMBIL.value,
        detail="",
    )
    work.session.add(row)
    work.session.flush()
    said = {"pengingat": key, "jenis": kind.value, "langkah": step_no, "peran": role}
    work.record(publication_id, CLAIMED, said)
    return row


def settle(work: Work, reminder: Reminder, outcome: ReminderOutcome, detail: str = "") -> bool:
    """Write how it went; False when it was settled before."""
    changed = {"outcome": outcome.value, "detail": detail, "settled_at": work.now}
    done = work.compare_and_set(reminder, {"settled_at": None}, changed)
    if done:
        said = {"pengingat": reminder.key, "hasil": outcome.value, "keterangan": detail}
        work.record(reminder.publication_id, SETTLED, said)
    return done


def abandoned(work: Work, *, older_than: timedelta) -> list[Reminder]:
    """What a sender claimed so long ago that it can no longer be at work, and never settled."""
    chosen = select(Reminder).where(
        Reminder.settled_at.is_(None), Reminder.claimed_at <= work.now - older_than
    )
    return list(work.session.scalars(chosen))


def settle_abandoned(work: Work, *, older_than: timedelta) -> int:
    """Settle what was abandoned as unknown: it may have been sent. How many there were."""
    left = abandoned(work, older_than=older_than)
    for row in left:
        settle(work, row, ReminderOutcome.TIDAK_PASTI, "pengirimnya berhenti di tengah jalan")
    return len(left)


def switched_on_since(work: Work) -> datetime | None:
    """Since when notifications have been on; None while they are off."""
    chosen = (
        select(Event)
        .where(Event.chain == OFFICE_CHAIN, Event.kind == SWITCHED)
        .order_by(Event.seq.desc())
        .limit(1)
    )
    last = work.session.scalars(chosen).first()
    if last is None or not json.loads(last.data).get("menyala"):
        return None
    return last.at


def record_switch(work: Work, *, on: bool) -> None:
    """Put onto the office's chain that notifications were switched on or off."""
    work.record(OFFICE_CHAIN, SWITCHED, {"menyala": on})
