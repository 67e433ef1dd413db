"""The start form: what an operator says when starting a publication in the Prefect UI.

Nothing here is trusted or final: step 1 shows all of it again, to be confirmed by
a person with a code. So nearly everything may be left empty at the start.
"""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from sop.forms.steps import CLASSIFICATIONS, FACTS
from sop.forms.wording import UNTITLED, one_line
from sop.indonesian import as_utc, parse_moment
from sop.markup import clean_text

# Far beyond what step 1 takes: whatever is too long for it is said there, not cut here.
LONGEST = 20_000
LONGEST_NAME = 120
_HELP = {name: hint for name, _, hint in FACTS}


def _fact(name: str, title: str, position: int) -> str:
    field: str = Field(
        default="",
        title=title,
        description=_HELP[name],
        json_schema_extra={"position": position},
    )
    return field


class PublicationRequest(BaseModel):
    """SOP step 1, "Daftar informasi dan data yang akan dipublikasikan"."""

    model_config = ConfigDict(
        json_schema_extra={
            "description": "Daftar informasi dan data yang akan dipublikasikan. Yang belum "
            "diketahui boleh dikosongkan; semuanya ditanyakan lagi pada langkah 1."
        }
    )

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
    apa: str = _fact("apa", "Apa", 3)
    siapa: str = _fact("siapa", "Siapa", 4)
    kapan: str = _fact("kapan", "Kapan", 5)
    di_mana: str = _fact("di_mana", "Di mana", 6)
    mengapa: str = _fact("mengapa", "Mengapa", 7)
    bagaimana: str = _fact("bagaimana", "Bagaimana", 8)
    folder: str = Field(
        default="",
        title="Folder materi",
        description="Nama folder di dalam folder intake yang berisi naskah, foto, dan video.",
        json_schema_extra={"position": 9},
    )
    saluran: list[str] = Field(
        default_factory=list,
        title="Saluran yang diinginkan",
        description="Boleh lebih dari satu.",
        json_schema_extra={"position": 10},
    )
    waktu_tayang: str = Field(
        default="",
        title="Waktu tayang yang diinginkan (WIB)",
        description="Contoh: 2026-12-01 09:00. Kosongkan bila boleh tayang segera setelah "
        "disetujui.",
        json_schema_extra={"position": 11},
    )

    @property
    def wanted_at(self) -> datetime | None:
        """The wanted time in UTC; None when none was given, or one that cannot be read.

        A moment with a zone is taken from programs. Prefect's own date picker offers UTC
        first, seven hours off, so it is not used.
        """
        return _moment(self.waktu_tayang.strip())

    @property
    def unread_moment(self) -> str:
        """What was given as the wanted time, when it is no moment: step 1 asks for it again."""
        typed = self.cleaned("waktu_tayang")
        return "" if not typed or self.wanted_at is not None else typed[:LONGEST_NAME]

    def cleaned(self, name: str) -> str:
        """A text field without control characters, cut where no form could show it."""
        return clean_text(str(getattr(self, name))[: LONGEST * 2]).strip()[:LONGEST]


def run_title(request: PublicationRequest) -> str:
    """The run's name: the title on one line."""
    return one_line(request.cleaned("judul")) or UNTITLED


def _moment(text: str) -> datetime | None:
    """A moment with a zone as it is; one without is in WIB."""
    if not text:
        return None
    try:
        known = datetime.fromisoformat(text)
    except ValueError:
        return parse_moment(text)
    return parse_moment(text) if known.tzinfo is None else as_utc(known)
