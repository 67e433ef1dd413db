"""Nothing about what comes back from a form is trusted: it is read, or refused in a sentence."""

from __future__ import annotations

from typing import Any

import pytest

from sop.forms import Kind, Question, read_answers
from sop.forms.questions import MOST_CHARACTERS

DECISION = Question("keputusan", "Keputusan", kind=Kind.CHOICE, options=("ya", "tidak"))
REASON = Question("alasan", "Alasan", default="seperti tadi")
CHANNELS = Question(
    "saluran", "Saluran", kind=Kind.CHOICES, options=("X", "Website"), default=("X",), required=True
)


@pytest.mark.parametrize("given", ["boleh", "YA", "ya tidak", "1"])
def test_a_word_that_was_not_offered_is_no_decision(given: str) -> None:
    _, problems = read_answers([DECISION], {"keputusan": given})
    assert "pilihan itu tidak tersedia" in problems[0]


@pytest.mark.parametrize("raw", [{}, {"keputusan": ""}, {"keputusan": None}, {"keputusan": "\0 "}])
def test_a_decision_that_is_left_out_is_asked_for(raw: dict[str, Any]) -> None:
    _, problems = read_answers([DECISION], raw)
    assert problems == ["Isian “Keputusan” masih kosong. Isi, lalu kirim lagi."]


@pytest.mark.parametrize("given", [["ya"], {"ya": "ya"}, [], [[["ya"]]]])
def test_what_is_no_text_has_no_value_so_that_the_form_offers_the_old_one(given: Any) -> None:
    values, problems = read_answers([DECISION, REASON], {"keputusan": "ya", "alasan": given})
    assert values == {"keputusan": "ya"}
    assert problems == ["Isian “Alasan” harus berupa teks. Isi kembali di formulir."]


def test_a_text_may_be_as_long_as_the_limit_and_not_longer() -> None:
    most = "a" * MOST_CHARACTERS
    assert read_answers([REASON], {"alasan": most}) == ({"alasan": most}, [])
    values, problems = read_answers([REASON], {"alasan": most + "a"})
    assert values == {}
    assert "terlalu panjang (120.001 huruf; paling banyak 120.000)" in problems[0]


@pytest.mark.parametrize("given", ["X", 1, None, {}, [], [["X"]], ["TikTok"], [None]])
def test_choices_are_taken_from_a_list_of_those_offered_only(given: Any) -> None:
    values, problems = read_answers([CHANNELS], {"saluran": given})
    assert values["saluran"] == []
    assert problems


def test_chosen_channels_stand_in_the_order_of_the_form_and_once() -> None:
    values, problems = read_answers([CHANNELS], {"saluran": ["Website", "X", "X"]})
    assert (values["saluran"], problems) == (["X", "Website"], [])


def test_fields_that_nobody_asked_for_are_left_aside() -> None:
    values, _ = read_answers([DECISION], {"keputusan": "ya", "staff_id": "1", "disetujui": True})
    assert values == {"keputusan": "ya"}
