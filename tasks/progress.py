"""What the publication flow is made of: begin, take an answer, ask, hand over."""

from __future__ import annotations

from uuid import UUID

from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.runtime import flow_run
from prefect.states import Completed

from ledger import forms, publications
from ledger.models import Publication, PublicationStatus
from ledger.work import Work
from sop.forms.request import PublicationRequest
from sop.forms.steps import FACTS
from tasks import penyampaian
from tasks.answering import move_to
from tasks.case import Case, publication_in, read_case
from tasks.langkah import WORK_OF, jawaban_langkah, name_of
from tasks.office import Office, office
from tasks.opening import open_form
from tasks.suspension import answer_to, run_exists, suspend_with_form

BUSY = (
    "Publikasi ini sedang dikerjakan proses lain. Tidak ada yang hilang; run ini akan dijalankan "
    "kembali oleh alur rekonsiliasi."
)


REPLACED = (
    "Publikasi {reference} sudah dilanjutkan oleh run lain, jadi jawaban di run ini tidak dipakai. "
    "Tidak ada yang hilang: buka run {run} dan jawab formulirnya di sana."
)


def begin(request: PublicationRequest, reference: str) -> str:
    """The publication that this run carries: found again, taken over, or newly opened."""
    here = office()
    run_id = str(_run_id())
    if reference:
        _refuse_while_alive(here, reference, run_id)
    with here.ledger.work() as work:
        publication = publications.by_flow_run(work, run_id)
        if publication is None and (elsewhere := publications.taken_from(work, run_id)):
            raise RuntimeError(
                REPLACED.format(reference=elsewhere.reference, run=elsewhere.flow_run_id)
            )
        if publication is None and reference:
            publication = publications.by_reference(work, reference)
            if publication is None:
                raise ValueError(f"Tidak ada publikasi dengan rujukan {reference!r}.")
            publications.bind_flow_run(work, publication, run_id)
        if publication is None:
            publication = open_publication(here, work, request, run_id)
        publication_id = publication.id
    if not here.locks.acquire(publication_id):
        raise RuntimeError(BUSY)
    return publication_id


def _refuse_while_alive(here: Office, reference: str, run_id: str) -> None:
    """Anybody can start a run with a reference; only one whose run is gone is taken over."""
    with here.ledger.read() as work:
        publication = publications.by_reference(work, reference)
        bound = publication.flow_run_id if publication else None
    if bound and bound != run_id and run_exists(UUID(bound)):
        raise RuntimeError(REPLACED.format(reference=reference, run=bound))


def open_publication(
    here: Office, work: Work, request: PublicationRequest, run_id: str
) -> Publication:
    """Enter a newly asked-for publication, at its first step."""
    labels = here.channel_labels
    wanted = [code for code, label in labels.items() if {code, label} & set(request.saluran)]
    publication = publications.open_publication(
        work,
        flow_run_id=run_id,
        sop=here.sop,
        title=request.cleaned("judul"),
        unit=request.cleaned("unit"),
        classification=request.cleaned("klasifikasi"),
        facts={name: request.cleaned(name) for name, _, _ in FACTS},
        folder=request.cleaned("folder"),
        channels=wanted or list(labels),
        wanted_at=request.wanted_at,
        rehearsal=here.rehearsal,
        first_step=here.sop.first.no,
    )
    if request.unread_moment:
        said = {penyampaian.UNREAD_MOMENT: request.unread_moment}
        publications.keep_note(work, publication, "waktu-tayang-tidak-terbaca", said)
    move_to(here, work, publication, here.sop, here.sop.first.no)
    return publication


def current_case(publication_id: str) -> Case | None:
    """Where the publication stands now."""
    return read_case(office(), publication_id)


def record_answer_if_any(publication_id: str) -> None:
    """Carry the answer to this run's open form through its step, if one was given."""
    here = office()
    with here.ledger.read() as work:
        form = forms.waiting_form(work, publication_in(work, publication_id))
        found = None if form is None else (form.id, form.key, form.flow_run_id)
    case = read_case(here, publication_id)
    if found is None or case is None:
        return
    form_id, key, run_id = found
    sent = answer_to(UUID(run_id), key)
    if sent is None:
        return
    named = jawaban_langkah.with_options(task_run_name=name_of(case))
    named(case.step.kind, publication_id, form_id, sent, return_state=True).result()


def ask_person(case: Case) -> None:
    """Open the step's form and suspend the run. Never returns."""
    run_id = _run_id()
    form = open_form(office(), case, WORK_OF[case.step.kind], run_id)
    get_run_logger().info(
        "Menunggu jawaban langkah %s · %s (%s).",
        case.step.no,
        case.step.short,
        case.sop.role_name(case.step.role),
    )
    suspend_with_form(run_id, form.key, form.model, form.description)


def hand_over(case: Case) -> State:
    """The rest is done by a later flow; this run is complete."""
    return Completed(
        name="Tayang",
        message=f"Langkah {case.step.no} · {case.step.short} dikerjakan alur tersendiri.",
    )


def finished(publication_id: str) -> State:
    """The SOP has been gone through, or the publication was given up on the way."""
    with office().ledger.read() as work:
        publication = publication_in(work, publication_id)
        reference, reason = publication.reference, publication.status_reason
        given_up = publication.status == PublicationStatus.DIBATALKAN.value
    if given_up:
        said = f"Publikasi {reference} dihentikan ({reason}). Tidak ada lagi yang perlu dijawab."
        return Completed(name="Dihentikan", message=said)
    return Completed(name="Selesai", message=f"Publikasi {reference} selesai.")


def _run_id() -> UUID:
    return UUID(str(flow_run.id))
