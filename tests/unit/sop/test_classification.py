"""The classes of public information."""

from __future__ import annotations

import pytest

from sop.classification import CLASSIFICATIONS, codes, refusal


def test_the_four_classes_name_their_articles() -> None:
    assert [(one.code, one.article) for one in CLASSIFICATIONS] == [
        ("berkala", "Pasal 9"),
        ("serta merta", "Pasal 10"),
        ("setiap saat", "Pasal 11"),
        ("dikecualikan", "Pasal 17"),
    ]


@pytest.mark.parametrize("code", ["berkala", "serta merta", "setiap saat", "Serta-Merta"])
def test_public_information_may_be_published(code: str) -> None:
    assert refusal(code) is None


@pytest.mark.parametrize("code", ["dikecualikan", " Dikecualikan "])
def test_excluded_information_is_refused_with_the_law_and_what_to_do(code: str) -> None:
    sentence = refusal(code)
    assert sentence is not None
    assert "Pasal 17 Undang-Undang Nomor 14 Tahun 2008" in sentence
    assert "PPID" in sentence


@pytest.mark.parametrize("code", ["", "rahasia"])
def test_an_unknown_class_is_refused_with_the_choices(code: str) -> None:
    sentence = refusal(code)
    assert sentence is not None
    assert all(choice in sentence for choice in codes())
