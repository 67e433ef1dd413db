"""`siar recover`: one sweep over all open publications, at once and without patience.

The schedule does the same every minute; this is for the administrator who has just
mended something, or lost the Prefect database, and wants to see what happens.
"""

from __future__ import annotations

import click
from prefect.client.orchestration import SyncPrefectClient

from deployments.settings import Settings, load_settings
from deployments.stack import answers, as_it_runs
from deployments.wiring import office_of
from tasks.beginnings import restart_lost_beginnings
from tasks.laporan_tertinggal import mend_reports, restart_lost_reports
from tasks.pemulihan import Mended, Sweep, standings_of_open, sweep
from tasks.system_runs import end_dead_system_runs

NOT_RUNNING = (
    "Peladen Prefect di {address} tidak menjawab, jadi belum ada yang dibuka kembali. "
    "Jalankan Siar lebih dahulu (siar start), lalu ulangi: siar recover."
)
NOTHING = "Semua publikasi yang belum selesai ({count}) sudah menunggu sebagaimana mestinya."
BEGUN = "DIMULAI “{title}”: prosesnya mati sebelum permintaan ini tercatat."
NONE_OPEN = "Tidak ada publikasi yang belum selesai."


def main() -> int:
    """Sweep this machine's office; 1 when a publication could not be re-opened."""
    return recover(as_it_runs(load_settings()))


def recover(settings: Settings) -> int:
    """Sweep once and say in Indonesian what was re-opened; 0 when nothing stands in the way."""
    if not answers(f"{settings.prefect_api_url}/health", settings):
        click.echo(NOT_RUNNING.format(address=settings.prefect_url), err=True)
        return 1
    with office_of(settings) as here, prefect_client(settings) as client:
        how = Sweep(here, client, patient=False)
        found = [*sweep(how), *mend_reports(how)]
        begun = [*restart_lost_beginnings(here, client), *restart_lost_reports(here, client)]
        end_dead_system_runs(here, client)
        left_open = len(standings_of_open(here))
    for one in found:
        click.echo(_line(one))
    for title in begun:
        click.echo(BEGUN.format(title=title))
    reopened = sum(not one.obstacle for one in found)
    if reopened:
        click.echo(
            f"{reopened} publikasi atau laporan dibuka kembali; formulirnya muncul sebentar lagi."
        )
    elif not found and not begun:
        click.echo(NOTHING.format(count=left_open) if left_open else NONE_OPEN)
    return int(reopened < len(found))


def prefect_client(settings: Settings) -> SyncPrefectClient:
    """A client of this installation's Prefect server, with its password."""
    auth = settings.prefect.auth
    password = None if auth is None else auth.get_secret_value()
    return SyncPrefectClient(settings.prefect_api_url, auth_string=password)


def _line(one: Mended) -> str:
    where = f"“{one.title}” ({one.reference})" + (f", langkah {one.step}" if one.step else "")
    if one.obstacle:
        return f"BELUM  {where}: {one.obstacle}"
    return f"DIBUKA {where}: {one.reason}."
