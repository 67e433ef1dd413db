"""The template of runs is tried out before the first fork, and nothing of it stays."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from sqlalchemy import text

from deployments.warm_template import warm
from ledger.db import open_engine


def test_the_invented_publication_comes_past_the_verifier_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    assert warm() == 5

    assert list(tmp_path.iterdir()) == []


def test_two_ledgers_of_one_process_keep_their_own_rows(tmp_path: Path) -> None:
    one, other = (open_engine(f"sqlite:///{tmp_path / name}") for name in ("satu.db", "dua.db"))
    for engine, said in ((one, "satu"), (other, "dua")):
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE t (said TEXT)"))
            connection.execute(text("INSERT INTO t VALUES (:said)"), {"said": said})

    read = []
    for engine in (one, other):
        with engine.begin() as connection:
            read.append(connection.execute(text("SELECT said FROM t")).scalar())
        engine.dispose()

    assert read == ["satu", "dua"]
