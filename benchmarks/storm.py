"""The kill storm: 100 publications, four channels, faults and kill -9. Prints one JSON line.

SIAR_BENCH_SEED and SIAR_BENCH_STORM choose the seed and the number of publications.
"""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks._measuring import report
from benchmarks._storm import Storm, blow
from benchmarks._weather import Kills

SEED = int(os.environ.get("SIAR_BENCH_SEED", "2026"))
PUBLICATIONS = int(os.environ.get("SIAR_BENCH_STORM", "100"))


def main() -> int:
    """0 when nothing was published twice, lost or left standing."""
    share = PUBLICATIONS / 100
    kills = Kills(
        flows=round(80 * share),
        workers=max(1, round(6 * share)),
        servers=max(1, round(5 * share)),
        everything=max(1, round(4 * share)),
    )
    storm = Storm(publications=PUBLICATIONS, seed=SEED, kills=kills, patience=1800)
    with tempfile.TemporaryDirectory(prefix="siar-storm-") as folder:
        after = blow(storm, Path(folder))
    report("kill storm", seed=SEED, well=after.is_well, **asdict(after))
    return 0 if after.is_well else 1


if __name__ == "__main__":
    sys.exit(main())
