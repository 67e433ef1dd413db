"""Locks that die with the process that holds them, however it dies.

One file per name below a folder, held with `flock`: the kernel lets go when the
process ends, so a lock that is free proves that nobody is at work. Held for the
life of the process; good for all processes of one machine. Offices whose ledger is
on PostgreSQL use `deployments.database_locks` instead.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import socket
import time
from pathlib import Path
from typing import IO

# How long a look may be taken for a holder.
_LOOKS, _LOOK_SECONDS = 5, 0.02
# A lock's file that nobody has taken for so long is removed; it is made anew when wanted.
_KEPT_SECONDS = 3600.0


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
        for _ in range(_LOOKS):
            file = self._open(name)
            if not _lock_after_looks(file):
                file.close()
                return False
            if self._is_in_place(file, name):
                os.utime(file.fileno())
                self._held[name] = file
                return True
            file.close()  # removed by `tidy` between opening and locking
        return False

    def release(self, name: str) -> None:
        """Give the lock back before the process ends."""
        file = self._held.pop(name, None)
        if file is not None:
            file.close()

    def is_free(self, name: str) -> bool:
        """Whether no process holds it now."""
        if name in self._held:
            return False
        try:
            with (self._folder / name).open("rb") as file:
                return _lock(file)
        except FileNotFoundError:
            return True

    def tidy(self) -> None:
        """Remove the files of locks that nobody has taken for an hour, and holds now."""
        for path in self._folder.glob("[!.]*"):
            with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
                if time.time() - os.fstat(file.fileno()).st_mtime > _KEPT_SECONDS and _lock(file):
                    path.unlink()

    def _open(self, name: str) -> IO[bytes]:
        self._folder.mkdir(parents=True, exist_ok=True)
        return (self._folder / name).open("ab")

    def _is_in_place(self, file: IO[bytes], name: str) -> bool:
        try:
            return os.path.samestat(os.fstat(file.fileno()), (self._folder / name).stat())
        except FileNotFoundError:
            return False


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
