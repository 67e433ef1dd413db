"""WordPress media library: raw and form uploads, alt texts, and the files themselves."""

from __future__ import annotations

import hashlib
import io
import re
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from PIL import Image
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response

from connectors.rehearsal.store import Document
from connectors.rehearsal.wordpress_common import (
    Site,
    WordPressError,
    gmt_text,
    integers,
    invalid_param,
    listed,
    listing,
    only_fields,
    parameters,
    raw_of,
    rest_response,
)
from connectors.rehearsal.wordpress_kses import (
    filtered_content,
    filtered_title,
    rendered_content,
    sanitized_line,
    sanitized_slug,
)

# What get_allowed_mime_types lets an author upload, as far as an office needs it.
_TYPES = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "avif": "image/avif",
    "mp4": "video/mp4",
    "m4v": "video/mp4",
    "mov": "video/quicktime",
    "webm": "video/webm",
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "txt": "text/plain",
}
_EXTENSIONS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "image/webp": "webp",
}
_IMAGE_FORMATS = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "GIF": "image/gif",
    "WEBP": "image/webp",
}


def media_json(site: Site, media: Document, base: str, *, edit: bool) -> dict[str, Any]:
    created = datetime.fromisoformat(media["date"])
    modified = datetime.fromisoformat(media["modified"])
    source = f"{base}/wp-content/uploads/{media['file']}"
    is_image = media["mime"].startswith("image/")
    details: dict[str, Any] = {"filesize": media["size"], "sizes": {}}
    if is_image:
        details |= {
            "width": media["width"],
            "height": media["height"],
            "file": media["file"],
            "image_meta": {"aperture": "0", "camera": "", "caption": "", "orientation": "0"},
            "sizes": {
                "full": {
                    "file": PurePosixPath(media["file"]).name,
                    "width": media["width"],
                    "height": media["height"],
                    "mime_type": media["mime"],
                    "source_url": source,
                }
            },
        }
    body: dict[str, Any] = {
        "id": media["id"],
        "date": site.local_text(created),
        "date_gmt": gmt_text(created),
        "guid": {"rendered": source},
        "modified": site.local_text(modified),
        "modified_gmt": gmt_text(modified),
        "slug": media["slug"],
        "status": "inherit",
        "type": "attachment",
        "link": f"{base}/{media['slug']}/",
        "title": {"rendered": media["title"]},
        "author": 1,
        "featured_media": 0,
        "comment_status": "open",
        "ping_status": "closed",
        "template": "",
        "meta": [],
        "description": {"rendered": rendered_content(media["description"])},
        "caption": {"rendered": rendered_content(media["caption"])},
        "alt_text": media["alt_text"],
        "media_type": "image" if is_image else "file",
        "mime_type": media["mime"],
        "media_details": details,
        "post": media["post"],
        "source_url": source,
        "_links": {"self": [{"href": f"{base}/wp-json/wp/v2/media/{media['id']}"}]},
    }
    if edit:
        for name in ("title", "caption", "description"):
            body[name]["raw"] = media[name]
        body["guid"]["raw"] = source
        body["missing_image_sizes"] = []
        body["generated_slug"] = sanitized_slug(media["title"])
    return body


async def list_media(request: Request, site: Site) -> Response:
    params = await parameters(request)
    if params.get("context") == "edit" and not site.signed_in(request):
        raise WordPressError(
            401,
            "rest_forbidden_context",
            "Sorry, you are not allowed to edit posts in this post type.",
        )
    items = site.store.all("wp_media")
    if "slug" in params:
        slugs = {sanitized_slug(slug) for slug in listed(params["slug"])}
        items = [media for media in items if media["slug"] in slugs]
    if params.get("search"):
        words = str(params["search"]).casefold()
        items = [media for media in items if words in _searched_text(media)]
    if params.get("include"):
        chosen = integers("include", params["include"])
        items = [media for media in items if media["id"] in chosen]
    if params.get("parent"):
        parents = integers("parent", params["parent"])
        items = [media for media in items if media["post"] in parents]
    items.sort(key=lambda media: (media["date"], media["id"]), reverse=params.get("order") != "asc")
    edit, base = params.get("context") == "edit", site.base_url(request)
    return listing([media_json(site, media, base, edit=edit) for media in items], params)


def _searched_text(media: Document) -> str:
    names = ("title", "file", "caption", "description")
    return "\n".join(str(media[name]) for name in names).casefold()


async def create_media(request: Request, site: Site) -> Response:
    if not site.signed_in(request):
        raise WordPressError(
            401, "rest_cannot_create", "Sorry, you are not allowed to create posts as this user."
        )
    if not site.may_publish:
        raise WordPressError(
            403, "rest_cannot_create", "Sorry, you are not allowed to create posts as this user."
        )
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind == "multipart/form-data":
        filename, data, params = await _form_upload(request)
    else:
        filename, data = await _raw_upload(request)
        params = dict(request.query_params)
    expected = request.headers.get("content-md5", "").strip()
    # WordPress compares with md5_file(), which is hexadecimal, not RFC 1864's base64.
    if expected and expected != hashlib.md5(data, usedforsecurity=False).hexdigest():
        raise WordPressError(
            412, "rest_upload_hash_mismatch", "Content hash did not match expected."
        )
    filename, mime, width, height = _accepted_type(filename, data)
    now = site.now()
    with site.store.transaction():
        file = _free_path(site, f"{now.astimezone(site.zone):%Y/%m}", filename)
        stem = filtered_title(PurePosixPath(file).stem)
        title = filtered_title(raw_of(params.get("title"))) or stem
        ident = site.store.next_number("wp_object", 10)
        media: Document = {
            "id": ident,
            "date": now.isoformat(),
            "modified": now.isoformat(),
            "slug": site.unique_slug(
                sanitized_slug(title) or str(ident), ident, ("wp_post", "wp_media")
            ),
            "title": title,
            "file": file,
            "mime": mime,
            "size": len(data),
            "width": width,
            "height": height,
            "alt_text": "",
            "caption": "",
            "description": "",
            "post": 0,
            "sha256": site.store.put_blob(data),
        }
        media = _changed(site, media, params)
        site.store.put("wp_media", str(ident), media)
        site.store.put("wp_file", media["file"], {"media": ident})
    base = site.base_url(request)
    return rest_response(
        only_fields(media_json(site, media, base, edit=True), params),
        status=201,
        headers={"Location": f"{base}/wp-json/wp/v2/media/{ident}"},
    )


async def _raw_upload(request: Request) -> tuple[str, bytes]:
    data = await request.body()
    if not data:
        raise WordPressError(400, "rest_upload_no_data", "No data supplied.")
    if not request.headers.get("content-type"):
        raise WordPressError(400, "rest_upload_no_content_type", "No Content-Type supplied.")
    disposition = request.headers.get("content-disposition")
    if not disposition:
        raise WordPressError(
            400, "rest_upload_no_content_disposition", "No Content-Disposition supplied."
        )
    # WordPress reads `filename=` and knows nothing of RFC 5987's `filename*=`.
    named = re.search(r"(?:^|;)\s*filename\s*=\s*(\"[^\"]*\"|[^;]*)", disposition, re.I)
    filename = named.group(1).strip(' "') if named else ""
    if not filename:
        raise WordPressError(
            400,
            "rest_upload_invalid_disposition",
            "Invalid Content-Disposition supplied. Content-Disposition needs to be formatted as "
            '`attachment; filename="image.png"` or similar.',
        )
    return _sanitized_filename(filename), data


async def _form_upload(request: Request) -> tuple[str, bytes, dict[str, Any]]:
    params = await parameters(request)
    part = params.pop("file", None)
    if not isinstance(part, UploadFile) or not part.filename:
        raise WordPressError(400, "rest_upload_no_data", "No data supplied.")
    return _sanitized_filename(part.filename), await part.read(), params


def _sanitized_filename(name: str) -> str:
    name = PurePosixPath(name.replace("\\", "/")).name
    name = re.sub(r"[\s-]+", "-", re.sub(r"[^\w.\s-]", "", name)).strip(".-_")
    return name or "unnamed-file"


def _accepted_type(filename: str, data: bytes) -> tuple[str, str, int | None, int | None]:
    """(file name, MIME type, width, height).

    A picture with another picture's extension is renamed; any other wrong type is refused
    with 500, for ever.
    """
    path = PurePosixPath(filename)
    mime = _TYPES.get(path.suffix.lstrip(".").lower(), "")
    width = height = None
    if mime in _IMAGE_FORMATS.values():
        try:
            with Image.open(io.BytesIO(data)) as image:
                width, height = image.size
                real = _IMAGE_FORMATS.get(image.format or "", "")
        except (OSError, ValueError, Image.DecompressionBombError):
            real = ""
        if real != mime:
            path = path.with_suffix(f".{_EXTENSIONS.get(real, '')}".rstrip("."))
        mime = real
    if not mime:
        raise WordPressError(
            500,
            "rest_upload_sideload_error",
            "Sorry, you are not allowed to upload this file type.",
        )
    return path.name, mime, width, height


def _free_path(site: Site, folder: str, filename: str) -> str:
    """wp_unique_filename: foto.jpg, foto-1.jpg, foto-2.jpg …"""
    path, candidate, number = PurePosixPath(filename), f"{folder}/{filename}", 1
    while site.store.get("wp_file", candidate) is not None:
        candidate = f"{folder}/{path.stem}-{number}{path.suffix}"
        number += 1
    return candidate


def _changed(site: Site, media: Document, params: dict[str, Any]) -> Document:
    changed = dict(media)
    for name in ("title", "caption", "description"):
        if name in params:
            clean = filtered_title if name == "title" else filtered_content
            changed[name] = clean(raw_of(params[name]))
    if "alt_text" in params:
        changed["alt_text"] = sanitized_line(str(params["alt_text"]))
    if "post" in params:
        try:
            changed["post"] = int(params["post"])
        except (TypeError, ValueError):
            raise invalid_param("post", "post is not of type integer.") from None
    if params.get("slug"):
        changed["slug"] = site.unique_slug(
            sanitized_slug(str(params["slug"])), media["id"], ("wp_post", "wp_media")
        )
    return changed


def _existing(site: Site, request: Request) -> Document:
    media = site.document("wp_media", request.path_params["ident"])
    if media is None:
        raise WordPressError(404, "rest_post_invalid_id", "Invalid post ID.")
    return media


async def get_media(request: Request, site: Site) -> Response:
    params = await parameters(request)
    media = _existing(site, request)
    edit = params.get("context") == "edit"
    if edit and not site.signed_in(request):
        raise WordPressError(
            401, "rest_forbidden_context", "Sorry, you are not allowed to edit this post."
        )
    return rest_response(
        only_fields(media_json(site, media, site.base_url(request), edit=edit), params)
    )


async def update_media(request: Request, site: Site) -> Response:
    params = await parameters(request)
    media = _existing(site, request)
    if not site.signed_in(request):
        raise WordPressError(
            401, "rest_cannot_edit", "Sorry, you are not allowed to edit this post."
        )
    changed = _changed(site, media, params)
    changed["modified"] = site.now().isoformat()
    site.store.put("wp_media", str(media["id"]), changed)
    return rest_response(
        only_fields(media_json(site, changed, site.base_url(request), edit=True), params)
    )


async def delete_media(request: Request, site: Site) -> Response:
    params = await parameters(request)
    media = _existing(site, request)
    if not site.signed_in(request):
        raise WordPressError(
            401, "rest_cannot_delete", "Sorry, you are not allowed to delete this post."
        )
    if str(params.get("force", "")).lower() not in {"1", "true"}:
        raise WordPressError(
            501,
            "rest_trash_not_supported",
            "The post does not support trashing. Set 'force=true' to delete.",
        )
    previous = media_json(site, media, site.base_url(request), edit=True)
    with site.store.transaction():
        site.store.remove("wp_media", str(media["id"]))
        site.store.remove("wp_file", media["file"])
    return rest_response({"deleted": True, "previous": previous})


async def get_file(request: Request, site: Site) -> Response:
    """The bytes as uploaded; anyone may read them."""
    entry = site.store.get("wp_file", request.path_params["path"])
    media = site.document("wp_media", entry["media"]) if entry else None
    if media is None:
        return PlainTextResponse("Not Found", status_code=404)
    return FileResponse(
        site.store.blob_path(media["sha256"]),
        media_type=media["mime"],
        headers={"X-Content-Type-Options": "nosniff"},
    )
