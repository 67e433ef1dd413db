"""The command `siar`.

Heavy modules are imported inside the commands, so that `--help` answers at once.
Exit codes: 0 done, 1 it could not be done (the sentence says why and what to
do), 2 wrong command line or settings, 130 stopped with Ctrl-C.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from deployments.cli.checking import doctor, verify
from deployments.cli.indonesian import Group, complaint
from deployments.cli.monev import monev
from deployments.cli.notifying import notifikasi
from deployments.cli.running import demo, hentikan, recover, start
from deployments.cli.staff import staff


@click.group(
    cls=Group,
    name="siar",
    example=("siar start", 'siar staff add 190001012000012009 "Nama Lengkap" --peran humas'),
)
def siar() -> None:
    """Siar menjalankan SOP publikasi kantor: dari bahan sampai tayang dan arsip."""


for _command in (start, demo, staff, verify, doctor, recover, hentikan, notifikasi, monev):
    siar.add_command(_command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run `siar` and exit."""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run `siar`; the exit code."""
    try:
        result = siar.main(
            args=list(arguments) if arguments is not None else None,
            prog_name="siar",
            standalone_mode=False,
        )
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return 0
    except click.UsageError as error:
        click.echo(complaint(error), err=True)
        return 2
    except click.Abort:
        click.echo("Dihentikan.", err=True)
        return 130
    except Exception as error:
        return _refused(error)
    return result if isinstance(result, int) else 0


def _refused(error: Exception) -> int:
    """Say what an expected error says; anything else is a fault of ours and shown whole."""
    from deployments.settings import SettingsError

    if isinstance(error, SettingsError):
        click.echo("Pengaturan belum dapat dipakai:", err=True)
        for problem in error.problems:
            click.echo(f"  - {problem}", err=True)
        return 2
    if isinstance(error, _expected()):
        click.echo(str(error), err=True)
        return 1
    raise error


def _expected() -> tuple[type[Exception], ...]:
    from deployments.sample_staff import SampleStaffRefusedError
    from deployments.stack import StackError
    from ledger.db import DatabaseUnavailableError
    from ledger.people import PeopleError
    from ledger.vault import VaultError
    from ledger.work import LedgerBusyError, RecordAlteredError

    return (
        DatabaseUnavailableError,
        LedgerBusyError,
        PeopleError,
        RecordAlteredError,
        SampleStaffRefusedError,
        StackError,
        VaultError,
    )
