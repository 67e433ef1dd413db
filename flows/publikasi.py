"""The publication SOP, from the first hand-in to the monev note.

Deployed as `publikasi`. Each run carries one publication. A run asks the ledger
for the current step, does only that, and suspends whenever a person is needed;
a resume starts it from the top again (law 3: the ledger decides, Prefect runs).
The steps, their order and who performs them come from the SOP file.
"""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run

from sop.forms.request import PublicationRequest, run_title
from sop.model import Actor
from tasks.arsip import record_result_if_documenting, seal_if_documented
from tasks.progress import (
    ask_person,
    begin,
    current_case,
    finished,
    hand_over,
    record_answer_if_any,
)
from tasks.publishing import publish_everywhere


def _name() -> str:
    return run_title(PublicationRequest.model_validate(flow_run.parameters["permintaan"]))


@flow(name="publikasi", flow_run_name=_name, persist_result=False, validate_parameters=True)
def publikasi(permintaan: PublicationRequest, rujukan: str = "") -> State:
    """Satu publikasi menurut SOP. Isi formulir, lalu tekan Submit.

    `rujukan` diisi oleh sistem saat memulihkan; biarkan kosong.
    """
    publication_id = begin(permintaan, rujukan)
    record_answer_if_any(publication_id)
    seal_if_documented(publication_id)
    while (case := current_case(publication_id)) is not None:
        match case.step.actor:
            case Actor.ORANG:
                record_result_if_documenting(case)
                ask_person(case)  # suspends the run; the answer starts it again
            case Actor.KONEKTOR:
                publish_everywhere(case)
            case Actor.ALUR:
                return hand_over(case)
    return finished(publication_id)
