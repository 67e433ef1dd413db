"""SOP step 9: the report of a period is made, kept, and laid before the head.

A run asks the record which report it carries and goes on from there, so one that was
killed at any line and runs again ends with one report, one set of files and one form.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from prefect import task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.objects import State
from prefect.client.schemas.sorting import ArtifactSort
from prefect.logging import get_run_logger
from prefect.runtime import flow_run
from prefect.states import Completed

from ledger import report_pages, reports
from ledger.models import Report
from ledger.work import Work
from monev.model import MonevReport, Period
from monev.render import markdown, records, write_all
from monev.render.public import PUBLIC, as_markdown, public_page
from monev.render.sections import opening
from monev.render.tabulation import channels, ended, notes, open_items, rejections, steps
from monev.render.wording import period_title
from sop.indonesian import day as in_words
from sop.indonesian import moment, today
from sop.markup import escape_for_form
from tasks.langkah import as_state
from tasks.laporan import TOO_LONG, is_too_long, monev_report, month_before, week_before
from tasks.office import Office, office
from tasks.pembacaan import (
    SUMMARY,
    TABLES,
    damaged_files,
    folder_of,
    name_in_timeline,
    offered_summary,
    open_reading,
    period_of,
    receive_reading,
    titled,
    version_of,
)
from tasks.ringkasan_publik import told_of
from tasks.suspension import Sent, answer_to, run_exists, suspend_with_form

WEEKLY, MONTHLY, SPECIAL = "mingguan", "bulanan", "khusus"
MARKDOWN = "laporan-monev.md"
# As tables of their own in the UI; all others stand in the text and in the workbook.
_SHOWN = (steps, rejections, ended, open_items, channels, notes)
BUSY = (
    "Laporan monev periode ini sedang dikerjakan proses lain. Tidak ada yang hilang; tunggu "
    "sebentar, lalu lihat daftar run."
)
REPLACED = (
    "Laporan ini sudah dilanjutkan oleh run {run}, jadi run ini tidak dipakai. Buka run itu dan "
    "jawab formulirnya di sana."
)
UNKNOWN = "Tidak ada laporan dengan rujukan {reference!r} dalam catatan."
UNWRITABLE = (
    "Laporan belum dapat ditulis ke {folder} ({why}). Perbaiki disk atau hak aksesnya, lalu tekan "
    "Retry pada run ini. Belum ada yang tercatat."
)
UNREADABLE_DAY = (
    "“{text}” pada {field} bukan tanggal. Tulis seperti 2026-11-30, lalu jalankan lagi."
)
BACKWARDS = "“Dari” ({first}) sesudah “Sampai” ({last}). Tukar keduanya, lalu jalankan lagi."
FUTURE = "Periode yang mulai {first} belum berjalan. Pilih hari yang sudah lewat atau hari ini."


class PeriodError(ValueError):
    """Days that make no period; the sentence says what to do."""


@dataclass(frozen=True, slots=True)
class Laid:
    """The report that a run carries; `elsewhere` says why this run carries none."""

    report_id: str
    elsewhere: str = ""


# --- which period -------------------------------------------------------------------


def asked_at() -> datetime:
    """When this run was to begin: a run that is begun again days later means the same days."""
    at: datetime = flow_run.scheduled_start_time
    return at


def last_week() -> Period:
    """The week before the run's own."""
    return Period(*week_before(today(asked_at())), as_of=asked_at(), kind=WEEKLY)


def last_month() -> Period:
    """The month before the run's own."""
    return Period(*month_before(today(asked_at())), as_of=asked_at(), kind=MONTHLY)


def special_period(first: str, last: str) -> Period:
    """The days that were typed; empty ones mean from the 1st of this month until today.

    Raises PeriodError for what makes no period.
    """
    until = _day(last, "Sampai") or today(asked_at())
    begins = _day(first, "Dari") or min(until, today(asked_at())).replace(day=1)
    if begins > until:
        raise PeriodError(BACKWARDS.format(first=in_words(begins), last=in_words(until)))
    if begins > today(asked_at()):
        raise PeriodError(FUTURE.format(first=in_words(begins)))
    if is_too_long(begins, until, today(asked_at())):
        raise PeriodError(TOO_LONG)
    return Period(begins, until, as_of=asked_at(), kind=SPECIAL)


def _day(text: str, field: str) -> date | None:
    typed = text.strip()
    if not typed:
        return None
    for pattern in ("%Y-%m-%d", "%d-%m-%Y", "%d/%m/%Y"):
        try:
            return datetime.strptime(typed, pattern).date()  # noqa: DTZ007 (a day, no moment)
        except ValueError:
            continue
    raise PeriodError(UNREADABLE_DAY.format(text=typed[:40], field=field))


def run_title(period: Period) -> str:
    """The name of a run that makes a report."""
    return f"Laporan monev · {period_title(period)}"


def run_title_of(reference: str) -> str:
    """The name of a run that takes a kept report over."""
    with office().ledger.read() as work:
        try:
            return f"Laporan monev · {titled(reports.get(work, reference))}"
        except LookupError:
            return "Laporan monev"


# --- what the flows are made of -----------------------------------------------------


def lay_out(period: Period, reference: str) -> Laid:
    """The report that this run carries: found again, taken over, or newly made."""
    here, run_id = office(), str(_run_id())
    with here.ledger.read() as work:
        known = _known(work, run_id, reference)
        if known is not None:
            period = period_of(known)
        bound, report_id = (known.flow_run_id, known.id) if known else (None, "")
    if bound and bound != run_id and run_exists(UUID(bound)):
        raise RuntimeError(REPLACED.format(run=bound))
    if not here.locks.acquire(lock_name(period)):
        raise RuntimeError(BUSY)
    if not report_id:
        with here.ledger.read() as work:
            there = _already_there(work, period)
            earlier = len(reports.of_period(work, *_key(period)))
        if there is not None:
            return Laid("", there)
        made = susun_laporan.with_options(task_run_name=name_in_timeline(here.sop, "susun laporan"))
        report_id = made(period, earlier, run_id)
    elif bound != run_id:
        with here.ledger.work() as work:
            reports.bind_flow_run(work, reports.get(work, report_id), run_id)
    return Laid(report_id)


def record_reading_if_any(report_id: str) -> None:
    """Take the answer to this report's open form, if one was given."""
    here = office()
    with here.ledger.read() as work:
        report = reports.get(work, report_id)
        key, run_id, is_read = report.form_key, report.flow_run_id, report.read_at is not None
    if is_read or not key or not run_id:
        return
    sent = answer_to(UUID(run_id), key)
    if sent is None:
        return
    name = name_in_timeline(here.sop, "dibaca")
    named = jawaban_laporan.with_options(task_run_name=name)
    named(report_id, key, sent, return_state=True).result()


def is_read(report_id: str) -> bool:
    """Whether somebody who may has read it."""
    with office().ledger.read() as work:
        return reports.get(work, report_id).read_at is not None


def ask_reader(report_id: str) -> None:
    """Open the form and suspend the run. Never returns."""
    here, run_id = office(), _run_id()
    with here.ledger.read() as work:
        report = reports.get(work, report_id)
    form = open_reading(here, report_id, _shown_at(here, report), _previewed_at(here, report))
    get_run_logger().info("Menunggu laporan dibaca.")
    suspend_with_form(run_id, form.key, form.model, form.description)


def read_by_head(report_id: str) -> State:
    """How the run of a report ends that was read."""
    with office().ledger.read() as work:
        report = reports.get(work, report_id)
        page = report_pages.of_report(work, report_id)
        on_website = "" if page is None else f" {told_of(page)}"
    when = moment(report.read_at) if report.read_at else ""
    said = f"Dibaca {when}. Berkas: {report.folder}.{on_website}"
    return Completed(name="Sudah dibaca", message=said)


def carried_elsewhere(laid: Laid) -> State:
    """How a run ends whose period has its report already."""
    return Completed(name="Sudah ada", message=laid.elsewhere)


def _known(work: Work, run_id: str, reference: str) -> Report | None:
    known = reports.of_run(work, run_id)
    if known is not None or not reference:
        return known
    try:
        return reports.get(work, reference)
    except LookupError:
        raise ValueError(UNKNOWN.format(reference=reference)) from None


def _already_there(work: Work, period: Period) -> str | None:
    """Why no new report is made; None when one is to be made.

    One report waits per kind and period. Once read, the week's and the month's stay
    the ones; another special report of the same days is a new version of its own.
    """
    known = reports.of_period(work, *_key(period))
    if not known:
        return None
    newest = known[-1]
    if newest.read_at is None:
        return (
            f"{period_title(period)}: laporannya sudah ada dan menunggu dibaca, di run "
            f"{newest.flow_run_id}."
        )
    if period.kind == SPECIAL:
        return None
    return (
        f"{period_title(period)}: laporannya sudah dibaca {moment(newest.read_at)} "
        f"(berkas {newest.folder}). Untuk angka terbaru, jalankan monev-khusus."
    )


def _key(period: Period) -> tuple[str, date, date]:
    return period.kind, period.first_day, period.last_day


def lock_name(period: Period) -> str:
    """The lock that whoever works on this period's report holds."""
    return f"laporan-{period.kind}-{period.first_day}-{period.last_day}"


# --- the tasks ----------------------------------------------------------------------


@task(persist_result=False)
def susun_laporan(period: Period, earlier: int, run_id: str) -> str:
    """Make, write and keep the report; its id. `earlier`: how many versions there are."""
    here = office()
    report = monev_report(here, replace(period, as_of=here.clock()))
    folder = _folder_name(period, earlier + 1)
    public = public_page(report) if here.shows_summaries else None
    files = _written(here.reports_root / folder, report, public)
    title = period_title(period)
    # Before the row: a report that is kept has been shown, wherever the process dies.
    _show(_artifact_key(period, earlier + 1), title, markdown(report), tables_of(report))
    with here.ledger.work() as work:
        kept = reports.keep(
            work,
            kind=period.kind,
            first_day=period.first_day,
            last_day=period.last_day,
            as_of=report.period.as_of,
            seal_digest=report.seal.digest if report.seal else "",
            model_sha256=digest_of(report),
            folder=folder,
            files=files,
            flow_run_id=run_id,
        )
        report_id = kept.id
    get_run_logger().info("Laporan disimpan: %s", here.reports_root / folder)
    return report_id


@task(persist_result=False)
def jawaban_laporan(report_id: str, key: str, sent: Sent) -> State:
    """Take one person's answer to the form of one report."""
    return as_state(receive_reading(office(), report_id, key, sent.fields, sent.at))


def digest_of(report: MonevReport) -> str:
    """SHA-256 over all figures of the report."""
    text = json.dumps(asdict(report), default=str, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _folder_name(period: Period, version: int) -> str:
    name = f"{period.kind}-{period.first_day}_{period.last_day}"
    return f"{period.last_day.year}/{name}" + (f"-versi-{version}" if version > 1 else "")


def _written(folder: Path, report: MonevReport, public: bytes | None) -> dict[str, str]:
    """All files in a folder that appears whole; the lock of the period is held.

    What lies there already was left by a run that died before its report was kept.
    """
    aside = folder.with_name(f".{folder.name}.{os.getpid()}")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        for left in (*folder.parent.glob(f".{folder.name}.*"), folder):
            shutil.rmtree(left, ignore_errors=True)
        digests = write_all(report, aside)
        tables = json.dumps(tables_of(report), ensure_ascii=False, indent=1)
        texts = {SUMMARY: summary_of(report), TABLES: tables}
        more = {name: text.encode("utf-8", "replace") for name, text in texts.items()}
        for name, data in (more if public is None else {**more, PUBLIC: public}).items():
            (aside / name).write_bytes(data)
            digests[name] = hashlib.sha256(data).hexdigest()
        aside.rename(folder)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise RuntimeError(UNWRITABLE.format(folder=folder, why=why)) from error
    return digests


def summary_of(report: MonevReport) -> str:
    """What stands on the head's form: key figures, the summary, what asks for a decision."""
    top = opening(report)
    lines = [
        f"- **{escape_for_form(one.value)}** {escape_for_form(one.label)}"
        for one in top.key_figures
    ]
    parts = ["\n".join(lines)] if lines else []
    parts += [escape_for_form(" ".join(top.summary))]
    if top.decisions:
        listed = "\n".join(f"- {escape_for_form(sentence)}" for sentence in top.decisions)
        parts.append(f"**Yang memerlukan perhatian Kepala**\n\n{listed}")
    if report.letterhead.rehearsal:
        parts.insert(0, "> **GLADI**: data latihan, bukan laporan resmi.")
    return "\n\n".join(parts) + "\n"


# --- the artifacts ------------------------------------------------------------------


def artifact_key(report: Report) -> str:
    """Under which key the report stands in the Prefect UI."""
    return _artifact_key(period_of(report), version_of(report))


def _artifact_key(period: Period, version: int) -> str:
    key = f"laporan-monev-{period.kind}-{period.first_day}-{period.last_day}"
    return key + (f"-versi-{version}" if version > 1 else "")


def tables_of(report: MonevReport) -> list[dict[str, Any]]:
    """What the UI shows as tables of their own, in words: `nama`, `judul`, `baris`."""
    made = (make(report) for make in _SHOWN)
    return [
        {
            "nama": re.sub(r"[^a-z0-9]+", "-", table.sheet.lower()).strip("-"),
            "judul": table.title,
            "baris": records(table),
        }
        for table in made
        if table.rows
    ]


def _show(key: str, title: str, text: str, tables: Sequence[Mapping[str, Any]]) -> UUID:
    """Put a report into the UI; the text last, so that with it all of the report is there."""
    for table in tables:
        create_table_artifact(
            table=table["baris"],
            key=f"{key}-{table['nama']}",
            description=f"{table['judul']} · {title}",
        )
    made = create_markdown_artifact(markdown=text, key=key, description=f"Laporan monev · {title}")
    return UUID(str(made))


def _shown_at(here: Office, report: Report) -> str:
    """Where in the UI the report is read; it is shown again where Prefect's database was lost."""
    key = artifact_key(report)
    with get_client(sync_client=True) as client:
        wanted = ArtifactFilter(key=ArtifactFilterKey(any_=[key]))
        there = client.read_artifacts(artifact_filter=wanted, sort=ArtifactSort.CREATED_DESC)
    artifact_id = there[0].id if there else _shown_again(here, report, key)
    return f"/artifacts/artifact/{artifact_id}" if artifact_id else "/artifacts"


def _previewed_at(here: Office, report: Report) -> str:
    """Where in the UI its summary for the public is read; empty when there is none to ask about.

    Made anew for each form, from the bytes that it asks about: what stands in the UI
    already may be somebody else's.
    """
    digest = offered_summary(here, report, damaged_files(here, report))
    if not digest:
        return ""
    data = (folder_of(here, report) / PUBLIC).read_bytes()
    if hashlib.sha256(data).hexdigest() != digest:
        return ""  # changed this very moment; the form says so
    made = create_markdown_artifact(
        markdown=as_markdown(data),
        key=f"{artifact_key(report)}-publik",
        description=f"Ringkasan untuk masyarakat · {titled(report)}",
    )
    return f"/artifacts/artifact/{made}"


def _shown_again(here: Office, report: Report, key: str) -> UUID | None:
    """From its files; None where the text is not readable: the form says so."""
    try:
        text = (folder_of(here, report) / MARKDOWN).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    return _show(key, titled(report), text, _kept_tables(here, report))


def _kept_tables(here: Office, report: Report) -> list[dict[str, Any]]:
    """The tables as they were kept; none where they are damaged (the form names the file), or
    were not kept yet when the report was made."""
    if TABLES not in report.files or TABLES in damaged_files(here, report):
        return []
    kept: list[dict[str, Any]] = json.loads((folder_of(here, report) / TABLES).read_bytes())
    return kept


def _run_id() -> UUID:
    return UUID(str(flow_run.id))
