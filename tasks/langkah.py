"""One Prefect task per kind of SOP step, named in the UI as the SOP names the step."""

from __future__ import annotations

from collections.abc import Mapping

from prefect import task
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.states import Completed, Failed

from sop.model import StepKind
from tasks import (
    instruksi,
    pendokumentasian,
    penugasan,
    penulisan,
    penyampaian,
    persetujuan,
    unggah,
    verifikasi,
)
from tasks.answering import Verdict, receive
from tasks.case import Case
from tasks.delivery import deliver
from tasks.gate import NotApprovedError
from tasks.office import office
from tasks.returning import return_to_verification
from tasks.stepwork import StepWork
from tasks.suspension import Sent

WORK_OF: Mapping[StepKind, StepWork] = {
    StepKind.PENYAMPAIAN: penyampaian.WORK,
    StepKind.INSTRUKSI: instruksi.WORK,
    StepKind.PENULISAN: penulisan.WORK,
    StepKind.VERIFIKASI: verifikasi.WORK,
    StepKind.PERSETUJUAN: persetujuan.WORK,
    StepKind.PENUGASAN: penugasan.WORK,
    StepKind.UNGGAH: unggah.WORK,
    StepKind.PENDOKUMENTASIAN: pendokumentasian.WORK,
}


def name_of(case: Case, detail: str = "") -> str:
    """How the step stands in the run's timeline: `5 · Persetujuan pemuatan · putaran 1`."""
    name = f"{case.step.no} · {case.step.short}"
    return f"{name}{detail} · putaran {case.round_number}"


@task(persist_result=False)
def jawaban_langkah(kind: StepKind, publication_id: str, form_id: str, sent: Sent) -> State:
    """Take one person's answer to one step's form."""
    verdict = receive(office(), WORK_OF[kind], publication_id, form_id, sent.fields, sent.at)
    return as_state(verdict)


def as_state(verdict: Verdict) -> State:
    """How the task of one answer ends, in words that the timeline shows."""
    log = get_run_logger()
    if not verdict.accepted:
        for reason in verdict.reasons:
            log.warning("Jawaban %s belum diterima: %s", verdict.person or "tanpa nama", reason)
        return Completed(name="Belum diterima", message=" ".join(verdict.reasons)[:900])
    log.info("Jawaban %s diterima.", verdict.person)
    return Completed(
        name="Ya"
        if verdict.result == "ya"
        else "Tidak"
        if verdict.result == "tidak"
        else "Diterima"
    )


@task(persist_result=False)
def unggah_saluran(publication_id: str, channel: str, owner: str) -> State:
    """Publish one approved post on one channel, through the gate (law 1)."""
    try:
        sent = deliver(office(), publication_id, channel, owner)
    except NotApprovedError as refused:
        return_to_verification(office(), publication_id, refused.reasons)
        get_run_logger().error("Penayangan ditolak: %s", refused)
        return Failed(name="Ditolak", message=str(refused))
    if sent.state == "published":
        get_run_logger().info("Tayang: %s", sent.url)
        return Completed(name="Tayang", message=sent.url)
    get_run_logger().warning("%s", sent.sentence)
    waits = sent.again_at is not None and not sent.needs_person
    name = "Menunggu" if waits else "Perlu tindakan"
    return Completed(name=name, message=sent.sentence[:900])
