"""What an SOP says, as immutable values.

Nothing here knows Prefect, SQLAlchemy or a channel. The values are made by
`sop.load` from the TOML files in `sop/data/`; a publication keeps the text of
the revision it was started under, so a `Sop` can always be rebuilt from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class StepKind(StrEnum):
    """What the software has to do at a step; the words are the SOP's own."""

    PENYAMPAIAN = "penyampaian"  # hand in data and material
    INSTRUKSI = "instruksi"  # instruct a writer
    PENULISAN = "penulisan"  # write the manuscript
    VERIFIKASI = "verifikasi"  # verify and edit, ya/tidak
    PERSETUJUAN = "persetujuan"  # approve exactly one digest, ya/tidak
    PENUGASAN = "penugasan"  # name officer, channels and time
    UNGGAH = "unggah"  # publish, done by the connectors
    PENDOKUMENTASIAN = "pendokumentasian"  # document and archive
    MONEV = "monev"  # monitoring and evaluation


class Actor(StrEnum):
    """Who carries a step out."""

    ORANG = "orang"  # a person answers a form
    KONEKTOR = "konektor"  # the connectors do it
    ALUR = "alur"  # a later flow does it


@dataclass(frozen=True, slots=True)
class Role:
    """A performer column of the SOP table."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Step:
    """One row of the SOP table.

    `standard_minutes` counts working minutes; None means that the SOP gives no
    standard. `on_yes` is the next step (None: the SOP ends); `on_no` is set only
    where the SOP asks for a decision.
    """

    no: int
    activity: str
    short: str
    role: str
    kind: StepKind
    actor: Actor
    inputs: str
    output: str
    standard_minutes: int | None
    on_yes: int | None
    on_no: int | None = None

    @property
    def is_decision(self) -> bool:
        return self.on_no is not None


@dataclass(frozen=True, slots=True)
class Sop:
    """One revision of an SOP. `source` is the TOML text it was read from."""

    nomor: str
    nama: str
    instansi: str
    unit: str
    revisi: str
    tanggal_pembuatan: str
    tanggal_revisi: str
    tanggal_efektif: str
    disahkan_oleh: str
    dasar_hukum: tuple[str, ...]
    kualifikasi: tuple[str, ...]
    keterkaitan: tuple[str, ...]
    peralatan: tuple[str, ...]
    peringatan: tuple[str, ...]
    pencatatan: tuple[str, ...]
    roles: tuple[Role, ...]
    steps: tuple[Step, ...]
    source: str
    sha256: str

    def step(self, no: int) -> Step:
        """The step with this number; KeyError names the number and the SOP."""
        for step in self.steps:
            if step.no == no:
                return step
        raise KeyError(f"langkah {no} tidak ada di SOP {self.nomor}")

    @property
    def first(self) -> Step:
        return self.steps[0]

    def role_name(self, code: str) -> str:
        """The role's name as staff know it."""
        for role in self.roles:
            if role.code == code:
                return role.name
        raise KeyError(f"peran {code!r} tidak ada di SOP {self.nomor}")

    def following(self, no: int, *, yes: bool = True) -> Step | None:
        """The step that "ya" (or "tidak") at step `no` leads to; None at the end."""
        step = self.step(no)
        target = step.on_yes if yes else step.on_no
        return None if target is None else self.step(target)
