"""A kill storm: publications through rehearsal channels that fail, in processes that are killed.

At the end every publication is live on every channel exactly once, or the storm says
which one is not. All choices come from one seed; when they fall is up to the machine.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from PIL import Image

from benchmarks._desks import Desks, People, mark
from benchmarks._weather import CHANNELS, Extra, Kills, Reaper, faults, gaps
from connectors.rehearsal.settings import RehearsalSettings
from deployments.settings import Settings
from deployments.stack import WORKER, Stack
from deployments.wiring import office_of
from ledger import publications
from ledger.verify import verify
from tasks.office import Office

FOLDER = "bahan"
# The waits of a storm: seconds instead of minutes.
IMPATIENT: Mapping[str, Mapping[str, float]] = {
    "prefect": {"settling_seconds": 4.0},
    "delivery": {"first_wait_seconds": 0.4, "resend_after_seconds": 5.0},
}
GLADI = Path(__file__).with_name("_gladi.py")


@dataclass(frozen=True)
class Storm:
    """How hard it blows; `patience` is how many seconds the whole may take.

    `workers` take turns on one pool; more than one need a ledger on PostgreSQL.
    """

    publications: int
    seed: int
    kills: Kills
    workers: int = 1
    faults_per_channel: float = 0.6
    patience: float = 600.0
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class After:
    """What the storm left. `runs` are the publications' runs by state; `standing` are runs
    of any flow that say they run while no process carries them out."""

    publications: int
    finished: int
    duplicates: list[str]
    missing: list[str]
    stuck: list[str]
    standing: list[str]
    record_problems: list[str]
    runs: dict[str, int]
    answers: int
    answered_for_a_channel: int
    kills: dict[str, int]
    faults_struck: int
    taken_up_by_worker: list[int]
    seconds: float

    @property
    def is_well(self) -> bool:
        """Nothing twice, nothing lost, nothing left standing, and the record says how."""
        wrong = (self.duplicates, self.missing, self.stuck, self.standing, self.record_problems)
        return not any(wrong) and self.runs == {"COMPLETED": self.publications}


@dataclass
class Ground:
    """A running office that a storm can blow over, and the workers beside its own."""

    stack: Stack
    office: Office
    gladi: httpx.Client
    people: People
    extras: list[Extra] = field(default_factory=list)
    begun: int = 0

    def workers(self, number: int) -> None:
        """Start workers until there are so many."""
        for beside in range(len(self.extras) + 2, number + 1):
            self.extras.append(Extra(self.stack, beside))

    def logs(self) -> list[Path]:
        """The log of each worker."""
        return [self.stack.log_path(WORKER), *(extra.log for extra in self.extras)]


def blow(storm: Storm, folder: Path) -> After:
    """Let it blow over a stack of its own below `folder`, and look at what is left."""
    with ground(folder, storm.publications, storm.settings) as under:
        return blow_over(under, storm)


@contextmanager
def ground(folder: Path, publications: int, settings: Mapping[str, Any]) -> Iterator[Ground]:
    """An office below `folder` with people enough for so many publications at once."""
    with rehearsal(folder / "gladi") as gladi:
        chosen = settings_for(folder, str(gladi.base_url), IMPATIENT, settings)
        people = People(max(12, round(0.6 * publications)))
        with office_of(chosen) as office:
            with office.ledger.work() as work:
                people.enrol(work)
            material(office)
            with Stack(chosen, say=lambda _line: None) as stack:
                yield Ground(stack, office, gladi, people)


def settings_for(folder: Path, address: str, *more: Mapping[str, Any]) -> Settings:
    """Siar on free ports below `folder`, with its channels rehearsed at this address."""
    wanted: dict[str, Any] = {
        "data_dir": folder,
        "rehearsal": {"port": 0},
        "channels": rehearsed_at(address),
        "prefect": {"port": 0},
    }
    for settings in more:
        for name, value in settings.items():
            is_section = isinstance(value, Mapping)
            wanted[name] = {**wanted.get(name, {}), **value} if is_section else value
    return Settings.model_validate(wanted)


def rehearsed_at(address: str) -> dict[str, Any]:
    """The four channels' settings, with the sample accounts of a rehearsal."""
    sample = RehearsalSettings()
    app = {"app_id": sample.fb_app_id, "app_secret": sample.fb_app_secret, "host": address}
    return {
        "website": {
            "base_url": address,
            "username": sample.wp_username,
            "application_password": sample.wp_application_password,
            "default_category": "Berita",
        },
        "x": {
            "consumer_key": sample.x_consumer_key,
            "consumer_secret": sample.x_consumer_secret,
            "access_token": sample.x_access_token,
            "access_token_secret": sample.x_access_token_secret,
            "username": sample.x_username,
            "host": address,
            "public_url": address,
        },
        "facebook": {
            "page_id": sample.fb_page_id,
            "page_access_token": sample.fb_page_token,
            "page_url": f"{address}/{sample.fb_page_id}",
            **app,
        },
        "instagram": {
            "ig_user_id": sample.ig_user_id,
            "access_token": sample.fb_page_token,
            **app,
        },
    }


@contextmanager
def rehearsal(folder: Path) -> Iterator[httpx.Client]:
    """The channels in a process of their own, which no storm kills; a client of its pages."""
    process = subprocess.Popen(
        [sys.executable, str(GLADI), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        address = f"http://127.0.0.1:{process.stdout.readline().strip()}"
        with httpx.Client(base_url=address, trust_env=False, timeout=60.0) as client:
            yield client
    finally:
        process.terminate()
        process.wait(20)


def material(office: Office) -> None:
    """The folder with the picture that every publication uses."""
    folder = office.intake_root / FOLDER
    folder.mkdir(parents=True)
    Image.effect_noise((640, 640), 60).convert("RGB").save(folder / "foto.jpg", quality=80)
    (folder / "keterangan.txt").write_text("foto.jpg: Petugas memeriksa dokumen\n", "utf-8")


def blow_over(under: Ground, storm: Storm) -> After:
    """Let it blow over a running office; what was published there before is not counted."""
    stack, office, gladi = under.stack, under.office, under.gladi
    numbers = range(under.begun, under.begun + storm.publications)
    under.begun = numbers.stop
    chance = random.Random(storm.seed)
    plan = faults(chance, storm.publications, storm.faults_per_channel)
    gladi.delete("/gladi/gangguan").raise_for_status()
    gladi.post("/gladi/gangguan", json=plan).raise_for_status()
    struck = _faults_struck(gladi)
    under.workers(storm.workers)
    before = [_taken_up(log) for log in under.logs()]
    reaper = Reaper(stack, under.extras, chance)
    began = time.monotonic()
    until = began + storm.patience
    with Desks(stack.api_url, under.people, FOLDER) as desks:
        for number in numbers:
            desks.start(number)
        pause = gaps(storm.kills, chance)
        for what in storm.kills.in_order_of(chance):
            time.sleep(next(pause))
            reaper.kill(what)
        while time.monotonic() < until and not (
            _is_calm(storm, desks, office) and all(_taken_up_since(under, before))
        ):
            time.sleep(1.0)
        times = times_visible(gladi, numbers)
        stuck = _stuck(office)
        return After(
            publications=storm.publications,
            finished=storm.publications - len(stuck),
            duplicates=[place for place, count in times.items() if count > 1],
            missing=[place for place, count in times.items() if count < 1],
            stuck=stuck,
            standing=_left_standing(desks, office),
            record_problems=[one.sentence for one in verify(office.ledger)],
            runs=desks.states(),
            answers=desks.answers,
            answered_for_a_channel=desks.by_a_person,
            kills=reaper.done,
            faults_struck=_faults_struck(gladi) - struck,
            taken_up_by_worker=_taken_up_since(under, before),
            seconds=time.monotonic() - began,
        )


def _faults_struck(gladi: httpx.Client) -> int:
    """How many calls were answered by a fault so far."""
    calls = gladi.get("/gladi/catatan.json").json()["panggilan"]
    return sum(bool(call["fault"]) for call in calls)


def _taken_up_since(under: Ground, before: Sequence[int]) -> list[int]:
    """How many runs each worker took up since these were counted."""
    return [_taken_up(log) - earlier for log, earlier in zip(under.logs(), before, strict=True)]


def _taken_up(log: Path) -> int:
    """How many runs a worker says that it took up."""
    return log.read_text(errors="replace").count("took up flow run")


def _is_calm(storm: Storm, desks: Desks, office: Office) -> bool:
    done = {"COMPLETED": storm.publications}
    return not _stuck(office) and desks.states() == done and not desks.standing_runs(office)


def _left_standing(desks: Desks, office: Office) -> list[str]:
    """Runs that stand at every look of a minute; one that is just being forked is soon gone."""
    standing = set(desks.standing_runs(office))
    until = time.monotonic() + 60
    while standing and time.monotonic() < until:
        time.sleep(0.5)
        standing &= set(desks.standing_runs(office))
    return sorted(standing)


def _stuck(office: Office) -> list[str]:
    """Publications with something left that people or connectors do, and at which step."""
    last = office.sop.steps[-1].no
    with office.ledger.read() as work:
        return [
            f"{row.reference} langkah {row.current_step}"
            for row in publications.open_publications(work)
            if row.current_step is None or row.current_step < last
        ]


def times_visible(gladi: httpx.Client, numbers: Iterable[int]) -> dict[str, int]:
    """How often readers see each of these publications, by "channel number"."""
    shown = gladi.get("/gladi/isi.json").json()
    texts = {
        channel: [json.dumps(post, ensure_ascii=False) for post in shown[channel]]
        for channel in CHANNELS
    }
    return {
        f"{channel} {one}": sum(mark(one) in text for text in texts[channel])
        for channel in CHANNELS
        for one in numbers
    }
