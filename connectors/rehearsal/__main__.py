"""`python -m connectors.rehearsal`: the rehearsal channels on the loopback address."""

from __future__ import annotations

import argparse
from pathlib import Path

import uvicorn

from connectors.rehearsal.app import create_app
from connectors.rehearsal.settings import RehearsalSettings


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m connectors.rehearsal",
        description="Menjalankan saluran gladi (website, X, Facebook, Instagram) di komputer ini.",
    )
    parser.add_argument("--host", default="127.0.0.1", choices=["127.0.0.1", "::1", "localhost"])
    parser.add_argument("--port", type=int, default=8480)
    parser.add_argument("--data-dir", type=Path, default=Path("var/gladi"))
    parser.add_argument("--fault-plan", type=Path, help="berkas JSON berisi daftar gangguan")
    arguments = parser.parse_args()
    settings = RehearsalSettings(fault_plan=arguments.fault_plan)
    uvicorn.run(
        create_app(arguments.data_dir, settings),
        host=arguments.host,
        port=arguments.port,
        log_level="warning",
        timeout_graceful_shutdown=2,
    )


if __name__ == "__main__":
    main()
