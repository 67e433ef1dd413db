"""What `siar doctor` looks at: every part of an installation, by reading only.

Nothing is made, migrated or started, and no part's trouble keeps the others from
being looked at: a server that is down, a record that cannot be reached, even
settings that cannot be used are lines among the others.
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from deployments.doctor_channels import channel_findings, rehearsal_finding
from deployments.doctor_clock import Lead, clock_finding
from deployments.doctor_files import (
    calendar_finding,
    disk_findings,
    intake_finding,
    key_finding,
    sop_finding,
)
from deployments.doctor_notifications import notification_findings
from deployments.doctor_record import database_lead, record_findings
from deployments.doctor_server import server_findings
from deployments.finding import Finding, Patient, good, wrong
from deployments.settings import WHOLE_FILE, Settings, Usable, config_path, usable_settings
from deployments.stack import as_it_runs

Look = Callable[[Patient], Iterable[Finding]]

SETTINGS = "Pengaturan"


def diagnose(clock: Callable[[], datetime]) -> list[Finding]:
    """All findings, in the order in which they should be mended."""
    usable = usable_settings()
    patient = Patient(as_it_runs(usable.settings), clock, usable.assumed)
    leads: list[Lead] = []

    def channels(seen: Patient) -> Iterable[Finding]:
        found, channel_leads = channel_findings(seen)
        leads.extend(channel_leads)
        return found

    def clocks(seen: Patient) -> Iterable[Finding]:
        return [clock_finding([*database_lead(seen), *leads])]

    # The clock is last since the channels' answers tell what time it is.
    looks: tuple[tuple[str, Look, tuple[str, ...]], ...] = (
        ("SOP", lambda seen: [sop_finding(seen)], ("sop_file",)),
        ("Kalender", lambda seen: [calendar_finding(seen)], ("calendar_file",)),
        ("Ruang disk", disk_findings, ("data_dir", "intake_dir")),
        ("Folder bahan", lambda seen: [intake_finding(seen)], ("data_dir", "intake_dir", "mode")),
        ("Berkas kunci", lambda seen: [key_finding(seen)], ("data_dir", "key_file")),
        ("Catatan", record_findings, ("data_dir", "ledger_url", "sop_file")),
        ("Peladen Prefect", server_findings, ("prefect",)),
        ("Saluran gladi", lambda seen: [rehearsal_finding(seen)], ("rehearsal", "mode")),
        ("Saluran", channels, ()),
        ("Pemberitahuan", notification_findings, ("notifications", "sop_file")),
        ("Jam", clocks, ()),
    )
    findings = settings_findings(usable)
    for part, look, needs in looks:
        findings += [
            _with_assumption(finding, patient, needs) for finding in _guarded(part, look, patient)
        ]
    return findings


def settings_findings(usable: Usable) -> list[Finding]:
    """What is wrong with the settings, or where they come from."""
    found = [wrong(SETTINGS, problem, "") for problem in usable.problems]
    if found:  # each says its own mend; what holds for all of them is said once
        mend = "Perbaiki itu dahulu; baris lain diperiksa sedapatnya."
        found[-1] = wrong(SETTINGS, usable.problems[-1], mend)
    path = config_path()
    if path is None:
        return found or [good(SETTINGS, f"tanpa berkas, mode {usable.settings.mode}")]
    exposed = _exposed(path, usable.settings)
    if exposed is not None:
        return [*found, exposed]
    return found or [good(SETTINGS, f"{path}, mode {usable.settings.mode}")]


def _exposed(path: Path, settings: Settings) -> Finding | None:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return None  # that it cannot be read was said already
    has_secrets = bool(
        settings.channels.hosts
        or settings.prefect.auth
        or settings.ledger_url is not None
        or settings.notifications.any_configured
    )
    if mode & 0o077 and has_secrets:
        return wrong(
            SETTINGS,
            f"{path} berisi kata sandi dan dapat dibaca orang lain (mode {mode:04o})",
            f"Jalankan: chmod 600 {path}",
        )
    return None


def _guarded(part: str, look: Look, patient: Patient) -> list[Finding]:
    found: list[Finding] = []
    try:
        # One by one: what was seen before it died counts.
        for finding in look(patient):
            found.append(finding)  # noqa: PERF402
    except Exception as error:  # whatever a part dies of is what doctor has to say
        said = str(error).strip().partition("\n")[0][:300] or type(error).__name__
        action = "Perbaiki menurut keterangan itu, lalu jalankan siar doctor lagi."
        found.append(wrong(part, said, action))
    return found


def _with_assumption(finding: Finding, patient: Patient, needs: tuple[str, ...]) -> Finding:
    """The finding, saying so where it was made with defaults instead of the office's settings."""
    if patient.assumed.isdisjoint({WHOLE_FILE, *needs}) or not needs:
        return finding
    sentence = f"{finding.sentence} (diperiksa dengan pengaturan bawaan)"
    return Finding(finding.part, finding.mark, sentence, finding.action)
