"""The start form: what an operator says when starting a publication in the Prefect UI.

Nothing here is trusted or final: step 1 shows all of it again, to be confirmed by
a person with a code. So nearly everything may be left empty at the start.
"""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from sop.forms.steps import CLASSIFICATIONS
from sop.markup import clean_text

LONGEST = 5_000
LONGEST_TITLE = 300


class PublicationRequest(BaseModel):
    """SOP step 1, "Daftar informasi dan data yang akan dipublikasikan"."""

    judul: str = Field(
        title="Judul kegiatan",
        description="Nama kegiatan atau informasi yang akan dipublikasikan.",
        json_schema_extra={"position": 0},
    )
    unit: str = Field(
        default="",
        title="Unit kerja",
        description="Subbag atau Tim Kerja yang menyampaikan.",
        json_schema_extra={"position": 1},
    )
    klasifikasi: str = Field(
        default="",
        title="Klasifikasi informasi",
        description="Menurut UU 14/2008. Informasi yang dikecualikan tidak boleh dipublikasikan.",
        json_schema_extra={"position": 2, "enum": ["", *CLASSIFICATIONS]},
    )
    apa: str = Field(default="", title="Apa", json_schema_extra={"position": 3})
    siapa: str = Field(default="", title="Siapa", json_schema_extra={"position": 4})
    kapan: str = Field(default="", title="Kapan", json_schema_extra={"position": 5})
    di_mana: str = Field(default="", title="Di mana", json_schema_extra={"position": 6})
    mengapa: str = Field(default="", title="Mengapa", json_schema_extra={"position": 7})
    bagaimana: str = Field(default="", title="Bagaimana", json_schema_extra={"position": 8})
    folder: str = Field(
        default="",
        title="Folder materi",
        description="Nama folder di dalam folder intake yang berisi naskah, foto, dan video.",
        json_schema_extra={"position": 9},
    )
    saluran: list[str] = Field(
        default_factory=list,
        title="Saluran yang diinginkan",
        json_schema_extra={"position": 10},
    )
    waktu_tayang: datetime | None = Field(
        default=None,
        title="Waktu tayang yang diinginkan",
        description="Kosongkan bila boleh tayang segera setelah disetujui.",
        json_schema_extra={"position": 11},
    )

    def cleaned(self, name: str) -> str:
        """A text field without control characters, cut where no form could show it."""
        text = clean_text(str(getattr(self, name))[: LONGEST * 2]).strip()
        return text[: LONGEST_TITLE if name == "judul" else LONGEST]


def run_title(request: PublicationRequest) -> str:
    """The run's name: the title on one line."""
    line = " ".join(request.cleaned("judul").split())
    return line[:120] or "(tanpa judul)"
