"""Prefect's own tables, made once per test run and copied for every server.

Making them takes a server five seconds of processor time at its first start; what is
tested is how Siar uses Prefect, not how Prefect makes its tables.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

MAKE_TABLES = (sys.executable, "-m", "prefect", "server", "database", "upgrade", "--yes")
_template_in: list[Path] = []


def share_prefect_tables(folder: Path) -> None:
    """From now on keep the template in this folder, which all processes of a test run share."""
    _template_in[:] = [folder]


def lay_down_prefect_tables(prefect_home: Path) -> None:
    """Put a Prefect database with all tables where a server of this home looks for it.

    Outside of a test run nothing is done: then the server makes its tables itself.
    """
    database = prefect_home / "prefect.db"
    if _template_in and not database.exists():
        prefect_home.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(_template(_template_in[0]), database)


@cache
def _template(folder: Path) -> Path:
    """Made by whichever test process comes first; the others wait for it."""
    folder.mkdir(exist_ok=True)
    made, database = folder / "made", folder / "prefect.db"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            address = f"sqlite+aiosqlite:///{database}"
            subprocess.run(
                MAKE_TABLES,
                env={
                    **{k: v for k, v in os.environ.items() if not k.startswith("PREFECT_")},
                    "PREFECT_HOME": str(folder),
                    "PREFECT_SERVER_DATABASE_CONNECTION_URL": address,
                    "DO_NOT_TRACK": "1",
                },
                check=True,
                capture_output=True,
            )
            made.touch()
    return database
