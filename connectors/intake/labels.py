"""The words by which office manuscripts mark their parts ("Apa: …", "Takarir Instagram")."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_FACTS: Final = {
    "apa": "apa",
    "siapa": "siapa",
    "kapan": "kapan",
    "di mana": "di_mana",
    "dimana": "di_mana",
    "mengapa": "mengapa",
    "kenapa": "mengapa",
    "bagaimana": "bagaimana",
}
_META: Final = {
    "judul": "title",
    "teras": "lead",
    "teras berita": "lead",
    "lead": "lead",
    "ringkasan": "lead",
    "kategori": "category",
    "tag": "tags",
    "tags": "tags",
    "tagar": "tags",
    "hashtag": "tags",
    "kata kunci": "tags",
    "label": "tags",
}
_CHANNELS: Final = {
    "x": "x",
    "twitter": "x",
    "x (twitter)": "x",
    "x/twitter": "x",
    "x / twitter": "x",
    "twitter/x": "x",
    "twitter (x)": "x",
    "facebook": "facebook",
    "fb": "facebook",
    "instagram": "instagram",
    "ig": "instagram",
}
_LABEL: Final = re.compile(r"^\s*([^:：\n]{1,40}?)\s*[:：]\s*(.*)$", re.DOTALL)
_ASIDE: Final = re.compile(r"\s*[(/]\s*(what|who|when|where|why|how)\s*\)?\s*$", re.IGNORECASE)
_CAPTION: Final = re.compile(
    r"^(?:caption|takarir|keterangan|teks|unggahan|konten)\s+(?:untuk\s+|di\s+)?(.{1,20})$",
    re.IGNORECASE,
)
_CAPTION_GROUP: Final = re.compile(
    r"^(?:caption|takarir|teks|konten)(?:\s+(?:untuk\s+)?(?:media sosial|medsos))?$", re.IGNORECASE
)
_BODY_LABEL: Final = re.compile(r"^(?:isi(?: berita| naskah)?|naskah|body)$", re.IGNORECASE)
_BYLINE: Final = re.compile(
    r"^(?:oleh|penulis|editor|foto|fotografer|sumber|reporter|humas)\s*[:：]", re.IGNORECASE
)
_TAG_SPLIT: Final = re.compile(r"[,;\n]+")
_MAX_TAGS: Final = 20


def fact_key(words: str) -> str | None:
    """The `Facts` field that a label names ("Di mana (Where)" → "di_mana")."""
    return _FACTS.get(_plain(_ASIDE.sub("", words)))


def meta_key(words: str) -> str | None:
    """ "title", "lead", "category" or "tags" if the label names one of these."""
    return _META.get(_plain(words))


def channel_named(words: str) -> str | None:
    """The channel code that a heading below "Takarir" names."""
    return _CHANNELS.get(_plain(words))


def caption_channel(words: str) -> str | None:
    """The channel code of "Caption X", "Takarir untuk Instagram", …"""
    found = _CAPTION.match(_plain(words))
    return channel_named(found[1]) if found else None


def is_caption_group(words: str) -> bool:
    """True for a heading that gathers the captions of several channels."""
    return bool(_CAPTION_GROUP.match(_plain(words)))


def is_body_label(words: str) -> bool:
    """True for "Isi:" alone on its line."""
    return not words.endswith(".") and bool(_BODY_LABEL.match(_plain(words)))


def is_byline(words: str) -> bool:
    """True for "Oleh: …", "Foto: …": true to the article, but never its lead."""
    return bool(_BYLINE.match(words))


def label_and_value(line: str) -> tuple[str, str] | None:
    """("Apa", "vaksinasi") from "Apa : vaksinasi"."""
    found = _LABEL.match(line)
    return (found[1], found[2].strip()) if found else None


def tags_in(text: str) -> tuple[str, ...]:
    """Tags from "a, b", "#a #b" or lines; without "#", each once, order kept."""
    parts: Iterable[str] = (
        text.split("#") if text.lstrip().startswith("#") else _TAG_SPLIT.split(text)
    )
    tags = (" ".join(part.strip(" #,;\n\t").split()) for part in parts)
    return tuple(dict.fromkeys(tag for tag in tags if tag))[:_MAX_TAGS]


def _plain(words: str) -> str:
    return " ".join(words.casefold().split()).strip(" :：.*-–•")
