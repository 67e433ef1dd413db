"""What all Graph routes share: versions, tokens, the error object, fields, parameters."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import httpx
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from connectors.rehearsal.settings import RehearsalSettings
from connectors.rehearsal.store import Clock, RehearsalStore

CURRENT_VERSION = "v26.0"
# Graph versions live about two years; older ones are refused here as Meta refuses them.
OLDEST_VERSION = 21


class GraphError(Exception):
    """An error object as Graph sends it."""

    def __init__(
        self,
        message: str,
        code: int,
        subcode: int | None = None,
        *,
        kind: str = "OAuthException",
        status: int = 400,
        title: str = "",
        user_message: str = "",
    ) -> None:
        super().__init__(message)
        self.status = status
        self.error: dict[str, Any] = {"message": message, "type": kind, "code": code}
        if subcode is not None:
            self.error |= {"error_subcode": subcode, "is_transient": False}
        if user_message:
            self.error |= {"error_user_title": title, "error_user_msg": user_message}


def unsupported(method: str, ident: str) -> GraphError:
    """What Graph says for an object that is not there."""
    return GraphError(
        f"Unsupported {method.lower()} request. Object with ID '{ident}' does not exist, cannot be "
        "loaded due to missing permissions, or does not support this operation. Please read the "
        "Graph API documentation at https://developers.facebook.com/docs/graph-api",
        100,
        33,
        kind="GraphMethodException",
    )


@dataclass(frozen=True, slots=True)
class Graph:
    """The rehearsed page and Instagram account: store, tokens and clock."""

    store: RehearsalStore
    settings: RehearsalSettings
    now: Clock

    def base_url(self, request: Request) -> str:
        return (self.settings.public_base_url or str(request.base_url)).rstrip("/")

    def answer(self, body: Any, *, status: int = 200) -> Response:
        return JSONResponse(
            body,
            status_code=status,
            media_type="application/json; charset=UTF-8",
            headers={
                "facebook-api-version": CURRENT_VERSION,
                "x-app-usage": '{"call_count":1,"total_cputime":0,"total_time":1}',
                "x-fb-trace-id": self.trace(),
                "Cache-Control": "private, no-cache, no-store, must-revalidate",
            },
        )

    def refusal(self, error: GraphError) -> Response:
        return self.answer(
            {"error": error.error | {"fbtrace_id": self.trace()}}, status=error.status
        )

    def trace(self) -> str:
        number = self.store.next_number("graph_trace")
        return "A" + hashlib.sha256(str(number).encode()).hexdigest()[:22]

    def page_object_id(self) -> str:
        return f"122{self.store.next_number('fb_object', 10_000_000_000_000)}"

    def instagram_id(self) -> str:
        return f"178{self.store.next_number('ig_object', 40_000_000_000_000)}"


def check_version(version: str) -> None:
    """Refuse what is too old, and what does not exist yet."""
    match = re.fullmatch(r"v(\d+)\.(\d+)", version)
    newest = float(CURRENT_VERSION[1:])
    if match is None or float(version[1:]) > newest:
        raise GraphError(f"Unknown path components: /{version}", 2500)
    if int(match.group(1)) < OLDEST_VERSION:
        raise GraphError(
            "(#2635) You are calling a deprecated version of the Ads API. Please update to the "
            f"latest version: {CURRENT_VERSION}.",
            2635,
        )


def check_token(params: dict[str, Any], settings: RehearsalSettings) -> None:
    """The page's token, and its proof when one is given or demanded."""
    token = str(params.get("access_token") or "")
    if not token:
        raise GraphError("An access token is required to request this resource.", 104, status=400)
    app_token = f"{settings.fb_app_id}|{settings.fb_app_secret}"
    if token not in {settings.fb_page_token, app_token}:
        raise GraphError("Invalid OAuth access token - Cannot parse access token", 190, status=401)
    proof = params.get("appsecret_proof")
    if proof is None:
        if settings.require_appsecret_proof and token != app_token:
            raise GraphError(
                "API calls from the server require an appsecret_proof argument",
                100,
                kind="GraphMethodException",
            )
        return
    expected = hmac.new(settings.fb_app_secret.encode(), token.encode(), hashlib.sha256)
    if not hmac.compare_digest(str(proof), expected.hexdigest()):
        raise GraphError(
            "Invalid appsecret_proof provided in the API argument", 100, kind="GraphMethodException"
        )


async def parameters(request: Request) -> dict[str, Any]:
    """Query, then form or JSON body; files stay UploadFile."""
    params: dict[str, Any] = dict(request.query_params)
    # Graph takes the token in this header too; a parameter of that name weighs more.
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() in {"bearer", "oauth"} and token:
        params.setdefault("access_token", token.strip())
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind in {"multipart/form-data", "application/x-www-form-urlencoded"}:
        params |= dict((await request.form()).multi_items())
    elif kind == "application/json":
        try:
            body = json.loads(await request.body() or b"{}")
        except ValueError:
            raise GraphError("(#100) Invalid JSON body", 100) from None
        if isinstance(body, dict):
            params |= body
    return params


def flag(params: dict[str, Any], name: str, *, default: bool) -> bool:
    value = params.get(name)
    return default if value is None else str(value).lower() in {"true", "1"}


def time_text(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}+0000"


def field_names(text: str) -> list[str]:
    """Names at the top of a `fields` expression: "id,attachments{media}.limit(3)" has two."""
    names: list[str] = []
    depth, name = 0, ""
    for char in f"{text},":
        if char in "{(":
            depth += 1
        elif char in "})":
            depth -= 1
        elif char == "," and depth == 0:
            if name.strip():
                names.append(name.partition(".")[0].strip())
            name = ""
        elif depth == 0:
            name += char
    return names


def chosen_fields(
    offers: dict[str, Any], text: str | None, default: str, node: str
) -> dict[str, Any]:
    """The asked fields plus id; a name that does not exist fails the call."""
    body: dict[str, Any] = {}
    for name in field_names(text or default):
        if name not in offers:
            raise GraphError(
                f"(#100) Tried accessing nonexisting field ({name}) on node type ({node})", 100
            )
        # Graph leaves empty fields out.
        if offers[name] not in (None, ""):
            body[name] = offers[name]
    return body | {"id": offers["id"]}


def cursored(
    items: list[dict[str, Any]], request: Request, params: dict[str, Any], base: str
) -> dict[str, Any]:
    """One page of items with cursors, and `next` where more follow."""
    limit, start = limit_of(params), _cursor(params.get("after"))
    body: dict[str, Any] = {"data": items[start : start + limit]}
    if body["data"]:
        after = f"gladi{start + limit}"
        body["paging"] = {"cursors": {"before": f"gladi{start}", "after": after}}
        if start + limit < len(items):
            kept = {k: v for k, v in params.items() if k != "after"} | {"after": after}
            body["paging"]["next"] = f"{base}{request.url.path}?{urlencode(kept)}"
    return body


def _cursor(text: Any) -> int:
    digits = str(text or "gladi0").removeprefix("gladi")
    if not digits.isdecimal():
        raise GraphError("(#100) Invalid cursors values", 100)
    return int(digits)


def limit_of(params: dict[str, Any]) -> int:
    try:
        return max(1, min(int(params.get("limit", 25)), 100))
    except (TypeError, ValueError):
        raise GraphError("(#100) Param limit must be an integer", 100) from None


def moment_of(params: dict[str, Any], name: str) -> datetime | None:
    """`since` and `until`: Unix seconds or an ISO date."""
    value = params.get(name)
    if not value:
        return None
    try:
        if str(value).isdecimal():
            return datetime.fromtimestamp(int(value), UTC)
        moment = datetime.fromisoformat(str(value))
    except (ValueError, OverflowError):
        raise GraphError(f"(#100) Param {name} must be a valid time", 100) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class FetchError(Exception):
    """The address did not give its bytes."""


async def fetched(address: str, *, limit: int) -> bytes:
    """The bytes at a public address, as Meta's crawler would get them; `limit` in bytes."""
    if not re.match(r"https?://", address):
        raise FetchError(address)
    try:
        # No proxy of this machine: in a rehearsal the media live on the loopback.
        async with (
            httpx.AsyncClient(timeout=10, trust_env=False, follow_redirects=True) as client,
            client.stream("GET", address) as response,
        ):
            if response.status_code != 200:
                raise FetchError(f"{response.status_code} {address}")
            data = b""
            async for chunk in response.aiter_bytes():
                data += chunk
                if len(data) > limit:
                    break
            return data
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise FetchError(address) from error


async def uploaded(value: Any) -> bytes | None:
    return await value.read() if isinstance(value, UploadFile) else None
