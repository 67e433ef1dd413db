"""What each kind of step brings to the common way of asking and answering."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ledger.work import Work
from sop.forms import Trouble
from tasks.case import Case
from tasks.office import Office


@dataclass(frozen=True)
class Extras:
    """What the step's questions need beyond the case; cheap to make."""

    prefill: Mapping[str, Any] = field(default_factory=dict)
    wanted: tuple[str, ...] = ()
    alts: Mapping[str, str] = field(default_factory=dict)
    troubles: tuple[Trouble, ...] = ()


@dataclass(frozen=True)
class Draft:
    """What an answer amounts to before it is recorded; made outside any transaction.

    `remember` is kept with the answer's fields, for the next opening of the form.
    """

    problems: tuple[str, ...] = ()
    payload: Any = None
    remember: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Answered:
    """Leave to carry an accepted answer out: who, through which answer row."""

    staff_id: str
    answer_id: str
    values: Mapping[str, Any]
    payload: Any


@dataclass(frozen=True)
class Outcome:
    """How the round ends: "selesai", "ya" or "tidak" (None: it stays open)."""

    result: str | None
    note: str = ""


@dataclass(frozen=True)
class StepWork:
    """One kind of step.

    `extras` feeds the questions and is called again when the answer is read;
    `body` is the Markdown shown on top (may be slow: it renders and looks links up);
    `prepare` turns the fields into a payload or problems, outside a transaction;
    `apply` records it, inside the one transaction that also accepts the answer.
    """

    extras: Callable[[Office, Case], Extras]
    body: Callable[[Office, Case], str]
    prepare: Callable[[Office, Case, Mapping[str, Any]], Draft]
    apply: Callable[[Office, Work, Case, Answered], Outcome]
