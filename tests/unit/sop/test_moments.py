"""What staff type for a time is read or refused, and never ends in an error."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sop.forms.request import PublicationRequest
from sop.indonesian import parse_moment

NINE_WIB = datetime(2026, 12, 1, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "typed",
    ["2026-12-01 09:00", "2026-12-01T09.00", "1/12/2026 9:00", "01-12-2026 09.00.00 WIB"],
)
def test_a_time_is_read_in_wib(typed: str) -> None:
    assert parse_moment(typed) == NINE_WIB


@pytest.mark.parametrize(
    "typed",
    [
        "2026-02-30 09:00",
        "0001-01-01 00:00",
        "9999-12-31 23:59",
        "9999-12-31T23:59:00-12:00",
        "0001-01-01T00:00:00+14:00",
        "besok",
    ],
)
def test_a_moment_that_nobody_means_is_asked_for_again(typed: str) -> None:
    request = PublicationRequest(judul="Vaksinasi", waktu_tayang=typed)
    assert request.wanted_at is None
    assert request.unread_moment == typed
