"""A small kill storm: nothing twice, nothing lost, nothing left standing.

`benchmarks/storm.py` is the large one.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks._storm import Storm, blow
from benchmarks._weather import Kills

pytestmark = pytest.mark.flow


@pytest.mark.timeout(600)
def test_ten_publications_survive_a_storm_of_faults_and_kills(tmp_path: Path) -> None:
    kills = Kills(flows=6, workers=1, servers=1, everything=1)
    after = blow(Storm(publications=10, seed=2026, kills=kills, patience=480), tmp_path)
    assert after.duplicates == []
    assert after.missing == []
    assert after.stuck == []
    assert after.standing == []
    assert after.record_problems == []
    assert after.runs == {"COMPLETED": 10}
    # It did blow.
    assert after.kills == {"flow": 6, "worker": 1, "server": 1, "everything": 1}
    assert after.faults_struck >= 5
