"""The pages people look at: the channels as readers see them, sample codes, faults."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import (
    FileResponse,
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
)
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from connectors.rehearsal.faults import CHANNELS, FaultPlan
from connectors.rehearsal.settings import RehearsalSettings, StaffCode
from connectors.rehearsal.shown import LINK_OR_TAG, Channels, Shown
from connectors.rehearsal.wordpress_kses import safe_html

_HERE = Path(__file__).parent
LABELS = {"website": "Website", "x": "X", "facebook": "Facebook", "instagram": "Instagram"}
# Scripts come from this server only; pictures may stand on another loopback port.
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src 'self' http://127.0.0.1:* http://localhost:*; "
    "media-src 'self' http://127.0.0.1:* http://localhost:*; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)


def with_links(text: str) -> Markup:
    """Plain text as HTML: escaped, addresses clickable, tags coloured."""
    parts: list[Markup] = []
    last = 0
    for match in LINK_OR_TAG.finditer(text):
        parts.append(escape(text[last : match.start()]))
        if match.group(1):
            address = escape(match.group(1))
            parts.append(Markup('<a href="{0}" rel="nofollow">{0}</a>').format(address))
        else:
            parts.append(Markup('<span class="tagar">{}</span>').format(match.group(2)))
        last = match.end()
    parts.append(escape(text[last:]))
    return Markup("").join(parts)


class Pages:
    """Renders the reader pages from what was rehearsed."""

    def __init__(
        self,
        channels: Channels,
        settings: RehearsalSettings,
        plan: FaultPlan,
        staff_codes: Callable[[], list[StaffCode]] | None,
    ) -> None:
        self.channels = channels
        self.settings = settings
        self.plan = plan
        self.staff_codes = staff_codes
        zone = ZoneInfo(settings.timezone)
        self.environment = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=select_autoescape(default=True, default_for_string=True),
            undefined=StrictUndefined,
        )

        def moment(value: datetime) -> str:
            local = value.astimezone(zone)
            return f"{format_datetime(local, 'd MMMM y, HH.mm', locale='id')} WIB"

        def clock_time(value: str) -> str:
            return f"{datetime.fromisoformat(value).astimezone(zone):%H.%M.%S}"

        self.environment.filters["waktu"] = moment
        self.environment.filters["jam"] = clock_time
        self.environment.filters["tertaut"] = with_links
        # The one place where stored HTML is shown as HTML: cleaned once more, here.
        self.environment.filters["bersih"] = lambda html: Markup(safe_html(html))  # noqa: S704

    def rendered(self, template: str, status: int = 200, **values: Any) -> Response:
        page = self.environment.get_template(template).render(
            settings=self.settings, labels=LABELS, **values
        )
        return HTMLResponse(
            page,
            status_code=status,
            headers={
                "Content-Security-Policy": _POLICY,
                "X-Content-Type-Options": "nosniff",
                "Referrer-Policy": "no-referrer",
            },
        )

    def missing(self) -> Response:
        return self.rendered("tidak_ada.html", status=404)

    async def home(self, request: Request) -> Response:
        if number := request.query_params.get("p"):
            post = next((p for p in self.channels.of("website") if p.id == number), None)
            return RedirectResponse(post.path, status_code=301) if post else self.missing()
        posts = {channel: self.channels.of(channel) for channel in CHANNELS}
        return self.rendered(
            "beranda.html", posts=posts, pages=self.channels.pages(), staff=self._staff()
        )

    def _staff(self) -> list[StaffCode] | None:
        return None if self.staff_codes is None else self.staff_codes()

    async def codes(self, request: Request) -> Response:
        staff = self._staff()
        if staff is None:
            return JSONResponse({"staf": []}, status_code=404)
        return JSONResponse(
            {"staf": [asdict(person) for person in staff]}, headers={"Cache-Control": "no-store"}
        )

    async def channel(self, request: Request) -> Response:
        channel = request.path_params["channel"]
        if channel not in CHANNELS:
            return self.missing()
        pages = self.channels.pages() if channel == "website" else []
        posts = self.channels.of(channel)
        return self.rendered("saluran.html", channel=channel, posts=posts, pages=pages)

    async def article(self, request: Request) -> Response:
        post = self.channels.article(request.path_params["slug"])
        if post is None:
            return self.missing()
        return self.rendered("artikel.html", post=post)

    async def social_post(self, request: Request) -> Response:
        path = request.url.path
        if path.startswith("/i/"):
            path = f"/{self.settings.x_username}/status/{request.path_params['ident']}"
        found: Shown | None = None
        for channel in ("x", "facebook", "instagram"):
            for post in self.channels.of(channel):
                if post.path.rstrip("/") == path.rstrip("/"):
                    found = post
        if found is None:
            return self.missing()
        return self.rendered("pos.html", post=found)

    async def facebook_short(self, request: Request) -> Response:
        page, number = request.path_params["page"], request.path_params["number"]
        return RedirectResponse(f"/{page}/posts/{number}", status_code=301)

    async def contents(self, request: Request) -> Response:
        base = (self.settings.public_base_url or str(request.base_url)).rstrip("/")
        return JSONResponse(
            {
                channel: [post.as_json(base) for post in self.channels.of(channel)]
                for channel in CHANNELS
            }
        )

    async def media(self, request: Request) -> Response:
        digest = request.path_params["digest"]
        try:
            path = self.channels.store.blob_path(digest)
        except KeyError:
            return PlainTextResponse("Tidak ada", status_code=404)
        if not path.is_file():
            return PlainTextResponse("Tidak ada", status_code=404)
        return FileResponse(path, media_type=_kind(path), headers=_MEDIA_HEADERS)

    async def about(self, request: Request) -> Response:
        faults = list(zip(self.plan.faults, self.plan.counts, strict=True))
        calls = list(self.plan.calls)[-40:][::-1]
        return self.rendered("gladi.html", faults=faults, calls=calls)

    def routes(self) -> list[BaseRoute]:
        """Reader routes; the articles' catch-all must stay last in the application."""
        get = ["GET"]
        return [
            Route("/", self.home, methods=get),
            Route("/gladi", self.about, methods=get),
            Route("/gladi/kode.json", self.codes, methods=get),
            Route("/gladi/isi.json", self.contents, methods=get),
            Route("/gladi/media/{digest}", self.media, methods=get),
            Mount("/gladi/statis", StaticFiles(directory=_HERE / "static")),
            Route("/gladi/{channel}", self.channel, methods=get),
            Route("/p/{code}/", self.social_post, methods=get),
            Route("/{user}/status/{ident}", self.social_post, methods=get),
            Route("/i/web/status/{ident}", self.social_post, methods=get),
            Route("/i/status/{ident}", self.social_post, methods=get),
            Route("/{page}/posts/{number}", self.social_post, methods=get),
            Route("/{page:int}_{number:int}", self.facebook_short, methods=get),
            Route("/{slug}/", self.article, methods=get),
        ]


_MEDIA_HEADERS = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox"}


def _kind(path: Path) -> str:
    """The type by the first bytes; what is neither picture nor video is only a download."""
    with path.open("rb") as file:
        head = file.read(12)
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG"):
        return "image/png"
    if head.startswith(b"GIF8"):
        return "image/gif"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp":
        return "video/mp4"
    return "application/octet-stream"
