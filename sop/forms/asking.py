"""What a form needs to know about the publication that it asks about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sop.model import Sop, Step


@dataclass(frozen=True, slots=True)
class Trouble:
    """A channel that needs a person at the publishing step."""

    channel: str
    label: str
    manual: bool
    uncertain: bool
    sentence: str = ""
    action: str = ""


@dataclass(frozen=True, slots=True)
class Asking:
    """One opening of one step's form.

    `holders` are the people who may answer today, `people` those who hold each
    role, `channels` maps a channel's code to its label, `alts` a picture's file
    name to the alt text known so far, `prefill` what was typed or read before.
    """

    sop: Sop
    step: Step
    round_number: int
    holders: tuple[str, ...]
    people: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    prefill: Mapping[str, Any] = field(default_factory=dict)
    units: tuple[str, ...] = ()
    channels: Mapping[str, str] = field(default_factory=dict)
    wanted: tuple[str, ...] = ()
    alts: Mapping[str, str] = field(default_factory=dict)
    troubles: tuple[Trouble, ...] = ()
