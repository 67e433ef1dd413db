"""The X API v2 routes of the rehearsal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from connectors.rehearsal import x_media, x_posts
from connectors.rehearsal.x_common import (
    ThrottledError,
    Timeline,
    XProblemError,
    require_signature,
    too_many,
    x_response,
)

Answer = Callable[[Request, Timeline], Awaitable[Response]]


async def _no_route(request: Request, timeline: Timeline) -> Response:
    raise XProblemError(
        404, {"title": "Not Found", "detail": "Not Found", "type": "about:blank", "status": 404}
    )


def x_routes(timeline: Timeline) -> list[BaseRoute]:
    """All routes under /2/; each is signed, and each answer says what is left of the limit."""

    def route(path: str, **answers: Answer) -> Route:
        async def endpoint(request: Request) -> Response:
            method = "get" if request.method == "HEAD" else request.method.lower()
            try:
                await require_signature(request, timeline)
                return await answers.get(method, _no_route)(request, timeline)
            except ThrottledError as limit:
                return too_many(limit.headers)
            except XProblemError as problem:
                return x_response(problem.body, timeline.latest_limits(), status=problem.status)

        return Route(path, endpoint, methods=["GET", "POST", "PUT", "DELETE"])

    return [
        route("/2/tweets", get=x_posts.get_posts, post=x_posts.create_post),
        route("/2/tweets/{ident}", get=x_posts.get_post, delete=x_posts.delete_post),
        route("/2/users/me", get=x_posts.get_me),
        route("/2/users/{user}/tweets", get=x_posts.get_timeline),
        route("/2/media/upload", get=x_media.status, post=x_media.upload),
        route("/2/media/upload/initialize", post=x_media.initialize),
        route("/2/media/upload/{ident}/append", post=x_media.append),
        route("/2/media/upload/{ident}/finalize", post=x_media.finalize),
        route("/2/media/metadata", post=x_media.metadata),
        route("/2/{rest:path}"),
    ]
