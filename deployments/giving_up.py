"""`siar hentikan`: end a publication in the record, and its run in Prefect."""

from __future__ import annotations

from uuid import UUID

import click
from prefect.client.orchestration import SyncPrefectClient
from prefect.exceptions import ObjectNotFound
from prefect.states import Cancelled

from deployments.recover import prefect_client
from deployments.settings import Settings, load_settings
from deployments.stack import answers, as_it_runs
from deployments.wiring import office_of
from tasks.office import Office
from tasks.penghentian import CannotGiveUpError, GivenUp, give_up, standing

DONE = (
    "Publikasi {reference} “{title}” dihentikan di langkah {step}. Tercatat, dan dapat dibaca di "
    "laporan monev: {reason}"
)
QUESTION = (
    "Publikasi {reference} “{title}” sedang di langkah {step}. Sesudah dihentikan, publikasi itu "
    "tidak dapat dilanjutkan.\nHentikan? Ketik ya atau tidak"
)
LEFT_AS_IT_IS = "Tidak jadi: publikasi itu tetap berjalan."
RUN_LEFT = (
    "Run-nya di Prefect belum ditutup karena peladen tidak menjawab. Tidak apa-apa: bila "
    "dilanjutkan orang, run itu hanya akan berkata bahwa publikasinya dihentikan."
)
STATE = "Publikasi {reference} dihentikan administrator ({reason})."


def main(reference: str, reason: str, ordered_by: str = "", *, asks: bool) -> int:
    """Give up a publication of this machine's office; 1 when it goes on."""
    return stop(as_it_runs(load_settings()), reference, reason, ordered_by, asks=asks)


def stop(
    settings: Settings, reference: str, reason: str, ordered_by: str = "", *, asks: bool = False
) -> int:
    """Give the publication with this reference up and close its run; 1 when it goes on.

    With `asks` only after somebody has said "ya" to what would end.
    """
    try:
        with office_of(settings) as here:
            if asks and not is_wanted(here, reference.strip()):
                click.echo(LEFT_AS_IT_IS)
                return 1
            ended = give_up(here, reference.strip(), reason, ordered_by)
    except CannotGiveUpError as refused:
        click.echo(str(refused), err=True)
        return 1
    told = {"reference": ended.reference, "title": ended.title, "step": ended.step}
    click.echo(DONE.format(**told, reason=ended.reason))
    if not _run_ended(settings, ended):
        click.echo(RUN_LEFT)
    return 0


def is_wanted(here: Office, reference: str) -> bool:
    """Ask whether this publication is to end, naming where it stands; anything but "ya" is a no."""
    found = standing(here, reference)
    question = QUESTION.format(reference=found.reference, title=found.title, step=found.step)
    answer: str = click.prompt(question, default="tidak", show_default=False)
    return answer.strip().casefold() in {"ya", "y"}


def _run_ended(settings: Settings, ended: GivenUp) -> bool:
    if ended.flow_run_id is None:
        return True
    if not answers(f"{settings.prefect_api_url}/health", settings):
        return False
    message = STATE.format(reference=ended.reference, reason=ended.reason)
    with prefect_client(settings) as client:
        _cancel(client, UUID(ended.flow_run_id), message)
    return True


def _cancel(client: SyncPrefectClient, flow_run_id: UUID, message: str) -> None:
    try:
        client.set_flow_run_state(
            flow_run_id, Cancelled(name="Dihentikan", message=message), force=True
        )
    except ObjectNotFound:
        return  # the run is gone already
