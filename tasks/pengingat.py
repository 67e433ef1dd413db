"""Sending what people are told: from the flow `pengingat` only, so no publication waits for it.

Each occasion is claimed in a transaction of its own, sent outside of any, and settled in
a third. Whoever dies in between leaves a claim that a later run settles as unknown.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic

from prefect import task
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.states import Completed

from connectors.notifications import Reached, Receipt
from ledger import reminders
from ledger.models import Reminder
from ledger.reminders import ReminderKind, ReminderOutcome
from tasks.office import Office, office
from tasks.pemberitahuan import Occasion, addresses_for, due_occasions, message_for

# One run sends at a time; the next one goes on a minute later.
LOCK = "pengingat"
BUDGET = timedelta(seconds=30)
SIDE_BY_SIDE = 4
# Longer than any message may take, so a claim of this age has no living sender.
LEASE = timedelta(minutes=2)
MOST_DETAIL = 300

_ASKING = frozenset(ReminderKind) - {ReminderKind.TAYANG}


@dataclass(frozen=True, slots=True)
class Reminded:
    """What one run did: how many ended how, and how many are left for the next run."""

    outcomes: Mapping[ReminderOutcome, int]
    left: int = 0
    is_off: bool = False


@task(name="Kirim pengingat", task_run_name="Kirim pengingat", persist_result=False)
def kirim_pengingat() -> Reminded:
    """Send what is due; another run that is still sending is left to it."""
    here = office()
    if not here.locks.acquire(LOCK):
        return Reminded({})
    done = remind(here)
    for outcome, count in done.outcomes.items():
        get_run_logger().info("%s: %s pengingat.", outcome.value, count)
    return done


def hasil_pengingat(done: Reminded) -> State:
    """How the run ends, in the words of the record."""
    if done.is_off:
        return Completed(name="Tanpa penerima", message="Pemberitahuan belum disetel.")
    counted = [f"{count} {outcome.value}" for outcome, count in sorted(done.outcomes.items())]
    if done.left:
        counted.append(f"{done.left} menyusul")
    failed = {ReminderOutcome.GAGAL, ReminderOutcome.TIDAK_PASTI} & set(done.outcomes)
    name = "Perlu tindakan" if failed else "Terkirim" if counted else "Tidak ada"
    return Completed(name=name, message=", ".join(counted) or "Tidak ada yang perlu diingatkan.")


def remind(here: Office, *, budget: timedelta = BUDGET) -> Reminded:
    """Send everything that is due, for about as long as `budget`. Never raises for a notifier."""
    since = _on_since(here)
    abandoned = _settle_abandoned(here)
    outcomes: Counter[ReminderOutcome] = Counter()
    if abandoned:
        outcomes[ReminderOutcome.TIDAK_PASTI] = abandoned
    if since is None:
        return Reminded(outcomes, is_off=True)
    run = _Run(here, monotonic() + budget.total_seconds())
    run.send_all(due_occasions(here, since))
    return Reminded(outcomes + run.outcomes, left=run.left)


def _on_since(here: Office) -> datetime | None:
    """Since when notifications are on; a change of that is put onto the office's chain."""
    on = here.notifier.is_configured
    with here.ledger.read() as work:
        since = reminders.switched_on_since(work)
    if on == (since is not None):
        return since
    with here.ledger.work() as work:
        reminders.record_switch(work, on=on)
        # What fell due before is history: nobody is flooded with it.
        return work.now if on else None


def _settle_abandoned(here: Office) -> int:
    with here.ledger.read() as work:
        if not reminders.abandoned(work, older_than=LEASE):
            return 0
    with here.ledger.work() as work:
        return reminders.settle_abandoned(work, older_than=LEASE)


class _Run:
    """The sending of one run: what it may still begin, and which addresses gave it trouble."""

    def __init__(self, here: Office, until: float) -> None:
        self._here = here
        self._until = until
        self._troubled: set[str] = set()
        self.outcomes: Counter[ReminderOutcome] = Counter()
        self.left = 0

    def send_all(self, due: Sequence[Occasion]) -> None:
        """Until the time is up; what was begun is finished."""
        with ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="pengingat") as pool:
            for result in pool.map(self._guarded, due):
                if result is _LATER:
                    self.left += 1
                elif isinstance(result, ReminderOutcome):
                    self.outcomes[result] += 1

    def _guarded(self, occasion: Occasion) -> ReminderOutcome | object | None:
        if monotonic() >= self._until:
            return _LATER
        try:
            return self._send(occasion)
        except Exception:
            # One publication's trouble never stops the others.
            logging.getLogger(__name__).exception("reminder %s", occasion.key)
            return None

    def _send(self, occasion: Occasion) -> ReminderOutcome | object | None:
        addresses = addresses_for(self._here, occasion)
        if addresses and all(one.url in self._troubled for one in addresses):
            # What is not claimed is not lost: it waits until somebody can be reached.
            return _LATER
        message = message_for(self._here, occasion)
        claimed = _claimed(self._here, occasion)
        if claimed is None:
            return None
        receipts = self._here.notifier.send(addresses, message)
        self._troubled.update(
            address.url
            for address, receipt in zip(addresses, receipts, strict=True)
            if receipt.reached is not Reached.TERKIRIM
        )
        outcome, detail = outcome_of(receipts)
        with self._here.ledger.work() as work:
            reminders.settle(work, claimed, outcome, detail)
        return outcome


_LATER = object()


def _claimed(here: Office, occasion: Occasion) -> Reminder | None:
    with here.ledger.work() as work:
        # Somebody may have answered since the occasions were read.
        if occasion.kind in _ASKING and not reminders.still_waits(work, occasion.round_id):
            return None
        return reminders.claim(
            work,
            key=occasion.key,
            kind=occasion.kind,
            publication_id=occasion.publication_id,
            round_id=occasion.round_id,
            step_no=occasion.step_no,
            role=occasion.role,
            due_at=occasion.due_at,
        )


def outcome_of(receipts: Sequence[Receipt]) -> tuple[ReminderOutcome, str]:
    """One outcome of what the addresses answered: who was reached counts, the rest is named."""
    if not receipts:
        return ReminderOutcome.TANPA_PENERIMA, "tidak ada alamat untuk peran ini di pengaturan"
    reached = sum(one.reached is Reached.TERKIRIM for one in receipts)
    told = [f"{reached} dari {len(receipts)} alamat"]
    told += [f"{one.named}: {one.why}" for one in receipts if one.reached is not Reached.TERKIRIM]
    if reached:
        outcome = ReminderOutcome.TERKIRIM
    elif any(one.reached is Reached.TIDAK_PASTI for one in receipts):
        outcome = ReminderOutcome.TIDAK_PASTI
    else:
        outcome = ReminderOutcome.GAGAL
    return outcome, "; ".join(told)[:MOST_DETAIL]
