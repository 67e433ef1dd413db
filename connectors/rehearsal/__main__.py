"""`python -m connectors.rehearsal`: the rehearsal channels on the loopback address."""

from __future__ import annotations

import argparse
import socket
from pathlib import Path

import uvicorn

from connectors.rehearsal.app import create_app
from connectors.rehearsal.settings import RehearsalSettings


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m connectors.rehearsal",
        description="Menjalankan saluran gladi (website, X, Facebook, Instagram) di komputer ini.",
        epilog="Contoh: python -m connectors.rehearsal --port 8480 --data-dir var/gladi",
    )
    # Loopback only: the accounts of the rehearsal are no secret.
    parser.add_argument("--host", default="127.0.0.1", choices=["127.0.0.1", "localhost"])
    parser.add_argument("--port", type=int, default=8480, help="0 = port mana saja yang kosong")
    parser.add_argument("--data-dir", type=Path, default=Path("var/gladi"))
    parser.add_argument("--fault-plan", type=Path, help="berkas JSON berisi daftar gangguan")
    arguments = parser.parse_args()
    app = create_app(arguments.data_dir, RehearsalSettings(fault_plan=arguments.fault_plan))
    listener = socket.create_server((arguments.host, arguments.port))
    print(f"Saluran gladi: http://{arguments.host}:{listener.getsockname()[1]}", flush=True)
    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=2)
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
