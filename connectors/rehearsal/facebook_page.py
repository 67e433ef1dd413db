"""Graph: the Facebook Page, its photos, posts and insights."""

from __future__ import annotations

import io
import json
import re
from datetime import datetime
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
    uploaded,
)
from connectors.rehearsal.numbers import grown_set
from connectors.rehearsal.store import Document

_PHOTO_LIMIT = 10 * 1024 * 1024
_MESSAGE_LIMIT = 63_206
INSIGHT_TOPS = {
    "post_media_view": 3800,
    "post_total_media_view_unique": 2100,
    "post_clicks": 160,
    "post_clicks_by_type": 160,
    "post_reactions_by_type_total": 75,
    "post_reactions_like_total": 60,
    "post_reactions_love_total": 12,
    "post_activity_by_action_type": 30,
    "post_video_views": 400,
}


def _bad_photo() -> GraphError:
    return GraphError(
        "(#324) Missing or invalid image file",
        324,
        2069019,
        title="Gambar tidak valid",
        user_message="Missing or invalid image file",
    )


async def create_photo(request: Request, graph: Graph, params: dict[str, Any]) -> Response:
    data = await uploaded(params.get("source") or params.get("file"))
    if data is None:
        address = str(params.get("url") or "")
        if not address:
            raise GraphError("(#324) Requires upload file", 324)
        try:
            data = await fetched(address, limit=_PHOTO_LIMIT)
        except FetchError:
            raise _bad_photo() from None
    try:
        with Image.open(io.BytesIO(data)) as image:
            width, height = image.size
    except (OSError, ValueError, Image.DecompressionBombError):
        raise _bad_photo() from None
    if len(data) > _PHOTO_LIMIT:
        raise _bad_photo()
    ident = graph.page_object_id()
    published = flag(params, "published", default=True)
    photo: Document = {
        "id": ident,
        "sha256": graph.store.put_blob(data),
        "alt": str(params.get("alt_text_custom") or ""),
        "width": width,
        "height": height,
        "published": published,
        "created_time": graph.now().isoformat(),
        "name": str(params.get("caption") or params.get("message") or ""),
    }
    with graph.store.transaction():
        graph.store.put("fb_photo", ident, photo)
        if not published:
            return graph.answer({"id": ident})
        post = _stored_post(graph, photo["name"], "", [ident], published=True)
    return graph.answer({"id": ident, "post_id": post["id"]})


def _stored_post(
    graph: Graph, message: str, link: str, photos: list[str], *, published: bool
) -> Document:
    ident = f"{graph.settings.fb_page_id}_{graph.page_object_id()}"
    post: Document = {
        "id": ident,
        "message": message,
        "link": link,
        "photos": photos,
        "published": published,
        "created_time": graph.now().isoformat(),
    }
    for number in photos:
        photo = graph.store.get("fb_photo", number)
        if photo is not None:
            graph.store.put("fb_photo", number, photo | {"post": ident, "published": True})
    graph.store.put("fb_post", ident, post)
    return post


def _attached(graph: Graph, params: dict[str, Any]) -> list[str]:
    """Photo ids of `attached_media`, given as one JSON list or as indexed parameters."""
    given = params.get("attached_media")
    entries: list[Any] = []
    try:
        if given is not None:
            entries = json.loads(given) if isinstance(given, str) else list(given)
        indexed = [
            (int(match.group(1)), value)
            for key, value in params.items()
            if (match := re.fullmatch(r"attached_media\[(\d+)\]", key))
        ]
        entries += [
            json.loads(value) if isinstance(value, str) else value for _, value in sorted(indexed)
        ]
        idents = [str(entry["media_fbid"]) for entry in entries]
    except (ValueError, TypeError, KeyError):
        raise GraphError("(#100) Param attached_media must be an array.", 100) from None
    for ident in idents:
        photo = graph.store.get("fb_photo", ident)
        if photo is None or photo.get("post"):
            raise GraphError(
                "(#100) Invalid parameter",
                100,
                1366046 if photo is None else 1346003,
                title="Foto tidak dapat dipakai",
                user_message=f"Photo {ident} is not an unpublished photo of this page.",
            )
    return idents


async def create_feed_post(request: Request, graph: Graph, params: dict[str, Any]) -> Response:
    message = str(params.get("message") or "")
    link = str(params.get("link") or "")
    photos = _attached(graph, params)
    if not (message or link or photos):
        raise GraphError("(#100) Missing message or attachment", 100, 1349125)
    if len(message) > _MESSAGE_LIMIT:
        raise GraphError("(#100) Param message is too long", 100)
    if link and not re.match(r"https?://", link):
        raise GraphError("(#100) link URL is not properly formatted", 100, 1500)
    latest = next(iter(graph.store.all("fb_post")[::-1]), None)
    # Facebook compares with the latest post only, and says nothing about its id.
    if latest and message and latest["message"] == message and latest["link"] == link:
        raise GraphError(
            "(#506) Duplicate status message",
            506,
            1455006,
            title="Duplicate Status Update",
            user_message="This status update is identical to the last one you posted. Try posting "
            "something different, or delete your previous update.",
        )
    published = flag(params, "published", default=True)
    with graph.store.transaction():
        post = _stored_post(graph, message, link, photos, published=published)
    return graph.answer({"id": post["id"]})


def post_offers(graph: Graph, post: Document, base: str) -> dict[str, Any]:
    """Every field of a post that can be asked for."""
    created = datetime.fromisoformat(post["created_time"])
    photos = [found for ident in post["photos"] if (found := graph.store.get("fb_photo", ident))]
    numbers = grown_set(
        post["id"], {"shares": 9, "comments": 11, "reactions": 75}, created, graph.now()
    )
    attachments: list[dict[str, Any]] = []
    parts = [
        {
            "type": "photo",
            "media": {"image": _image_json(photo, base)},
            "target": {"id": photo["id"]},
            **({"description": photo["alt"]} if photo["alt"] else {}),
        }
        for photo in photos
    ]
    if len(parts) > 1:
        attachments = [{"type": "album", "subattachments": {"data": parts}}]
    elif parts:
        attachments = parts
    elif post["link"]:
        attachments = [{"type": "share", "unshimmed_url": post["link"], "url": post["link"]}]
    return {
        "id": post["id"],
        "message": post["message"],
        "created_time": time_text(created),
        "updated_time": time_text(created),
        "permalink_url": f"{base}/{graph.settings.fb_page_id}/posts/{post['id'].split('_')[1]}",
        "is_published": post["published"],
        "status_type": "added_photos" if photos else "mobile_status_update",
        "full_picture": f"{base}/gladi/media/{photos[0]['sha256']}" if photos else None,
        "attachments": {"data": attachments} if attachments else None,
        "from": {"id": graph.settings.fb_page_id, "name": graph.settings.office},
        "shares": {"count": numbers["shares"]} if numbers["shares"] else None,
        "comments": {"data": [], "summary": {"total_count": numbers["comments"]}},
        "reactions": {"data": [], "summary": {"total_count": numbers["reactions"]}},
        "likes": {"data": [], "summary": {"total_count": numbers["reactions"]}},
        "is_hidden": False,
        "privacy": {"value": "EVERYONE"},
    }


def _image_json(photo: Document, base: str) -> dict[str, Any]:
    return {
        "src": f"{base}/gladi/media/{photo['sha256']}",
        "width": photo["width"],
        "height": photo["height"],
    }


async def list_posts(request: Request, graph: Graph, params: dict[str, Any]) -> Response:
    since, until = moment_of(params, "since"), moment_of(params, "until")
    found = [
        post
        for post in graph.store.all("fb_post")[::-1]
        if post["published"]
        and (since is None or datetime.fromisoformat(post["created_time"]) >= since)
        and (until is None or datetime.fromisoformat(post["created_time"]) <= until)
    ]
    base = graph.base_url(request)
    shown = [
        chosen_fields(
            post_offers(graph, post, base),
            params.get("fields"),
            "created_time,message,id",
            "PagePost",
        )
        for post in found
    ]
    return graph.answer(cursored(shown, request, params, base))


async def list_photos(request: Request, graph: Graph, params: dict[str, Any]) -> Response:
    published = str(params.get("type", "")) == "uploaded"
    base = graph.base_url(request)
    shown = [
        chosen_fields(photo_offers(photo, base), params.get("fields"), "created_time,id", "Photo")
        for photo in graph.store.all("fb_photo")[::-1]
        if photo["published"] or not published
    ]
    return graph.answer(cursored(shown, request, params, base))


def photo_offers(photo: Document, base: str) -> dict[str, Any]:
    image = _image_json(photo, base)
    return {
        "id": photo["id"],
        "created_time": time_text(datetime.fromisoformat(photo["created_time"])),
        "name": photo["name"],
        "alt_text_custom": photo["alt"],
        "alt_text": photo["alt"],
        "images": [{"source": image["src"], "width": image["width"], "height": image["height"]}],
        "width": photo["width"],
        "height": photo["height"],
        "link": f"{base}/gladi/media/{photo['sha256']}",
        "page_story_id": photo.get("post"),
    }


async def get_post(request: Request, graph: Graph, params: dict[str, Any], ident: str) -> Response:
    base = graph.base_url(request)
    post = graph.store.get("fb_post", ident)
    if post is not None:
        offers = post_offers(graph, post, base)
        return graph.answer(
            chosen_fields(offers, params.get("fields"), "created_time,message,id", "PagePost")
        )
    photo = graph.store.get("fb_photo", ident)
    if photo is not None:
        offers = photo_offers(photo, base)
        return graph.answer(
            chosen_fields(offers, params.get("fields"), "created_time,name,id", "Photo")
        )
    raise unsupported("get", ident)


async def delete_node(graph: Graph, ident: str) -> Response:
    for kind in ("fb_post", "fb_photo"):
        if graph.store.get(kind, ident) is not None:
            graph.store.remove(kind, ident)
            return graph.answer({"success": True})
    raise unsupported("delete", ident)


async def get_page(request: Request, graph: Graph, params: dict[str, Any]) -> Response:
    settings, base = graph.settings, graph.base_url(request)
    offers = {
        "id": settings.fb_page_id,
        "name": f"{settings.office} (GLADI)",
        "category": "Government organization",
        "link": f"{base}/gladi/facebook",
        "username": "bkkgladi",
        "fan_count": 5120,
        "followers_count": 5377,
        "tasks": ["ANALYZE", "CREATE_CONTENT", "MODERATE", "MANAGE"],
        "is_published": True,
        "access_token": settings.fb_page_token,
        "instagram_business_account": {"id": settings.ig_user_id},
    }
    return graph.answer(chosen_fields(offers, params.get("fields"), "name,id", "Page"))


async def debug_token(request: Request, graph: Graph, params: dict[str, Any]) -> Response:
    settings = graph.settings
    token = params.get("input_token")
    if not token:
        raise GraphError("(#100) The parameter input_token is required.", 100)
    if token != settings.fb_page_token:
        return graph.answer(
            {
                "data": {
                    "error": {"code": 190, "message": "Invalid OAuth access token."},
                    "is_valid": False,
                    "scopes": [],
                }
            }
        )
    return graph.answer(
        {
            "data": {
                "app_id": settings.fb_app_id,
                "application": "Siar (gladi)",
                "type": "PAGE",
                "is_valid": True,
                "expires_at": 0,
                "data_access_expires_at": int(graph.now().timestamp()) + 90 * 86400,
                "issued_at": 1767571200,
                "profile_id": settings.fb_page_id,
                "user_id": "100000000000001",
                "scopes": [
                    "pages_show_list",
                    "pages_read_engagement",
                    "pages_manage_posts",
                    "read_insights",
                    "instagram_basic",
                    "instagram_content_publish",
                    "instagram_manage_insights",
                ],
            }
        }
    )


async def post_insights(
    request: Request, graph: Graph, params: dict[str, Any], ident: str
) -> Response:
    post = graph.store.get("fb_post", ident)
    if post is None:
        raise unsupported("get", ident)
    names = [name.strip() for name in str(params.get("metric") or "").split(",") if name.strip()]
    alive = INSIGHT_TOPS.keys() - graph.settings.retired_metrics
    if not names or any(name not in alive for name in names):
        # One unknown or retired name fails the whole call.
        raise GraphError("(#100) The value must be a valid insights metric", 100)
    created = datetime.fromisoformat(post["created_time"])
    numbers = grown_set(ident, {name: INSIGHT_TOPS[name] for name in names}, created, graph.now())
    data = []
    for name in names:
        value: Any = numbers[name]
        if name == "post_reactions_by_type_total":
            love = value // 6
            value = {"like": value - love, "love": love} if value else {}
        data.append(
            {
                "name": name,
                "period": "lifetime",
                "values": [{"value": value}],
                "title": name.replace("_", " ").title(),
                "description": "",
                "id": f"{ident}/insights/{name}/lifetime",
            }
        )
    return graph.answer({"data": data, "paging": {"previous": "", "next": ""}})
