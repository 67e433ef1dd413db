"""Doctor's look at the channels: credential, rights, quota, end of the token."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from connectors.base import Connector
from connectors.health import Checked, Need, check_all
from deployments.doctor_clock import Lead
from deployments.finding import Finding, Mark, Patient, good, wrong
from deployments.settings import WHOLE_FILE, Settings, mode_problems
from deployments.settings_sections import Channels
from deployments.stack import answers

MARKS = {Need.NOTHING: Mark.GOOD, Need.SOON: Mark.CARE, Need.NOW: Mark.WRONG}
LABELS = {"website": "Website", "x": "X", "facebook": "Facebook", "instagram": "Instagram"}
REHEARSAL = "Saluran gladi"
# Whoever waits at a terminal is told sooner that a channel does not answer.
PATIENCE = {"connect_timeout": 5.0, "read_timeout": 10.0}


def rehearsal_finding(patient: Patient) -> Finding:
    """Whether the rehearsal channels answer, where they are needed."""
    settings = patient.settings
    if not settings.needs_rehearsal:
        return good(REHEARSAL, "tidak dipakai")
    if settings.rehearsal.port == 0:
        sentence = "porta 0: alamatnya baru diketahui setelah Siar berjalan"
        return wrong(REHEARSAL, sentence, "Tulis porta tetap, misalnya rehearsal.port = 4280.")
    if answers(f"{settings.rehearsal_url}/"):
        return good(REHEARSAL, f"menjawab di {settings.rehearsal_url}")
    return wrong(REHEARSAL, f"tidak menjawab di {settings.rehearsal_url}", "Jalankan: siar start")


def channel_findings(patient: Patient) -> tuple[list[Finding], list[Lead]]:
    """One finding per channel, and what their answers tell of this machine's clock."""
    settings = patient.settings
    findings = _unusable(patient)
    if WHOLE_FILE in patient.assumed or (settings.is_rehearsal and mode_problems(settings)):
        return findings, []
    chosen, absent = _connectors(patient)
    checked = check_all([*chosen, *_for_summaries(patient, chosen)], patient.clock())
    findings += [_finding(one) for one in checked] + absent
    leads = [
        Lead(one.label, one.health.clock_lead)
        for one in checked[: len(chosen)]
        if one.health.clock_lead is not None and one.code in settings.channels.hosts
    ]
    return findings, leads


def _unusable(patient: Patient) -> list[Finding]:
    """Channels that cannot be looked at because of their settings."""
    settings = patient.settings
    if WHOLE_FILE in patient.assumed or "channels" in patient.assumed:
        names = ["Saluran"]
    elif settings.is_rehearsal and mode_problems(settings):
        names = [LABELS[code] for code in settings.channels.hosts]
    else:
        parts = [one.removeprefix("channels.") for one in sorted(patient.assumed) if "." in one]
        names = [LABELS.get(code, "Saluran manual") for code in parts]
    return [
        wrong(
            name,
            "tidak diperiksa, karena pengaturannya belum dapat dipakai",
            "Perbaiki baris Pengaturan di atas, lalu jalankan siar doctor lagi.",
        )
        for name in names
    ]


def _connectors(patient: Patient) -> tuple[list[Connector], list[Finding]]:
    """The channels that can be asked, and a finding for each that the dead rehearsal plays."""
    from deployments.wiring import build_connectors

    settings = patient.settings
    made = build_connectors(_impatient(settings), patient.clock)
    real = {*settings.channels.hosts, *(one.code for one in settings.channels.manual)}
    broken = {one.removeprefix("channels.") for one in patient.assumed}
    wanted = {code: one for code, one in made.items() if code not in broken}
    rehearsed = [code for code in wanted if code not in real]
    if not rehearsed or rehearsal_finding(patient).ok:
        return list(wanted.values()), []
    absent = [
        wrong(wanted[code].label, "saluran gladinya tidak menjawab", "Jalankan: siar start")
        for code in rehearsed
    ]
    return [one for code, one in wanted.items() if code in real], absent


def _for_summaries(patient: Patient, chosen: list[Connector]) -> list[Connector]:
    """The website once more where summaries of reports become pages: they need another role."""
    from deployments.wiring import summary_channels

    settings = patient.settings
    wanted = settings.monev.public_summary == "halaman"
    if not wanted or not any(one.channel == "website" for one in chosen):
        return []
    return [dict(summary_channels(_impatient(settings), patient.clock))["halaman"]]


def _impatient(settings: Settings) -> Settings:
    channels = settings.channels
    changed: dict[str, Any] = {
        name: _with_patience(section)
        for name in Channels.model_fields
        if isinstance(section := getattr(channels, name), BaseModel)
    }
    return settings.model_copy(update={"channels": channels.model_copy(update=changed)})


def _with_patience(section: BaseModel) -> BaseModel:
    shorter = {name: min(most, getattr(section, name)) for name, most in PATIENCE.items()}
    return section.model_copy(update=shorter)


def _finding(one: Checked) -> Finding:
    return Finding(one.label, MARKS[one.need], one.sentence, one.health.action)
