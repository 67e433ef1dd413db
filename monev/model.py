"""The figures of a monev report: one model, from which every form of it is made.

Durations are working minutes unless a name says otherwise. A figure that cannot be
given (no sample, no standard) is None and never zero. The same rows give the same
model, and the same model gives the same bytes (PDF, XLSX, HTML, Markdown).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

# Below this many, shares are shown as counts and not as per cent.
SMALL_SAMPLE = 5

# Below this many points a control chart judges nothing: limits from fewer move with each
# new point, so they are shown in order and no more (Provost and Murray, The Health Care
# Data Guide: trial limits from twelve points on).
FEWEST_JUDGED = 12


@dataclass(frozen=True, slots=True)
class Period:
    """What the report is about: whole WIB days, both included, and when it was read (UTC)."""

    first_day: date
    last_day: date
    as_of: datetime
    kind: str = "khusus"  # mingguan, bulanan, khusus


@dataclass(frozen=True, slots=True)
class Letterhead:
    """The office as it stands on top of the report and in its signature."""

    ministry: str
    directorate: str
    office: str
    address: str
    place: str
    sop_number: str
    sop_name: str
    head_title: str
    head_name: str
    head_nip: str
    rehearsal: bool


@dataclass(frozen=True, slots=True)
class Counts:
    """Publications: begun and published in the period; open at its end; ended otherwise in it."""

    begun: int
    published: int
    open: int
    rejected: int
    cancelled: int
    withdrawn: int


@dataclass(frozen=True, slots=True)
class Spread:
    """A sample of durations in minutes; None where the sample is empty.

    P90 is at place 0.9 x (n - 1) of the sorted sample, counted from 0; between two
    values it is divided in proportion (as Excel's PERCENTILE does), as is the median.
    """

    n: int
    median: float | None
    p90: float | None
    maximum: float | None


@dataclass(frozen=True, slots=True)
class StepFigures:
    """One SOP step over all its rounds closed in the period.

    `standard` is None for a step that the SOP gives none (step 9): then only durations
    are told. Where publications ran under SOP revisions with different standards,
    `standard` is the newest and each round is judged by its own. `unjudged` rounds have
    none in their own revision; `within` counts among the others, and is None where there
    are none. `excess` is the sum of minutes over the standard, `excess_share` its part of
    all steps'.
    """

    no: int
    name: str
    role: str
    standard: float | None
    time: Spread
    within: int | None
    returned: int
    rounds_per_publication: float | None
    excess: float
    excess_share: float | None
    unjudged: int = 0

    @property
    def judged(self) -> int:
        """How many rounds have a standard."""
        return self.time.n - self.unjudged


@dataclass(frozen=True, slots=True)
class Rejection:
    """A "tidak" in the period, with the reason given."""

    reference: str
    title: str
    step_no: int
    round_number: int
    decided_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Ended:
    """A publication that ended in the period otherwise than by going through the SOP.

    `how` is its status (ditolak, dibatalkan, ditarik); the step is where it stood then,
    None where the record does not tell. `ordered_by` is empty where nobody was named.
    """

    reference: str
    title: str
    how: str
    step_no: int | None
    step_name: str
    ended_at: datetime
    ordered_by: str
    reason: str


@dataclass(frozen=True, slots=True)
class LeadTime:
    """From the opening of step 1 to the last channel live, of publications published in the period.

    One is published in the period in which its publishing step is closed with at least
    one channel live: until then it is open. `calendar_hours` counts all hours.
    """

    working: Spread
    calendar_hours: Spread


@dataclass(frozen=True, slots=True)
class XmrPoint:
    reference: str
    title: str
    published_at: datetime
    value: float


@dataclass(frozen=True, slots=True)
class Xmr:
    """Individuals and moving range chart of lead time (working minutes), in order of publication.

    Limits are None below two points. `signals` are indexes of points outside the limits
    and of runs of eight on one side of the mean. Both say something only where
    `is_judged`.
    """

    points: tuple[XmrPoint, ...]
    mean: float | None
    upper: float | None
    lower: float | None
    mean_range: float | None
    upper_range: float | None
    signals: tuple[int, ...]

    @property
    def is_judged(self) -> bool:
        """Whether there are points enough for limits and marks."""
        return len(self.points) >= FEWEST_JUDGED


@dataclass(frozen=True, slots=True)
class OpenItem:
    """What is open at the end of the period, the longest waiting first."""

    reference: str
    title: str
    unit: str
    step_no: int
    step_name: str
    owner: str
    since: datetime
    waited: float
    standard: float | None
    overdue: float | None


@dataclass(frozen=True, slots=True)
class Week:
    """Throughput of one week, from Monday; cut at the ends of the period."""

    monday: date
    begun: int
    published: int


@dataclass(frozen=True, slots=True)
class Engaged:
    """Sums of one metric on one channel over the posts read, at one age.

    `read_last` is when posts of that channel and age were last read.
    """

    metric: str
    age_days: int
    posts: int
    total: int
    read_last: datetime


@dataclass(frozen=True, slots=True)
class ChannelFigures:
    """One channel's deliveries planned in the period.

    `to_publish` is from planned to live, in minutes of the clock (not working minutes).
    `was_unknown` counts those whose outcome was unknown for a time. `missing_metrics`
    are the channel's own names of what it did not give for some post.
    """

    channel: str
    label: str
    planned: int
    published: int
    rejected: int
    waiting: int
    was_unknown: int
    to_publish: Spread
    engagement: tuple[Engaged, ...]
    missing_metrics: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reminders:
    """Notifications of the period by kind, and how many of them went to the head."""

    by_kind: tuple[tuple[str, int], ...]
    failed: int
    escalated: int


@dataclass(frozen=True, slots=True)
class ArchiveFigures:
    """Bags of what was documented in the period, those that lack one, and the last fixity
    check when the report was made."""

    sealed: int
    missing: tuple[str, ...]
    checked_at: datetime | None
    checked: int
    damaged: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SealLine:
    """The newest daily seal when the report was made: with it a stranger can check the record."""

    number: int
    day: date
    digest: str
    chains: int


@dataclass(frozen=True, slots=True)
class MonevNote:
    """A catatan monev given at step 8."""

    reference: str
    title: str
    published_at: datetime | None
    note: str


@dataclass(frozen=True, slots=True)
class MonevReport:
    """All of one report."""

    period: Period
    letterhead: Letterhead
    counts: Counts
    steps: tuple[StepFigures, ...]
    bottleneck: int | None
    rejections: tuple[Rejection, ...]
    lead_time: LeadTime
    xmr: Xmr
    open_items: tuple[OpenItem, ...]
    weeks: tuple[Week, ...]
    channels: tuple[ChannelFigures, ...]
    reminders: Reminders
    pictures: int
    pictures_with_alt: int
    archive: ArchiveFigures
    seal: SealLine | None
    notes: tuple[MonevNote, ...]
    quality: tuple[str, ...]
    ended: tuple[Ended, ...] = ()
