"""The WordPress routes of the rehearsal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from connectors.rehearsal import wordpress_media as media
from connectors.rehearsal import wordpress_posts as posts
from connectors.rehearsal import wordpress_terms as terms
from connectors.rehearsal.wordpress_common import Site, WordPressError, error_response

Answer = Callable[[Request, Site], Awaitable[Response]]


async def _no_route(request: Request, site: Site) -> Response:
    raise WordPressError(
        404, "rest_no_route", "No route was found matching the URL and request method."
    )


def wordpress_routes(site: Site) -> list[BaseRoute]:
    """All routes under /wp-json/ and /wp-content/uploads/."""

    def route(path: str, **answers: Answer) -> Route:
        async def endpoint(request: Request) -> Response:
            method = "get" if request.method == "HEAD" else request.method.lower()
            try:
                return await answers.get(method, _no_route)(request, site)
            except WordPressError as error:
                return error_response(error)

        methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
        return Route(path, endpoint, methods=methods)

    terms.add_first_categories(site)
    found: list[BaseRoute] = [
        route("/wp-json/", get=posts.get_index),
        route("/wp-json", get=posts.get_index),
        route("/wp-json/wp/v2/users/me", get=posts.get_me),
        route("/wp-json/wp/v2/media", get=media.list_media, post=media.create_media),
        route(
            "/wp-json/wp/v2/media/{ident:int}",
            get=media.get_media,
            post=media.update_media,
            put=media.update_media,
            patch=media.update_media,
            delete=media.delete_media,
        ),
    ]
    for kind in ("posts", "pages"):
        found.append(route(f"/wp-json/wp/v2/{kind}", get=posts.list_posts, post=posts.create_post))
        found.append(
            route(
                f"/wp-json/wp/v2/{kind}/{{ident:int}}",
                get=posts.get_post,
                post=posts.update_post,
                put=posts.update_post,
                patch=posts.update_post,
                delete=posts.delete_post,
            )
        )
    for path, kind in (("tags", "wp_tag"), ("categories", "wp_category")):
        found.append(
            route(
                f"/wp-json/wp/v2/{path}",
                get=terms.list_terms(kind),
                post=terms.create_term(kind),
            )
        )
        found.append(route(f"/wp-json/wp/v2/{path}/{{ident:int}}", get=terms.get_term(kind)))
    found.append(route("/wp-content/uploads/{path:path}", get=media.get_file))
    found.append(route("/wp-json/{rest:path}"))
    return found
