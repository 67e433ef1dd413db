"""X API v2: media upload in one piece and in chunks, and alternative texts."""

from __future__ import annotations

import base64
import binascii
import io
import json
from datetime import datetime, timedelta
from typing import Any

from PIL import Image
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from connectors.rehearsal.store import Document
from connectors.rehearsal.x_common import (
    Timeline,
    XProblemError,
    bad_request,
    invalid_request,
    x_response,
)

_IMAGE_LIMIT = 5 * 1024 * 1024
_VIDEO_LIMIT = 512 * 1024 * 1024
_IMAGE_FORMATS = {"JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF"}
_LIFETIME = 86400
_PROCESSING = timedelta(seconds=0.2)
_PREFIX = {"tweet_image": "3", "tweet_video": "7", "amplify_video": "13", "tweet_gif": "16"}


async def _fields(request: Request) -> dict[str, Any]:
    """Form, JSON or nothing, as a dictionary; files stay UploadFile."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind == "application/json":
        try:
            body = json.loads(await request.body())
        except ValueError:
            raise invalid_request("Unable to parse JSON body") from None
        return body if isinstance(body, dict) else {}
    if kind in {"multipart/form-data", "application/x-www-form-urlencoded"}:
        return dict((await request.form()).multi_items())
    return {}


async def _bytes(value: Any) -> bytes:
    """Media given as a file part or as base64 text."""
    if isinstance(value, UploadFile):
        return await value.read()
    try:
        return base64.b64decode(str(value or ""), validate=True)
    except binascii.Error:
        raise invalid_request("media is not valid", media=["…"]) from None


def _checked_image(data: bytes) -> tuple[int, int]:
    if len(data) > _IMAGE_LIMIT:
        raise bad_request(f"Image file size must be <= {_IMAGE_LIMIT} bytes")
    try:
        with Image.open(io.BytesIO(data)) as image:
            if (image.format or "") in _IMAGE_FORMATS:
                return image.size
    except (OSError, ValueError, Image.DecompressionBombError):
        pass
    raise bad_request("media type unrecognized.")


def _answer(media: Document) -> dict[str, Any]:
    body: dict[str, Any] = {
        "id": media["id"],
        "media_key": media["media_key"],
        "expires_after_secs": _LIFETIME,
    }
    if media["size"]:
        body["size"] = media["size"]
    return body


def _new_media(timeline: Timeline, category: str) -> Document:
    ident = timeline.snowflake()
    return {
        "id": ident,
        "media_key": f"{_PREFIX.get(category, '3')}_{ident}",
        "category": category,
        "state": "waiting",
        "size": 0,
        "width": None,
        "height": None,
        "sha256": "",
        "alt_text": "",
        "chunks": {},
        "created_at": timeline.now().isoformat(),
    }


async def upload(request: Request, timeline: Timeline) -> Response:
    headers = timeline.counted("POST /2/media/upload", 500)
    fields = await _fields(request)
    category = str(fields.get("media_category") or "")
    if category not in {"tweet_image", "dm_image", "subtitles"}:
        raise invalid_request(
            "$.media_category: does not have a value in the enumeration "
            '["tweet_image", "dm_image", "subtitles"]',
            **{"$.media_category": [category]},
        )
    data = await _bytes(fields.get("media"))
    if not data:
        raise invalid_request("$.media: is missing but it is required", **{"$.media": [""]})
    media = _new_media(timeline, category)
    media["width"], media["height"] = _checked_image(data)
    media |= {"sha256": timeline.store.put_blob(data), "size": len(data), "state": "succeeded"}
    timeline.store.put("x_media", media["id"], media)
    return x_response({"data": _answer(media)}, headers)


async def initialize(request: Request, timeline: Timeline) -> Response:
    headers = timeline.counted("POST /2/media/upload/initialize", 1875)
    fields = await _fields(request)
    category = str(fields.get("media_category") or "tweet_image")
    try:
        total = int(fields["total_bytes"])
    except (KeyError, TypeError, ValueError):
        raise invalid_request(
            "$.total_bytes: is missing but it is required", total_bytes=[""]
        ) from None
    limit = _VIDEO_LIMIT if category.endswith("video") else _IMAGE_LIMIT
    if not 0 < total <= limit:
        raise bad_request(f"File size exceeds {limit} bytes.")
    media = _new_media(timeline, category)
    media |= {"total": total, "type": str(fields.get("media_type") or "")}
    timeline.store.put("x_media", media["id"], media)
    return x_response({"data": _answer(media)}, headers, status=202)


def _existing(timeline: Timeline, ident: str) -> Document:
    media = timeline.store.get("x_media", ident)
    if media is None:
        raise XProblemError(
            404,
            {
                "title": "Not Found",
                "detail": "Media id not found.",
                "type": "about:blank",
                "status": 404,
            },
        )
    return media


async def append(request: Request, timeline: Timeline) -> Response:
    headers = timeline.counted("POST /2/media/upload/:id/append", 1875)
    media = _existing(timeline, request.path_params["ident"])
    fields = await _fields(request)
    segment = str(fields.get("segment_index", ""))
    if not segment.isdecimal() or int(segment) > 999:
        raise invalid_request("$.segment_index: is missing but it is required", segment_index=[""])
    data = await _bytes(fields.get("media"))
    if not data:
        raise invalid_request("$.media: is missing but it is required", **{"$.media": [""]})
    media["chunks"][segment] = timeline.store.put_blob(data)
    timeline.store.put("x_media", media["id"], media)
    expires = int(timeline.now().timestamp()) + _LIFETIME
    return x_response({"data": {"expires_at": expires}}, headers)


async def finalize(request: Request, timeline: Timeline) -> Response:
    headers = timeline.counted("POST /2/media/upload/:id/finalize", 1875)
    media = _existing(timeline, request.path_params["ident"])
    chunks = sorted(media["chunks"].items(), key=lambda chunk: int(chunk[0]))
    data = b"".join(timeline.store.blob(digest) for _, digest in chunks)
    if len(data) != media.get("total", len(data)) or not data:
        raise bad_request("Segments do not add up to provided total file size.")
    if media["category"].endswith("video"):
        media["state"] = "pending"
        media["ready_at"] = (timeline.now() + _PROCESSING).isoformat()
        # A file that is no MP4 or QuickTime fails while it is processed, not here.
        media["broken"] = data[4:8] not in {b"ftyp", b"moov", b"wide", b"mdat"}
    else:
        media["width"], media["height"] = _checked_image(data)
        media["state"] = "succeeded"
    media |= {"sha256": timeline.store.put_blob(data), "size": len(data)}
    timeline.store.put("x_media", media["id"], media)
    body = _answer(media)
    if media["state"] == "pending":
        body["processing_info"] = {"state": "pending", "check_after_secs": 1}
    return x_response({"data": body}, headers)


async def status(request: Request, timeline: Timeline) -> Response:
    headers = timeline.counted("GET /2/media/upload", 1000)
    media = _existing(timeline, request.query_params.get("media_id", ""))
    if media["state"] == "pending" and datetime.fromisoformat(media["ready_at"]) <= timeline.now():
        media["state"] = "failed" if media["broken"] else "succeeded"
        timeline.store.put("x_media", media["id"], media)
    body = _answer(media)
    if media["state"] == "pending":
        body["processing_info"] = {
            "state": "in_progress",
            "check_after_secs": 1,
            "progress_percent": 50,
        }
    elif media["state"] == "failed":
        error = {"code": 1, "name": "InvalidMedia", "message": "Unsupported video format"}
        body["processing_info"] = {"state": "failed", "progress_percent": 0, "error": error}
    elif media["category"].endswith("video"):
        body["processing_info"] = {"state": "succeeded", "progress_percent": 100}
    return x_response({"data": body}, headers)


async def metadata(request: Request, timeline: Timeline) -> Response:
    headers = timeline.counted("POST /2/media/metadata", 500)
    fields = await _fields(request)
    ident = str(fields.get("id") or "")
    media = _existing(timeline, ident)
    given = fields.get("metadata")
    alt = given.get("alt_text") if isinstance(given, dict) else None
    text = alt.get("text") if isinstance(alt, dict) else None
    if not isinstance(text, str) or not 1 <= len(text) <= 1000:
        raise invalid_request(
            "$.metadata.alt_text.text: may only be 1 to 1000 characters long",
            **{"$.metadata.alt_text.text": [str(text)[:60]]},
        )
    media["alt_text"] = text
    timeline.store.put("x_media", ident, media)
    body = {"id": ident, "associated_metadata": {"alt_text": {"text": text}}}
    return x_response({"data": body}, headers)
