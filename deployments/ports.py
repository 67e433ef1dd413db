"""Ports and the lock file: what keeps two stacks from getting into each other's way."""

from __future__ import annotations

import fcntl
import os
import socket
from pathlib import Path


class PortTakenError(Exception):
    """Another program listens there; the text is an Indonesian sentence."""


class StillRunningError(Exception):
    """Siar already runs on this data folder; the text is an Indonesian sentence."""


def free_port(host: str = "127.0.0.1") -> int:
    """A port that nobody listens on at this moment."""
    with _bound(host, 0) as listener:
        port: int = listener.getsockname()[1]
        return port


def require_free(host: str, port: int, variable: str) -> None:
    """Raise `PortTakenError` when `port` cannot be listened on; `variable` sets another."""
    try:
        _bound(host, port).close()
    except PermissionError:
        raise PortTakenError(
            f"Porta {port} tidak boleh dipakai oleh akun ini. "
            f"Pilih porta di atas 1023, misalnya {variable}=4300."
        ) from None
    except OSError:
        raise PortTakenError(
            f"Porta {port} di {host} sudah dipakai program lain. Hentikan program itu, "
            f"atau pilih porta lain, misalnya {variable}={port + 1}."
        ) from None


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    # As servers do: a port in TIME_WAIT is free.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    return listener


class RunLock:
    """Held while a stack runs; the kernel lets go of it even after kill -9.

    The file says who holds it: the process id and, once known, the address.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.read(self._handle, 200).decode(errors="replace").split()
            os.close(self._handle)
            raise StillRunningError(_still_running(holder)) from None
        self.note("")

    def note(self, address: str, *ports: int) -> None:
        """Write down who holds the lock, where it serves, and on which ports."""
        words = " ".join(map(str, (os.getpid(), address, *ports)))
        os.ftruncate(self._handle, 0)
        os.pwrite(self._handle, f"{words}\n".encode(), 0)

    def release(self) -> None:
        """Let go; the file stays, empty."""
        os.ftruncate(self._handle, 0)
        os.close(self._handle)


def ports_of_running(path: Path) -> tuple[int, ...]:
    """The ports that the holder of this lock wrote down; none when nobody holds it."""
    try:
        with path.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                words = file.read(200).decode(errors="replace").split()
                return tuple(int(word) for word in words[2:])
    except (OSError, ValueError):
        pass  # no file, or nothing of ours in it
    return ()


def _still_running(holder: list[str]) -> str:
    process = f" (proses {holder[0]})" if holder else ""
    where = f" di {holder[1]}" if len(holder) > 1 else ""
    return (
        f"Siar sudah berjalan{where}{process}. "
        "Buka alamat itu, atau hentikan dahulu dengan Ctrl-C di jendelanya."
    )
