"""What all WordPress routes share: who is asking, errors, parameters, slugs, filters.

Error codes, messages and statuses are those of WordPress 6 and 7 core.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from connectors.rehearsal.settings import RehearsalSettings
from connectors.rehearsal.store import Clock, Document, RehearsalStore


class WordPressError(Exception):
    """An error body as WordPress sends it."""

    def __init__(self, status: int, code: str, message: str, **data: Any) -> None:
        super().__init__(code)
        self.body: dict[str, Any] = {
            "code": code,
            "message": message,
            "data": {"status": status, **data},
        }
        self.status = status


def error_response(error: WordPressError) -> Response:
    return rest_response(error.body, status=error.status)


def invalid_param(name: str, reason: str, code: str = "rest_invalid_param") -> WordPressError:
    return WordPressError(
        400,
        "rest_invalid_param",
        f"Invalid parameter(s): {name}",
        params={name: reason},
        details={name: {"code": code, "message": reason, "data": None}},
    )


def rest_response(
    body: Any, *, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    return JSONResponse(
        body,
        status_code=status,
        headers={
            "X-Robots-Tag": "noindex",
            "X-Content-Type-Options": "nosniff",
            "Access-Control-Expose-Headers": "X-WP-Total, X-WP-TotalPages, Link",
            "Cache-Control": "no-cache, must-revalidate, max-age=0, no-store, private",
            **(headers or {}),
        },
    )


@dataclass(frozen=True, slots=True)
class Site:
    """The rehearsed WordPress: its store, account, clock and zone."""

    store: RehearsalStore
    settings: RehearsalSettings
    now: Clock

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.settings.timezone)

    def base_url(self, request: Request) -> str:
        return (self.settings.public_base_url or str(request.base_url)).rstrip("/")

    def signed_in(self, request: Request) -> bool:
        """True for the right application password; anything else is an anonymous reader.

        WordPress looks at application passwords after its own error check, so a wrong
        one is not refused as such: the request goes on without a user.
        """
        header = request.headers.get("authorization", "")
        if not header.lower().startswith("basic "):
            return False
        try:
            user, _, password = base64.b64decode(header[6:]).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return False
        expected = self.settings.wp_application_password.replace(" ", "")
        return user == self.settings.wp_username and password.replace(" ", "") == expected

    def denied(self, request: Request) -> int:
        """401 for a stranger, 403 for a user who lacks the right."""
        return 403 if self.signed_in(request) else 401

    @property
    def may_publish(self) -> bool:
        return self.settings.wp_role in {"author", "editor"}

    def may_edit(self, kind: str) -> bool:
        """Whether the account may write this kind of content at all ("post", "page")."""
        return kind == "post" or self.settings.wp_pages or self.settings.wp_role == "editor"

    @property
    def may_manage_categories(self) -> bool:
        return self.settings.wp_role == "editor"

    def local_text(self, moment: datetime) -> str:
        return moment.astimezone(self.zone).strftime("%Y-%m-%dT%H:%M:%S")

    def document(self, kind: str, ident: int | str) -> Document | None:
        return self.store.get(kind, str(ident))

    def unique_slug(self, slug: str, ident: int, kinds: tuple[str, ...] = ("wp_post",)) -> str:
        """The slug, or with -2, -3 … when another document has it (wp_unique_post_slug)."""
        taken = {
            document["slug"]
            for kind in kinds
            for document in self.store.all(kind)
            if document["id"] != ident
        }
        candidate, number = slug, 2
        while candidate in taken:
            candidate = f"{slug[: 200 - len(str(number)) - 1]}-{number}"
            number += 1
        return candidate


def gmt_text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def parsed_date(name: str, text: str, zone: ZoneInfo) -> datetime:
    """A REST date; without an offset it is in `zone`."""
    try:
        moment = datetime.fromisoformat(text)
    except (ValueError, TypeError):
        raise invalid_param(name, "Invalid date.", "rest_invalid_date") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


async def parameters(request: Request) -> dict[str, Any]:
    """Query and body together, the body winning, as WP_REST_Request merges them."""
    merged: dict[str, Any] = {}
    for key, value in request.query_params.multi_items():
        if key.endswith("[]"):
            merged.setdefault(key[:-2], []).append(value)
        else:
            merged[key] = value
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind == "application/json":
        raw = await request.body()
        if raw.strip():
            try:
                body = json.loads(raw)
            except ValueError:
                raise WordPressError(
                    400,
                    "rest_invalid_json",
                    "Invalid JSON body passed.",
                    json_error_code=4,
                    json_error_message="Syntax error",
                ) from None
            if isinstance(body, dict):
                merged |= body
    elif kind in {"application/x-www-form-urlencoded", "multipart/form-data"}:
        form = await request.form()
        for key, part in form.multi_items():
            if key.endswith("[]"):
                merged.setdefault(key[:-2], []).append(part)
            else:
                merged[key] = part
    return merged


def listed(value: Any) -> list[str]:
    """A parameter that may be a list or comma separated text."""
    if value is None:
        return []
    items = value if isinstance(value, list) else str(value).split(",")
    return [str(item).strip() for item in items if str(item).strip()]


def integers(name: str, value: Any) -> list[int]:
    try:
        return [int(item) for item in listed(value)]
    except ValueError:
        raise invalid_param(
            name, f"{name}[0] is not of type integer.", "rest_invalid_type"
        ) from None


def paged(params: dict[str, Any]) -> tuple[int, int]:
    """(page, per_page), refused like WordPress does when out of bounds."""
    numbers = []
    for name, default in (("page", 1), ("per_page", 10)):
        value = params.get(name, default)
        try:
            number = int(value)
        except (TypeError, ValueError):
            raise invalid_param(
                name, f"{name} is not of type integer.", "rest_invalid_type"
            ) from None
        numbers.append(number)
    if numbers[0] < 1:
        raise invalid_param("page", "page must be greater than or equal to 1", "rest_out_of_bounds")
    if not 1 <= numbers[1] <= 100:
        raise invalid_param(
            "per_page",
            "per_page must be between 1 (inclusive) and 100 (inclusive)",
            "rest_out_of_bounds",
        )
    return numbers[0], numbers[1]


def listing(items: list[Any], params: dict[str, Any]) -> Response:
    """One page of items with the X-WP-Total headers."""
    page, per_page = paged(params)
    pages = -(-len(items) // per_page)
    if page > max(pages, 1):
        raise WordPressError(
            400,
            "rest_post_invalid_page_number",
            "The page number requested is larger than the number of pages available.",
        )
    window = items[(page - 1) * per_page : page * per_page]
    return rest_response(
        [only_fields(item, params) for item in window],
        headers={"X-WP-Total": str(len(items)), "X-WP-TotalPages": str(pages)},
    )


def only_fields(item: dict[str, Any], params: dict[str, Any]) -> dict[str, Any]:
    """`_fields=id,title.raw` keeps these only."""
    wanted = listed(params.get("_fields"))
    if not wanted:
        return item
    kept: dict[str, Any] = {}
    for path in wanted:
        head, _, tail = path.partition(".")
        if head not in item:
            continue
        if tail and isinstance(item[head], dict):
            if tail in item[head]:
                kept.setdefault(head, {})[tail] = item[head][tail]
        else:
            kept[head] = item[head]
    return kept


def raw_of(value: Any) -> str:
    """A text field given as text or as {"raw": text}."""
    if isinstance(value, dict):
        value = value.get("raw", "")
    return "" if value is None else str(value)


def avatar_urls(base: str) -> dict[str, str]:
    return {size: f"{base}/gladi/statis/avatar.svg?s={quote(size)}" for size in ("24", "48", "96")}
