"""What the social channels share: pictures fitted, findings worded, the link filled in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import PurePosixPath

from connectors.base import LINK_MARK, Order, Prepared, RenderedMedia, RenderedPost
from connectors.errors import Ditolak, Sementara
from connectors.renditions import Limits, stored_rendition
from sop.manuscript import BlobStore, Finding, Manuscript, Media

# How far a carousel's pictures may differ from the first one's ratio; what is left is rounding.
_SAME_RATIO = 0.005


def rendered_image(media: Media, blobs: BlobStore, limits: Limits) -> RenderedMedia:
    """One picture fitted to the limits, its bytes put into the store."""
    made = stored_rendition(blobs, media.sha256, limits, media.filename)
    return RenderedMedia(
        sha256=made.sha256,
        filename=f"{PurePosixPath(media.filename).stem}{made.suffix}",
        mime=made.mime,
        size=made.size,
        alt=media.alt,
        width=made.width,
        height=made.height,
    )


def rendered_images(
    manuscript: Manuscript, blobs: BlobStore, limits: Limits, most: int
) -> tuple[RenderedMedia, ...]:
    """The first `most` pictures of the manuscript, in its order."""
    chosen = [media for media in manuscript.media if media.is_image][:most]
    return tuple(rendered_image(media, blobs, limits) for media in chosen)


def rendered_carousel(
    manuscript: Manuscript, blobs: BlobStore, limits: Limits, most: int
) -> tuple[RenderedMedia, ...]:
    """Like `rendered_images`, all in the ratio of the first: a carousel crops to it."""
    chosen = [media for media in manuscript.media if media.is_image][:most]
    if not chosen:
        return ()
    first = rendered_image(chosen[0], blobs, limits)
    alike = _limits_of_ratio((first.width or 1) / (first.height or 1), limits)
    return (first, *(rendered_image(media, blobs, alike) for media in chosen[1:]))


def _limits_of_ratio(ratio: float, limits: Limits) -> Limits:
    lowest = max(ratio * (1 - _SAME_RATIO), limits.min_ratio or 0.0)
    highest = min(ratio * (1 + _SAME_RATIO), limits.max_ratio or ratio * 2)
    return replace(limits, min_ratio=lowest, max_ratio=highest)


def rendered_video(media: Media) -> RenderedMedia:
    """A video as it is: it is never re-encoded here."""
    return RenderedMedia(
        sha256=media.sha256,
        filename=media.filename,
        mime=media.mime,
        size=media.size,
        alt=media.alt,
        width=media.width,
        height=media.height,
        duration=media.duration,
    )


def alt_findings(label: str, media: Iterable[RenderedMedia], most: int) -> list[Finding]:
    """Alternative texts that are missing or longer than the channel takes."""
    found = []
    for picture in media:
        if picture.mime.startswith("image/") and not picture.alt.strip():
            sentence = (
                f"{picture.filename} belum punya teks alternatif. Tulis apa yang terlihat di foto."
            )
            found.append(Finding(label, sentence, True, "alt-kosong"))
        elif len(picture.alt) > most:
            sentence = (
                f"Teks alternatif {picture.filename} panjangnya {len(picture.alt)} karakter; "
                f"{label} menerima paling banyak {most}. Persingkat teksnya."
            )
            found.append(Finding(label, sentence, True, "alt-panjang"))
    return found


def length_finding(label: str, length: int, limit: int, unit: str = "karakter") -> Finding:
    """The text is too long: by how much, and what to do."""
    sentence = (
        f"Teks untuk {label} panjangnya {length} {unit}; batasnya {limit}. "
        f"Persingkat {length - limit} {unit} atau kosongkan takarirnya agar dibuat dari teras."
    )
    return Finding(label, sentence, True, "teks-panjang")


def published_text(order: Order, label: str) -> str:
    """The approved text with the live article's address in the place of `LINK_MARK`.

    Raises Sementara while the article is not live yet.
    """
    if LINK_MARK in order.post.text and not order.link:
        raise Sementara(
            f"Tautan artikel untuk {label} belum ada.",
            "Terbitkan situs web lebih dulu; pengiriman ini menyusul sendiri.",
            channel=order.post.channel,
            code="tautan-belum-ada",
        )
    return order.post.text.replace(LINK_MARK, order.link)


def refused_before_sending(label: str, channel: str, finding: Finding) -> Ditolak:
    """What `validate` would have said, found only when the link was known."""
    return Ditolak(
        finding.sentence,
        f"Kembalikan ke verifikasi, perbaiki untuk {label}, lalu mintakan persetujuan lagi.",
        channel=channel,
        code=finding.code,
    )


def is_expired(prepared: Prepared, now: datetime) -> bool:
    """Has what `prepare` left at the channel outlived its `expires_at`?"""
    written = prepared.data.get("expires_at")
    return isinstance(written, str) and datetime.fromisoformat(written) <= now


def prepare_again(label: str, channel: str) -> Sementara:
    """Nothing was sent, because what was prepared is no longer valid."""
    return Sementara(
        f"Persiapan di {label} sudah kedaluwarsa.",
        "Belum ada yang terbit. Siar menyiapkan medianya lagi sebelum menerbitkan.",
        channel=channel,
        code="persiapan-kedaluwarsa",
    )


def empty_text_finding(label: str, post: RenderedPost) -> list[Finding]:
    """A post without a word."""
    if post.text.strip():
        return []
    sentence = f"Teks untuk {label} kosong. Isi teras atau takarir {label}."
    return [Finding(label, sentence, True, "teks-kosong")]
