"""Monev reports (SOP step 9): kept once, laid before the head, read once.

The report itself is files in a folder; the row holds their digests and is covered by
the office's chain. Everything that happens to it, refused answers too, is an event
there. Which publications a reading ends is decided by the caller.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from ledger.models import OFFICE_CHAIN, Publication, PublicationStatus, Report, Round
from ledger.work import Work

KEPT = "laporan-disimpan"
REBOUND = "laporan-alur-diganti"
OPENED = "laporan-formulir-dibuka"
REFUSED = "laporan-jawaban-ditolak"
READ = "laporan-dibaca"
NOTIFYING = "laporan-pemberitahuan-diambil"
NOTIFIED = "laporan-pemberitahuan-selesai"

_KEY_BYTES = 20
_LONGEST_PERSON = 300


@dataclass(frozen=True, slots=True)
class Waiting:
    """A publication and its open round."""

    publication: Publication
    round: Round


def keep(
    work: Work,
    *,
    kind: str,
    first_day: date,
    last_day: date,
    as_of: datetime,
    seal_digest: str,
    model_sha256: str,
    folder: str,
    files: Mapping[str, str],
    flow_run_id: str | None,
) -> Report:
    """Keep a report that was made; `files` maps each file's name to its SHA-256.

    A run that asks again is given the report it kept before.
    """
    if flow_run_id is not None and (known := of_run(work, flow_run_id)) is not None:
        return known
    report = Report(
        id=work.new_id(),
        kind=kind,
        first_day=first_day,
        last_day=last_day,
        as_of=as_of,
        seal_digest=seal_digest,
        model_sha256=model_sha256,
        folder=folder,
        files=dict(files),
        flow_run_id=flow_run_id,
        form_key=None,
        form_attempt=0,
        notice="",
        draft="",
        notified=0,
        notified_at=None,
        read_by=None,
        read_at=None,
        note="",
    )
    work.session.add(report)
    work.session.flush()
    _record(
        work,
        report,
        KEPT,
        {
            "jenis": kind,
            "dari": first_day.isoformat(),
            "sampai": last_day.isoformat(),
            "berkas": dict(files),
            "segel": seal_digest,
        },
    )
    return report


def get(work: Work, report_id: str) -> Report:
    """The report with this id; raises LookupError when there is none."""
    found = work.session.get(Report, report_id)
    if found is None:
        raise LookupError(f"no report has the id {report_id!r}")
    return found


def of_run(work: Work, flow_run_id: str) -> Report | None:
    """The report that a Prefect run carries."""
    chosen = select(Report).where(Report.flow_run_id == flow_run_id)
    return work.session.scalars(chosen.order_by(Report.as_of)).first()


def of_period(work: Work, kind: str, first_day: date, last_day: date) -> list[Report]:
    """The reports of this kind over this period, the oldest first."""
    chosen = select(Report).where(
        Report.kind == kind, Report.first_day == first_day, Report.last_day == last_day
    )
    return list(work.session.scalars(chosen.order_by(Report.as_of, Report.id)))


def all_reports(work: Work) -> list[Report]:
    """Every report, the oldest first."""
    return list(work.session.scalars(select(Report).order_by(Report.as_of, Report.id)))


def unread(work: Work) -> list[Report]:
    """The reports that nobody has read yet, the oldest first."""
    chosen = select(Report).where(Report.read_at.is_(None))
    return list(work.session.scalars(chosen.order_by(Report.as_of, Report.id)))


def damaged_files(report: Report, root: Path) -> list[str]:
    """Names of the report's files that vanished or are not what was kept; `root` holds all."""
    folder = root / report.folder
    return [name for name, kept in sorted(report.files.items()) if _digest(folder / name) != kept]


def _digest(file: Path) -> str | None:
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return None


def bind_flow_run(work: Work, report: Report, flow_run_id: str) -> None:
    """Let another run carry the report (recover); harmless to repeat."""
    report = work.own(report)
    if report.flow_run_id == flow_run_id:
        return
    before = report.flow_run_id
    report.flow_run_id = flow_run_id
    _record(work, report, REBOUND, {"dari": before, "menjadi": flow_run_id})


def open_form(work: Work, report: Report, asks: str = "") -> str:
    """Put the form before the head anew; its key. An earlier key is of no use any more.

    `asks` is what the form asks about besides the reading, to the byte; its key says so,
    and `form_asks` tells whether it did.
    """
    report = work.own(report)
    token = base64.b32encode(work.token(_KEY_BYTES)).decode("ascii").lower()
    report.form_key = f"l{token}{_mark_of(asks)}"
    report.form_attempt += 1
    work.session.flush()
    said = {"percobaan": report.form_attempt}
    _record(work, report, OPENED, {**said, "menanyakan": asks} if asks else said)
    return report.form_key


def form_asks(report: Report, asks: str) -> bool:
    """Whether the open form asks about exactly this."""
    return bool(asks) and (report.form_key or "").endswith(_mark_of(asks))


def _mark_of(asks: str) -> str:
    return f"-{hashlib.sha256(asks.encode()).hexdigest()[:16]}" if asks else ""


def refuse(
    work: Work,
    report: Report,
    *,
    named_person: str,
    staff_id: str | None,
    reasons: Sequence[str],
    draft: str,
) -> None:
    """Keep a refused answer: its reasons stand on the next form, with what was typed."""
    report = work.own(report)
    report.form_key = None
    report.notice = "\n".join(reasons)
    report.draft = draft
    work.session.flush()
    said = {
        "petugas": named_person[:_LONGEST_PERSON],
        "alasan": list(reasons),
        "catatan": draft,
        "percobaan": report.form_attempt,
    }
    _record(work, report, REFUSED, said, actor=staff_id)


def mark_read(
    work: Work,
    report: Report,
    *,
    staff_id: str,
    named_person: str,
    note: str,
    said: Mapping[str, Any],
) -> None:
    """Write who read the report and what they noted; raises ValueError when it was read before.

    `said` goes into the event: which publications the reading ended.
    """
    report = work.own(report)
    if report.read_at is not None:
        raise ValueError(f"report {report.id} has been read already")
    report.read_by = staff_id
    report.read_at = work.now
    report.note = note
    report.form_key = None
    report.notice = ""
    report.draft = ""
    work.session.flush()
    told = {"petugas": named_person[:_LONGEST_PERSON], "catatan": note, **said}
    _record(work, report, READ, told, actor=staff_id)


def claim_notice(work: Work, report: Report, *, number: int) -> bool:
    """Take notice `number` of an unread report for oneself; False when it, or a later one, went."""
    if report.notified >= number:
        return False
    changed = {"notified": number, "notified_at": work.now}
    unchanged = {"notified": report.notified, "read_at": None}
    done = work.compare_and_set(report, unchanged, changed)
    if done:
        _record(work, report, NOTIFYING, {"ke": number})
    return done


def settle_notice(work: Work, report: Report, *, outcome: str, detail: str) -> None:
    """Write how the newest notice of this report went."""
    _record(work, report, NOTIFIED, {"hasil": outcome, "keterangan": detail})


def waiting_since_before(work: Work, moment: datetime) -> list[Waiting]:
    """Open publications whose open round was opened before this moment, the oldest first."""
    chosen = (
        select(Publication, Round)
        .join(Round, Round.publication_id == Publication.id)
        .where(
            Publication.status == PublicationStatus.BERJALAN.value,
            Round.closed_at.is_(None),
            Round.opened_at < moment,
        )
        .order_by(Round.opened_at, Publication.id)
    )
    return [Waiting(*row) for row in work.session.execute(chosen)]


def _record(
    work: Work, report: Report, kind: str, said: Mapping[str, Any], actor: str | None = None
) -> None:
    work.record(OFFICE_CHAIN, kind, {"laporan_id": report.id, **said}, actor=actor)
