"""Every fault at every call of the channel "website": in the end exactly one post (law 4)."""

from __future__ import annotations

import pytest

from tests.unit.delivery.faults import PUBLISHING, Call, cases, check
from tests.unit.delivery.office import Desk

CALLS = (
    Call("website", "prepare", "GET", "/wp-json/wp/v2/posts"),
    Call("website", "prepare", "POST", "/wp-json/wp/v2/tags"),
    Call("website", "prepare", "GET", "/wp-json/wp/v2/categories"),
    Call("website", "prepare", "POST", "/wp-json/wp/v2/posts"),
    Call("website", "prepare", "GET", "/wp-json/wp/v2/media"),
    Call("website", "prepare", "POST", "/wp-json/wp/v2/media"),
    Call("website", "prepare", "GET", "/wp-content/*"),
    Call("website", "prepare", "POST", "/wp-json/wp/v2/media/*"),
    Call("website", "prepare", "POST", "/wp-json/wp/v2/posts/*"),
    Call("website", "prepare", "GET", "/wp-json/wp/v2/posts/*"),
    Call("website", "find", "GET", "/wp-json/wp/v2/posts/*", nth=2),
    PUBLISHING["website"],
)


@pytest.mark.parametrize(("call", "fault"), cases(*CALLS))
def test_one_fault_and_in_the_end_one_post(desk: Desk, call: Call, fault: str, token: str) -> None:
    check(desk, call, fault, token)
