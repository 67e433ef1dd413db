"""`make demo`: one believable release through all nine steps of the SOP, on a private stack.

Everything is real but the people and the channels: a Prefect server, a worker, the
ledger, the connectors over HTTP to the rehearsal channels. The staff are played
through the same API calls that the Prefect UI makes, codes included.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from rich.console import Console
from rich.table import Table

from archive import check_one, seal_of
from deployments.player import OpenForm, Player
from deployments.sample_staff import SAMPLE_STAFF, ensure_sample_staff
from deployments.settings import Settings
from deployments.stack import Stack, StackError, run_until_stopped
from deployments.wiring import office_of
from ledger import publications, reports
from ledger.verify import verify
from sop.forms.steps import FROM_FILE, YES
from sop.indonesian import number, short_moment
from tasks.archiving import sealed_bags
from tasks.case import past_rounds
from tasks.office import Office
from tasks.pembacaan import READ, damaged_files, folder_of
from tasks.standings import standings

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
RELEASE = "rilis-contoh"
# Below the folder where the demonstration was started; each one replaces the last one's.
RESULTS = Path("hasil-demo")

REQUEST: Mapping[str, Any] = {
    "judul": "Pengawasan kekarantinaan kapal di Pelabuhan Boom Baru",
    "unit": "Tim Kerja 1",
    "klasifikasi": "berkala",
    "folder": RELEASE,
}


@dataclass(frozen=True, slots=True)
class Part:
    """What one member of staff does at one step of the demonstration."""

    step: int
    person: str
    fields: Callable[[OpenForm], Mapping[str, Any]]


PLAY: tuple[Part, ...] = (
    Part(1, "Rahma Contoh", lambda form: {}),
    Part(
        2,
        "Sari Contoh",
        lambda form: {
            "penulis": "Yoga Contoh",
            "catatan": "Tulis berita 5W + 1H; sertakan foto kegiatannya.",
        },
    ),
    Part(3, "Yoga Contoh", lambda form: {"sumber": FROM_FILE}),
    Part(
        4,
        "Putri Contoh",
        lambda form: {"keputusan": YES, "alasan": "Sudah diperiksa; data diri tidak dimuat."},
    ),
    Part(5, "dr. Hasan Contoh", lambda form: {"keputusan": YES}),
    Part(6, "Mega Contoh", lambda form: {"petugas_unggah": "Bayu Contoh"}),
    Part(8, "Bayu Contoh", lambda form: {"catatan": "Tayang di semua saluran, tanpa kendala."}),
)


HEAD = "dr. Hasan Contoh"


class DemoError(Exception):
    """The demonstration did not come out as it must."""


def main(*, keep: bool = False) -> int:
    """Run the demonstration; 0 when all went well. `keep` leaves it running for a look."""
    say = Console(highlight=False, width=120)
    folder = Path(tempfile.mkdtemp(prefix="siar-demo-"))
    began = time.monotonic()
    try:
        settings = demo_settings(folder)
        shutil.copytree(EXAMPLES / RELEASE, settings.intake_path / RELEASE)
        with office_of(settings) as here:
            ensure_sample_staff(here.ledger, settings)
        say.print("Siar · demo (GLADI): menyalakan peladen, pekerja, dan saluran gladi …")
        with Stack(settings, say=say.print) as stack:
            play(stack, say)
            say.print(f"\nSelesai dalam {number(time.monotonic() - began)} detik.")
            if keep:
                say.print(f"Lihat hasilnya: {stack.rehearsal_url} · {stack.ui_url}")
                say.print("Tekan Ctrl-C untuk berhenti.")
                run_until_stopped(stack)
    except (StackError, DemoError) as error:
        say.print(f"Demo gagal: {error}")
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def demo_settings(folder: Path) -> Settings:
    """A private stack on free ports below `folder`; nothing of the office's own settings."""
    return Settings.model_validate(
        {
            "data_dir": folder,
            "prefect": {"port": 0},
            "rehearsal": {"port": 0},
        }
    )


def play(stack: Stack, say: Console) -> None:
    """Carry the example release through the SOP and show what became of it."""
    player = Player(stack.api_url, {one.name: one.secret for one in SAMPLE_STAFF})
    try:
        run_id = player.start(REQUEST)
        say.print(f"Publikasi dimulai: {stack.ui_url}/runs/flow-run/{run_id}")
        key = ""
        for part in PLAY:
            form = player.form(run_id, after=key)
            if "Belum dapat diterima" in form.description:
                raise DemoError(form.description[:800])
            player.answer(form, part.person, part.fields(form))
            say.print(f"  langkah {part.step}: dijawab {part.person}")
            key = form.key
        state = player.finished(run_id)
        say.print(f"  {state['name']}: {state['message']}")
        monev_id = play_monev(player, say)
    finally:
        player.close()
    with office_of(stack.settings) as here:
        report(here, run_id, say)
        report_monev(here, monev_id, say)


def play_monev(player: Player, say: Console) -> UUID:
    """Step 9: today's report is made and read by the head; its run."""
    # Of the day's schedule, what the report tells of: the seal, and the archive's check.
    for before in [player.order(f"{name}/{name}", {}) for name in ("segel", "keutuhan")]:
        player.finished(before)
    run_id = player.order("monev-khusus/monev-khusus", {})
    form = player.form(run_id)
    player.answer(form, HEAD, {"dibaca": READ, "catatan": "Pertahankan; semua tepat waktu."})
    say.print(f"  langkah 9: laporan monev dibaca {HEAD}")
    state = player.finished(run_id)
    say.print(f"  {state['name']}: {state['message']}")
    return run_id


def report(here: Office, run_id: UUID, say: Console) -> None:
    """Each step with person, working minutes and standard; each post; the record's check."""
    with here.ledger.read() as work:
        publication = publications.by_flow_run(work, str(run_id))
        if publication is None:
            raise DemoError("publikasi tidak ditemukan di catatan")
        publication_id, reference = publication.id, publication.reference
        sop = publications.sop_of(work, publication)
        rounds = past_rounds(here, work, publication, sop)
    steps = Table(title=f"Publikasi {reference} menurut SOP {sop.nomor}", title_justify="left")
    for heading in ("Langkah", "Oleh", "Selesai", "Menit kerja", "Baku", "Hasil"):
        steps.add_column(heading)
    for past in rounds:
        standard = "–" if past.standard_minutes is None else number(past.standard_minutes)
        steps.add_row(
            f"{past.step_no} · {past.name}",
            past.person,
            short_moment(past.closed_at),
            number(past.took_minutes),
            standard,
            past.outcome,
        )
    say.print(steps)
    posts = Table(title="Hasil publikasi", title_justify="left")
    posts.add_column("Saluran")
    posts.add_column("Alamat", overflow="fold")
    rows = standings(here, publication_id)
    for row in rows:
        answer = httpx.get(row.url, timeout=10.0, trust_env=False, follow_redirects=True)
        if answer.status_code != httpx.codes.OK:
            raise DemoError(f"{row.url} menjawab {answer.status_code}")
        posts.add_row(here.channel_labels[row.channel], row.url)
    say.print(posts)
    if len(rows) != len(here.connectors):
        raise DemoError(f"hanya {len(rows)} dari {len(here.connectors)} saluran yang tayang")
    problems = verify(here.ledger)
    if problems:
        raise DemoError("; ".join(problem.sentence for problem in problems))
    say.print("siar verify: catatan utuh.")
    report_archive(here, publication_id, say)


def report_archive(here: Office, publication_id: str, say: Console) -> None:
    """Where the sealed bag lies, after it was read again byte by byte."""
    with here.ledger.read() as work:
        sealed = sealed_bags(publications.get(work, publication_id))
    if not sealed:
        raise DemoError("arsip belum disegel")
    bag = here.archive_root / sealed[-1].path
    damages = check_one(bag)
    if damages or seal_of(bag) != sealed[-1].seal:
        raise DemoError("; ".join(one.sentence for one in damages) or "segel arsip tidak cocok")
    kept = keep_result(bag, "arsip")
    say.print(f"Arsip: {kept}", soft_wrap=True)
    say.print(f"  segel {sealed[-1].seal}: utuh; periksa sendiri: python3 {kept}/verifikasi.py")


def report_monev(here: Office, run_id: UUID, say: Console) -> None:
    """Where the report lies that the head read, its files checked against the record."""
    with here.ledger.read() as work:
        report = reports.of_run(work, str(run_id))
        if report is None or report.read_at is None:
            raise DemoError("laporan monev belum dibaca")
        left = [one.reference for one in publications.open_publications(work)]
    if damaged := damaged_files(here, report):
        raise DemoError(f"berkas laporan berubah: {', '.join(damaged)}")
    if left:
        raise DemoError(f"publikasi {', '.join(left)} belum selesai sesudah laporan dibaca")
    kept = keep_result(folder_of(here, report), "laporan")
    say.print(f"Laporan monev: {kept}/laporan-monev.pdf (juga .xlsx, .html, .md)", soft_wrap=True)


def keep_result(folder: Path, name: str) -> Path:
    """A copy to look at: what the demonstration worked on is removed at its end."""
    kept = RESULTS / name
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(folder, kept)
    return kept


if __name__ == "__main__":
    sys.exit(main(keep="--tetap" in sys.argv[1:]))
