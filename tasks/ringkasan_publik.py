"""A report's public summary in the runs of Siar: shown by the report's run, or by the sweeper."""

from __future__ import annotations

import logging

from prefect import task
from prefect.artifacts import create_link_artifact
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.states import Completed

from ledger import reports
from ledger.models import DeliveryState, ReportPage
from tasks.office import office
from tasks.pembacaan import name_in_timeline, titled
from tasks.penayangan import page_of, show, show_due

LIVE = "Ringkasan untuk masyarakat tayang di {url}"
NOT_YET = "Ringkasan untuk masyarakat belum tayang: {why}"
UNDER_WAY = "sedang dikerjakan."


def told_of(page: ReportPage) -> str:
    """How the summary stands, in one sentence."""
    if page.state == DeliveryState.PUBLISHED:
        return LIVE.format(url=page.url)
    why = f"{page.error_sentence} {page.error_action}".strip()
    return NOT_YET.format(why=why or UNDER_WAY)


def show_to_the_public(report_id: str) -> None:
    """The first pass for a summary that its reader said "ya" to; never fails the run.

    What cannot be done now, the sweeper goes on with.
    """
    here = office()
    page = page_of(here, report_id)
    if page is None or page.state == DeliveryState.PUBLISHED:
        return
    name = name_in_timeline(here.sop, "tayangkan ringkasan")
    tayangkan_ringkasan.with_options(task_run_name=name)(report_id, return_state=True)


@task(persist_result=False)
def tayangkan_ringkasan(report_id: str) -> State:
    """One pass for the summary of one report."""
    page = show(office(), report_id)
    if page is None:
        return Completed(name="Tidak ditayangkan")
    if page.state == DeliveryState.PUBLISHED:
        _point_to(page)
        return Completed(name="Tayang", message=told_of(page))
    return Completed(name="Menyusul", message=told_of(page))


def show_waiting_summaries() -> list[str]:
    """A pass for every summary that is due; a line for each that is live now."""
    shown = show_due(office())
    for page in shown:
        get_run_logger().info(told_of(page))
        _point_to(page)
    return [page.slug for page in shown]


def _point_to(page: ReportPage) -> None:
    """Leave the address in the Prefect UI; the record has it, whatever becomes of that."""
    with office().ledger.read() as work:
        title = titled(reports.get(work, page.report_id))
    try:
        create_link_artifact(
            link=page.url,
            link_text=f"Ringkasan laporan monev · {title}",
            key=f"{page.slug}-tayang",
            description="Ringkasan laporan monev di website.",
        )
    except Exception:
        logging.getLogger(__name__).exception("address of %s", page.slug)
