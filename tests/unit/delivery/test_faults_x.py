"""Every fault at every call of the channel "x": in the end exactly one post (law 4)."""

from __future__ import annotations

import pytest

from tests.unit.delivery.faults import PUBLISHING, Call, cases, check
from tests.unit.delivery.office import Desk

CALLS = (
    Call("x", "prepare", "POST", "/2/media/upload"),
    Call("x", "prepare", "POST", "/2/media/metadata"),
    Call("x", "find", "GET", "/2/users/*/tweets"),
    PUBLISHING["x"],
)


@pytest.mark.parametrize(("call", "fault"), cases(*CALLS))
def test_one_fault_and_in_the_end_one_post(desk: Desk, call: Call, fault: str, token: str) -> None:
    check(desk, call, fault, token)
