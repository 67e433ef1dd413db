"""WordPress posts and pages, users and the index, as the REST API answers them.

A page is kept like a post; which of the two is asked for stands in the path.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response

from connectors.rehearsal.store import Document
from connectors.rehearsal.wordpress_common import (
    Site,
    WordPressError,
    avatar_urls,
    gmt_text,
    integers,
    invalid_param,
    listed,
    listing,
    only_fields,
    parameters,
    parsed_date,
    raw_of,
    rest_response,
)
from connectors.rehearsal.wordpress_kses import (
    filtered_content,
    filtered_title,
    rendered_content,
    sanitized_slug,
    texturized,
    trimmed_excerpt,
)

_UTC_ZONE = ZoneInfo("UTC")
_STATUSES = ("publish", "future", "draft", "pending", "private")
_LISTED_STATUSES = (
    *_STATUSES,
    "trash",
    "auto-draft",
    "inherit",
    "request-pending",
    "request-confirmed",
    "request-failed",
    "request-completed",
    "any",
)


def type_of(post: Document) -> str:
    """ "post" or "page"."""
    return str(post.get("type", "post"))


def _asked_type(request: Request) -> str:
    return "page" if request.url.path.startswith("/wp-json/wp/v2/pages") else "post"


def post_json(site: Site, post: Document, base: str, *, edit: bool) -> dict[str, Any]:
    """One post or page; `edit` adds the raw texts."""
    kind = type_of(post)
    created = datetime.fromisoformat(post["date"])
    modified = datetime.fromisoformat(post["modified"])
    address = (
        f"{base}/{post['slug']}/" if post["status"] == "publish" else f"{base}/?p={post['id']}"
    )
    body: dict[str, Any] = {
        "id": post["id"],
        "date": site.local_text(created),
        "date_gmt": gmt_text(created),
        "guid": {"rendered": f"{base}/?p={post['id']}"},
        "modified": site.local_text(modified),
        "modified_gmt": gmt_text(modified),
        "slug": post["slug"],
        "status": post["status"],
        "type": kind,
        "link": address,
        "title": {"rendered": texturized(post["title"])},
        "content": {"rendered": rendered_content(post["content"]), "protected": False},
        "excerpt": {
            "rendered": rendered_content(post["excerpt"]) or trimmed_excerpt(post["content"]),
            "protected": False,
        },
        "author": 1,
        "featured_media": post["featured_media"],
        "comment_status": post.get("comment_status", "open"),
        "ping_status": post.get("ping_status", "open"),
        "sticky": False,
        "template": "",
        "format": "standard",
        "meta": {"footnotes": ""},
        "categories": post["categories"],
        "tags": post["tags"],
        "class_list": [f"post-{post['id']}", kind, f"type-{kind}", f"status-{post['status']}"],
        "_links": {
            "self": [{"href": f"{base}/wp-json/wp/v2/{kind}s/{post['id']}"}],
            "collection": [{"href": f"{base}/wp-json/wp/v2/{kind}s"}],
        },
    }
    if kind == "page":
        for name in ("categories", "tags", "sticky", "format", "excerpt"):
            del body[name]
        body |= {"parent": 0, "menu_order": 0}
    if edit:
        body["guid"]["raw"] = body["guid"]["rendered"]
        body["title"]["raw"] = post["title"]
        body["content"] |= {
            "raw": post["content"],
            "block_version": int("<!-- wp:" in post["content"]),
        }
        if "excerpt" in body:
            body["excerpt"]["raw"] = post["excerpt"]
        body["password"] = ""
        body["permalink_template"] = f"{base}/%postname%/"
        body["generated_slug"] = sanitized_slug(post["title"])
    return body


def due_posts_published(site: Site) -> list[Document]:
    """All posts; scheduled ones whose time has come are published first, as WP-cron does."""
    posts = site.store.all("wp_post")
    for post in posts:
        if (
            site.settings.wp_cron
            and post["status"] == "future"
            and datetime.fromisoformat(post["date"]) <= site.now()
        ):
            post["status"] = "publish"
            site.store.put("wp_post", str(post["id"]), post)
    return posts


def _forbidden_context(request: Request, site: Site, message: str) -> WordPressError:
    return WordPressError(site.denied(request), "rest_forbidden_context", message)


def _not_in_enum(name: str, values: tuple[str, ...]) -> WordPressError:
    listed_values = f"{', '.join(values[:-1])}, and {values[-1]}"
    return invalid_param("status", f"{name} is not one of {listed_values}.", "rest_not_in_enum")


async def list_posts(request: Request, site: Site) -> Response:
    params = await parameters(request)
    signed_in = site.signed_in(request)
    statuses = listed(params.get("status")) or ["publish"]
    for status in statuses:
        if status not in _LISTED_STATUSES:
            raise _not_in_enum("status[0]", _LISTED_STATUSES)
        # Parameters are checked before permissions, so a stranger who asks for drafts
        # is told 400 here and never reaches the 401 of `context=edit`.
        if status != "publish" and not signed_in:
            error = invalid_param("status", "Status is forbidden.", "rest_forbidden_status")
            error.body["data"]["details"]["status"]["data"] = {"status": 401}
            raise error
    if params.get("context") == "edit" and not signed_in:
        raise _forbidden_context(
            request, site, "Sorry, you are not allowed to edit posts in this post type."
        )
    posts = [
        post
        for post in due_posts_published(site)
        if (("any" in statuses and post["status"] != "trash") or post["status"] in statuses)
        and type_of(post) == _asked_type(request)
    ]
    slugs = [sanitized_slug_kept(slug) for slug in listed(params.get("slug"))]
    if "slug" in params:
        posts = [post for post in posts if post["slug"] in slugs]
    if params.get("search"):
        words = str(params["search"]).casefold()
        posts = [
            post
            for post in posts
            if words in f"{post['title']}\n{post['excerpt']}\n{post['content']}".casefold()
        ]
    for name in ("tags", "categories"):
        if params.get(name):
            wanted = set(integers(name, params[name]))
            posts = [post for post in posts if wanted & set(post[name])]
    if params.get("include"):
        chosen = integers("include", params["include"])
        posts = [post for post in posts if post["id"] in chosen]
    if params.get("after"):
        after = parsed_date("after", params["after"], site.zone)
        posts = [post for post in posts if datetime.fromisoformat(post["date"]) > after]
    descending = params.get("order", "desc") != "asc"
    key = "id" if params.get("orderby") == "id" else "date"
    posts.sort(key=lambda post: (post[key], post["id"]), reverse=descending)
    edit = params.get("context") == "edit"
    base = site.base_url(request)
    return listing([post_json(site, post, base, edit=edit) for post in posts], params)


def sanitized_slug_kept(slug: str) -> str:
    """A slug as a query gives it; the suffix of trashed posts survives."""
    head, mark, _ = slug.partition("__trashed")
    return sanitized_slug(head) + mark


async def get_post(request: Request, site: Site) -> Response:
    params = await parameters(request)
    due_posts_published(site)
    post = _existing(site, request)
    signed_in = site.signed_in(request)
    if params.get("context") == "edit" and not signed_in:
        raise _forbidden_context(request, site, "Sorry, you are not allowed to edit this post.")
    if post["status"] != "publish" and not signed_in:
        raise WordPressError(401, "rest_forbidden", "Sorry, you are not allowed to do that.")
    body = post_json(site, post, site.base_url(request), edit=params.get("context") == "edit")
    return rest_response(only_fields(body, params))


def _existing(site: Site, request: Request) -> Document:
    post = site.document("wp_post", request.path_params["ident"])
    if post is None or type_of(post) != _asked_type(request):
        raise WordPressError(404, "rest_post_invalid_id", "Invalid post ID.")
    return post


async def create_post(request: Request, site: Site) -> Response:
    params = await parameters(request)
    if params.get("id"):
        raise WordPressError(400, "rest_post_exists", "Cannot create existing post.")
    kind = _asked_type(request)
    if not (site.signed_in(request) and site.may_edit(kind)):
        raise WordPressError(
            site.denied(request),
            "rest_cannot_create",
            "Sorry, you are not allowed to create posts as this user.",
        )
    now = site.now()
    post: Document = {
        "id": 0,
        "type": kind,
        "date": now.isoformat(),
        "floating": True,
        "modified": now.isoformat(),
        "slug": "",
        "status": "draft",
        "title": "",
        "content": "",
        "excerpt": "",
        "featured_media": 0,
        "categories": [],
        "tags": [],
    }
    changed = _changed(site, post, params)
    if not (changed["title"] or changed["content"] or changed["excerpt"]):
        raise WordPressError(400, "empty_content", "Content, title, and excerpt are empty.")
    changed = _with_slug(site, changed, "", params)
    if site.settings.slug_race_seconds:
        await asyncio.sleep(site.settings.slug_race_seconds)
    with site.store.transaction():
        changed["id"] = site.store.next_number("wp_object", 10)
        site.store.put("wp_post", str(changed["id"]), changed)
    base = site.base_url(request)
    return rest_response(
        only_fields(post_json(site, changed, base, edit=True), params),
        status=201,
        headers={"Location": f"{base}/wp-json/wp/v2/{kind}s/{changed['id']}"},
    )


async def update_post(request: Request, site: Site) -> Response:
    params = await parameters(request)
    post = _existing(site, request)
    if not site.signed_in(request) or (post["status"] == "publish" and not site.may_publish):
        raise WordPressError(
            site.denied(request),
            "rest_cannot_edit",
            "Sorry, you are not allowed to edit this post.",
        )
    changed = _with_slug(site, _changed(site, post, params), post["status"], params)
    changed["modified"] = site.now().isoformat()
    site.store.put("wp_post", str(post["id"]), changed)
    body = post_json(site, changed, site.base_url(request), edit=True)
    return rest_response(only_fields(body, params))


def _changed(site: Site, post: Document, params: dict[str, Any]) -> Document:
    """The post with the known parameters applied; unknown ones are dropped silently."""
    changed = dict(post)
    status = params.get("status", changed["status"])
    if "status" in params and status not in _STATUSES:
        raise _not_in_enum("status", _STATUSES)
    if "status" in params and status in {"publish", "future", "private"} and not site.may_publish:
        private = "create private posts" if status == "private" else "publish posts"
        raise WordPressError(
            403,
            "rest_cannot_publish",
            f"Sorry, you are not allowed to {private} in this post type.",
        )
    for name in ("title", "excerpt", "content"):
        if name in params:
            clean = filtered_title if name == "title" else filtered_content
            changed[name] = clean(raw_of(params[name]))
    for name in ("comment_status", "ping_status"):
        if params.get(name) in {"open", "closed"}:
            changed[name] = params[name]
    if "featured_media" in params:
        changed["featured_media"] = _featured(
            site, params["featured_media"], changed["featured_media"]
        )
    for name, kind in (("tags", "wp_tag"), ("categories", "wp_category")):
        if name in params:
            numbers = integers(name, params[name])
            changed[name] = [n for n in dict.fromkeys(numbers) if site.document(kind, n)]
    return _dated(site, changed, params, status)


def _dated(site: Site, changed: Document, params: dict[str, Any], status: str) -> Document:
    """Status and date together: far ahead means "future", less than a minute means now."""
    now = site.now()
    if params.get("date_gmt"):
        changed["date"] = parsed_date("date_gmt", params["date_gmt"], _UTC_ZONE).isoformat()
        changed["floating"] = False
    elif params.get("date"):
        changed["date"] = parsed_date("date", params["date"], site.zone).isoformat()
        changed["floating"] = False
    if status in {"publish", "future"}:
        if changed.get("floating"):
            changed["date"] = now.isoformat()
        ahead = datetime.fromisoformat(changed["date"]) - now
        status = "future" if ahead >= timedelta(seconds=60) else "publish"
        changed["floating"] = False
        if not changed["categories"]:
            changed["categories"] = [1]
    changed["status"] = status
    return changed


def _featured(site: Site, value: Any, before: int) -> int:
    """The new featured picture; one that does not exist is ignored without a word."""
    try:
        number = int(value)
    except (TypeError, ValueError):
        raise invalid_param(
            "featured_media", "featured_media is not of type integer.", "rest_invalid_type"
        ) from None
    return before if number and site.document("wp_media", number) is None else number


def _with_slug(site: Site, post: Document, before: str, params: dict[str, Any]) -> Document:
    """When a slug is made unique: for a draft only if slug and status are both given, else
    at publication, where any other post that has it counts, drafts and trash included.
    """
    status = post["status"]
    if before == "trash" and status != "trash" and "slug" not in params:
        post["slug"] = post.pop("desired_slug", post["slug"].removesuffix("__trashed"))
    if "slug" in params:
        post["slug"] = sanitized_slug(str(params["slug"]))
    if not post["slug"] and status in {"publish", "future", "private"}:
        post["slug"] = sanitized_slug(post["title"]) or str(post["id"] or "")
    is_draft = status in {"draft", "pending"}
    if post["slug"] and (not is_draft or ("slug" in params and "status" in params)):
        post["slug"] = site.unique_slug(post["slug"], post["id"])
    return post


async def delete_post(request: Request, site: Site) -> Response:
    params = await parameters(request)
    post = _existing(site, request)
    if not site.signed_in(request) or (post["status"] == "publish" and not site.may_publish):
        raise WordPressError(
            site.denied(request),
            "rest_cannot_delete",
            "Sorry, you are not allowed to delete this post.",
        )
    base = site.base_url(request)
    if str(params.get("force", "")).lower() in {"1", "true"}:
        previous = post_json(site, post, base, edit=True)
        site.store.remove("wp_post", str(post["id"]))
        return rest_response({"deleted": True, "previous": previous})
    if post["status"] == "trash":
        raise WordPressError(410, "rest_already_trashed", "The post has already been deleted.")
    post["status"] = "trash"
    post["desired_slug"] = post["slug"]
    post["slug"] = f"{post['slug'] or sanitized_slug(post['title'])}__trashed"
    post["modified"] = site.now().isoformat()
    site.store.put("wp_post", str(post["id"]), post)
    return rest_response(post_json(site, post, base, edit=True))


async def get_me(request: Request, site: Site) -> Response:
    params = await parameters(request)
    if not site.signed_in(request):
        raise WordPressError(401, "rest_not_logged_in", "You are not currently logged in.")
    base, settings = site.base_url(request), site.settings
    body: dict[str, Any] = {
        "id": 1,
        "name": f"Humas {settings.office}",
        "url": "",
        "description": "",
        "link": f"{base}/author/{settings.wp_username}/",
        "slug": settings.wp_username,
        "avatar_urls": avatar_urls(base),
        "meta": [],
        "_links": {"self": [{"href": f"{base}/wp-json/wp/v2/users/1"}]},
    }
    if params.get("context") == "edit":
        body |= {
            "username": settings.wp_username,
            "first_name": "Humas",
            "last_name": settings.office,
            "email": "humas@gladi.invalid",
            "locale": "id_ID",
            "nickname": settings.wp_username,
            "registered_date": "2026-01-05T01:00:00+00:00",
            "roles": [settings.wp_role],
            "capabilities": {
                "read": True,
                "edit_posts": True,
                "delete_posts": True,
                "upload_files": site.may_publish,
                "publish_posts": site.may_publish,
                "edit_published_posts": site.may_publish,
                "delete_published_posts": site.may_publish,
                **_page_rights(site),
                **({"manage_categories": True} if site.may_manage_categories else {}),
                settings.wp_role: True,
            },
            "extra_capabilities": {settings.wp_role: True},
        }
    return rest_response(only_fields(body, params))


def _page_rights(site: Site) -> dict[str, bool]:
    if not site.may_edit("page"):
        return {}
    return {"edit_pages": True, "publish_pages": True, "edit_published_pages": True}


async def get_index(request: Request, site: Site) -> Response:
    base = site.base_url(request)
    offset = site.now().astimezone(site.zone).utcoffset() or timedelta()
    return rest_response(
        {
            "name": f"{site.settings.office} (GLADI)",
            "description": "Ini bukan situs sungguhan",
            "url": base,
            "home": base,
            "gmt_offset": offset.total_seconds() / 3600,
            "timezone_string": site.settings.timezone,
            "namespaces": ["oembed/1.0", "wp/v2"],
            "authentication": {
                "application-passwords": {
                    "endpoints": {"authorization": f"{base}/wp-admin/authorize-application.php"}
                }
            },
            "routes": {
                path: {"namespace": "wp/v2", "methods": methods}
                for path, methods in (
                    ("/wp/v2/posts", ["GET", "POST"]),
                    ("/wp/v2/pages", ["GET", "POST"]),
                    ("/wp/v2/media", ["GET", "POST"]),
                    ("/wp/v2/tags", ["GET", "POST"]),
                    ("/wp/v2/categories", ["GET", "POST"]),
                    ("/wp/v2/users/me", ["GET"]),
                )
            },
            "site_logo": 0,
            "site_icon": 0,
        }
    )
