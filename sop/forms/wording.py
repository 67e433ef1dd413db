"""The Markdown on top of a form: what came before, who did it, what is asked.

On a phone the dialog shows only a few lines, so what matters stands first: a
refusal's reasons, the decision asked for, the time left. Details follow, and the
whole manuscript is one link away. Everything that people typed is escaped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sop.indonesian import minutes, moment, number, short_moment
from sop.manuscript import Finding
from sop.markup import escape_for_form
from sop.model import Step, StepKind

UNTITLED = "(tanpa judul)"

# What each kind of step asks of the person, in one or two sentences.
ASKED: Mapping[StepKind, str] = {
    StepKind.PENYAMPAIAN: "Periksa daftar informasi dan data di bawah, lengkapi yang kurang, "
    "lalu sampaikan atas nama Anda.",
    StepKind.INSTRUKSI: "Tunjuk penulis dan tulis catatan instruksinya.",
    StepKind.PENULISAN: "Tulis berita sekurang-kurangnya dalam format 5W + 1H: isi formulir ini, "
    "atau taruh naskah.docx, naskah.odt, atau naskah.md beserta fotonya di folder materi.",
    StepKind.VERIFIKASI: "Verifikasi dan sempurnakan naskah. Jawab ya bila siap diajukan kepada "
    "pimpinan, atau tidak (dengan alasan) bila harus ditulis ulang.",
    StepKind.PERSETUJUAN: "Yang tayang adalah persis pratinjau ini. Jawab ya bila setuju, "
    "atau tidak (dengan alasan) bila perlu diperbaiki.",
    StepKind.PENUGASAN: "Tunjuk petugas, saluran, dan waktu tayang.",
    StepKind.UNGGAH: "Saluran berikut memerlukan tindakan Anda.",
    StepKind.PENDOKUMENTASIAN: "Periksa hasil publikasi di bawah, lalu tulis catatan monev.",
    StepKind.MONEV: "Tulis hasil monitoring dan evaluasi.",
}


@dataclass(frozen=True, slots=True)
class Past:
    """One closed round: who did what, and how long it took in working minutes."""

    step_no: int
    name: str
    round_number: int
    person: str
    closed_at: datetime
    took_minutes: float
    standard_minutes: int | None
    outcome: str
    reason: str = ""


def introduction(
    *,
    step: Step,
    round_number: int,
    title: str,
    reference: str,
    opened_at: datetime,
    deadline: datetime | None,
    notice: Sequence[str],
    refused: bool,
    body: str,
    history: Sequence[Past],
) -> str:
    """The whole description of one form; `refused` when the answer before this was."""
    parts = [reasons_block(notice, refused=refused)] if notice else []
    parts.append(f"**{ASKED[step.kind]}**")
    if body:
        parts.append(body)
    parts.append(
        f"Langkah {step.no} · {escape_for_form(step.activity)} · putaran {round_number}  \n"
        f"Publikasi: {escape_for_form(one_line(title) or UNTITLED)} (`{reference}`)  \n"
        + _time(step, deadline)
    )
    if history:
        parts.append(_history(history))
    return "\n\n".join(parts)


def reasons_block(reasons: Sequence[str], *, refused: bool) -> str:
    """What stands on top of a form: why the answer before was refused, or what to read first."""
    heading = "Belum dapat diterima" if refused else "Baca dahulu"
    lines = "\n".join(f"- {escape_for_form(reason)}" for reason in reasons)
    return f"### ⚠ {heading}\n\n{lines}"


def _time(step: Step, deadline: datetime | None) -> str:
    if step.standard_minutes is None or deadline is None:
        return "Baku waktu: tidak ditetapkan SOP."
    return f"Baku waktu: {minutes(step.standard_minutes)}, berakhir {moment(deadline)}."


def _history(history: Sequence[Past]) -> str:
    # A list, since a table is wider than the dialog and a phone.
    lines = []
    for past in history:
        standard = "" if past.standard_minutes is None else f" / {number(past.standard_minutes)}"
        outcome = past.outcome + (f": {past.reason}" if past.reason else "")
        lines.append(
            f"- **{past.step_no} · {escape_for_form(past.name)} · putaran {past.round_number}**: "
            f"{escape_for_form(past.person)}, {short_moment(past.closed_at)}, "
            f"{number(past.took_minutes)}{standard} menit, {escape_for_form(one_line(outcome))}"
        )
    return "Yang sudah berjalan (lama / baku, menit kerja):\n\n" + "\n".join(lines)


def one_line(text: str, most: int = 120) -> str:
    """The text on one line, cut at a word where it is longer than `most` letters."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1].rsplit(" ", 1)[0] + "…"


def findings_list(findings: Sequence[Finding]) -> str:
    """The automatic checks: what blocks first, then what the person must weigh."""
    if not findings:
        return "✓ Pemeriksaan otomatis: tidak ada temuan."
    blocking = [finding for finding in findings if finding.blocking]
    other = [finding for finding in findings if not finding.blocking]
    parts = []
    if blocking:
        parts.append("**Harus dibereskan sebelum “ya”:**\n\n" + _bullets(blocking, "✗"))
    if other:
        parts.append("**Perlu diperhatikan:**\n\n" + _bullets(other, "⚠"))
    return "\n\n".join(parts)


def _bullets(findings: Sequence[Finding], sign: str) -> str:
    return "\n".join(
        f"- {sign} {escape_for_form(finding.place)}: {escape_for_form(finding.sentence)}"
        for finding in findings
    )
