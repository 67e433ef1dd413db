"""The form that lays a monev report before the head, and what a reading changes.

The reader is who approves by the SOP in force ("melaporkan ke Kepala"), Plh. or Plt.
included. One transaction takes the answer, spends the code, marks the report read and
ends the publications that it covers; a crash leaves all of it or nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from ledger import people, publications, report_pages, reports, rounds
from ledger.models import Outcome, Publication, Report, Round
from ledger.people import Holder
from ledger.reports import Waiting
from ledger.work import RecordAlteredError, Work
from monev.model import Period
from monev.render.public import PUBLIC
from monev.render.wording import period_title
from monev.rows import span_of
from sop.forms import Kind, Question, model_of, read_answers
from sop.forms.steps import NO, YES, person_questions
from sop.forms.wording import one_line, reasons_block
from sop.indonesian import moment, today
from sop.markup import escape_for_form
from sop.model import Actor, Sop, Step, StepKind
from tasks.answering import STALE, Verdict, holder_behind, move_to
from tasks.case import REPORTED
from tasks.office import Office
from tasks.opening import NOBODY, REOPENED, OpenForm
from tasks.pemberitahuan import approving_role

SUMMARY = "ringkasan.md"
# What the UI shows of a report as tables; kept, so that they can be shown again.
TABLES = "tabel.json"
_FOR_SIAR = (SUMMARY, TABLES)
READ = "Sudah dibaca"
ASKED = (
    "**Baca laporan monev ini, lalu nyatakan sudah dibaca.** Catatan Anda disimpan bersama "
    "laporannya dan menjadi dasar evaluasi."
)
DAMAGED = (
    "Berkas {name} tidak sama lagi dengan yang dicatat saat laporan dibuat. Jangan dipakai; minta "
    "administrator memulihkannya dari cadangan."
)
SHOW_IT = "Tayangkan ringkasan ini di website?"
PUBLIC_ASKED = (
    "### Ringkasan untuk masyarakat\n\n{preview}Bila Anda jawab **ya**, ringkasan ini tayang di "
    "{website} sebagai {kind} `{slug}`. Isinya hanya angka gabungan: tanpa nama orang, tanpa judul "
    "publikasi, tanpa alasan siapa pun. Bila **tidak**, laporannya tetap sudah Anda baca. Yang "
    "Anda setujui persis berkas `{file}` dengan sidik `{digest}`."
)
NOT_OFFERED = (
    "Ringkasan untuk website tidak dapat ditayangkan sekarang: berkasnya berubah, atau website "
    "tidak tersambung. Bacalah formulir ini lagi, lalu jawab."
)
MOST_NAMED = 12
MOST_SUMMARY = 6000


@dataclass(frozen=True, slots=True)
class Reader:
    """The role before which a report is laid."""

    role: str
    name: str


@dataclass(frozen=True, slots=True)
class Covered:
    """A publication that stands at step 9 and that the report is about."""

    publication: Publication
    round: Round
    sop: Sop
    step: Step


@dataclass
class Coverage:
    """Which publications a reading ends; `altered` ones are left as they are."""

    ends: list[Covered] = field(default_factory=list)
    altered: list[str] = field(default_factory=list)


def reader_of(sop: Sop) -> Reader:
    """Who reads the report by this SOP: the role that approves."""
    role = approving_role(sop) or sop.steps[-1].role
    return Reader(role, sop.role_name(role))


def monev_step(sop: Sop) -> Step | None:
    """The SOP's step of monitoring and evaluation; None when it has none."""
    return next((step for step in sop.steps if step.kind is StepKind.MONEV), None)


def name_in_timeline(sop: Sop, detail: str) -> str:
    """How the work on a report stands in its run's timeline."""
    step = monev_step(sop)
    return f"{step.no} · {step.short} · {detail}" if step else f"Laporan monev · {detail}"


def period_of(report: Report) -> Period:
    """What the report is about."""
    return Period(report.first_day, report.last_day, report.as_of, report.kind)


def version_of(report: Report) -> int:
    """1 for the first report of its days, 2 for the one after that was read, …"""
    found = re.search(r"-versi-(\d+)$", report.folder)
    return int(found[1]) if found else 1


def titled(report: Report) -> str:
    """ "Periode 1–23 November 2026 (versi 2)"."""
    title, version = period_title(period_of(report)), version_of(report)
    return title if version == 1 else f"{title} (versi {version})"


def folder_of(office: Office, report: Report) -> Path:
    """Where its files lie."""
    return office.reports_root / report.folder


def damaged_files(office: Office, report: Report) -> list[str]:
    """The report's files that vanished or are not what was kept."""
    return reports.damaged_files(report, office.reports_root)


def slug_of(report: Report) -> str:
    """The address of the report's summary on the website; the same however often it is asked."""
    name = report.folder.rpartition("/")[2].replace("_", "-")
    return f"laporan-monev-{name}-{report.id[:8]}"


def offered_summary(office: Office, report: Report, damaged: Collection[str]) -> str:
    """The SHA-256 of the summary that may be shown to the public; empty when there is none."""
    if not office.shows_summaries or PUBLIC in damaged:
        return ""
    return str(report.files.get(PUBLIC, ""))


def questions_of(
    reader: Reader, holders: tuple[str, ...], draft: str, *, summary: str = ""
) -> list[Question]:
    """Who, the code, that it was read, whether to show its summary (if any), and a note."""
    public = Question(
        "tayang",
        SHOW_IT,
        "ya: tayang seperti pratinjaunya. tidak: tidak ditayangkan.",
        Kind.CHOICE,
        (YES, NO),
    )
    return [
        *person_questions(reader.name, holders),
        Question(
            "dibaca",
            "Laporan monev",
            "Pilih setelah laporannya Anda baca.",
            Kind.CHOICE,
            (READ,),
        ),
        *([public] if summary else []),
        Question(
            "catatan",
            "Catatan Kepala",
            "Arahan atau tindak lanjut; boleh dikosongkan.",
            default=draft,
        ),
    ]


def _asks(office: Office, summary: str) -> str:
    """What a form that offers this summary asks about: its bytes, and as what they appear."""
    return f"{office.public_summary} {summary}" if summary else ""


def _asking(
    office: Office, work: Work, report: Report, summary: str
) -> tuple[Reader, list[Question]]:
    reader = reader_of(office.sop)
    holders = people.holders(work, reader.role, today(work.now), role_name=reader.name)
    labels = tuple(one.label for one in holders)
    return reader, questions_of(reader, labels, report.draft, summary=summary)


def open_reading(office: Office, report_id: str, shown_at: str, preview_at: str = "") -> OpenForm:
    """Record a new form for an unread report and make what Prefect will show.

    `shown_at` is the path in the UI under which the whole report is read, `preview_at`
    that of its summary for the public.
    """
    with office.ledger.read() as work:
        report = reports.get(work, report_id)
        damaged, coverage = damaged_files(office, report), covered(office, work, report)
    with office.ledger.work() as work:
        report = reports.get(work, report_id)
        if report.read_at is not None:
            raise RuntimeError("laporan sudah dibaca; run akan membaca ulang catatannya")
        summary = offered_summary(office, report, damaged)
        reader, questions = _asking(office, work, report, summary)
        reasons = report.notice.split("\n") if report.notice else []
        notice = list(reasons)
        if report.form_key is not None:
            notice.append(REOPENED)
        notice += [DAMAGED.format(name=name) for name in damaged]
        if not questions[0].options:
            notice.append(NOBODY.format(role=reader.name))
        key = reports.open_form(work, report, _asks(office, summary))
        description = _description(
            office, report, (shown_at, preview_at), notice, coverage, damaged, refused=bool(reasons)
        )
    return OpenForm(key, model_of("Formulir", questions), description)


def _description(
    office: Office,
    report: Report,
    places: tuple[str, str],
    notice: list[str],
    coverage: Coverage,
    damaged: list[str],
    *,
    refused: bool,
) -> str:
    folder = folder_of(office, report)
    shown_at, preview_at = places
    step = monev_step(office.sop)
    files = ", ".join(f"`{name}`" for name in sorted(report.files) if name not in _FOR_SIAR)
    parts = [reasons_block(notice, refused=refused)] if notice else []
    parts += [
        ASKED,
        f"👉 **[Buka laporan lengkap]({shown_at})**",
        f"### {escape_for_form(titled(report))}",
        "" if SUMMARY in damaged else _summary(folder),
        f"**Berkas** di folder data, `{office.reports_root.name}/{report.folder}`: {files}",
        _consequence(coverage),
        _public(office, report, preview_at, offered_summary(office, report, damaged)),
        (f"Langkah {step.no} · {escape_for_form(step.activity)}  \n" if step else "")
        + f"SOP {escape_for_form(office.sop.nomor)} · keadaan catatan pada {moment(report.as_of)}",
    ]
    return "\n\n".join(part for part in parts if part)


def _public(office: Office, report: Report, preview_at: str, digest: str) -> str:
    """What would appear, and where; empty when nothing is asked."""
    if not digest:
        return ""
    preview = f"👉 **[Buka pratinjaunya]({preview_at})**\n\n" if preview_at else ""
    return PUBLIC_ASKED.format(
        preview=preview,
        kind=office.public_summary,
        website=office.website_address,
        slug=slug_of(report),
        file=PUBLIC,
        digest=digest,
    )


def _summary(folder: Path) -> str:
    try:
        return (folder / SUMMARY).read_text(encoding="utf-8")[:MOST_SUMMARY].strip()
    except (OSError, UnicodeDecodeError):
        return ""  # what is damaged is named above


def _consequence(coverage: Coverage) -> str:
    """What answering does, named."""
    ends = coverage.ends
    if not ends:
        return "Tidak ada publikasi yang menunggu laporan ini untuk diselesaikan."
    named = [
        f"- {escape_for_form(one_line(one.publication.title, 80))} (`{one.publication.reference}`)"
        for one in ends[:MOST_NAMED]
    ]
    if len(ends) > MOST_NAMED:
        named.append(f"- … dan {len(ends) - MOST_NAMED} lainnya")
    head = f"**Setelah dibaca**, {len(ends)} publikasi di laporan ini dinyatakan selesai:"
    return head + "\n\n" + "\n".join(named)


def covered(office: Office, work: Work, report: Report) -> Coverage:
    """The publications at step 9 that reached it before the end of what the report is about."""
    until = span_of(period_of(report), office.calendar.zone).end
    found = Coverage()
    for waiting in reports.waiting_since_before(work, until):
        _sort_in(work, waiting, found)
    return found


def _sort_in(work: Work, waiting: Waiting, found: Coverage) -> None:
    publication = waiting.publication
    try:
        sop = publications.sop_of(work, publication)
    except RecordAlteredError:
        found.altered.append(publication.reference)
        return
    step = sop.step(waiting.round.step_no)
    if step.kind is not StepKind.MONEV or step.actor is not Actor.ALUR:
        return
    if work.is_unaltered(publication) and work.is_unaltered(waiting.round):
        found.ends.append(Covered(publication, waiting.round, sop, step))
    else:
        # What was changed outside of Siar is restored first; it must not keep the others.
        found.altered.append(publication.reference)


def receive_reading(
    office: Office,
    report_id: str,
    key: str,
    raw: Mapping[str, Any],
    sent_at: datetime | None = None,
) -> Verdict:
    """Take one answer to one form of a report; the form is closed by it, whatever it says.

    `sent_at` is when the answer was sent in (UTC; None: now); its code is judged by that.
    """
    with office.ledger.read() as work:
        damaged = damaged_files(office, reports.get(work, report_id))
    with office.ledger.work() as work:
        report = reports.get(work, report_id)
        if report.read_at is not None or report.form_key != key:
            return Verdict(False, (STALE,), "", None)
        summary = offered_summary(office, report, damaged)
        if not reports.form_asks(report, _asks(office, summary)):
            summary = ""  # nobody was asked about it: another form was open
        reader, questions = _asking(office, work, report, summary)
        values, problems = read_answers(questions, raw)
        label, code = str(values.get("petugas", "")), str(values.get("kode", ""))
        note = str(values.get("catatan", ""))
        holder, reasons = holder_behind(work, reader.role, reader.name, label, code, sent_at)
        reasons += problems
        if raw.get("tayang") == YES and not summary:
            reasons.append(NOT_OFFERED)
        if holder is None or reasons:
            reports.refuse(
                work,
                report,
                named_person=label,
                staff_id=holder.staff_id if holder else None,
                reasons=reasons,
                draft=note,
            )
            return Verdict(False, tuple(reasons), label, None)
        coverage = covered(office, work, report)
        for one in coverage.ends:
            _end(office, work, one, report, holder)
        said = {
            "selesai": [one.publication.reference for one in coverage.ends],
            "dilewati": coverage.altered,
            "berkas_berubah": damaged,
            **_shown_to_the_public(office, work, report, summary, values, holder),
        }
        reports.mark_read(
            work,
            report,
            staff_id=holder.staff_id,
            named_person=label,
            note=note,
            said=said,
        )
        return Verdict(True, (), label, None)


def _shown_to_the_public(
    office: Office,
    work: Work,
    report: Report,
    summary: str,
    values: Mapping[str, Any],
    holder: Holder,
) -> dict[str, Any]:
    """Plan the page if the reader said "ya" to it; what the event says of that answer."""
    if not summary:
        return {}
    if values["tayang"] == YES:
        report_pages.plan(
            work,
            report,
            digest=summary,
            staff_id=holder.staff_id,
            kind=office.public_summary,
            slug=slug_of(report),
        )
    return {"ringkasan": {"jawaban": values["tayang"], "sidik": summary}}


def _end(office: Office, work: Work, one: Covered, report: Report, holder: Holder) -> None:
    """Close the publication's round of step 9 and go on as its SOP says: usually it ends."""
    said = {"id": report.id, "jenis": report.kind, "putaran": one.round.id, "oleh": holder.label}
    publications.keep_note(
        work, one.publication, "dilaporkan", {REPORTED: said}, actor=holder.staff_id
    )
    rounds.close_round(work, one.round, Outcome.SELESAI)
    following = one.sop.following(one.step.no)
    move_to(office, work, one.publication, one.sop, following.no if following else None)
