"""Answers only to the names under which staff know this server.

A page of another site may point its own name at 127.0.0.1 and then call a server
there as if it were its own (DNS rebinding). Such a call names the wrong host.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp

from deployments.settings import Settings

LOOPBACK = ("127.0.0.1", "localhost")


def only_known_hosts(app: ASGIApp, settings: Settings) -> ASGIApp:
    """The application, closed to other host names while it listens on loopback only.

    A server that listens on a network is reached under names that nobody lists here;
    it is guarded by its password.
    """
    if not _is_loopback(settings.prefect.host):
        return app
    return TrustedHostMiddleware(app, allowed_hosts=list(_names(settings)))


def _names(settings: Settings) -> tuple[str, ...]:
    public = urlsplit(settings.prefect.public_url or "").hostname
    own = settings.prefect.host
    return tuple(dict.fromkeys([*LOOPBACK, own, *([public] if public else [])]))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
