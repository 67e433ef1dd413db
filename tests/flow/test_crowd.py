"""Many people answering at once on the default SQLite: no answer is lost or refused.

`benchmarks/crowd.py` measures the same with twenty publications.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.crowd import crowd

pytestmark = [pytest.mark.flow, pytest.mark.timeout(600)]


def test_six_publications_at_once_all_finish_and_no_answer_is_refused(tmp_path: Path) -> None:
    went = crowd(6, tmp_path, patience=480)
    assert went.refused == []
    assert went.ends == {"COMPLETED": 6}
    assert went.missing == []
    assert went.duplicates == []
