"""Between a manuscript and the fields of the forms of steps 3 and 4."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from sop.forms.steps import FACTS, alt_field, caption_field
from sop.manuscript import Facts, Manuscript, Media


def fields_of(manuscript: Manuscript) -> dict[str, Any]:
    """The manuscript as form fields."""
    return {
        "judul": manuscript.title,
        "teras": manuscript.lead,
        "isi": manuscript.body,
        **asdict(manuscript.facts),
        "tagar": ", ".join(manuscript.tags),
        **{caption_field(code): text for code, text in manuscript.captions.items()},
        **{alt_field(media.filename): media.alt for media in manuscript.media},
    }


def alts_of(manuscript: Manuscript | None) -> dict[str, str]:
    """File name to alt text, in the manuscript's order."""
    return {media.filename: media.alt for media in manuscript.media} if manuscript else {}


def facts_in(values: Mapping[str, Any], otherwise: Facts) -> Facts:
    """5W + 1H as typed; an empty field keeps what is known."""
    known = asdict(otherwise)
    return Facts(**{name: values.get(name) or known[name] for name, _, _ in FACTS})


def captions_in(
    values: Mapping[str, Any], channels: tuple[str, ...], otherwise: Mapping[str, str]
) -> dict[str, str]:
    """Captions as typed per channel; empty ones are left to be made from the lead."""
    captions = {}
    for code in channels:
        text = values.get(caption_field(code)) or otherwise.get(code, "")
        if text:
            captions[code] = text
    return captions


def tags_in(values: Mapping[str, Any], otherwise: tuple[str, ...]) -> tuple[str, ...]:
    """Tags as typed, separated by commas, without their "#", each once."""
    typed = [tag.strip().lstrip("#").strip() for tag in str(values.get("tagar", "")).split(",")]
    return tuple(dict.fromkeys(tag for tag in typed if tag)) or otherwise


def with_alts(media: tuple[Media, ...], values: Mapping[str, Any]) -> tuple[Media, ...]:
    """Media with the alt texts typed in the form; an empty field keeps what is known."""
    return tuple(
        replace(item, alt=values.get(alt_field(item.filename)) or item.alt) for item in media
    )


def edited(
    manuscript: Manuscript, values: Mapping[str, Any], channels: tuple[str, ...]
) -> Manuscript:
    """The manuscript as the verifier left the fields: an emptied field is empty."""
    captions = {
        code: text
        for code, text in manuscript.captions.items()
        if caption_field(code) not in values
    }
    captions.update(captions_in(values, channels, {}))
    return replace(
        manuscript,
        title=values["judul"],
        lead=values["teras"],
        body=values["isi"],
        facts=Facts(**{name: values[name] for name, _, _ in FACTS}),
        captions=captions,
        tags=tags_in(values, ()),
        media=tuple(
            replace(item, alt=values.get(alt_field(item.filename), item.alt))
            for item in manuscript.media
        ),
    )
