"""What changed between two revisions, for people to read.

Deleted words are shown ~~struck~~, added ones **bold**; everything else is
escaped, so the text of a manuscript cannot become markup in a form. Sentences are
compared first and words only inside changed sentences; where even that would take
too long, sentences that only one revision has are listed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from sop.manuscript import Manuscript, Media
from sop.markup import escape_for_form

NOTHING = "Tidak ada perubahan."

# difflib takes up to cubic time where many pieces are alike; beyond these it is not asked.
_MOST_PIECES = 4_000
_MOST_PAIRS = 20_000
_KEPT_AROUND = 8  # unchanged words shown on either side of a change
_SHOWN = 20_000  # characters shown of one field; both revisions are kept whole anyway
_SHOWN_OF_RUN = 5_000  # characters shown of one change, so that both its sides are seen
_PARAGRAPH = "¶"  # an added or removed line end

# A sentence ends with a mark before a blank: "1.500" and "S.KM" are no two sentences.
_SENTENCES = re.compile(r"\n|(?:[^\n.!?]|[.!?](?!\s|$))+[.!?]?[^\S\n]*|[.!?][^\S\n]*")
_WORDS = re.compile(r"\n|\S+")
_FACTS = {
    "apa": "Apa",
    "siapa": "Siapa",
    "kapan": "Kapan",
    "di_mana": "Di mana",
    "mengapa": "Mengapa",
    "bagaimana": "Bagaimana",
}

# One run of words: " " they stayed, "-" they went, "+" they came.
_Run = tuple[str, list[str]]


def difference(old: Manuscript, new: Manuscript) -> str:
    """Readable Markdown of what changed from `old` to `new`, field by field."""
    parts = [
        f"**{escape_for_form(name)}**\n\n{_text_difference(before, after)}"
        for name, before, after in _fields(old, new)
        if before != after
    ]
    media = list(_media_difference(old.media, new.media))
    if media:
        parts.append("**Foto dan video**\n\n" + "\n".join(f"- {line}" for line in media))
    return "\n\n".join(parts) or NOTHING


def _fields(old: Manuscript, new: Manuscript) -> Iterator[tuple[str, str, str]]:
    yield "Judul", old.title, new.title
    yield "Teras", old.lead, new.lead
    yield "Isi", old.body, new.body
    for name, word in _FACTS.items():
        yield word, str(getattr(old.facts, name)), str(getattr(new.facts, name))
    for channel in dict.fromkeys([*old.captions, *new.captions]):
        name = f"Keterangan {channel}"
        yield name, old.captions.get(channel, ""), new.captions.get(channel, "")
    yield "Tagar", ", ".join(old.tags), ", ".join(new.tags)
    yield "Kategori", old.category, new.category
    yield "Berkas naskah", old.source_filename or "", new.source_filename or ""


def _text_difference(old: str, new: str) -> str:
    shown: list[str] = []
    length = 0
    for piece in _shown(_joined(_runs(_SENTENCES.findall(old), _SENTENCES.findall(new)))):
        shown.append(piece)
        length += len(piece)
        if length > _SHOWN:
            shown.append(
                "\n\n… perubahan selanjutnya terlalu panjang untuk ditampilkan; "
                "kedua revisi tersimpan utuh."
            )
            break
    text = re.sub(r" *\n\n[ \n]*", "\n\n", " ".join(shown)).strip()
    return text or "Hanya spasi yang berubah."


def _runs(old: Sequence[str], new: Sequence[str]) -> Iterator[_Run]:
    """The runs of words that lead from the old sentences to the new ones."""
    head = _common_length(old, new)
    tail = _common_length(old[head:][::-1], new[head:][::-1])
    yield " ", _words(old[:head])
    middle_old, middle_new = old[head : len(old) - tail], new[head : len(new) - tail]
    if _is_quick(middle_old, middle_new):
        for tag, a, b, c, d in SequenceMatcher(
            None, middle_old, middle_new, autojunk=False
        ).get_opcodes():
            if tag == "equal":
                yield " ", _words(middle_old[a:b])
            else:
                yield from _word_runs(_words(middle_old[a:b]), _words(middle_new[c:d]))
    else:
        yield "-", _words(_only_in_first(middle_old, middle_new))
        yield "+", _words(_only_in_first(middle_new, middle_old))
    yield " ", _words(old[len(old) - tail :])


def _word_runs(old: list[str], new: list[str]) -> Iterator[_Run]:
    if not _is_quick(old, new):
        yield "-", old
        yield "+", new
        return
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            yield " ", old[a:b]
        else:
            yield "-", old[a:b]
            yield "+", new[c:d]


def _words(sentences: Sequence[str]) -> list[str]:
    return _WORDS.findall("".join(sentences))


def _common_length(old: Sequence[str], new: Sequence[str]) -> int:
    length = 0
    for before, after in zip(old, new, strict=False):
        if before != after:
            break
        length += 1
    return length


def _is_quick(old: Sequence[str], new: Sequence[str]) -> bool:
    if len(old) + len(new) > _MOST_PIECES:
        return False
    counts = Counter(new)
    return sum(count * counts[piece] for piece, count in Counter(old).items()) <= _MOST_PAIRS


def _only_in_first(first: Sequence[str], second: Sequence[str]) -> list[str]:
    left = Counter(second)
    only: list[str] = []
    for piece in first:
        if left[piece]:
            left[piece] -= 1
        else:
            only.append(piece)
    return only


def _joined(runs: Iterator[_Run]) -> Iterator[_Run]:
    """The same runs without empty ones, and neighbours of one kind in one."""
    sign, words = " ", list[str]()
    for next_sign, next_words in runs:
        if not next_words:
            continue
        if next_sign == sign:
            words = words + next_words
        else:
            if words:
                yield sign, words
            sign, words = next_sign, next_words
    if words:
        yield sign, words


def _shown(runs: Iterator[_Run]) -> Iterator[str]:
    waiting: list[str] | None = None  # unchanged words whose right side is not known yet
    first = True
    for sign, words in runs:
        if sign == " ":
            waiting = words
            continue
        if waiting is not None:
            yield _kept(waiting, after_change=not first, before_change=True)
            waiting = None
        first = False
        yield from _marked(_cut(words), "~~" if sign == "-" else "**")
    if waiting is not None and not first:
        yield _kept(waiting, after_change=True, before_change=False)


def _cut(words: list[str]) -> list[str]:
    left = _SHOWN_OF_RUN
    for position, word in enumerate(words):
        if len(word) > left:
            return [*words[:position], word[:left] + "…"]
        left -= len(word) + 1
    return words


def _kept(words: list[str], *, after_change: bool, before_change: bool) -> str:
    left = words[:_KEPT_AROUND] if after_change else []
    right = words[-_KEPT_AROUND:] if before_change else []
    if len(left) + len(right) >= len(words):
        return _unchanged(words)
    return " ".join(part for part in (_unchanged(left), "…", _unchanged(right)) if part)


def _unchanged(words: list[str]) -> str:
    return " ".join("\n\n" if word == "\n" else escape_for_form(word) for word in words)


def _marked(words: list[str], mark: str) -> Iterator[str]:
    """Struck or bold text, marked line by line, because marks do not reach over paragraphs."""
    line: list[str] = []
    for word in words:
        if word != "\n":
            line.append(escape_for_form(word))
            continue
        yield f"{mark}{' '.join([*line, _PARAGRAPH])}{mark}"
        if mark == "**":
            yield "\n\n"
        line = []
    if line:
        yield f"{mark}{' '.join(line)}{mark}"


def _media_difference(old: Sequence[Media], new: Sequence[Media]) -> Iterator[str]:
    before = {item.filename: item for item in old}
    after = {item.filename: item for item in new}
    for name in before:
        if name not in after:
            yield f"dihapus: ~~{escape_for_form(name)}~~"
    for name, item in after.items():
        shown = escape_for_form(name)
        was = before.get(name)
        if was is None:
            alt = f" (teks alternatif: {escape_for_form(item.alt)})" if item.alt else ""
            yield f"ditambahkan: **{shown}**{alt}"
            continue
        if was.sha256 != item.sha256:
            yield f"{shown}: berkasnya diganti"
        if was.alt != item.alt:
            yield f"{shown}, teks alternatif: {_one_line(was.alt, item.alt)}"
        if was.credit != item.credit:
            yield f"{shown}, kredit: {_one_line(was.credit, item.credit)}"
    stayed_before = [name for name in before if name in after]
    stayed_after = [name for name in after if name in before]
    if stayed_before != stayed_after:
        yield "urutan berubah menjadi: " + ", ".join(escape_for_form(name) for name in after)


def _one_line(old: str, new: str) -> str:
    return _text_difference(" ".join(old.split()), " ".join(new.split()))
