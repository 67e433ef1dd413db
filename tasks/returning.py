"""What happens when something approved is no longer what was approved: back to step 4."""

from __future__ import annotations

from collections.abc import Sequence

from ledger import decisions, publications, rounds
from ledger.models import Outcome
from sop.model import Sop, Step, StepKind
from tasks.answering import move_to
from tasks.case import WARNING, publication_in
from tasks.office import Office

RETURNED = "dikembalikan-sistem"


def return_to_verification(office: Office, publication_id: str, reasons: Sequence[str]) -> None:
    """Revoke the approval, record why, and open a round of the verifying step.

    Harmless to repeat: when the publication already left the publishing step,
    nothing more is done.
    """
    with office.ledger.work() as work:
        publication = publication_in(work, publication_id)
        sop = publications.sop_of(work, publication)
        current = rounds.current_round(work, publication)
        if current is None or sop.step(current.step_no).kind is not StepKind.UNGGAH:
            return
        decisions.revoke_approvals(work, publication, " ".join(reasons))
        rounds.close_round(work, current, Outcome.TIDAK)
        move_to(office, work, publication, sop, _verifying_step(sop).no)
        opened = rounds.current_round(work, publication)
        warning = {"alasan": list(reasons), "putaran": opened.id if opened else ""}
        publications.keep_note(work, publication, RETURNED, {WARNING: warning})


def _verifying_step(sop: Sop) -> Step:
    kinds = [StepKind.VERIFIKASI, StepKind.PENULISAN]
    return next(step for kind in kinds for step in sop.steps if step.kind is kind)
