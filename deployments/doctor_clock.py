"""Doctor's look at the clock: one-time codes and signed calls fail when it is wrong."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from statistics import median

from deployments.finding import Finding, care, good, wrong

PART = "Jam"
# A code lives 30 seconds and the one before and after count too.
CARE_AT = timedelta(seconds=15)
WRONG_AT = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Lead:
    """How far this machine's clock is ahead of somebody else's."""

    whose: str
    ahead: timedelta


def clock_finding(leads: Iterable[Lead]) -> Finding:
    """Whether this machine's clock agrees with the others, and which of them does not."""
    known = list(leads)
    if not known:
        return good(PART, "tidak ada jam lain untuk dibandingkan (semuanya di komputer ini)")
    said = ", ".join(f"{one.whose} {_seconds(one.ahead)}" for one in known)
    ours = timedelta(seconds=median(one.ahead.total_seconds() for one in known))
    if abs(ours) > CARE_AT:
        make = wrong if abs(ours) > WRONG_AT else care
        return make(
            PART,
            f"jam komputer ini {'lebih cepat' if ours > timedelta(0) else 'terlambat'} "
            f"{abs(ours).total_seconds():.0f} detik (selisih: {said})",
            "Nyalakan penyamaan jam (NTP): timedatectl set-ntp true. Kode pegawai ditolak "
            "bila jam salah.",
        )
    strange = [one.whose for one in known if abs(one.ahead) > WRONG_AT]
    if strange:
        return care(
            PART,
            f"jam {', '.join(strange)} berbeda sendiri (selisih: {said})",
            "Hubungi pengelolanya agar jamnya disamakan.",
        )
    return good(PART, f"sama dengan {said}")


def _seconds(ahead: timedelta) -> str:
    return f"{round(ahead.total_seconds()):+d} d".replace("+0", "0").replace("-0", "0")
