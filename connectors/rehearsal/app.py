"""The rehearsal application: vendor routes, reader pages, fault controls.

It keeps its state in `data_dir` and is meant for the loopback address only.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from pydantic import TypeAdapter, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from connectors.rehearsal.faults import Call, Fault, FaultPlan, carry_out, channel_of, observed
from connectors.rehearsal.graph_common import Graph
from connectors.rehearsal.graph_routes import graph_routes
from connectors.rehearsal.pages import Pages
from connectors.rehearsal.settings import RehearsalSettings, StaffCode
from connectors.rehearsal.shown import Channels
from connectors.rehearsal.store import Clock, RehearsalStore
from connectors.rehearsal.wordpress_common import Site
from connectors.rehearsal.wordpress_routes import wordpress_routes
from connectors.rehearsal.x_common import Timeline
from connectors.rehearsal.x_routes import x_routes

__all__ = ["RehearsalSettings", "StaffCode", "create_app"]


def utc_now() -> datetime:
    return datetime.now(UTC)


class RehearsalApp(Starlette):
    """Starlette whose every vendor call passes the fault plan first."""

    plan: FaultPlan
    clock: Clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        channel = channel_of(scope["path"]) if scope["type"] == "http" else None
        if channel is None:
            await super().__call__(scope, receive, send)
            return
        method, path = scope["method"], scope["path"]
        fault = self.plan.struck(channel, method, path)
        inner = super().__call__
        began = self.clock().isoformat()
        status: int | None = None
        try:
            if fault is None:
                status = await observed(inner, scope, receive, send)
            else:
                status = await carry_out(
                    fault,
                    channel,
                    self.clock(),
                    app=inner,
                    scope=scope,
                    receive=receive,
                    send=send,
                )
        finally:
            action = fault.action if fault else ""
            self.plan.calls.append(Call(began, channel, method, path, status, action))


def create_app(
    data_dir: Path,
    settings: RehearsalSettings | None = None,
    staff_codes: Callable[[], list[StaffCode]] | None = None,
    clock: Clock = utc_now,
) -> Starlette:
    """The application over `data_dir`, which is made when absent.

    `staff_codes` gives the sample staff with the codes valid now; without it no codes
    are shown. `clock` gives the time in UTC.
    """
    settings = settings or RehearsalSettings()
    data_dir.mkdir(parents=True, exist_ok=True)
    store = RehearsalStore(data_dir)
    plan = FaultPlan.from_file(settings.fault_plan)
    site = Site(store, settings, clock)
    timeline = Timeline(store, settings, clock)
    graph = Graph(store, settings, clock)
    pages = Pages(Channels(site, timeline, graph, clock), settings, plan, staff_codes)

    async def faults(request: Request) -> Response:
        return await _fault_answer(request, plan)

    async def calls(request: Request) -> Response:
        return JSONResponse({"panggilan": [asdict(call) for call in plan.calls]})

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        store.close()

    app = RehearsalApp(
        routes=[
            *wordpress_routes(site),
            *x_routes(timeline),
            *graph_routes(graph),
            Route("/gladi/gangguan", faults, methods=["GET", "POST", "DELETE"]),
            Route("/gladi/catatan.json", calls, methods=["GET"]),
            *pages.routes(),
        ],
        lifespan=lifespan,
    )
    app.plan, app.clock = plan, clock
    return app


async def _fault_answer(request: Request, plan: FaultPlan) -> Response:
    if request.method == "DELETE":
        plan.clear()
    elif request.method == "POST":
        if not request.headers.get("content-type", "").startswith("application/json"):
            return JSONResponse({"pesan": "Kirim sebagai application/json."}, status_code=415)
        raw = await request.body()
        try:
            if raw.lstrip().startswith(b"["):
                plan.add(TypeAdapter(list[Fault]).validate_json(raw))
            else:
                plan.add([Fault.model_validate_json(raw)])
        except ValidationError as error:
            details = [
                {"bagian": ".".join(map(str, item["loc"])), "pesan": item["msg"]}
                for item in error.errors()
            ]
            return JSONResponse(
                {"pesan": "Gangguan tidak dikenali; lihat contoh di /gladi.", "rincian": details},
                status_code=422,
            )
    return JSONResponse(
        {
            "gangguan": [
                fault.model_dump() | {"matched": count}
                for fault, count in zip(plan.faults, plan.counts, strict=True)
            ]
        }
    )
