"""Captions: what a channel shows as text, made to fit without harming a word.

A caption that its writer typed is left whole; when it is too long, `validate` of
the channel says so and a person shortens it. A caption that we make from the
lead always fits: it ends at a word, never inside a grapheme, with "…".

Units: X counts weighted characters (any link 23, an emoji 2, see twitter-text);
Instagram and Facebook are counted in UTF-16 units, the stricter of the counts in
use there.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence

import regex  # type: ignore[import-untyped]
from slugify import slugify
from twitter_text import extract_urls_with_indices, parse_tweet

from connectors.base import LINK_MARK
from sop.manuscript import Manuscript
from sop.markup import to_plain

ELLIPSIS = "…"
X_LIMIT = 280
FACEBOOK_LIMIT = 63_206
INSTAGRAM_LIMIT = 2_200
INSTAGRAM_HASHTAGS = 30
X_HASHTAGS = 3
HASHTAG_LENGTH = 50

# Any link on X counts 23, which is the length of this stand-in.
_X_STAND_IN = "https://t.co/siarsiar00"
# Facebook and Instagram count the address itself; nobody knows it at approval time.
_LINK_ROOM = "x" * 255

_GRAPHEME = regex.compile(r"\X")
_HASHTAG = re.compile(r"(?<![\w&])#\w*[^\W\d_]\w*")
_MARK = re.escape(LINK_MARK)
_SPACES_BEFORE_NEWLINE = re.compile(r"[^\S\n]+\n")
_MANY_NEWLINES = re.compile(r"\n{3,}")
_DANGLING = " \t\n,;:.!?-–—(/\"“‘'…&"

Length = Callable[[str], int]


def tidy(text: str) -> str:
    """NFC, "\\n" line ends, no trailing blanks, at most one empty line in a row."""
    unified = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    unified = _SPACES_BEFORE_NEWLINE.sub("\n", unified)
    return _MANY_NEWLINES.sub("\n\n", unified).strip()


def weighted_length(text: str) -> int:
    """Length as X counts it; `LINK_MARK` counts as the link that will replace it."""
    counted = text.replace(LINK_MARK, _X_STAND_IN)
    return int(parse_tweet(counted).weightedLength) if counted else 0


def utf16_length(text: str) -> int:
    """Length in UTF-16 units; `LINK_MARK` counts as a long address."""
    return len(text.replace(LINK_MARK, _LINK_ROOM).encode("utf-16-le", "surrogatepass")) // 2


def urls_in(text: str) -> list[str]:
    """Links that X would make of the text, bare domains included, `LINK_MARK` not."""
    return [str(found["url"]) for found in extract_urls_with_indices(text.replace(LINK_MARK, " "))]


def fit(text: str, limit: int, length: Length = utf16_length) -> str:
    """The text when it fits into `limit`, else its longest run of words and "…".

    Only a first word longer than the limit is cut inside, then between graphemes.
    """
    whole = tidy(text)
    if length(whole) <= limit:
        return whole
    ends = [found.start() for found in re.finditer(r"\s+", whole)]
    if kept := _longest(whole, ends, limit, length):
        return kept
    first_word = whole[: ends[0]] if ends else whole
    return _longest(
        first_word, [found.start() for found in _GRAPHEME.finditer(first_word)], limit, length
    )


def _longest(text: str, ends: Sequence[int], limit: int, length: Length) -> str:
    """The longest beginning of the text that stops at one of `ends` and fits with "…"."""
    low, high = 0, len(ends)
    while low < high:
        middle = (low + high) // 2
        if length(_ended(text[: ends[middle]])) <= limit:
            low = middle + 1
        else:
            high = middle
    # A length need not grow evenly (a bare domain may stop being one), so this may not
    # be the very longest; but it was measured, and it fits.
    return _ended(text[: ends[low - 1]]) if low else ""


def _ended(beginning: str) -> str:
    kept = beginning.rstrip(_DANGLING)
    return f"{kept}{ELLIPSIS}" if kept else ""


def hashtag(tag: str) -> str:
    """ "karantina kesehatan" → "#KarantinaKesehatan"; "" when no letter is left."""
    words = slugify(tag, lowercase=False, separator=" ", max_length=0).split()
    joined = "".join(word[0].upper() + word[1:] for word in words)[:HASHTAG_LENGTH]
    return f"#{joined}" if any(character.isalpha() for character in joined) else ""


def hashtags(tags: Sequence[str], most: int) -> list[str]:
    """At most `most` different hashtags in the order of the tags."""
    made: dict[str, str] = {}
    for tag in tags:
        if written := hashtag(tag):
            made.setdefault(written.casefold(), written)
    return list(made.values())[:most]


def hashtag_count(text: str) -> int:
    """How many hashtags a channel would count in the text."""
    return len(_HASHTAG.findall(text))


def typed_caption(manuscript: Manuscript, channel: str) -> str:
    """The caption that a person typed for the channel, "" when none."""
    return tidy(manuscript.captions.get(channel, ""))


def made_caption(manuscript: Manuscript) -> str:
    """The lead as plain text, or the title where there is no lead."""
    return without_mark(to_plain(manuscript.lead)) or without_mark(to_plain(manuscript.title))


def set_mark_apart(text: str) -> str:
    """`LINK_MARK` with a blank where a letter or digit touches it, so a link stays one."""
    return re.sub(rf"(?<=\w)(?={_MARK})|(?<={_MARK})(?=\w)", " ", text)


def without_mark(text: str) -> str:
    """The text without `LINK_MARK` and without the blanks it leaves behind."""
    return tidy(re.sub(rf"[^\S\n]*{_MARK}", "", text))


def x_text(manuscript: Manuscript, *, link: bool) -> str:
    """The post on X. With `link`, the article's address closes it."""
    if typed := typed_caption(manuscript, "x"):
        return _typed_with_link(typed, "\n") if link else without_mark(typed)
    tail = f"\n{LINK_MARK}" if link else ""
    written = made_caption(manuscript)
    text = fit(written, X_LIMIT - weighted_length(tail) if tail else X_LIMIT, weighted_length)
    return _with_tags_that_fit(
        text, tail, hashtags(manuscript.tags, X_HASHTAGS), X_LIMIT, weighted_length
    )


def facebook_text(manuscript: Manuscript, *, link: bool) -> str:
    """The post on a Facebook page. With `link`, a line names the article's address."""
    if typed := typed_caption(manuscript, "facebook"):
        return _typed_with_link(typed, "\n\n") if link else without_mark(typed)
    tail = f"\n\nSelengkapnya: {LINK_MARK}" if link else ""
    text = fit(made_caption(manuscript), FACEBOOK_LIMIT - utf16_length(tail))
    tags = hashtags(manuscript.tags, INSTAGRAM_HASHTAGS)
    return _with_tags_that_fit(text, tail, tags, FACEBOOK_LIMIT, utf16_length, gap="\n\n")


def instagram_text(manuscript: Manuscript) -> str:
    """The caption on Instagram; an address cannot be followed there, so none is added."""
    if typed := typed_caption(manuscript, "instagram"):
        return set_mark_apart(typed)
    text = fit(made_caption(manuscript), INSTAGRAM_LIMIT)
    room = INSTAGRAM_HASHTAGS - hashtag_count(text)
    tags = hashtags(manuscript.tags, max(room, 0))
    return _with_tags_that_fit(text, "", tags, INSTAGRAM_LIMIT, utf16_length, gap="\n\n")


def manual_text(manuscript: Manuscript, channel: str) -> str:
    """What an officer posts by hand: the whole caption, the hashtags and the address."""
    if typed := typed_caption(manuscript, channel):
        return _typed_with_link(typed, "\n\n")
    parts = [made_caption(manuscript), f"Selengkapnya: {LINK_MARK}"]
    parts += [" ".join(hashtags(manuscript.tags, INSTAGRAM_HASHTAGS))]
    return "\n\n".join(part for part in parts if part)


def _typed_with_link(typed: str, gap: str) -> str:
    return set_mark_apart(typed) if LINK_MARK in typed else f"{typed}{gap}{LINK_MARK}"


def _with_tags_that_fit(
    text: str, tail: str, tags: Sequence[str], limit: int, length: Length, *, gap: str = "\n"
) -> str:
    """Hashtags never shorten the words: only those that still fit are added."""
    for count in range(len(tags), 0, -1):
        full = f"{text}{gap}{' '.join(tags[:count])}{tail}"
        if length(full) <= limit:
            return full
    return f"{text}{tail}"
