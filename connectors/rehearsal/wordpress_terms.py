"""WordPress tags and categories."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from connectors.rehearsal.store import Document
from connectors.rehearsal.wordpress_common import (
    Site,
    WordPressError,
    integers,
    listed,
    listing,
    only_fields,
    parameters,
    rest_response,
)
from connectors.rehearsal.wordpress_kses import filtered_title, sanitized_slug

_TAXONOMY = {"wp_tag": "post_tag", "wp_category": "category"}
_ROUTE = {"wp_tag": "tags", "wp_category": "categories"}


def add_first_categories(site: Site) -> None:
    """Category 1, which every WordPress has and gives to posts without one, and the office's."""
    if site.document("wp_category", 1) is not None:
        return
    with site.store.transaction():
        for name in ("Uncategorized", *site.settings.wp_categories):
            ident = site.store.next_number("wp_term", 1)
            category = {
                "id": ident,
                "name": name,
                "slug": sanitized_slug(name),
                "description": "",
                "parent": 0,
            }
            site.store.put("wp_category", str(ident), category)


def term_json(site: Site, kind: str, term: Document, base: str) -> dict[str, Any]:
    count = sum(
        1
        for post in site.store.all("wp_post")
        if post["status"] == "publish" and term["id"] in post[_ROUTE[kind]]
    )
    path = "tag" if kind == "wp_tag" else "category"
    body: dict[str, Any] = {
        "id": term["id"],
        "count": count,
        "description": term["description"],
        "link": f"{base}/{path}/{term['slug']}/",
        "name": term["name"],
        "slug": term["slug"],
        "taxonomy": _TAXONOMY[kind],
        "meta": [],
        "_links": {"self": [{"href": f"{base}/wp-json/wp/v2/{_ROUTE[kind]}/{term['id']}"}]},
    }
    if kind == "wp_category":
        body["parent"] = term["parent"]
    return body


def list_terms(kind: str) -> Callable[[Request, Site], Awaitable[Response]]:
    """The GET route of one taxonomy."""

    async def answer(request: Request, site: Site) -> Response:
        params = await parameters(request)
        if params.get("context") == "edit" and not site.signed_in(request):
            raise WordPressError(
                401,
                "rest_forbidden_context",
                "Sorry, you are not allowed to edit terms in this taxonomy.",
            )
        terms = site.store.all(kind)
        if "slug" in params:
            slugs = {sanitized_slug(slug) for slug in listed(params["slug"])}
            terms = [term for term in terms if term["slug"] in slugs]
        if params.get("search"):
            # Names are stored escaped and compared as stored: a search with "&" finds nothing.
            words = str(params["search"]).casefold()
            terms = [
                term
                for term in terms
                if words in str(term["name"]).casefold() or words in term["slug"]
            ]
        if params.get("include"):
            chosen = integers("include", params["include"])
            terms = [term for term in terms if term["id"] in chosen]
        if params.get("post"):
            post = site.document("wp_post", str(params["post"])) or {}
            held = post.get(_ROUTE[kind], [])
            terms = [term for term in terms if term["id"] in held]
        base = site.base_url(request)
        terms.sort(key=lambda term: str(term["name"]).casefold())
        return listing([term_json(site, kind, term, base) for term in terms], params)

    return answer


def get_term(kind: str) -> Callable[[Request, Site], Awaitable[Response]]:
    """The GET route of one term."""

    async def answer(request: Request, site: Site) -> Response:
        params = await parameters(request)
        term = site.document(kind, request.path_params["ident"])
        if term is None:
            raise WordPressError(404, "rest_term_invalid", "Term does not exist.")
        return rest_response(
            only_fields(term_json(site, kind, term, site.base_url(request)), params)
        )

    return answer


def create_term(kind: str) -> Callable[[Request, Site], Awaitable[Response]]:
    """The POST route of one taxonomy: an author may add tags, not categories."""

    async def answer(request: Request, site: Site) -> Response:
        params = await parameters(request)
        allowed = site.may_publish if kind == "wp_tag" else site.may_manage_categories
        if not site.signed_in(request) or not allowed:
            raise WordPressError(
                site.denied(request),
                "rest_cannot_create",
                "Sorry, you are not allowed to create terms in this taxonomy.",
            )
        if params.get("name") is None:
            raise WordPressError(
                400,
                "rest_missing_callback_param",
                "Missing parameter(s): name",
                params=["name"],
            )
        name = filtered_title(str(params["name"]))
        slug = sanitized_slug(str(params.get("slug") or name))
        if not name or not slug:
            error = WordPressError(500, "empty_term_name", "A name is required for this term.")
            error.body["data"] = None
            raise error
        for term in site.store.all(kind):
            if term["slug"] == slug or str(term["name"]).casefold() == name.casefold():
                error = WordPressError(
                    400,
                    "term_exists",
                    "A term with the name provided already exists in this taxonomy.",
                    term_id=term["id"],
                )
                error.body["additional_data"] = [term["id"], term["id"]]
                raise error
        term = {
            "id": site.store.next_number("wp_term", 1),
            "name": name,
            "slug": slug,
            "description": str(params.get("description", "")),
            "parent": 0,
        }
        site.store.put(kind, str(term["id"]), term)
        base = site.base_url(request)
        return rest_response(
            only_fields(term_json(site, kind, term, base), params),
            status=201,
            headers={"Location": f"{base}/wp-json/wp/v2/{_ROUTE[kind]}/{term['id']}"},
        )

    return answer
