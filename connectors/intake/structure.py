"""Finds title, lead, facts, captions and body among the blocks of a document.

Staff do not fill in a template. They write a title, a paragraph, some more, and put
"Apa: …" lines, a table of facts or "Caption Instagram" wherever it suits them. The
rules here take out what is surely one of these and leave everything else in the body.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from bs4 import Tag

from connectors.intake import labels
from connectors.intake.writing import markdown_of, plain_text_of
from sop.manuscript import Facts

_MAX_TITLE: Final = 200
_MIN_FACTS: Final = 2
_HEADINGS: Final = ("h1", "h2", "h3", "h4", "h5", "h6")
_FACT_HEADING: Final = re.compile(
    r"^(?:5\s*w|unsur(?: berita)?|fakta|data kegiatan|informasi kegiatan|rangkuman fakta)\b",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Parts:
    """What was found; filled while the blocks are gone through."""

    title: str = ""
    lead: str = ""
    body: str = ""
    facts: dict[str, str] = field(default_factory=dict)
    captions: dict[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    category: str = ""

    def take(self, key: str, value: str) -> None:
        """Keep what a label says; the first word on a thing stands."""
        if key == "tags":
            self.tags = self.tags or labels.tags_in(value)
        elif not getattr(self, key):
            setattr(self, key, value)

    def facts_value(self) -> Facts:
        return Facts(**self.facts)


def parts_of(blocks: list[Tag], head: Mapping[str, str]) -> Parts:
    """The parts of a document made of these blocks, its `kunci: nilai` head first."""
    parts = Parts()
    _take_head(head, parts)
    kept = list(blocks)
    kept = _without_title(kept, parts)
    kept = _without_captions(kept, parts)
    kept = _without_labels(kept, parts)
    kept = _without_lead(kept, parts)
    _settle_headings(kept)
    parts.body = "\n\n".join(text for block in kept if (text := markdown_of(block)))
    return parts


def _take_head(head: Mapping[str, str], parts: Parts) -> None:
    for words, value in head.items():
        if not value:
            continue
        if fact := labels.fact_key(words):
            parts.facts.setdefault(fact, value)
        elif key := labels.meta_key(words):
            parts.take(key, value)
        elif channel := labels.caption_channel(words):
            parts.captions.setdefault(channel, value)


# --- title ----------------------------------------------------------------------


def _without_title(blocks: list[Tag], parts: Parts) -> list[Tag]:
    """A Title style wins, then the first line; a heading further down only without these."""
    styled = [block for block in blocks if "judul" in (block.get("class") or [])]
    if styled:
        parts.take("title", _one_line(styled[0]))
        return [block for block in blocks if block is not styled[0]]
    if parts.title or _labelled(blocks, "title"):
        return blocks
    first = next((block for block in blocks if not _is_picture(block)), None)
    if first is not None and _can_be_title(first):
        parts.title = _one_line(first)
        return [block for block in blocks if block is not first]
    heading = next((block for block in blocks if block.name in _HEADINGS), None)
    if heading is not None and heading.name == "h1":
        parts.title = _one_line(heading)
        return [block for block in blocks if block is not heading]
    return blocks


def _labelled(blocks: list[Tag], key: str) -> bool:
    return any(
        labels.meta_key(label) == key for block in blocks for label, _ in _label_lines(block) or ()
    )


def _can_be_title(block: Tag) -> bool:
    if block.name in _HEADINGS:
        return True
    text = plain_text_of(block)
    return (
        block.name == "p"
        and len(text) <= _MAX_TITLE
        and "\n" not in text
        and not text.endswith((".", ":", ";", ","))
        and not _is_label(text)
    )


def _is_label(text: str) -> bool:
    pair = labels.label_and_value(text)
    return pair is not None and (
        labels.fact_key(pair[0]) is not None or labels.meta_key(pair[0]) is not None
    )


def _one_line(block: Tag) -> str:
    return " ".join(plain_text_of(block).split())


# --- captions -------------------------------------------------------------------


def _without_captions(blocks: list[Tag], parts: Parts) -> list[Tag]:
    """Takes out "Caption X" sections: from their heading to the next heading."""
    kept: list[Tag] = []
    texts: dict[str, list[str]] = {}
    channel: str | None = None
    in_group = False
    for block in blocks:
        words = _heading_words(block)
        if words is not None:
            named = labels.caption_channel(words) or (
                labels.channel_named(words) if in_group else None
            )
            if named or labels.is_caption_group(words):
                channel, in_group = named, True
                continue
            if block.name in _HEADINGS:
                channel, in_group = None, False
        inline = _inline_caption(block)
        if inline:
            texts.setdefault(inline[0], []).append(inline[1])
        elif channel and not _is_picture(block):
            texts.setdefault(channel, []).append(_caption_text(block))
        else:
            kept.append(block)
    for code, paragraphs in texts.items():
        parts.captions.setdefault(code, "\n\n".join(paragraphs).strip())
    return kept


def _heading_words(block: Tag) -> str | None:
    """The words of a heading, or of a paragraph that stands for one (all bold, or "…:")."""
    if block.name in _HEADINGS:
        return _one_line(block)
    if block.name != "p":
        return None
    text = plain_text_of(block)
    bold = block.find("strong")
    all_bold = bold is not None and plain_text_of(bold) == text
    return text if (all_bold or text.endswith(":")) and "\n" not in text else None


def _inline_caption(block: Tag) -> tuple[str, str] | None:
    """("x", "…") from a paragraph "Caption X: …"."""
    if block.name != "p":
        return None
    pair = labels.label_and_value(plain_text_of(block))
    if pair is None or not pair[1]:
        return None
    channel = labels.caption_channel(pair[0])
    return (channel, pair[1]) if channel else None


def _caption_text(block: Tag) -> str:
    """A block as the plain text that a social channel shows."""
    if block.name not in ("ul", "ol"):
        return plain_text_of(block)
    lines = []
    for no, item in enumerate(block.find_all("li", recursive=False), start=1):
        lines.append(f"{f'{no}.' if block.name == 'ol' else '•'} {_one_line(item)}")
    return "\n".join(lines)


# --- labels: facts, tags, category, lead ----------------------------------------


def _without_labels(blocks: list[Tag], parts: Parts) -> list[Tag]:
    """Takes out the blocks that are nothing but labelled facts or details."""
    found = [(block, _label_lines(block)) for block in blocks]
    named = {
        fact for _, lines in found for label, _ in lines or () if (fact := labels.fact_key(label))
    }
    # "Mengapa: …" once, in the middle of an article, is a sentence and not a form.
    takes_facts = len(named) >= _MIN_FACTS
    kept: list[Tag] = []
    emptied: Tag | None = None
    for block, lines in found:
        if lines is None and not _is_body_mark(block):
            if emptied is not None and block.name in _HEADINGS:
                kept.remove(emptied)
            emptied = None
            kept.append(block)
            continue
        facts = [(labels.fact_key(label), value) for label, value in lines or ()]
        if any(fact for fact, _ in facts) and not takes_facts:
            kept.append(block)
            continue
        if kept and kept[-1].name in (*_HEADINGS, "p") and _is_fact_heading(kept[-1]):
            emptied = kept[-1]
        for label, value in lines or ():
            if fact := labels.fact_key(label):
                parts.facts.setdefault(fact, value)
            elif key := labels.meta_key(label):
                parts.take(key, value)
    if emptied is not None:
        kept.remove(emptied)
    return kept


def _is_body_mark(block: Tag) -> bool:
    words = _heading_words(block)
    return words is not None and labels.is_body_label(words)


def _is_fact_heading(block: Tag) -> bool:
    words = _heading_words(block)
    return words is not None and bool(_FACT_HEADING.match(words))


def _label_lines(block: Tag) -> list[tuple[str, str]] | None:
    """The (label, value) pairs of a block that holds nothing else; else None."""
    if block.find("img") is not None:
        return None
    if block.name == "table":
        return _table_pairs(block)
    if block.name in ("ul", "ol"):
        return _pairs(plain_text_of(item) for item in block.find_all("li", recursive=False))
    if block.name == "p":
        return _pairs(iter(plain_text_of(block).split("\n")))
    return None


def _pairs(lines: Iterator[str]) -> list[tuple[str, str]] | None:
    pairs: list[tuple[str, str]] = []
    for line in lines:
        if not line.strip():
            continue
        if _is_label(line):
            pair = labels.label_and_value(line)
            assert pair is not None
            pairs.append(pair)
        elif pairs:
            label, value = pairs[-1]
            pairs[-1] = (label, f"{value} {line.strip()}".strip())
        else:
            return None
    return pairs or None


def _table_pairs(table: Tag) -> list[tuple[str, str]] | None:
    """Pairs of a facts table: a label and its value side by side, one heading row allowed."""
    pairs: list[tuple[str, str]] = []
    strangers = 0
    for row in table.find_all("tr"):
        cells = [_one_line(cell) for cell in row.find_all(["td", "th"], recursive=False)]
        at = next((i for i, words in enumerate(cells[:-1]) if labels.fact_key(words)), None)
        if at is not None:
            value = next((words for words in cells[at + 1 :] if words not in ("", ":")), "")
            pairs.append((cells[at], value.lstrip(":： ")))
        elif any(cells):
            strangers += 1
    return pairs if len(pairs) >= _MIN_FACTS and strangers <= 1 else None


# --- lead and headings ----------------------------------------------------------


def _without_lead(blocks: list[Tag], parts: Parts) -> list[Tag]:
    """The first paragraph after the title, if the writer did not name another as the lead."""
    if parts.lead:
        return blocks
    for block in blocks:
        if _is_picture(block) or _is_aside(block):
            continue
        if block.name != "p":
            break
        parts.lead = _one_line(block)
        return [other for other in blocks if other is not block]
    return blocks


def _is_picture(block: Tag) -> bool:
    return block.find("img") is not None and not block.get_text().strip()


def _is_aside(block: Tag) -> bool:
    if block.name == "hr" or "keterangan" in (block.get("class") or []):
        return True
    return block.name == "p" and labels.is_byline(plain_text_of(block))


def _settle_headings(blocks: list[Tag]) -> None:
    """The highest heading of the body becomes the second level: the title is the first."""
    levels = [int(block.name[1]) for block in blocks if block.name in _HEADINGS]
    if not levels:
        return
    shift = 2 - min(levels)
    for block in blocks:
        if block.name in _HEADINGS:
            block.name = f"h{max(2, min(6, int(block.name[1]) + shift))}"
            for strong in block.find_all("strong"):
                strong.unwrap()


def text_length(blocks: list[Tag]) -> int:
    """Characters that a reader would see."""
    return sum(len(block.get_text()) for block in blocks)
