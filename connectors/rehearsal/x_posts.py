"""X API v2: posts, the account and its timeline."""

from __future__ import annotations

import hashlib
import html
import json
import re
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from twitter_text import extract_urls_with_indices, parse_tweet
from twitter_text.has_invalid_characters import has_invalid_characters

from connectors.rehearsal.numbers import grown_set
from connectors.rehearsal.store import Document
from connectors.rehearsal.x_common import (
    Timeline,
    bad_request,
    forbidden,
    invalid_request,
    not_found_error,
    x_response,
)

_METRIC_TOPS = {
    "retweet_count": 14,
    "reply_count": 6,
    "like_count": 60,
    "quote_count": 2,
    "bookmark_count": 5,
    "impression_count": 2400,
}


# In a rehearsal the article lives on the loopback; twitter-text knows no such host,
# but the real address will count as a link, so this one does too.
_LOOPBACK_LINK = re.compile(r"https?://(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?(?:/[^\s]*)?")


def _links(text: str) -> list[tuple[int, int, str]]:
    """(start, end, address) of every link, in order."""
    found = [(m.start(), m.end(), m.group()) for m in _LOOPBACK_LINK.finditer(text)]
    veiled = _LOOPBACK_LINK.sub(lambda match: " " * len(match.group()), text)
    found += [(*item["indices"], item["url"]) for item in extract_urls_with_indices(veiled)]
    return sorted(found)


def weighted_length(text: str) -> int:
    """X's own count: a link is 23, an emoji 2."""
    return int(parse_tweet(_LOOPBACK_LINK.sub("https://example.com/", text)).weightedLength)


def shortened(text: str, ident: str) -> tuple[str, list[dict[str, Any]]]:
    """The text with every address wrapped by t.co, and the entities that tell which."""
    parts: list[str] = []
    entities: list[dict[str, Any]] = []
    length = last = 0
    for number, (start, end, address) in enumerate(_links(text)):
        code = hashlib.sha256(f"{ident}:{number}:{address}".encode()).hexdigest()[:10]
        before = text[last:start]
        length += len(html.escape(before, quote=False))
        short = f"https://t.co/{code}"
        expanded = address if "://" in address else f"http://{address}"
        shown = expanded.split("://", 1)[1]
        entities.append(
            {
                "start": length,
                "end": length + len(short),
                "url": short,
                "expanded_url": expanded,
                "display_url": shown if len(shown) <= 27 else f"{shown[:26]}…",
            }
        )
        parts += [before, short]
        length += len(short)
        last = end
    parts.append(text[last:])
    return "".join(parts), entities


def _json_body(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw)
    except ValueError:
        raise invalid_request("Unable to parse JSON body") from None
    if not isinstance(body, dict):
        raise invalid_request("$: array found, object expected")
    return body


async def create_post(request: Request, timeline: Timeline) -> Response:
    headers = timeline.counted("POST /2/tweets", timeline.settings.x_post_limit)
    body = _json_body(await request.body())
    text = body.get("text", "")
    if not isinstance(text, str):
        raise invalid_request("$.text: string expected", **{"$.text": [str(text)]})
    media = _attached(timeline, body.get("media"))
    text = text.strip()
    if not text and not media:
        raise invalid_request("You must provide text or media.")
    if text:
        _refuse_text(timeline, text)
    ident = timeline.snowflake()
    wrapped, entities = shortened(text, ident)
    base = timeline.base_url(request)
    if media:
        code = hashlib.sha256(f"{ident}:media".encode()).hexdigest()[:10]
        start = len(html.escape(wrapped, quote=False)) + (1 if wrapped else 0)
        wrapped = f"{wrapped} https://t.co/{code}".strip()
        kind = "video" if media[0]["category"] == "tweet_video" else "photo"
        address = f"{base}/{timeline.settings.x_username}/status/{ident}/{kind}/1"
        entities += [
            {
                "start": start,
                "end": start + 23,
                "url": f"https://t.co/{code}",
                "expanded_url": address,
                "display_url": f"pic.x.com/{code}",
                "media_key": item["media_key"],
            }
            for item in media
        ]
    post: Document = {
        "id": ident,
        "source_text": text,
        "text": html.escape(wrapped, quote=False),
        "entities": entities,
        "created_at": timeline.now().isoformat(),
        "media": [item["id"] for item in media],
        "reply_to": (body.get("reply") or {}).get("in_reply_to_tweet_id"),
    }
    timeline.store.put("x_post", ident, post)
    data = {"id": ident, "text": post["text"], "edit_history_tweet_ids": [ident]}
    return x_response({"data": data}, headers, status=201)


def _refuse_text(timeline: Timeline, text: str) -> None:
    if weighted_length(text) > 280:
        raise bad_request(
            "Your Tweet text is too long. For more information on how Twitter determines text "
            "length see https://github.com/twitter/twitter-text."
        )
    if has_invalid_characters(text):
        raise invalid_request("Your Tweet contains invalid characters.", text=[text])
    if any(post["source_text"] == text for post in timeline.store.all("x_post")):
        raise forbidden("You are not allowed to create a Tweet with duplicate content.")


def _attached(timeline: Timeline, media: Any) -> list[Document]:
    """The finished media that the ids name; X says no more than that they are invalid."""
    if media is None:
        return []
    idents = media.get("media_ids", []) if isinstance(media, dict) else None
    if not isinstance(idents, list) or not idents:
        raise invalid_request(
            "$.media.media_ids: string found, array expected", **{"$.media.media_ids": [str(media)]}
        )
    shown = [str(ident) for ident in idents]
    if len(shown) > 4:
        raise invalid_request(
            "$.media.media_ids: there must be a maximum of 4 items in the array",
            **{"$.media.media_ids": [json.dumps(shown)]},
        )
    found = [timeline.store.get("x_media", ident) for ident in shown]
    ready = [item for item in found if item and item["state"] == "succeeded"]
    videos = [item for item in ready if item["category"] in {"tweet_video", "amplify_video"}]
    if len(ready) < len(shown) or len(set(shown)) < len(shown) or (videos and len(shown) > 1):
        raise invalid_request("Your media IDs are invalid.", **{"media.media_ids": shown})
    return ready


def post_json(timeline: Timeline, post: Document, query: dict[str, str]) -> dict[str, Any]:
    """The default fields and those that `tweet.fields` asks for."""
    wanted = set(query.get("tweet.fields", "").split(","))
    created = datetime.fromisoformat(post["created_at"])
    body: dict[str, Any] = {
        "id": post["id"],
        "text": post["text"],
        "edit_history_tweet_ids": [post["id"]],
    }
    offers: dict[str, Any] = {
        "created_at": _stamp(created),
        "author_id": timeline.settings.x_user_id,
        "conversation_id": post["id"],
        "lang": "in",
        "source": "Siar",
        "possibly_sensitive": False,
        "public_metrics": grown_set(post["id"], _METRIC_TOPS, created, timeline.now()),
    }
    if post["entities"]:
        offers["entities"] = {"urls": post["entities"]}
    if post["media"]:
        offers["attachments"] = {"media_keys": [_media_key(timeline, m) for m in post["media"]]}
    body |= {name: value for name, value in offers.items() if name in wanted}
    if post["media"] and "attachments.media_keys" in query.get("expansions", ""):
        body["attachments"] = offers["attachments"]
    return body


def _media_key(timeline: Timeline, ident: str) -> str:
    media = timeline.store.get("x_media", ident)
    return str(media["media_key"]) if media else ""


def _stamp(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z"


def _includes(
    timeline: Timeline, posts: list[Document], query: dict[str, str], base: str
) -> dict[str, Any]:
    if "attachments.media_keys" not in query.get("expansions", ""):
        return {}
    wanted = set(query.get("media.fields", "").split(","))
    shown = []
    for post in posts:
        for ident in post["media"]:
            media = timeline.store.get("x_media", ident)
            if media is None:
                continue
            offers = {
                "alt_text": media["alt_text"],
                "url": f"{base}/gladi/media/{media['sha256']}",
                "width": media["width"],
                "height": media["height"],
            }
            kind = "video" if media["category"].endswith("video") else "photo"
            item = {"media_key": media["media_key"], "type": kind}
            shown.append(item | {k: v for k, v in offers.items() if k in wanted and v})
    return {"includes": {"media": shown}} if shown else {}


async def get_posts(request: Request, timeline: Timeline) -> Response:
    headers = timeline.counted("GET /2/tweets", 900)
    query = dict(request.query_params)
    idents = [ident for ident in query.get("ids", "").split(",") if ident]
    if not 1 <= len(idents) <= 100:
        raise invalid_request(
            "The `ids` query parameter can not be empty", ids=[query.get("ids", "")]
        )
    return _answer(request, timeline, idents, headers, single=False)


async def get_post(request: Request, timeline: Timeline) -> Response:
    headers = timeline.counted("GET /2/tweets/:id", 900)
    return _answer(request, timeline, [request.path_params["ident"]], headers, single=True)


def _answer(
    request: Request,
    timeline: Timeline,
    idents: list[str],
    headers: dict[str, str],
    *,
    single: bool,
) -> Response:
    query = dict(request.query_params)
    for ident in idents:
        if not ident.isdecimal() or len(ident) > 19:
            raise invalid_request(
                f"The `id` query parameter value [{ident}] is not valid", id=[ident]
            )
    known = {ident: timeline.store.get("x_post", ident) for ident in idents}
    posts = [post for post in known.values() if post is not None]
    body: dict[str, Any] = {}
    shown = [post_json(timeline, post, query) for post in posts]
    if shown:
        body["data"] = shown[0] if single else shown
        body |= _includes(timeline, posts, query, timeline.base_url(request))
    name = "id" if single else "ids"
    missing = [not_found_error("tweet", name, ident) for ident, post in known.items() if not post]
    if missing:
        body["errors"] = missing
    return x_response(body, headers)


async def delete_post(request: Request, timeline: Timeline) -> Response:
    headers = timeline.counted("DELETE /2/tweets/:id", 50)
    ident = request.path_params["ident"]
    timeline.store.remove("x_post", ident)
    return x_response({"data": {"deleted": True}}, headers)


async def get_me(request: Request, timeline: Timeline) -> Response:
    headers = timeline.counted("GET /2/users/me", 75)
    settings = timeline.settings
    wanted = request.query_params.get("user.fields", "").split(",")
    body: dict[str, Any] = {
        "id": settings.x_user_id,
        "name": f"{settings.office} (GLADI)",
        "username": settings.x_username,
    }
    offers: dict[str, Any] = {
        "created_at": "2026-01-05T01:00:00.000Z",
        "protected": False,
        "verified": False,
        "public_metrics": {
            "followers_count": 4213,
            "following_count": 87,
            "tweet_count": len(timeline.store.all("x_post")),
            "listed_count": 3,
        },
    }
    body |= {name: value for name, value in offers.items() if name in wanted}
    return x_response({"data": body}, headers)


async def get_timeline(request: Request, timeline: Timeline) -> Response:
    headers = timeline.counted("GET /2/users/:id/tweets", 900)
    query = dict(request.query_params)
    user = request.path_params["user"]
    if user != timeline.settings.x_user_id:
        return x_response({"errors": [not_found_error("user", "id", user)]}, headers)
    limit = _limit(query.get("max_results", "10"))
    posts = timeline.store.all("x_post")[::-1]
    given = query.get("since_id") or "0"
    if not given.isdecimal():
        raise invalid_request(
            f"The `since_id` query parameter value [{given}] is not valid", since_id=[given]
        )
    since_id = int(given)
    start, end = (_moment(name, query.get(name)) for name in ("start_time", "end_time"))
    posts = [
        post
        for post in posts
        if (start is None or datetime.fromisoformat(post["created_at"]) >= start)
        and (end is None or datetime.fromisoformat(post["created_at"]) < end)
        and int(post["id"]) > since_id
    ]
    if "replies" in query.get("exclude", ""):
        posts = [post for post in posts if not post["reply_to"]]
    token = query.get("pagination_token", "")
    offset = int(token[1:]) if token[:1] == "g" and token[1:].isdecimal() else 0
    window = posts[offset : offset + limit]
    if not window:
        return x_response({"meta": {"result_count": 0}}, headers)
    meta: dict[str, Any] = {
        "result_count": len(window),
        "newest_id": window[0]["id"],
        "oldest_id": window[-1]["id"],
    }
    if offset + limit < len(posts):
        meta["next_token"] = f"g{offset + limit}"
    body = {
        "data": [post_json(timeline, post, query) for post in window],
        **_includes(timeline, window, query, timeline.base_url(request)),
        "meta": meta,
    }
    return x_response(body, headers)


def _limit(text: str) -> int:
    limit = int(text) if text.isdecimal() else 0
    if not 5 <= limit <= 100:
        raise invalid_request(
            f"The `max_results` query parameter value [{text}] is not between 5 and 100",
            max_results=[text],
        )
    return limit


def _moment(name: str, text: str | None) -> datetime | None:
    if not text:
        return None
    moment: datetime | None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise invalid_request(
            f"The `{name}` query parameter value [{text}] is not a valid RFC3339 timestamp",
            **{name: [text]},
        )
    return moment
