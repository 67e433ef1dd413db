"""A PostgreSQL server of the tests' own: a cluster in a temporary folder, on a free port.

PostgreSQL refuses to run as root, so as root it is run as the user `postgres`
(or `nobody`). Skipped by name where the server's programs are not installed;
with `SIAR_REQUIRE_ALL=1` that is a failure.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests.support.waiting import soon

_START_SECONDS = 60
_PR_SET_PDEATHSIG = 1


class PostgresServer:
    """A running server; `create_database` gives an empty database's URL."""

    def __init__(self, port: int) -> None:
        self.port = port

    def url(self, database: str) -> str:
        return f"postgresql://siar@127.0.0.1:{self.port}/{database}"

    def create_database(self, template: str | None = None) -> str:
        """A new database, empty or a copy of another one; returns its name."""
        name = f"t{secrets.token_hex(6)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                    sql.Identifier(name), sql.Identifier(template or "template0")
                )
            )
        return name

    def drop_database(self, name: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )


def binaries() -> Path | None:
    """The folder of the newest installed server's programs."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3])
    )
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).parent if on_path else None


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One server for the test process; ends with it, even when it is killed."""
    with running_postgres() as server:
        yield server


@contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    """A server for as long as it is wanted (the benchmarks use it without pytest)."""
    programs = binaries()
    if programs is None:
        reason = "PostgreSQL server is not installed (Debian package postgresql)"
        if os.environ.get("SIAR_REQUIRE_ALL") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    # Not under pytest's own folder: only its owner may enter that one.
    folder = Path(tempfile.mkdtemp(prefix="siar-postgres-"))
    user = _server_user()
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
    data = folder / "data"
    _as_user(
        user,
        [programs / "initdb", "-D", data, "-U", "siar", "-A", "trust", "-E", "UTF8", "--no-sync"],
        folder,
    )
    port = _free_port()
    log = (folder / "log").open("wb")
    process = subprocess.Popen(
        [
            str(programs / "postgres"),
            "-D",
            str(data),
            "-p",
            str(port),
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "unix_socket_directories=",
            "-c",
            "fsync=off",
            "-c",
            "max_connections=60",
        ],
        cwd=folder,
        stdout=log,
        stderr=subprocess.STDOUT,
        user=user.pw_uid if user else None,
        group=user.pw_gid if user else None,
        extra_groups=[] if user else None,
        preexec_fn=_die_with_parent,  # noqa: PLW1509 (no threads yet in the test process)
    )
    try:
        _wait_until_ready(process, port, folder / "log")
        yield PostgresServer(port)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.close()
        shutil.rmtree(folder, ignore_errors=True)


def _server_user() -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    pytest.fail("PostgreSQL cannot run as root, and there is no other user to run it")


def _as_user(user: pwd.struct_passwd | None, command: list[str | Path], folder: Path) -> None:
    subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        check=True,
        capture_output=True,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
        user=user.pw_uid if user else None,
        group=user.pw_gid if user else None,
        extra_groups=[] if user else None,
    )


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    def is_ready() -> bool:
        if process.poll() is not None:
            pytest.fail(f"PostgreSQL did not start:\n{log.read_text(errors='replace')}")
        try:
            psycopg.connect(
                f"postgresql://siar@127.0.0.1:{port}/postgres", connect_timeout=2
            ).close()
        except psycopg.OperationalError:
            return False
        return True

    soon(is_ready, "the start of PostgreSQL", _START_SECONDS)
