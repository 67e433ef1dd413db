"""`siar verify` and `siar doctor`: is the record whole, is the installation fit."""

from __future__ import annotations

import click

from deployments.cli.indonesian import Command
from deployments.cli.opening import opened

REPORT_CHANGED = (
    "Berkas laporan {}/{} hilang atau berubah sejak dicatat. Pulihkan berkas itu dari cadangan."
)


@click.command(cls=Command, example=("siar verify",))
def verify() -> int:
    """Memeriksa bahwa catatan dan berkas tidak diubah; menyebut yang pertama salah."""
    from ledger.blobs import FileBlobStore
    from ledger.reports import all_reports, damaged_files
    from ledger.verify import problems

    settings, ledger = opened()
    count = 0
    for problem in problems(ledger, blobs=FileBlobStore(settings.blobs_path)):
        count += 1
        click.echo(f"{problem.table} {problem.row}: {problem.sentence}")
    with ledger.read() as work:
        for report in all_reports(work):
            for name in damaged_files(report, settings.reports_path):
                count += 1
                click.echo(f"reports {report.id}: {REPORT_CHANGED.format(report.folder, name)}")
    if count:
        click.echo(
            f"{count} masalah ditemukan. Simpan keluaran ini, jangan ubah apa pun, "
            "dan laporkan kepada Kepala."
        )
        return 1
    click.echo("Catatan dan berkas utuh: tidak ada yang diubah.")
    return 0


@click.command(cls=Command, example=("siar doctor",))
def doctor() -> int:
    """Memeriksa setiap bagian: satu baris tiap bagian, dan cara membetulkannya.

    Tandanya: ✓ baik, ⚠ perlu perhatian, ✗ harus dibetulkan (perintah ini lalu berakhir dengan
    kode 1). Tidak ada yang diubah, dan Siar tidak harus sedang berjalan.
    """
    from deployments.doctor import diagnose
    from deployments.wiring import utc_now

    findings = diagnose(utc_now)
    width = max(len(finding.part) for finding in findings)
    for finding in findings:
        click.echo(f"{finding.mark}  {finding.part:<{width}}  {finding.sentence}")
        if finding.action:
            click.echo(f"{'':{width + 5}}→ {finding.action}")
    return 0 if all(finding.ok for finding in findings) else 1
