"""Every fault at every call of the channel "facebook": in the end exactly one post (law 4)."""

from __future__ import annotations

import pytest

from tests.unit.delivery.faults import PUBLISHING, Call, cases, check
from tests.unit.delivery.office import Desk

CALLS = (
    Call("facebook", "prepare", "POST", "*/photos"),
    Call("facebook", "after", "GET", "/v26.0/*_*"),
    Call("facebook", "find", "GET", "*/published_posts"),
    PUBLISHING["facebook"],
)


@pytest.mark.parametrize(("call", "fault"), cases(*CALLS))
def test_one_fault_and_in_the_end_one_post(desk: Desk, call: Call, fault: str, token: str) -> None:
    check(desk, call, fault, token)
