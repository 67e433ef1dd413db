"""From an answer to the next open form, beside a plain Prefect flow on the same machine.

Prints JSON lines: seconds from a resume to the next form (median, 95th percentile),
processor seconds per publication, server included.
The clock starts when the server has accepted the resume. The end of a wait is seen
in the server's database file, so that watching costs the server nothing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pyotp
from _measuring import Watch, cpu_seconds, machine, report, summary
from _naive_flow import QUESTIONS
from PIL import Image, ImageDraw

from deployments.demo import EXAMPLES, PLAY, RELEASE, REQUEST, Part
from deployments.player import OpenForm, Player, PlayError
from deployments.prefect_environment import prefect_environment
from deployments.settings import Settings
from deployments.stack import SERVER, Stack, marked_processes
from deployments.wiring import office_of
from ledger.people import add_staff
from ledger.work import Work
from sop.forms.steps import FROM_FORM

ALONE = int(os.environ.get("SIAR_BENCH_ALONE", "5"))
HERE = Path(__file__).resolve().parent
FACTS = {
    **REQUEST,
    "apa": "Pengawasan kekarantinaan kapal",
    "siapa": "Petugas kekarantinaan",
    "kapan": "Senin, 23 November 2026",
    "di_mana": "Pelabuhan Boom Baru, Palembang",
    "mengapa": "Mencegah penyakit masuk",
    "bagaimana": "Pemeriksaan dokumen dan sanitasi",
}


@contextmanager
def stack_in(
    folder: Path, casts: Sequence[Cast] = (), *, definitions: str = "deployments.definitions"
) -> Iterator[Stack]:
    """Siar as `make start` runs it, on free ports, with each publication's material at hand."""
    settings = Settings.model_validate(
        {"data_dir": folder, "prefect": {"port": 0}, "rehearsal": {"port": 0}}
    )
    for cast in casts:
        cast.lay_down_material(settings.intake_path)
    with office_of(settings) as office, office.ledger.work() as work:
        for cast in casts:
            cast.enrol(work)
    with Stack(settings, definitions=definitions, say=lambda _line: None) as stack:
        yield stack


class Cast:
    """Seven people of a publication's own: a code works once, so no two share a person."""

    def __init__(self, number: int) -> None:
        self.names = {part.step: f"{_letters(number)} Langkah {part.step}" for part in PLAY}
        self.secrets = {name: pyotp.random_base32() for name in self.names.values()}
        self.number = number

    @property
    def folder(self) -> str:
        """Where this publication's photos and text lie in the intake."""
        return f"{RELEASE}-{self.number}"

    def lay_down_material(self, intake: Path) -> None:
        """The example release with photos of its own: Siar makes no rendition twice."""
        shutil.copytree(EXAMPLES / RELEASE, intake / self.folder)
        for path in (intake / self.folder).glob("*.jpg"):
            with Image.open(path) as photo:
                colour = (self.number * 40 % 256, 90, 200 - self.number % 100)
                ImageDraw.Draw(photo).rectangle((8, 8, 40, 40), fill=colour)
                photo.save(path, quality=85, exif=photo.getexif())

    def enrol(self, work: Work) -> None:
        roles = {1: "subbag", 2: "humas", 3: "humas", 4: "ppid", 5: "kepala", 6: "humas", 8: "ppid"}
        for step, name in self.names.items():
            nip = f"19000101{self.number:05d}{step:05d}"
            add_staff(work, nip, name, (roles[step],), secret=self.secrets[name])

    def fields(self, step: int, form: OpenForm, part: Part) -> dict[str, Any]:
        named = {"penulis": self.names[3]} if step == 2 else {}
        officer = {"petugas_unggah": self.names[8]} if step == 6 else {}
        text = self.text if step == 3 else {}
        return {"petugas": self.names[step], **part.fields(form), **named, **officer, **text}

    @property
    def text(self) -> dict[str, Any]:
        """The article; X refuses the same words twice, so each publication has its own."""
        return {
            "sumber": FROM_FORM,
            "judul": f"BKK awasi kapal hari ke-{self.number + 1}",
            "teras": f"Petugas memeriksa kapal hari ke-{self.number + 1} di Boom Baru.",
            "isi": "Balai Kekarantinaan Kesehatan memeriksa **dokumen** dan sanitasi kapal.",
            "tagar": "kekarantinaan",
        }


def _letters(number: int) -> str:
    return "Contoh " + chr(ord("A") + number // 26) + chr(ord("A") + number % 26)


def carry(stack: Stack, cast: Cast) -> list[float]:
    """One publication through its forms; seconds from each answer to the next form."""
    player = Player(stack.api_url, cast.secrets)
    try:
        return _carry(player, Watch(stack.settings.prefect_home / "prefect.db"), cast)
    finally:
        player.close()


def _carry(player: Player, watch: Watch, cast: Cast) -> list[float]:
    run_id = player.start({**FACTS, "folder": cast.folder})
    watch.until(run_id, "PAUSED")
    waits = []
    for number, part in enumerate(PLAY):
        form = player.form(run_id)
        code = player.code(cast.names[part.step])
        fields = cast.fields(part.step, form, part)
        player.resume(run_id, {**form.defaults(), **fields, "kode": code})
        answered = time.monotonic()
        last = number + 1 == len(PLAY)
        watch.until(run_id, "COMPLETED" if last else "PAUSED")
        # Publishing lies between the sixth answer and the last form.
        if not last and part.step != 6:
            waits.append(time.monotonic() - answered)
    return waits


def ours() -> None:
    """Siar's own figures."""
    with tempfile.TemporaryDirectory(prefix="siar-bench-") as name:
        casts = [Cast(number) for number in range(ALONE + 1)]
        with stack_in(Path(name), casts) as stack:
            carry(stack, casts[0])  # the first one warms caches
            pids = marked_processes(stack.environment["SIAR_STACK_ID"])
            before = cpu_seconds(pids)
            waits = [wait for cast in casts[1:] for wait in carry(stack, cast)]
            spent = cpu_seconds(pids) - before
            report("siar", machine=machine(), cpu_s_per_publication=spent / ALONE, **summary(waits))


def naive() -> None:
    """The plain flow's figures, on a server with the same settings."""
    with tempfile.TemporaryDirectory(prefix="siar-bench-") as name, stack_in(Path(name)) as stack:
        stack.stop_part("worker")
        environment = {**os.environ, **prefect_environment(stack.settings)}
        serving = subprocess.Popen(
            [sys.executable, str(HERE / "_naive_flow.py")],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            player = Player(stack.api_url, {})
            run_id = _start_naive(player)
            server = stack.pid(SERVER)
            pids = [pid for pid in (server, serving.pid) if pid]
            before = cpu_seconds(pids)
            watch = Watch(stack.settings.prefect_home / "prefect.db")
            waits = _answer_naive(player, watch, run_id)
            spent = cpu_seconds(pids) - before
            report("naive flow.serve()", cpu_s_per_publication=spent, **summary(waits))
            player.close()
        finally:
            serving.terminate()
            serving.wait(30)


def _start_naive(player: Player) -> UUID:
    until = time.monotonic() + 60
    while True:
        try:
            return player.order("naif/naif", {})
        except Exception:
            if time.monotonic() > until:
                raise
            time.sleep(0.5)


def _answer_naive(player: Player, watch: Watch, run_id: UUID) -> list[float]:
    waits: list[float] = []
    watch.until(run_id, "PAUSED")
    for number in range(QUESTIONS):
        _resume_naive(player, run_id)
        answered = time.monotonic()
        last = number + 1 == QUESTIONS
        watch.until(run_id, "COMPLETED" if last else "PAUSED")
        if not last:
            waits.append(time.monotonic() - answered)
    return waits


def _resume_naive(player: Player, run_id: UUID) -> None:
    """Prefect suspends the run first and saves its form a moment later."""
    until = time.monotonic() + 30
    while True:
        try:
            player.resume(run_id, {"petugas": "A", "kode": "0"})
        except PlayError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)
        else:
            return


if __name__ == "__main__":
    ours()
    naive()
