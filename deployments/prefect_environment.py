"""The Prefect settings that Siar runs with, as environment variables.

Nothing of a Prefect profile or of the caller's environment takes part, so that
every installation behaves alike.
"""

from __future__ import annotations

from pathlib import Path

from deployments.settings import Settings

WORK_POOL = "siar"
NO_AUTHORITY = Path(__file__).with_name("no-authority.pem")


def prefect_environment(settings: Settings) -> dict[str, str]:
    """`PREFECT_*` for server, worker and flow runs. Holds secrets: never log it."""
    home = settings.prefect_home.absolute()
    prefect = settings.prefect
    environment = {
        "PREFECT_HOME": str(home),
        "PREFECT_PROFILES_PATH": str(home / "profiles.toml"),
        "PREFECT_API_URL": settings.prefect_api_url,
        "PREFECT_SERVER_API_HOST": prefect.host,
        "PREFECT_SERVER_API_PORT": str(prefect.port),
        "PREFECT_SERVER_API_CSRF_PROTECTION_ENABLED": _switch(prefect.csrf),
        # Pages of other sites have no business with this API.
        "PREFECT_SERVER_API_CORS_ALLOWED_ORIGINS": settings.prefect_url,
        "PREFECT_SERVER_UI_API_URL": f"{settings.prefect_url}/api",
        # A copy of its own: the installed package stays as it was installed.
        "PREFECT_UI_STATIC_DIRECTORY": str(home / "ui"),
        # The classic UI has Resume in the page head; V2 hides it in a menu. Both stay
        # one click apart.
        "PREFECT_SERVER_UI_V2_ENABLED": "false",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        # Prefect's own look for work, beside the worker's (`look_again_and_again`).
        "PREFECT_WORKER_QUERY_SECONDS": "15",
        # Server and runs are one installation; asked before each run, it is time lost.
        "PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED": "false",
        # Siar has no automations; looking at each event and clock for one is work for nobody.
        "PREFECT_SERVER_SERVICES_TRIGGERS_ENABLED": "false",
        # Nor does anybody read Prefect's feed of events: the ledger has its own, hash-chained.
        # Task runs are drawn from events by another service, which goes on.
        "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_ENABLED": "false",
        # Siar keeps nothing in blocks; filling the catalogue takes a new server a second.
        "PREFECT_SERVER_REGISTER_BLOCKS_ON_START": "false",
        # No word to anybody outside.
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_TELEMETRY_ENABLE_RESOURCE_METRICS": "false",
    }
    if settings.prefect_api_url.startswith("http://"):
        # Without TLS there is no certificate to verify; each client of each run would
        # read the machine's whole list of authorities for nothing. This one is a single
        # authority, whose key was thrown away when it was made.
        environment["PREFECT_API_SSL_CERT_FILE"] = str(NO_AUTHORITY)
    if prefect.auth is not None:
        environment["PREFECT_SERVER_API_AUTH_STRING"] = prefect.auth.get_secret_value()
        environment["PREFECT_API_AUTH_STRING"] = prefect.auth.get_secret_value()
    if prefect.database_url is not None:
        environment["PREFECT_SERVER_DATABASE_CONNECTION_URL"] = (
            prefect.database_url.get_secret_value()
        )
    return environment


def _switch(on: bool) -> str:
    return "true" if on else "false"
