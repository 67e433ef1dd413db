"""Judges the arrows between the steps of an SOP before anyone follows them.

Every rule protects either the run (it ends, and nothing loops without a person)
or a law of DESIGN: what goes out was written, then approved, once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from sop.errors import Problem
from sop.model import Actor, Step, StepKind

# Which hand may do which kind of step. Approval by a machine would be none.
_ACTORS: dict[StepKind, tuple[Actor, ...]] = {
    StepKind.PENYAMPAIAN: (Actor.ORANG,),
    StepKind.INSTRUKSI: (Actor.ORANG,),
    StepKind.PENULISAN: (Actor.ORANG,),
    StepKind.VERIFIKASI: (Actor.ORANG,),
    StepKind.PERSETUJUAN: (Actor.ORANG,),
    StepKind.PENUGASAN: (Actor.ORANG,),
    StepKind.UNGGAH: (Actor.KONEKTOR,),
    StepKind.PENDOKUMENTASIAN: (Actor.ORANG, Actor.ALUR),
    StepKind.MONEV: (Actor.ALUR, Actor.ORANG),
}
_DECISIONS = (StepKind.VERIFIKASI, StepKind.PERSETUJUAN)
_CHANGES_TEXT = (StepKind.PENULISAN, StepKind.VERIFIKASI)
_INDISPENSABLE = (StepKind.PENULISAN, StepKind.PERSETUJUAN, StepKind.UNGGAH)

_Arrows = Callable[[Step], list[int]]


def problems_in_steps(steps: Sequence[Step], file: str) -> list[Problem]:
    """Everything that would keep these steps from being carried out.

    Steps are sorted by number, numbers are unique and arrows lead to steps that exist.
    """
    if not steps:
        return []
    rules = (
        _wrong_hands,
        _wrong_decisions,
        _missing_kinds,
        _unreachable,
        _never_ending,
        _loops_without_a_person,
        _unwritten,
        _unapproved,
        _published_twice,
    )
    return [Problem(file, *said) for rule in rules for said in rule(steps)]


_Said = tuple[str, str, str]


def _place(step: Step) -> str:
    return f"langkah {step.no}"


def _all_arrows(step: Step) -> list[int]:
    return [no for no in (step.on_yes, step.on_no) if no is not None]


def _reached(steps: Sequence[Step], starts: Iterable[int], arrows: _Arrows) -> set[int]:
    by_no = {step.no: step for step in steps}
    seen: set[int] = set()
    waiting = list(starts)
    while waiting:
        no = waiting.pop()
        if no not in seen:
            seen.add(no)
            waiting.extend(arrows(by_no[no]))
    return seen


def _wrong_hands(steps: Sequence[Step]) -> Iterable[_Said]:
    for step in steps:
        allowed = _ACTORS[step.kind]
        if step.actor not in allowed:
            yield (
                _place(step),
                f'{step.kind.value.capitalize()} tidak boleh dikerjakan oleh "{step.actor.value}".',
                "Tulis " + " atau ".join(f'dikerjakan = "{a.value}"' for a in allowed) + ".",
            )


def _wrong_decisions(steps: Sequence[Step]) -> Iterable[_Said]:
    for step in steps:
        decides = step.kind in _DECISIONS
        if decides and step.on_no is None:
            yield (
                _place(step),
                f'{step.kind.value.capitalize()} belum menyebut tujuan bila jawabannya "tidak".',
                "Tambahkan nomor langkah untuk memperbaikinya, misalnya tidak = 3.",
            )
        elif not decides and step.on_no is not None:
            yield (
                _place(step),
                f'"tidak" hanya berlaku pada verifikasi dan persetujuan, bukan {step.kind.value}.',
                'Hapus baris "tidak", atau ubah jenis langkah ini.',
            )
        if step.on_no is not None and step.on_no == step.on_yes:
            yield (
                _place(step),
                f'"ya" dan "tidak" sama-sama menuju langkah {step.on_no}.',
                "Bedakan tujuannya; keputusan yang tidak mengubah apa pun bukan keputusan.",
            )


def _missing_kinds(steps: Sequence[Step]) -> Iterable[_Said]:
    for kind in _INDISPENSABLE:
        if not any(step.kind is kind for step in steps):
            yield (
                "",
                f"SOP ini tidak mempunyai langkah {kind.value}.",
                f'Tambahkan satu langkah dengan jenis = "{kind.value}".',
            )


def _unreachable(steps: Sequence[Step]) -> Iterable[_Said]:
    reached = _reached(steps, [steps[0].no], _all_arrows)
    for step in steps:
        if step.no not in reached:
            yield (
                _place(step),
                f"Langkah ini tidak pernah dicapai dari langkah {steps[0].no}.",
                f'Arahkan "ya" atau "tidak" suatu langkah ke {step.no}, atau hapus langkah ini.',
            )


def _never_ending(steps: Sequence[Step]) -> Iterable[_Said]:
    sources: dict[int, list[int]] = {step.no: [] for step in steps}
    for step in steps:
        for target in _all_arrows(step):
            sources[target].append(step.no)
    ends = [step.no for step in steps if step.on_yes is None]
    may_end = _reached(steps, ends, lambda step: sources[step.no])
    for step in steps:
        if step.no not in may_end:
            yield (
                _place(step),
                "Dari langkah ini SOP tidak pernah berakhir.",
                'Pastikan salah satu langkah sesudahnya bertuliskan ya = "selesai".',
            )


def _loops_without_a_person(steps: Sequence[Step]) -> Iterable[_Said]:
    by_no = {step.no: step for step in steps}

    def arrows_between_machines(step: Step) -> list[int]:
        return [no for no in _all_arrows(step) if by_no[no].actor is not Actor.ORANG]

    for step in steps:
        if step.actor is Actor.ORANG:
            continue
        if step.no in _reached(steps, arrows_between_machines(step), arrows_between_machines):
            yield (
                _place(step),
                "Langkah ini berputar kembali ke dirinya tanpa melewati seorang pun.",
                'Sisipkan langkah dengan dikerjakan = "orang", atau ubah tujuan "ya"-nya.',
            )


def _unwritten(steps: Sequence[Step]) -> Iterable[_Said]:
    """Verification and approval judge a text: one must have been written on every way there."""

    def arrows(step: Step) -> list[int]:
        return [] if step.kind is StepKind.PENULISAN else _all_arrows(step)

    reached = _reached(steps, [steps[0].no], arrows)
    for step in steps:
        if step.kind in _DECISIONS and step.no in reached:
            yield (
                _place(step),
                f"{step.kind.value.capitalize()} dapat dicapai sebelum ada penulisan.",
                "Letakkan langkah penulisan sebelumnya.",
            )


def _unapproved(steps: Sequence[Step]) -> Iterable[_Said]:
    """Uploading is reached only through an approval's "ya", also after each change of text."""

    def arrows(step: Step) -> list[int]:
        if step.kind is StepKind.PERSETUJUAN:
            return [] if step.on_no is None else [step.on_no]
        return _all_arrows(step)

    starts = [steps[0].no, *(step.no for step in steps if step.kind in _CHANGES_TEXT)]
    reached = _reached(steps, starts, arrows)
    for step in steps:
        if step.kind is StepKind.UNGGAH and step.no in reached:
            yield (
                _place(step),
                "Unggah dapat dicapai tanpa melewati persetujuan atas naskah terakhir.",
                "Letakkan langkah persetujuan di antara penulisan atau verifikasi dan unggah.",
            )


def _published_twice(steps: Sequence[Step]) -> Iterable[_Said]:
    uploads = [step for step in steps if step.kind is StepKind.UNGGAH]
    for step in uploads[1:]:
        yield (
            _place(step),
            f"Unggah sudah dikerjakan di langkah {uploads[0].no}.",
            "Satu SOP mempunyai satu langkah unggah untuk semua saluran; gabungkan keduanya.",
        )
    for step in uploads:
        if step.no in _reached(steps, _all_arrows(step), _all_arrows):
            yield (
                _place(step),
                "Sesudah unggah, SOP ini dapat kembali ke unggah lagi.",
                "Jangan arahkan langkah sesudah unggah ke langkah sebelumnya; "
                "perbaikan sesudah terbit dikerjakan sebagai ralat.",
            )
