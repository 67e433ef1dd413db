"""What all X routes share: the OAuth 1.0a check, problem bodies, rate limit headers."""

from __future__ import annotations

import hmac
import math
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import parse_qsl

from oauthlib.oauth1 import Client
from oauthlib.oauth1.rfc5849 import signature
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from connectors.rehearsal.settings import RehearsalSettings
from connectors.rehearsal.store import Clock, RehearsalStore

# X accepts timestamps this many seconds away from its own clock.
TIMESTAMP_WINDOW = 300
RATE_WINDOW = 900
_EPOCH_MS = 1288834974657  # the first moment of X's snowflake numbers


class XProblemError(Exception):
    """A problem body as X API v2 sends it."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(body.get("title", ""))
        self.status = status
        self.body = body


def unauthorized() -> XProblemError:
    return XProblemError(
        401,
        {"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized"},
    )


def forbidden(detail: str) -> XProblemError:
    return XProblemError(
        403, {"detail": detail, "type": "about:blank", "title": "Forbidden", "status": 403}
    )


def invalid_request(message: str, **parameters: list[str]) -> XProblemError:
    return XProblemError(
        400,
        {
            "errors": [{"parameters": parameters, "message": message}],
            "title": "Invalid Request",
            "detail": "One or more parameters to your request was invalid.",
            "type": "https://api.twitter.com/2/problems/invalid-request",
        },
    )


def bad_request(detail: str) -> XProblemError:
    return XProblemError(
        400, {"detail": detail, "type": "about:blank", "title": "Bad Request", "status": 400}
    )


def not_found_error(kind: str, parameter: str, ident: str) -> dict[str, Any]:
    """The entry that stands in `errors` of a 200 answer for what is not there."""
    return {
        "value": ident,
        "detail": f"Could not find {kind} with {parameter}: [{ident}].",
        "title": "Not Found Error",
        "resource_type": kind,
        "parameter": parameter,
        "resource_id": ident,
        "type": "https://api.twitter.com/2/problems/resource-not-found",
    }


@dataclass(slots=True)
class Timeline:
    """The rehearsed X account: its store, keys, clock and call counts."""

    store: RehearsalStore
    settings: RehearsalSettings
    now: Clock
    calls: dict[str, tuple[int, int]] = field(default_factory=dict)
    limits: dict[str, str] = field(default_factory=dict)

    def base_url(self, request: Request) -> str:
        return (self.settings.public_base_url or str(request.base_url)).rstrip("/")

    def snowflake(self) -> str:
        """A new id that sorts by time."""
        milliseconds = int(self.now().timestamp() * 1000) - _EPOCH_MS
        return str((milliseconds << 22) | (self.store.next_number("x_sequence") & 0x3FFFFF))

    def counted(self, endpoint: str, limit: int) -> dict[str, str]:
        """Count one call; the rate limit headers, or 429 with them when spent."""
        moment = self.now().timestamp()
        window = math.floor(moment / RATE_WINDOW)
        seen, count = self.calls.get(endpoint, (window, 0))
        count = count + 1 if seen == window else 1
        self.calls[endpoint] = (window, count)
        headers = {
            "x-rate-limit-limit": str(limit),
            "x-rate-limit-remaining": str(max(limit - count, 0)),
            "x-rate-limit-reset": str((window + 1) * RATE_WINDOW),
        }
        self.limits = headers
        if count > limit:
            raise ThrottledError(headers)
        return headers

    def latest_limits(self) -> dict[str, str]:
        """The headers for an answer that was refused before or after it was counted."""
        if self.limits:
            return self.limits
        reset = (math.floor(self.now().timestamp() / RATE_WINDOW) + 1) * RATE_WINDOW
        return {
            "x-rate-limit-limit": "900",
            "x-rate-limit-remaining": "900",
            "x-rate-limit-reset": str(reset),
        }


class ThrottledError(Exception):
    """429, with the headers that say until when."""

    def __init__(self, headers: dict[str, str]) -> None:
        super().__init__("429")
        self.headers = headers


def x_response(body: Any, headers: dict[str, str], *, status: int = 200) -> Response:
    return JSONResponse(
        body,
        status_code=status,
        headers={"api-version": "2.155", "x-access-level": "read-write", **headers},
    )


def too_many(headers: dict[str, str]) -> Response:
    body = {
        "title": "Too Many Requests",
        "detail": "Too Many Requests",
        "type": "about:blank",
        "status": 429,
    }
    return x_response(body, headers, status=429)


async def require_signature(request: Request, timeline: Timeline) -> None:
    """Refuse every request that the account's keys did not sign, just now, for the first time."""
    header = request.headers.get("authorization", "")
    if header.lower().startswith("bearer "):
        raise XProblemError(
            403,
            {
                "title": "Unsupported Authentication",
                "detail": "Authenticating with OAuth 2.0 Application-Only is forbidden for this "
                "endpoint.  Supported authentication types are [OAuth 1.0a User Context, "
                "OAuth 2.0 User Context].",
                "type": "https://api.twitter.com/2/problems/unsupported-authentication",
                "status": 403,
            },
        )
    if not header.lower().startswith("oauth "):
        raise unauthorized()
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    body: list[tuple[str, str]] = []
    if kind == "application/x-www-form-urlencoded":
        body = parse_qsl((await request.body()).decode(), keep_blank_values=True)
    url = str(request.url)
    try:
        oauth = dict(
            signature.collect_parameters(
                headers={"Authorization": header}, exclude_oauth_signature=False
            )
        )
        params = signature.collect_parameters(
            uri_query=request.url.query, body=body, headers={"Authorization": header}
        )
        settings = timeline.settings
        client = Client(
            settings.x_consumer_key,
            client_secret=settings.x_consumer_secret,
            resource_owner_key=settings.x_access_token,
            resource_owner_secret=settings.x_access_token_secret,
        )
        base = signature.signature_base_string(
            cast(Any, request.method),  # the stubs know a Literal of methods only
            signature.base_string_uri(url),
            signature.normalize_parameters(cast(Any, params)),
        )
        expected = signature.sign_hmac_sha1_with_client(base, client)
        genuine = (
            oauth.get("oauth_signature_method") == "HMAC-SHA1"
            and hmac.compare_digest(oauth.get("oauth_consumer_key", ""), settings.x_consumer_key)
            and hmac.compare_digest(oauth.get("oauth_token", ""), settings.x_access_token)
            and hmac.compare_digest(oauth.get("oauth_signature", ""), expected)
        )
        stamp = int(oauth.get("oauth_timestamp", "0"))
    except (ValueError, TypeError):
        raise unauthorized() from None
    if not genuine:
        raise unauthorized()
    if abs(stamp - timeline.now().timestamp()) > TIMESTAMP_WINDOW:
        raise XProblemError(401, {"errors": [{"code": 135, "message": "Timestamp out of bounds."}]})
    if not timeline.store.nonce_is_new(oauth.get("oauth_nonce", ""), stamp):
        raise unauthorized()
