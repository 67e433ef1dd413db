"""The classes of public information (UU 14/2008) and what may be published."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Classification:
    """One class of information; `article` is the article of UU 14/2008 that makes it."""

    code: str
    name: str
    article: str
    meaning: str


CLASSIFICATIONS: tuple[Classification, ...] = (
    Classification(
        "berkala",
        "Informasi berkala",
        "Pasal 9",
        "wajib disediakan dan diumumkan secara berkala",
    ),
    Classification(
        "serta merta",
        "Informasi serta merta",
        "Pasal 10",
        "wajib diumumkan serta merta karena dapat mengancam hajat hidup orang banyak "
        "dan ketertiban umum",
    ),
    Classification(
        "setiap saat",
        "Informasi setiap saat",
        "Pasal 11",
        "wajib tersedia setiap saat",
    ),
    Classification(
        "dikecualikan",
        "Informasi yang dikecualikan",
        "Pasal 17",
        "tidak dapat dibuka kepada pemohon informasi publik",
    ),
)
EXCLUDED = "dikecualikan"


def codes() -> tuple[str, ...]:
    """The codes in the order of the law, for a drop-down."""
    return tuple(one.code for one in CLASSIFICATIONS)


def refusal(classification: str) -> str | None:
    """Why information of this class is not published, in Indonesian; None when it may be."""
    code = " ".join(classification.lower().replace("_", " ").replace("-", " ").split())
    if code == EXCLUDED:
        return (
            "Informasi yang dikecualikan tidak boleh dipublikasikan "
            "(Pasal 17 Undang-Undang Nomor 14 Tahun 2008 tentang Keterbukaan Informasi Publik). "
            "Konsultasikan dengan PPID, dan minta administrator menghentikan publikasi ini "
            "(siar hentikan). "
            "Bila klasifikasinya keliru, pilih klasifikasi yang benar, lalu kirim lagi."
        )
    if code not in codes():
        return (
            f"Klasifikasi informasi “{classification}” tidak dikenal. "
            f"Pilih salah satu: {', '.join(codes())}."
        )
    return None
