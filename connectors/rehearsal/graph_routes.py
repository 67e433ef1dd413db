"""The Graph routes of the rehearsal: one entry that reads version, node and edge."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from connectors.rehearsal import facebook_page as page
from connectors.rehearsal import instagram
from connectors.rehearsal.graph_common import (
    Graph,
    GraphError,
    check_token,
    check_version,
    parameters,
    unsupported,
)

# Ids of the rehearsed Instagram account, its containers and media begin like the real ones.
INSTAGRAM_PREFIX = "178"


class _GraphVersion(Convertor[str]):
    """A path part like "v26.0", so that an article's slug is never taken for one."""

    regex = r"v[0-9]+\.[0-9]+"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("graph_version", _GraphVersion())


def graph_routes(graph: Graph) -> list[BaseRoute]:
    """Everything under /v26.0/ and under the versions that are refused."""

    async def endpoint(request: Request) -> Response:
        try:
            check_version(request.path_params["version"])
            params = await parameters(request)
            check_token(params, graph.settings)
            return await _answer(request, graph, params)
        except GraphError as error:
            return graph.refusal(error)

    return [
        Route("/{version:graph_version}/{path:path}", endpoint, methods=["GET", "POST", "DELETE"])
    ]


async def _answer(request: Request, graph: Graph, params: dict[str, Any]) -> Response:
    """`method=delete` in the parameters turns a POST into a DELETE, as Graph allows."""
    method = str(params.get("method") or request.method).upper()
    node, _, edge = request.path_params["path"].strip("/").partition("/")
    if node == "debug_token" and method == "GET":
        return await page.debug_token(request, graph, params)
    if node == "me":
        node = graph.settings.fb_page_id
    key = (method, edge)
    if node == graph.settings.fb_page_id and key in _PAGE:
        return await _PAGE[key](request, graph, params)
    if node == graph.settings.ig_user_id and key in _INSTAGRAM:
        return await _INSTAGRAM[key](request, graph, params)
    on_instagram = node.startswith(INSTAGRAM_PREFIX)
    if key == ("GET", ""):
        read = instagram.get_node if on_instagram else page.get_post
        return await read(request, graph, params, node)
    if key == ("DELETE", ""):
        delete = instagram.delete_media if on_instagram else page.delete_node
        return await delete(graph, node)
    if key == ("GET", "insights"):
        insights = instagram.insights if on_instagram else page.post_insights
        return await insights(request, graph, params, node)
    raise unsupported(method, node)


Answer = Callable[[Request, Graph, dict[str, Any]], Awaitable[Response]]
_PAGE: dict[tuple[str, str], Answer] = {
    ("GET", ""): page.get_page,
    ("POST", "photos"): page.create_photo,
    ("GET", "photos"): page.list_photos,
    ("POST", "feed"): page.create_feed_post,
    ("GET", "feed"): page.list_posts,
    ("GET", "posts"): page.list_posts,
    ("GET", "published_posts"): page.list_posts,
}
_INSTAGRAM: dict[tuple[str, str], Answer] = {
    ("GET", ""): instagram.get_account,
    ("POST", "media"): instagram.create_container,
    ("GET", "media"): instagram.list_media,
    ("POST", "media_publish"): instagram.publish,
    ("GET", "content_publishing_limit"): instagram.publishing_limit,
}
