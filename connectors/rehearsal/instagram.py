"""Graph: the Instagram account, its containers, media and insights."""

from __future__ import annotations

import base64
import io
import re
from datetime import datetime, timedelta
from typing import Any

from PIL import Image
from starlette.requests import Request
from starlette.responses import Response

from connectors.rehearsal.graph_common import (
    FetchError,
    Graph,
    GraphError,
    chosen_fields,
    cursored,
    fetched,
    flag,
    moment_of,
    time_text,
    unsupported,
)
from connectors.rehearsal.numbers import grown_set
from connectors.rehearsal.store import Document

_IMAGE_LIMIT = 8 * 1024 * 1024
_VIDEO_LIMIT = 300 * 1024 * 1024
_CAPTION_LIMIT = 2200
_HASHTAG_LIMIT = 30
_MENTION_LIMIT = 20
_CONTAINER_LIFETIME = timedelta(hours=24)
_NARROWEST, _WIDEST = 4 / 5, 1.91
INSIGHT_TOPS = {
    "views": 3100,
    "reach": 2200,
    "saved": 21,
    "likes": 130,
    "comments": 9,
    "shares": 17,
    "total_interactions": 180,
    "follows": 4,
    "profile_visits": 35,
}


def _refusal(message: str, code: int, subcode: int, title: str, text: str) -> GraphError:
    return GraphError(message, code, subcode, title=title, user_message=text)


def _checked_caption(caption: str) -> None:
    if len(caption) > _CAPTION_LIMIT:
        raise _refusal(
            "The caption is too long",
            36004,
            2207010,
            "Caption is too long",
            f"The caption was too long. The caption length of {len(caption)} exceeds the maximum "
            f"of {_CAPTION_LIMIT} characters.",
        )
    for mark, limit in (("#", _HASHTAG_LIMIT), ("@", _MENTION_LIMIT)):
        if len(re.findall(rf"(?<!\w){mark}\w+", caption)) > limit:
            raise _refusal(
                "Too many tags",
                100,
                2207040,
                "Too many tags",
                f"Cannot use more than {limit} tags per created media.",
            )


async def _image(address: str) -> bytes:
    try:
        data = await fetched(address, limit=_IMAGE_LIMIT)
    except FetchError:
        raise _not_fetched(address) from None
    if len(data) > _IMAGE_LIMIT:
        raise _refusal(
            "The image size is too large.",
            36000,
            2207004,
            "Image size too large",
            "The image is too large to download. It should be less than 8 MiB.",
        )
    try:
        with Image.open(io.BytesIO(data)) as image:
            form, (width, height) = image.format, image.size
    except (OSError, ValueError, Image.DecompressionBombError):
        raise _not_fetched(address) from None
    if form != "JPEG":
        raise _refusal(
            "The image format is not supported.",
            36001,
            2207005,
            "Image format not supported",
            f"The image format {form} is not supported. Supported formats are: JPEG.",
        )
    ratio = width / height
    if not _NARROWEST - 0.005 <= ratio <= _WIDEST + 0.005:
        raise _refusal(
            "The aspect ratio is not supported.",
            36003,
            2207009,
            "Unsupported aspect ratio",
            f"The submitted image with aspect ratio ('{width}/{height}',) cannot be published. "
            "Please submit an image with a valid aspect ratio.",
        )
    return data


def _not_fetched(address: str) -> GraphError:
    return _refusal(
        "Only photo or video can be accepted as media type.",
        9004,
        2207052,
        "Media download has failed. The media URI doesn't meet our requirements.",
        f"The media could not be fetched from this URI: {address}",
    )


async def create_container(request: Request, graph: Graph, params: dict[str, Any]) -> Response:
    caption = str(params.get("caption") or "")
    kind = str(params.get("media_type") or "").upper()
    item = flag(params, "is_carousel_item", default=False)
    _checked_caption(caption)
    container: Document = {
        "kind": kind or "IMAGE",
        "caption": caption,
        "alt_text": str(params.get("alt_text") or "")[:1000],
        "item": item,
        "children": [],
        "sha256": "",
        "created": graph.now().isoformat(),
        "published": "",
        "broken": "",
    }
    if kind == "CAROUSEL":
        container["children"] = _children(graph, params.get("children"))
    elif kind in {"", "IMAGE"}:
        address = str(params.get("image_url") or "")
        if not address:
            raise GraphError("(#100) The parameter image_url is required", 100)
        container["sha256"] = graph.store.put_blob(await _image(address))
    elif kind in {"REELS", "VIDEO"}:
        address = str(params.get("video_url") or "")
        if not address:
            raise GraphError("(#100) The parameter video_url is required", 100)
        try:
            data = await fetched(address, limit=_VIDEO_LIMIT)
        except FetchError:
            raise _not_fetched(address) from None
        container["sha256"] = graph.store.put_blob(data)
        # A video is looked at after the answer: a bad one ends as ERROR when polled.
        if data[4:8] not in {b"ftyp", b"moov", b"wide", b"mdat"}:
            container["broken"] = "Error: Media upload has failed with error code 2207026"
    else:
        raise _refusal(
            "Unknown media type",
            100,
            2207023,
            "Unknown media type",
            f"The media type {kind} is unknown.",
        )
    ident = graph.instagram_id()
    graph.store.put("ig_container", ident, container | {"id": ident})
    return graph.answer({"id": ident})


def _children(graph: Graph, given: Any) -> list[str]:
    text = str(given or "")
    idents = re.findall(r"\d+", ",".join(map(str, given)) if isinstance(given, list) else text)
    if not 2 <= len(idents) <= 10:
        raise _refusal(
            "Carousel validation failed",
            100,
            2207028,
            "Carousel validation failed",
            "Your post won't work as a carousel. Carousels need at least 2 photos/videos and no "
            "more than 10 photos/videos.",
        )
    for ident in idents:
        child = graph.store.get("ig_container", ident)
        if child is None or not child["item"]:
            raise GraphError(
                f"(#100) Invalid parameter: children {ident} is not a carousel item", 100
            )
    return idents


def status_of(graph: Graph, container: Document) -> tuple[str, str]:
    """(status_code, status) of a container now."""
    age = graph.now() - datetime.fromisoformat(container["created"])
    if container["published"]:
        return "PUBLISHED", "Published: Media has already been published."
    if age > _CONTAINER_LIFETIME:
        return "EXPIRED", "Expired: The container was not published within 24 hours."
    if age < timedelta(seconds=graph.settings.ig_processing_seconds):
        return "IN_PROGRESS", "In Progress: Media is still being processed."
    if container["broken"]:
        return "ERROR", container["broken"]
    return "FINISHED", "Finished: Media has been uploaded and it is ready to be published."


async def publish(request: Request, graph: Graph, params: dict[str, Any]) -> Response:
    creation = str(params.get("creation_id") or "")
    if not creation:
        raise GraphError("(#100) The parameter creation_id is required", 100)
    container = graph.store.get("ig_container", creation)
    if container is None or container["item"] or container["published"]:
        raise _refusal(
            "The requested resource does not exist",
            24,
            2207006,
            "Media not found",
            f"Media builder with creation id = {creation} does not exist.",
        )
    state, _ = status_of(graph, container)
    if state == "EXPIRED":
        raise _refusal(
            "The media has expired",
            -2,
            2207020,
            "Media expired",
            "The media you are trying to access has expired. Please try to upload again.",
        )
    children = [graph.store.get("ig_container", child) for child in container["children"]]
    states = {status_of(graph, child)[0] for child in children if child}
    if state != "FINISHED" or states - {"FINISHED", "PUBLISHED"}:
        raise _refusal(
            "Media ID is not available",
            9007,
            2207027,
            "Media is not available",
            "The media is not ready for publishing, please wait for a moment",
        )
    if used_today(graph) >= graph.settings.ig_daily_quota:
        raise _refusal(
            "Application request limit reached",
            9,
            2207042,
            "Publishing limit reached",
            "You reached maximum number of posts that is allowed to be published by Content "
            "Publishing API.",
        )
    ident = graph.instagram_id()
    pictures = [child for child in children if child] or [container]
    media: Document = {
        "id": ident,
        "caption": container["caption"],
        "kind": {"CAROUSEL": "CAROUSEL_ALBUM", "REELS": "VIDEO"}.get(
            container["kind"], container["kind"]
        ),
        "timestamp": graph.now().isoformat(),
        "shortcode": base64.urlsafe_b64encode(int(ident).to_bytes(8, "big")).decode().rstrip("="),
        "pictures": [{"sha256": c["sha256"], "alt": c["alt_text"]} for c in pictures],
        "children": container["children"],
    }
    with graph.store.transaction():
        graph.store.put("ig_media", ident, media)
        graph.store.put("ig_container", creation, container | {"published": ident})
    return graph.answer({"id": ident})


def used_today(graph: Graph) -> int:
    since = graph.now() - timedelta(hours=24)
    return sum(
        1
        for media in graph.store.all("ig_media")
        if datetime.fromisoformat(media["timestamp"]) > since
    )


def media_offers(graph: Graph, media: Document, base: str) -> dict[str, Any]:
    created = datetime.fromisoformat(media["timestamp"])
    numbers = grown_set(media["id"], {"likes": 130, "comments": 9}, created, graph.now())
    address = f"{base}/gladi/media/{media['pictures'][0]['sha256']}"
    return {
        "id": media["id"],
        "caption": media["caption"],
        "timestamp": time_text(created),
        "permalink": f"{base}/p/{media['shortcode']}/",
        "shortcode": media["shortcode"],
        "media_type": media["kind"],
        "media_product_type": "REELS" if media["kind"] == "VIDEO" else "FEED",
        "media_url": address,
        "alt_text": media["pictures"][0]["alt"],
        "username": graph.settings.ig_username,
        "owner": {"id": graph.settings.ig_user_id},
        "like_count": numbers["likes"],
        "comments_count": numbers["comments"],
        "is_comment_enabled": True,
        "children": {"data": [{"id": child} for child in media["children"]]}
        if media["children"]
        else None,
    }


async def list_media(request: Request, graph: Graph, params: dict[str, Any]) -> Response:
    since, until = moment_of(params, "since"), moment_of(params, "until")
    base = graph.base_url(request)
    found = [
        media
        for media in graph.store.all("ig_media")[::-1]
        if (since is None or datetime.fromisoformat(media["timestamp"]) >= since)
        and (until is None or datetime.fromisoformat(media["timestamp"]) <= until)
    ]
    shown = [
        chosen_fields(media_offers(graph, media, base), params.get("fields"), "id", "IGMedia")
        for media in found
    ]
    return graph.answer(cursored(shown, request, params, base))


async def get_node(request: Request, graph: Graph, params: dict[str, Any], ident: str) -> Response:
    """A container or a live medium."""
    container = graph.store.get("ig_container", ident)
    if container is not None:
        code, sentence = status_of(graph, container)
        offers: dict[str, Any] = {"id": ident, "status_code": code, "status": sentence}
        return graph.answer(chosen_fields(offers, params.get("fields"), "id", "IGContainer"))
    media = graph.store.get("ig_media", ident)
    if media is not None:
        offers = media_offers(graph, media, graph.base_url(request))
        return graph.answer(chosen_fields(offers, params.get("fields"), "id", "IGMedia"))
    raise unsupported("get", ident)


async def delete_media(graph: Graph, ident: str) -> Response:
    """Delete a live medium, which Graph allows for Instagram since late 2025."""
    if graph.store.get("ig_media", ident) is None:
        raise unsupported("delete", ident)
    graph.store.remove("ig_media", ident)
    return graph.answer({"success": True})


async def get_account(request: Request, graph: Graph, params: dict[str, Any]) -> Response:
    settings = graph.settings
    offers = {
        "id": settings.ig_user_id,
        "username": settings.ig_username,
        "name": f"{settings.office} (GLADI)",
        "biography": "Akun gladi, bukan akun sungguhan.",
        "followers_count": 3344,
        "follows_count": 61,
        "media_count": len(graph.store.all("ig_media")),
        "profile_picture_url": None,
        "website": None,
    }
    return graph.answer(chosen_fields(offers, params.get("fields"), "id", "IGUser"))


async def publishing_limit(request: Request, graph: Graph, params: dict[str, Any]) -> Response:
    offers: dict[str, Any] = {
        "id": graph.settings.ig_user_id,
        "quota_usage": used_today(graph),
        "config": {"quota_total": graph.settings.ig_daily_quota, "quota_duration": 86400},
    }
    body = chosen_fields(offers, params.get("fields"), "quota_usage", "IGContentPublishingLimit")
    body.pop("id")
    return graph.answer({"data": [body]})


async def insights(request: Request, graph: Graph, params: dict[str, Any], ident: str) -> Response:
    media = graph.store.get("ig_media", ident)
    if media is None:
        raise unsupported("get", ident)
    names = [name.strip() for name in str(params.get("metric") or "").split(",") if name.strip()]
    alive = [name for name in INSIGHT_TOPS if name not in graph.settings.retired_metrics]
    for number, name in enumerate(names):
        if name not in alive:
            raise GraphError(
                f"(#100) metric[{number}] must be one of the following values: {', '.join(alive)}",
                100,
            )
    if not names:
        raise GraphError("(#100) The parameter metric is required", 100)
    created = datetime.fromisoformat(media["timestamp"])
    tops = {name: INSIGHT_TOPS[name] for name in names}
    numbers = grown_set(ident, tops, created, graph.now())
    data = [
        {
            "name": name,
            "period": "lifetime",
            "values": [{"value": numbers[name]}],
            "title": name.replace("_", " ").title(),
            "description": "",
            "id": f"{ident}/insights/{name}/lifetime",
        }
        for name in names
    ]
    return graph.answer({"data": data})
