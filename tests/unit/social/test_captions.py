"""Captions fit, end at a word, and never harm a character."""

from __future__ import annotations

import unicodedata

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st
from twitter_text import parse_tweet

from connectors import captions
from connectors.base import LINK_MARK
from sop.manuscript import Manuscript

ADDRESS = "https://kantor.example.com/2026/11/pengawasan-kapal-di-pelabuhan-a1b2c3d4/"

# Words as people write them, with what breaks careless cutting.
_WORDS = st.one_of(
    st.text(min_size=1, max_size=30),
    st.sampled_from(
        [
            "👨‍👩‍👧‍👦",
            "🇮🇩",
            "é",
            "e\u0301",
            "नमस्ते",
            "kemkes.go.id",
            "https://a.example/x?y=1",
            "12.500",
            "مرحبا",
        ]
    ),
)
_TEXTS = st.lists(_WORDS, max_size=120).map(" ".join)


def _manuscript(lead: str, *tags: str, **written: str) -> Manuscript:
    return Manuscript(title="Judul berita", lead=lead, body="", tags=tags, captions=written)


@given(_TEXTS, st.integers(1, 300))
def test_a_fitted_text_is_never_over_the_limit(text: str, limit: int) -> None:
    assert captions.weighted_length(captions.fit(text, limit, captions.weighted_length)) <= limit
    assert captions.utf16_length(captions.fit(text, limit)) <= limit


@given(_TEXTS, st.integers(1, 300))
def test_a_fitted_text_is_a_beginning_of_the_whole_that_ends_at_a_grapheme(
    text: str, limit: int
) -> None:
    whole = captions.tidy(text)
    fitted = captions.fit(text, limit)
    if fitted == whole:
        return
    kept = fitted.removesuffix(captions.ELLIPSIS)
    assert whole.startswith(kept)
    graphemes = {found.end() for found in regex.finditer(r"\X", whole)} | {0}
    assert len(kept) in graphemes


@given(st.lists(st.from_regex(r"[a-z]{1,9}", fullmatch=True), min_size=2), st.integers(12, 80))
def test_a_cut_between_plain_words_leaves_whole_words(words: list[str], limit: int) -> None:
    fitted = captions.fit(" ".join(words), limit)
    kept = fitted.removesuffix(captions.ELLIPSIS).split()
    assert kept == words[: len(kept)]
    # And as many of them as there is room for.
    if len(kept) < len(words):
        longer = " ".join(words[: len(kept) + 1]) + captions.ELLIPSIS
        assert len(longer) > limit


@given(_TEXTS)
def test_a_made_caption_is_nfc_and_fits_every_channel(text: str) -> None:
    manuscript = _manuscript(text, "karantina kesehatan", "Palembang", "2026")
    for link in (True, False):
        made = captions.x_text(manuscript, link=link)
        assert unicodedata.is_normalized("NFC", made)
        assert captions.weighted_length(made) <= captions.X_LIMIT
        assert captions.utf16_length(captions.facebook_text(manuscript, link=link)) <= 63_206
    assert captions.utf16_length(captions.instagram_text(manuscript)) <= 2_200


@given(_TEXTS)
def test_a_made_post_still_fits_x_when_the_link_has_replaced_its_mark(text: str) -> None:
    made = captions.x_text(_manuscript(text), link=True)
    sent = made.replace(LINK_MARK, ADDRESS)
    assert parse_tweet(sent).weightedLength <= captions.X_LIMIT


def test_an_ellipsis_weighs_two_on_x() -> None:
    assert captions.weighted_length("…") == 2
    assert captions.fit("a" * 281, 280, captions.weighted_length) == "a" * 278 + "…"


@pytest.mark.parametrize(
    ("text", "weight"),
    [("👨‍👩‍👧‍👦", 2), ("kemkes.go.id", 23), (ADDRESS, 23), (LINK_MARK, 23), ("漢", 2), ("", 0)],
)
def test_x_counts_links_and_emoji_in_its_own_way(text: str, weight: int) -> None:
    assert captions.weighted_length(text) == weight


def test_a_family_emoji_is_never_torn_apart() -> None:
    family = "👨‍👩‍👧‍👦"
    assert captions.fit(family * 30, 20, captions.weighted_length) == family * 9 + "…"


def test_a_cut_drops_the_comma_before_the_dots() -> None:
    assert captions.fit("Kapal diperiksa, awak sehat, muatan aman", 20) == "Kapal diperiksa…"


def test_a_caption_is_made_from_the_lead_and_from_the_title_without_one() -> None:
    assert captions.instagram_text(_manuscript("Teras **tebal**.")) == "Teras tebal."
    assert captions.instagram_text(_manuscript("")) == "Judul berita"


def test_a_typed_caption_is_left_as_it_was_typed_however_long() -> None:
    typed = "Kata. " * 100 + "selesai"
    manuscript = _manuscript("Teras", "karantina", x=typed, instagram=typed)
    assert captions.x_text(manuscript, link=False) == typed
    assert captions.instagram_text(manuscript) == typed


def test_a_typed_caption_gets_the_link_where_its_writer_put_the_mark() -> None:
    manuscript = _manuscript("Teras", x=f"Baca di{LINK_MARK}ya", facebook="Tanpa tanda")
    assert captions.x_text(manuscript, link=True) == f"Baca di {LINK_MARK} ya"
    assert captions.x_text(manuscript, link=False) == "Baca diya"
    assert captions.facebook_text(manuscript, link=True) == f"Tanpa tanda\n\n{LINK_MARK}"


def test_without_the_link_setting_a_post_on_x_has_no_link() -> None:
    assert LINK_MARK not in captions.x_text(_manuscript(f"Teras {LINK_MARK}"), link=False)


def test_hashtags_are_camel_case_ascii_and_named_once() -> None:
    tags = ("karantina kesehatan", "Karantina Kesehatan", "COVID-19", "cacar-monyet", "2026", "é")
    assert captions.hashtags(tags, 9) == [
        "#KarantinaKesehatan",
        "#COVID19",
        "#CacarMonyet",
        "#E",
    ]


def test_hashtags_never_push_a_word_out() -> None:
    lead = "kata " * 55 + "akhir"
    with_tags = captions.x_text(_manuscript(lead, "karantina"), link=False)
    assert with_tags == lead
    assert captions.x_text(_manuscript("Pendek.", "karantina"), link=False) == "Pendek.\n#Karantina"


def test_instagram_never_gets_more_than_thirty_hashtags() -> None:
    tags = tuple(f"tanda {chr(97 + number // 26)}{chr(97 + number % 26)}" for number in range(60))
    made = captions.instagram_text(_manuscript("Teras #satu #dua.", *tags))
    assert captions.hashtag_count(made) == 30


def test_a_number_sign_before_a_number_is_no_hashtag() -> None:
    assert captions.hashtag_count("#1 #2026 #Satu a#b &#39; #_9 #_a") == 2
