"""Locks that die with the process that holds them, however it dies.

One file per name below a folder, held with `flock`: the kernel lets go when the
process ends, so a lock that is free proves that nobody is at work. Held for the
life of the process; good for all processes of one machine. Offices whose ledger is
on PostgreSQL use `deployments.database_locks` instead.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import socket
import time
from pathlib import Path
from typing import IO

# How long a look may be taken for a holder.
_LOOKS, _LOOK_SECONDS = 5, 0.02


class FileLocks:
    """Named locks in `folder`, which is made when absent."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: dict[str, IO[bytes]] = {}

    @property
    def place(self) -> str:
        """This folder on this machine: the locks of another place mean nothing here."""
        return f"{socket.gethostname()}-{_number_of(self._folder)}"

    def acquire(self, name: str) -> bool:
        """Take the lock for the life of this process; False when another process holds it."""
        if name in self._held:
            return True
        file = self._open(name)
        if not _lock_after_looks(file):
            file.close()
            return False
        self._held[name] = file
        return True

    def release(self, name: str) -> None:
        """Give the lock back before the process ends."""
        file = self._held.pop(name, None)
        if file is not None:
            file.close()

    def is_free(self, name: str) -> bool:
        """Whether no process holds it now."""
        if name in self._held:
            return False
        with self._open(name) as file:
            return _lock(file)

    def _open(self, name: str) -> IO[bytes]:
        self._folder.mkdir(parents=True, exist_ok=True)
        return (self._folder / name).open("ab")


def _number_of(folder: Path) -> str:
    """A random number kept in the folder, so that no two folders are mistaken for one."""
    kept = folder / ".tempat"
    if not kept.exists():
        folder.mkdir(parents=True, exist_ok=True)
        made = folder / f".tempat-{os.getpid()}-{secrets.token_hex(4)}"
        made.write_text(secrets.token_hex(8), encoding="ascii")
        try:
            # Whoever links first has given the folder its number.
            kept.hardlink_to(made)
        except FileExistsError:
            pass
        finally:
            made.unlink()
    return kept.read_text(encoding="ascii").strip()


def _lock_after_looks(file: IO[bytes]) -> bool:
    """Take it, though somebody may hold it for the instant that `is_free` takes."""
    for _ in range(_LOOKS):
        if _lock(file):
            return True
        time.sleep(_LOOK_SECONDS)
    return _lock(file)


def _lock(file: IO[bytes]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
