"""What was rehearsed: documents in one SQLite file, media bytes beside it.

Answers to the vendors' calls are built from these documents; a document is what
the vendor would keep, as JSON. Every write is durable before it returns, so a
killed rehearsal still knows what it had answered "published" to.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

Document = dict[str, Any]
Clock = Callable[[], datetime]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    kind TEXT NOT NULL, id TEXT NOT NULL, position INTEGER NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (kind, id)
);
CREATE INDEX IF NOT EXISTS documents_in_order ON documents (kind, position);
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS nonces (
    nonce TEXT NOT NULL, stamp INTEGER NOT NULL, PRIMARY KEY (nonce, stamp)
);
"""


class RehearsalStore:
    """Documents by kind and id, oldest first, and blobs by SHA-256."""

    def __init__(self, data_dir: Path) -> None:
        self._blobs = data_dir / "media"
        self._blobs.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._db = sqlite3.connect(
            data_dir / "gladi.sqlite3", isolation_level=None, check_same_thread=False
        )
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        with self._lock:
            self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All writes inside are kept together or not at all."""
        with self._lock:
            if self._db.in_transaction:
                yield
                return
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def next_number(self, name: str, start: int = 1) -> int:
        """A number that this counter never gave before."""
        with self._lock:
            row = self._db.execute(
                "INSERT INTO counters (name, value) VALUES (?, ?) "
                "ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value",
                (name, start),
            ).fetchone()
        return int(row[0])

    def put(self, kind: str, ident: str, document: Document) -> None:
        """Insert or replace; a replaced document keeps its place in the order."""
        body = json.dumps(document, ensure_ascii=False)
        with self.transaction():
            self._db.execute(
                "INSERT INTO documents (kind, id, position, body) VALUES (?, ?, "
                "(SELECT COALESCE(MAX(position), 0) + 1 FROM documents WHERE kind = ?), ?) "
                "ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body",
                (kind, ident, kind, body),
            )

    def get(self, kind: str, ident: str) -> Document | None:
        with self._lock:
            row = self._db.execute(
                "SELECT body FROM documents WHERE kind = ? AND id = ?", (kind, ident)
            ).fetchone()
        return None if row is None else json.loads(row[0])

    def all(self, kind: str) -> list[Document]:
        """Every document of this kind, oldest first."""
        with self._lock:
            rows = self._db.execute(
                "SELECT body FROM documents WHERE kind = ? ORDER BY position", (kind,)
            ).fetchall()
        return [json.loads(row[0]) for row in rows]

    def remove(self, kind: str, ident: str) -> None:
        with self._lock:
            self._db.execute("DELETE FROM documents WHERE kind = ? AND id = ?", (kind, ident))

    def nonce_is_new(self, nonce: str, stamp: int) -> bool:
        """Remember an OAuth nonce; False when it was seen with this timestamp before."""
        with self._lock:
            cursor = self._db.execute(
                "INSERT OR IGNORE INTO nonces (nonce, stamp) VALUES (?, ?)", (nonce, stamp)
            )
            self._db.execute("DELETE FROM nonces WHERE stamp < ?", (stamp - 3600,))
            return cursor.rowcount == 1

    def put_blob(self, data: bytes) -> str:
        """Store bytes durably and return their SHA-256."""
        digest = hashlib.sha256(data).hexdigest()
        path = self._blobs / digest
        if not path.exists():
            part = self._blobs / f"{digest}.{self.next_number('part')}.part"
            with part.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        return digest

    def blob(self, digest: str) -> bytes:
        return self.blob_path(digest).read_bytes()

    def blob_path(self, digest: str) -> Path:
        if len(digest) != 64 or not digest.isalnum():
            raise KeyError(digest)
        return self._blobs / digest
