"""SOP step 8: the result is recorded, sealed in the archive, and checked every month."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from prefect import task
from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.states import Completed, Failed

from archive import ArchiveError, bags
from ledger import publications
from ledger.models import OFFICE_CHAIN
from ledger.work import RecordAlteredError
from sop.indonesian import moment
from sop.markup import escape_for_form
from sop.model import StepKind
from tasks.archiving import (
    Sealed,
    documented_of,
    seal_publication,
    sealed_bags,
    unsealed,
)
from tasks.case import Case, publication_in
from tasks.keutuhan import archive_problems
from tasks.langkah import name_of
from tasks.office import Office, office
from tasks.recording import record_result, recording_of

CHECKED = "keutuhan-diperiksa"
NEEDS_PERSON = "Perlu tindakan"
ARTIFACT = "keutuhan-arsip"
MOST_STATE_TEXT = 900
UNEXPECTED = (
    "Arsip belum dapat dibuat karena kesalahan yang tidak terduga ({error}). Tidak ada yang "
    "hilang; dicoba lagi tiap jam. Bila tetap begitu, laporkan kepada administrator."
)


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of one attempt to seal: the bag, or why there is none yet."""

    reference: str
    sealed: Sealed | None
    sentence: str = ""


# --- within a publication's own run -------------------------------------------------


def record_result_if_documenting(case: Case) -> None:
    """Before step 8's form opens: read the posts and the page again, once."""
    if case.step.kind is not StepKind.PENDOKUMENTASIAN:
        return
    here = office()
    with here.ledger.read() as work:
        if recording_of(publication_in(work, case.publication_id)).is_complete:
            return
    named = rekam_hasil.with_options(task_run_name=name_of(case, " · rekam hasil"))
    named(case.publication_id, return_state=True)


def seal_if_documented(publication_id: str) -> None:
    """After step 8 was answered: seal the bag. Its trouble never stops the publication."""
    here = office()
    with here.ledger.read() as work:
        publication = publication_in(work, publication_id)
        documented = documented_of(work, publication)
        known = {one.number for one in sealed_bags(publication)}
        if documented is None or documented.number in known:
            return
        steps = publications.sop_of(work, publication).steps
    step = next((one for one in steps if one.kind is StepKind.PENDOKUMENTASIAN), steps[-1])
    name = f"{step.no} · {step.short} · segel arsip · putaran {documented.number}"
    segel_arsip.with_options(task_run_name=name)(publication_id, return_state=True)


@task(persist_result=False)
def rekam_hasil(publication_id: str) -> State:
    """Read each post and the website's page again, for the archive."""
    log = get_run_logger()
    try:
        recording = record_result(office(), publication_id)
    except Exception as error:
        log.exception("recording %s", publication_id)
        return Completed(name=NEEDS_PERSON, message=_unexpected(error))
    if recording.is_complete:
        return Completed(name="Terekam", message="Semua kiriman dan halaman website terekam.")
    for sentence in recording.missing:
        log.warning("%s", sentence)
    return Completed(name="Belum lengkap", message=" ".join(recording.missing)[:MOST_STATE_TEXT])


@task(persist_result=False)
def segel_arsip(publication_id: str) -> State:
    """Seal one publication's bag."""
    return _as_state(try_to_seal(office(), publication_id))


def _as_state(tried: Tried) -> State:
    if tried.sealed is None:
        get_run_logger().warning("%s", tried.sentence)
        return Failed(name="Belum tersegel", message=tried.sentence[:MOST_STATE_TEXT])
    get_run_logger().info("Arsip disegel: %s", tried.sealed.path)
    return Completed(name="Tersegel", message=f"{tried.sealed.path} · {tried.sealed.seal}")


def try_to_seal(here: Office, publication_id: str) -> Tried:
    """Seal one publication; whatever goes wrong comes back as a sentence."""
    with here.ledger.read() as work:
        reference = publication_in(work, publication_id).reference
    try:
        return Tried(reference, seal_publication(here, publication_id))
    except (ArchiveError, RecordAlteredError) as refused:
        return Tried(reference, None, str(refused))
    except Exception as error:
        # A fault in one bag must stop neither its publication nor the other bags.
        logging.getLogger(__name__).exception("sealing %s", reference)
        return Tried(reference, None, _unexpected(error))


def _unexpected(error: Exception) -> str:
    return UNEXPECTED.format(error=type(error).__name__)


# --- the flow `arsip` ---------------------------------------------------------------


@task(name="Cari yang belum diarsip", task_run_name="Cari", persist_result=False)
def cari_yang_belum_diarsip(named: str) -> list[str]:
    """Ids of the publications to seal: the one that is named, else all that wait."""
    here = office()
    with here.ledger.read() as work:
        if not named.strip():
            return unsealed(work)
        known = publications.by_reference(work, named)
        return [known.id if known is not None else publication_in(work, named.strip()).id]


@task(name="Segel arsip", task_run_name="Segel arsip", persist_result=False)
def segel_semua(publication_ids: Sequence[str]) -> list[Tried]:
    """Seal each; one publication's trouble never stops the others."""
    here = office()
    log = get_run_logger()
    done = [try_to_seal(here, one) for one in publication_ids]
    for tried in done:
        if tried.sealed is not None:
            log.info("Publikasi %s: arsip %s.", tried.reference, tried.sealed.path)
        else:
            log.warning("Publikasi %s: %s", tried.reference, tried.sentence)
    return done


def hasil_arsip(done: Sequence[Tried]) -> State:
    """How the run ends."""
    waiting = [f"{one.reference}: {one.sentence}" for one in done if one.sealed is None]
    if waiting:
        return Completed(name=NEEDS_PERSON, message="\n".join(waiting)[:MOST_STATE_TEXT])
    return Completed(name="Tersegel", message=f"{len(done)} paket arsip tersegel.")


# --- the flow `keutuhan` ------------------------------------------------------------


@task(name="Periksa arsip", task_run_name="Periksa arsip", persist_result=False)
def periksa_arsip() -> list[str]:
    """Re-read every bag, compare with the record, and say so on the office's chain."""
    here = office()
    problems = archive_problems(here.ledger, here.archive_root)
    found = [f"{one.path}: {one.sentence}" for one in problems]
    with here.ledger.work() as work:
        work.record(OFFICE_CHAIN, CHECKED, {"paket": _count(here), "temuan": found[:100]})
    log = get_run_logger()
    for sentence in found:
        log.error("%s", sentence)
    create_markdown_artifact(
        markdown=report(here, found),
        key=ARTIFACT,
        description="Keutuhan paket arsip",
    )
    return found


def _count(here: Office) -> int:
    return sum(1 for _ in bags(here.archive_root))


def report(here: Office, found: Sequence[str]) -> str:
    """The artifact: how many bags, and each thing that is wrong."""
    lines = [f"Diperiksa {moment(here.clock())}: {_count(here)} paket.", ""]
    if not found:
        return "\n".join([*lines, "Semua paket utuh."])
    lines += [f"- {escape_for_form(sentence)}" for sentence in found]
    return "\n".join([*lines, "", "Jangan ubah apa pun; pulihkan dari cadangan."])


def hasil_keutuhan(found: Sequence[str]) -> State:
    """How the run ends: its name says whether a person is needed."""
    if not found:
        return Completed(name="Utuh", message="Semua paket arsip utuh.")
    return Completed(name=NEEDS_PERSON, message="\n".join(found)[:MOST_STATE_TEXT])
