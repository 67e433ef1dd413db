"""The process that runs are forked from: everything imported, and everything tried once.

What a program does for the first time is dear: statements are compiled, validators
and templates built, words of the language read. A fork would pay it at each form, so
the template carries one invented publication through its first steps, in a folder of
its own that is thrown away, before the first fork is made. Nothing rests on it: when
it does not come through, forks are slower and that is all.
"""

from __future__ import annotations

import encodings.ascii
import encodings.cp437  # noqa: F401
import gc
import logging
import tempfile
import xml.dom.expatbuilder  # noqa: F401
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import phonenumbers.data.region_ID  # noqa: F401
import PIL.TiffImagePlugin  # noqa: F401
import prefect.concurrency.services
import prefect.task_engine
import prefect.utilities.visualization  # noqa: F401
from PIL import Image
from prefect.artifacts import MarkdownArtifact
from prefect.client.schemas import actions, objects
from prefect.events.schemas.events import Event
from pydantic import BaseModel

import deployments.forked_run  # noqa: F401 (imported here so that no fork has to)
from deployments.sample_staff import SAMPLE_STAFF, ensure_sample_staff
from deployments.settings import Mode, Settings
from deployments.wiring import office_of
from ledger import forms
from sop.forms.request import PublicationRequest
from sop.forms.steps import FROM_FORM, YES
from tasks.answering import receive
from tasks.case import publication_in, read_case
from tasks.langkah import WORK_OF
from tasks.office import Office
from tasks.opening import open_form
from tasks.progress import open_publication

_ASKED = {
    "judul": "Pemanasan",
    "unit": "Tim Kerja 1",
    "klasifikasi": "berkala",
    "apa": "Kegiatan",
    "siapa": "Petugas",
    "kapan": "Hari ini",
    "di_mana": "Palembang",
    "mengapa": "Latihan",
    "bagaimana": "Sesuai prosedur",
    "folder": "pemanasan",
}
_WRITTEN: dict[str, object] = {
    "sumber": FROM_FORM,
    "judul": "Pemanasan sebelum jam kerja",
    "teras": "Petugas memanaskan mesin.",
    "isi": "Satu **paragraf** dengan [tautan](#) dan daftar:\n\n- satu\n- dua",
}
# Prefect builds the validators of its models at their first use.
_MODELS: tuple[type[BaseModel], ...] = (
    objects.FlowRun,
    objects.FlowRunInput,
    objects.FlowRunPolicy,
    objects.CsrfToken,
    objects.Artifact,
    objects.ConcurrencyLeaseHolder,
    actions.LogCreate,
    actions.FlowRunUpdate,
    actions.ArtifactCreate,
    MarkdownArtifact,
    Event,
)
# Who answers what, in the order of the steps; every one of them has one code.
_PLAY: tuple[tuple[str, dict[str, object]], ...] = (
    ("Rahma Contoh", {}),
    ("Sari Contoh", {"penulis": "Yoga Contoh", "catatan": "Singkat."}),
    ("Yoga Contoh", _WRITTEN),
    ("Putri Contoh", {"keputusan": YES, "alasan": "Baik."}),
)


def warm() -> int:
    """Carry an invented publication past the verifier, in a folder of its own; the step reached."""
    with tempfile.TemporaryDirectory(prefix="siar-pemanasan-") as folder:
        settings = Settings.model_validate({"data_dir": Path(folder), "mode": Mode.GLADI})
        with office_of(settings) as here:
            ensure_sample_staff(here.ledger, settings)
            _lay_down_material(settings.intake_path / _ASKED["folder"])
            return _play(here)


def _lay_down_material(folder: Path) -> None:
    folder.mkdir(parents=True)
    Image.new("RGB", (1080, 1080), "teal").save(folder / "foto.jpg")
    (folder / "keterangan.txt").write_text("foto.jpg: Bidang berwarna", encoding="utf-8")


def _play(here: Office) -> int:
    codes = {person.name: person.code(datetime.now(UTC)) for person in SAMPLE_STAFF}
    run_id = uuid4()
    with here.ledger.work() as work:
        request = PublicationRequest.model_validate(_ASKED)
        publication_id = open_publication(here, work, request, str(run_id)).id
    for name, fields in _PLAY:
        _answer(here, publication_id, run_id, {**fields, "petugas": name, "kode": codes[name]})
    case = read_case(here, publication_id)
    return case.step.no if case else 0


def _answer(here: Office, publication_id: str, run_id: UUID, fields: dict[str, object]) -> None:
    case = read_case(here, publication_id)
    if case is None:
        return
    work_of_step = WORK_OF[case.step.kind]
    shown = open_form(here, case, work_of_step, run_id)
    asked = shown.model.model_json_schema()["properties"]
    filled = {name: one["default"] for name, one in asked.items() if "default" in one}
    with here.ledger.read() as work:
        form = forms.waiting_form(work, publication_in(work, publication_id))
    if form is not None:
        receive(here, work_of_step, publication_id, form.id, {**filled, **fields})


try:
    for model in _MODELS:
        model.model_rebuild()
    warm()
except Exception:
    logging.getLogger(__name__).warning("the template of runs is cold", exc_info=True)
# What is here now stays for good: no fork has to look through it for something to free.
gc.collect()
gc.freeze()
