"""What people are told, and when: the occasions of this moment, read from the ledger.

Nothing here sends or changes anything. Within a round only the newest occasion counts:
the form opens, 80 % of the standard, the standard, then each working day while the
office is open. So an office whose machine was off is told once how things stand, not
everything it missed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from connectors.notifications import Address, Message
from ledger import people, publications, reminders
from ledger.models import Delivery, Round
from ledger.reminders import ClosedRound, ReminderKind, WaitingRound
from ledger.work import RecordAlteredError, Work
from sop.calendar import OfficeCalendar
from sop.indonesian import WIB, minutes, moment, today
from sop.model import Sop, StepKind
from tasks.case import publication_in
from tasks.office import Office
from tasks.standings import needs_person, standings

WARNED_AT = 0.8  # of the standard
# What went live before this was told of by other means, or nobody is waiting for it.
NEWS_KEEPS = timedelta(days=2)
MOST_TITLE = 90
MOST_TROUBLE = 300


@dataclass(frozen=True, slots=True)
class Occasion:
    """One reason to tell people something. `key` is the same however often it is found.

    `audience` are role codes; `role` is the one that the record names. `to_everyone`:
    the general list gets it too.
    """

    key: str
    kind: ReminderKind
    publication_id: str
    round_id: str
    step_no: int
    role: str
    audience: tuple[str, ...]
    due_at: datetime
    to_everyone: bool = True


def due_occasions(office: Office, since: datetime) -> list[Occasion]:
    """What became due between `since` and now and was not claimed yet, the oldest first."""
    with office.ledger.read() as work:
        sops = _Sops(work)
        found = [
            occasion
            for occasion in (*_of_waiting(office, work, sops), *_of_news(work, sops, since))
            if since <= occasion.due_at <= work.now
        ]
        known = reminders.known_keys(work, [one.key for one in found])
    return sorted(
        (one for one in found if one.key not in known), key=lambda one: (one.due_at, one.key)
    )


class _Sops:
    """The SOP of each publication, each read once; None where its text was altered."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._known: dict[str, Sop | None] = {}

    def of(self, sha256: str, publication_id: str) -> Sop | None:
        if sha256 not in self._known:
            try:
                publication = publication_in(self._work, publication_id)
                self._known[sha256] = publications.sop_of(self._work, publication)
            except RecordAlteredError:
                self._known[sha256] = None
        return self._known[sha256]


def _of_waiting(office: Office, work: Work, sops: _Sops) -> Iterator[Occasion]:
    for waiting in reminders.waiting_rounds(work):
        sop = sops.of(waiting.sop_sha256, waiting.publication_id)
        if sop is None:
            continue
        step = sop.step(waiting.step_no)
        if step.kind is StepKind.UNGGAH:
            yield _occasion(
                waiting,
                ReminderKind.PERLU_ORANG,
                f"{waiting.round_id}:{waiting.accepted}",
                step.role,
                waiting.form_at,
            )
        yield from _of_time(office.calendar, sop, waiting, work.now)


def _of_time(
    calendar: OfficeCalendar, sop: Sop, waiting: WaitingRound, now: datetime
) -> Iterator[Occasion]:
    step = sop.step(waiting.step_no)
    asks_for_trouble = step.kind is StepKind.UNGGAH
    found = newest_of_time(calendar, waiting, step.standard_minutes, now)
    if found is None or (asks_for_trouble and found.kind is ReminderKind.FORMULIR):
        return
    if waiting.last_due_at is not None and found.due_at < waiting.last_due_at:
        return
    name = waiting.round_id
    if found.kind is ReminderKind.HARIAN:
        name = f"{waiting.round_id}:{today(found.due_at).isoformat()}"
    yield _occasion(waiting, found.kind, name, step.role, found.due_at)
    head = approving_role(sop)
    if found.kind is ReminderKind.HARIAN and head not in (None, step.role):
        yield _occasion(
            waiting, ReminderKind.ESKALASI, name, str(head), found.due_at, to_everyone=False
        )


@dataclass(frozen=True, slots=True)
class DueTime:
    """Which of the occasions that follow the clock is the newest, and since when."""

    kind: ReminderKind
    due_at: datetime


def newest_of_time(
    calendar: OfficeCalendar,
    waiting: WaitingRound,
    standard_minutes: float | None,
    now: datetime,
) -> DueTime | None:
    """The newest occasion of a round that the clock has brought by `now`.

    Limits that passed before anybody was asked (the run was down) are left out: the
    opening of the form says how things stand.
    """
    candidates = [DueTime(ReminderKind.FORMULIR, waiting.asked_at)]
    ends = waiting.deadline_at
    if standard_minutes is not None and ends is not None:
        warned = calendar.deadline(waiting.opened_at, standard_minutes * WARNED_AT)
        candidates.append(DueTime(ReminderKind.HAMPIR, warned))
        candidates.append(DueTime(ReminderKind.HABIS, ends))
        opening = opening_of_today(calendar, now)
        if opening is not None and opening > ends and calendar.is_working(now):
            candidates.append(DueTime(ReminderKind.HARIAN, opening))
    reached = [one for one in candidates if waiting.asked_at <= one.due_at <= now]
    return max(reached, key=lambda one: one.due_at, default=None)


def opening_of_today(calendar: OfficeCalendar, now: datetime) -> datetime | None:
    """When the office opens on the WIB day of `now`; None when it does not."""
    day = today(now)
    periods = calendar.on(day).periods
    if not periods:
        return None
    return datetime.combine(day, time(), WIB) + timedelta(seconds=periods[0][0])


def approving_role(sop: Sop) -> str | None:
    """Who approves by this SOP: the head, to whom lateness is told as well."""
    return next((step.role for step in sop.steps if step.kind is StepKind.PERSETUJUAN), None)


def _occasion(
    waiting: WaitingRound,
    kind: ReminderKind,
    name: str,
    role: str,
    due_at: datetime,
    *,
    to_everyone: bool = True,
) -> Occasion:
    return Occasion(
        key=f"{kind.value}:{name}",
        kind=kind,
        publication_id=waiting.publication_id,
        round_id=waiting.round_id,
        step_no=waiting.step_no,
        role=role,
        audience=(role,),
        due_at=due_at,
        to_everyone=to_everyone,
    )


def _of_news(work: Work, sops: _Sops, since: datetime) -> Iterator[Occasion]:
    """Publications that went live: who asked for it, who approved it and who posted it are told."""
    for closed in reminders.rounds_closed_since(work, max(since, work.now - NEWS_KEEPS)):
        sop = sops.of(closed.sop_sha256, closed.publication_id)
        if sop is None or sop.step(closed.step_no).kind is not StepKind.UNGGAH:
            continue
        yield _news(sop, closed)


def _news(sop: Sop, closed: ClosedRound) -> Occasion:
    role = sop.step(closed.step_no).role
    audience = (sop.first.role, role, approving_role(sop) or role)
    return Occasion(
        key=f"{ReminderKind.TAYANG.value}:{closed.round_id}",
        kind=ReminderKind.TAYANG,
        publication_id=closed.publication_id,
        round_id=closed.round_id,
        step_no=closed.step_no,
        role=role,
        audience=tuple(dict.fromkeys(audience)),
        due_at=closed.closed_at,
    )


def addresses_for(office: Office, occasion: Occasion) -> tuple[Address, ...]:
    """The addresses of the roles, and of whoever may act in them today."""
    book = office.notifier.book
    holders: list[str] = []
    if book.people:
        with office.ledger.read() as work:
            day = today(work.now)
            for role in occasion.audience:
                holders += [one.nip for one in people.holders(work, role, day)]
    return book.of(occasion.audience, dict.fromkeys(holders), with_everyone=occasion.to_everyone)


def message_for(office: Office, occasion: Occasion) -> Message:
    """The words; never a code, never more of the publication than its title."""
    posts = standings(office, occasion.publication_id) if occasion.kind in _OF_POSTS else []
    with office.ledger.read() as work:
        return _worded(office, work, occasion, posts)


def _worded(office: Office, work: Work, occasion: Occasion, posts: Iterable[Delivery]) -> Message:
    publication = publication_in(work, occasion.publication_id)
    sop = publications.sop_of(work, publication)
    step = sop.step(occasion.step_no)
    opened = work.session.get_one(Round, occasion.round_id)
    told = _SUBJECTS[occasion.kind].format(step=step.short)
    lines = [f"“{_short(publication.title)}” (rujukan {publication.reference})"]
    if occasion.kind is ReminderKind.TAYANG:
        lines += [f"{_label(office, row)}: {row.url}" for row in posts if row.url]
    else:
        lines.append(
            f"Langkah {step.no} · {step.short}, putaran {opened.number}, "
            f"oleh {sop.role_name(step.role)}."
        )
        if occasion.kind is ReminderKind.PERLU_ORANG:
            lines += [_trouble(office, row) for row in posts if needs_person(row)]
        lines.append(_until(office.calendar, opened, work.now))
    if publication.flow_run_id and office.ui_address:
        lines.append(f"Buka: {office.ui_address}/runs/flow-run/{publication.flow_run_id}")
    rehearsed = "[GLADI] " if publication.rehearsal else ""
    return Message(f"{rehearsed}{told}", "\n".join(lines))


# What these say depends on how the channels stand.
_OF_POSTS = frozenset({ReminderKind.TAYANG, ReminderKind.PERLU_ORANG})

_SUBJECTS: Mapping[ReminderKind, str] = {
    ReminderKind.FORMULIR: "Formulir menunggu: {step}",
    ReminderKind.HAMPIR: "Baku waktu hampir habis: {step}",
    ReminderKind.HABIS: "Baku waktu habis: {step}",
    ReminderKind.HARIAN: "Masih menunggu: {step}",
    ReminderKind.ESKALASI: "Melewati baku waktu, mohon perhatian: {step}",
    ReminderKind.TAYANG: "Publikasi sudah tayang",
    ReminderKind.PERLU_ORANG: "Saluran memerlukan petugas: {step}",
}


def _until(calendar: OfficeCalendar, opened: Round, now: datetime) -> str:
    if opened.deadline_at is None:
        return f"Menunggu sejak {moment(opened.opened_at)}."
    if now < opened.deadline_at:
        return f"Mohon dijawab sebelum {moment(opened.deadline_at)}."
    late = calendar.minutes_between(opened.deadline_at, now)
    return f"Baku waktu berakhir {moment(opened.deadline_at)}; terlambat {minutes(late)}."


def _trouble(office: Office, row: Delivery) -> str:
    said = _short(row.error_sentence, MOST_TROUBLE)
    return f"{_label(office, row)}: {said}" if said else _label(office, row)


def _label(office: Office, row: Delivery) -> str:
    return office.channel_labels.get(row.channel, row.channel)


def _short(text: str, most: int = MOST_TITLE) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= most else flat[: most - 1].rstrip() + "…"
