"""One text for one value (RFC 8785)."""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from ledger.canonical import canonical_json, sha256_of, sha256_of_stored

scalars = (
    st.none()
    | st.booleans()
    | st.integers(min_value=-(2**53) + 1, max_value=2**53 - 1)
    | st.floats(min_value=-(2.0**52), max_value=2.0**52)
    | st.text(st.characters(exclude_categories=["Cs"]))
)


@given(values=st.dictionaries(st.text("abc_.", min_size=1), scalars))
def test_the_quick_way_gives_what_rfc_8785_gives(values: dict[str, Any]) -> None:
    numbers = {
        name: int(value) if isinstance(value, bool) else value for name, value in values.items()
    }
    assert sha256_of_stored(values) == hashlib.sha256(rfc8785.dumps(numbers)).hexdigest()


@given(value=st.dictionaries(st.text("xyz"), st.lists(scalars)))
def test_a_value_comes_back_from_its_text(value: dict[str, Any]) -> None:
    told = canonical_json(value)
    assert canonical_json(json.loads(told)) == told
    assert sha256_of(value) == hashlib.sha256(told.encode()).hexdigest()


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_without_a_json_form_are_refused(value: float) -> None:
    with pytest.raises(ValueError, match="no JSON form"):
        canonical_json({"a": value})


@pytest.mark.parametrize("value", [b"x", object(), {1: 2}])
def test_values_without_a_json_form_are_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        canonical_json(value)


def test_an_integer_that_json_readers_would_round_is_kept_as_text() -> None:
    assert canonical_json({"id": 2**60}) == f'{{"id":"{2**60}"}}'


@pytest.mark.parametrize("value", [b"\xff", 2**80, math.nan, "\ud800", "\x00"])
def test_whatever_a_tampered_column_holds_can_be_hashed(value: Any) -> None:
    assert sha256_of_stored({"a": value}) != sha256_of_stored({"a": None})
