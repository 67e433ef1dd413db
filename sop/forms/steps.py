"""The questions of each kind of step. Titles and helps are what staff read."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping

from sop.forms.asking import Asking
from sop.forms.questions import Kind, Question
from sop.model import StepKind

YES, NO = "ya", "tidak"
FROM_FORM, FROM_FILE = "Isian formulir ini", "Berkas naskah di folder materi"
TRY_AGAIN, ALREADY_LIVE, GIVE_UP = "Kirim ulang", "Sudah tayang", "Batalkan saluran ini"

CLASSIFICATIONS = ("berkala", "serta merta", "setiap saat", "dikecualikan")

FACTS: tuple[tuple[str, str, str], ...] = (
    ("apa", "Apa", "Kegiatan atau informasi apa?"),
    ("siapa", "Siapa", "Siapa pelaksana, peserta, dan pejabat yang hadir?"),
    ("kapan", "Kapan", "Hari, tanggal, dan jam."),
    ("di_mana", "Di mana", "Tempat kegiatan."),
    ("mengapa", "Mengapa", "Tujuan atau alasan kegiatan."),
    ("bagaimana", "Bagaimana", "Jalannya kegiatan dan hasilnya."),
)


def questions_for(asking: Asking) -> list[Question]:
    """All questions of this opening: who and code first, then the step's own."""
    role = asking.sop.role_name(asking.step.role)
    return [*person_questions(role, asking.holders), *_OF_KIND[asking.step.kind](asking)]


def alt_field(filename: str) -> str:
    """Name of a picture's alt-text field; it stays the same when other pictures come or go."""
    return "alt_" + hashlib.sha256(filename.encode()).hexdigest()[:10]


def caption_field(channel: str) -> str:
    """Name of a channel's caption field."""
    return f"takarir_{channel}"


def person_questions(role_name: str, holders: tuple[str, ...]) -> list[Question]:
    """Who answers, and the code that proves it: first on every form."""
    return [
        Question(
            "petugas",
            "Nama Anda",
            f"Pemegang peran {role_name} hari ini.",
            Kind.CHOICE,
            holders,
        ),
        Question(
            "kode",
            "Kode 6 angka",
            "Dari aplikasi autentikator di ponsel Anda. Satu kode hanya berlaku satu kali.",
        ),
    ]


def _text(asking: Asking, name: str, title: str, hint: str = "", *, known: str = "") -> Question:
    value = asking.prefill.get(name, known)
    return Question(name, title, hint, default=value if isinstance(value, str) else "")


def _facts(asking: Asking) -> list[Question]:
    return [_text(asking, name, title, hint) for name, title, hint in FACTS]


def _decision(yes_means: str, no_means: str) -> Question:
    return Question(
        "keputusan", "Keputusan", f"ya: {yes_means}. tidak: {no_means}.", Kind.CHOICE, (YES, NO)
    )


def _known_choices(asking: Asking, name: str, options: tuple[str, ...]) -> tuple[str, ...]:
    value = asking.prefill.get(name, ())
    return tuple(option for option in options if option in value)


def _submission(asking: Asking) -> list[Question]:
    return [*submission_fields(asking.prefill, asking.units, asking.channels)]


def submission_fields(
    known: Mapping[str, object], units: tuple[str, ...], channels: Mapping[str, str]
) -> list[Question]:
    """Step 1's fields, the list of information and data to be published."""

    def text(name: str, title: str, hint: str = "") -> Question:
        value = known.get(name, "")
        return Question(name, title, hint, default=value if isinstance(value, str) else "")

    unit, classification = str(known.get("unit", "")), str(known.get("klasifikasi", ""))
    wanted = known.get("saluran") or ()
    labels = tuple(channels.values())
    return [
        Question(
            "unit",
            "Unit kerja",
            "Subbag atau Tim Kerja yang menyampaikan.",
            Kind.CHOICE if units else Kind.TEXT,
            units,
            default=unit if unit in units or (unit and not units) else None,
            required=True,
        ),
        Question(
            "judul",
            "Judul kegiatan",
            "Nama kegiatan atau informasi yang akan dipublikasikan.",
            default=str(known.get("judul", "")),
            required=True,
        ),
        Question(
            "klasifikasi",
            "Klasifikasi informasi",
            "Menurut UU 14/2008. Informasi yang dikecualikan tidak boleh dipublikasikan.",
            Kind.CHOICE,
            CLASSIFICATIONS,
            default=classification if classification in CLASSIFICATIONS else None,
            required=True,
        ),
        *(text(name, title, hint) for name, title, hint in FACTS),
        text(
            "folder",
            "Folder materi",
            "Nama folder di dalam folder intake yang berisi naskah, foto, dan video.",
        ),
        Question(
            "saluran",
            "Saluran yang diinginkan",
            "Boleh lebih dari satu.",
            Kind.CHOICES,
            labels,
            default=tuple(label for label in labels if label in wanted),  # type: ignore[operator]
            required=True,
        ),
        text(
            "waktu_tayang",
            "Waktu tayang yang diinginkan (WIB)",
            "Contoh: 2026-12-01 09:00. Kosongkan bila boleh tayang segera setelah disetujui.",
        ),
    ]


def _instruction(asking: Asking) -> list[Question]:
    writers = _holders_of(asking, StepKind.PENULISAN)
    known = asking.prefill.get("penulis", "")
    return [
        Question(
            "penulis",
            "Penulis yang ditugaskan",
            "Anggota tim yang menulis berita.",
            Kind.CHOICE,
            writers,
            default=known if known in writers else None,
            required=True,
        ),
        Question(
            "catatan",
            "Catatan instruksi",
            "Sudut berita, batas waktu, hal yang wajib atau tidak boleh dimuat.",
            default=str(asking.prefill.get("catatan", "")),
            required=True,
        ),
    ]


def _writing(asking: Asking) -> list[Question]:
    source = asking.prefill.get("sumber", "")
    return [
        Question(
            "sumber",
            "Naskah diambil dari",
            "Bila dari berkas (naskah.docx, .odt, atau .md), isian yang kosong di bawah diambil "
            "dari berkas itu; isian yang Anda tulis di sini didahulukan.",
            Kind.CHOICE,
            (FROM_FILE, FROM_FORM),
            default=source if source in (FROM_FILE, FROM_FORM) else None,
            required=True,
        ),
        _text(asking, "folder", "Folder materi", "Folder yang berisi naskah, foto, dan video."),
        *_content(asking),
    ]


def _content(asking: Asking) -> list[Question]:
    captions = [
        _text(
            asking,
            caption_field(code),
            f"Takarir {label}",
            "Kosongkan agar dibuat dari teras berita.",
        )
        for code, label in asking.channels.items()
        if code in asking.wanted and code != "website"
    ]
    alts = [
        _text(
            asking,
            alt_field(filename),
            f"Teks alternatif: {filename}",
            "Apa yang terlihat pada gambar, untuk pembaca yang tidak dapat melihatnya.",
            known=known,
        )
        for filename, known in asking.alts.items()
    ]
    return [
        _text(asking, "judul", "Judul berita"),
        _text(asking, "teras", "Teras berita", "Paragraf pembuka: inti berita dalam 1–3 kalimat."),
        _text(
            asking,
            "isi",
            "Isi berita",
            "Boleh Markdown: `**tebal**`, `[tautan](https://…)`, `## subjudul`.",
        ),
        *_facts(asking),
        _text(asking, "tagar", "Tagar", "Pisahkan dengan koma. Contoh: kekarantinaan, vaksinasi"),
        *captions,
        *alts,
    ]


def _verification(asking: Asking) -> list[Question]:
    return [
        _decision("naskah benar dan lengkap, teruskan", "kembalikan"),
        _text(
            asking,
            "alasan",
            "Alasan / catatan koreksi",
            "Wajib bila “tidak”, dan bila “ya” sedangkan pemeriksaan menemukan data pribadi.",
        ),
        *_content(asking),
    ]


def _approval(asking: Asking) -> list[Question]:
    return [
        _decision("setuju ditayangkan persis seperti pratinjau", "kembalikan"),
        _text(asking, "alasan", "Alasan", "Wajib bila “tidak”."),
    ]


def _assignment(asking: Asking) -> list[Question]:
    officers = _holders_of(asking, StepKind.UNGGAH)
    known = asking.prefill.get("petugas_unggah", "")
    labels = tuple(asking.channels[code] for code in asking.wanted if code in asking.channels)
    return [
        Question(
            "petugas_unggah",
            "Petugas yang ditugaskan mengunggah",
            "Dihubungi bila suatu saluran memerlukan tindakan.",
            Kind.CHOICE,
            officers,
            default=known if known in officers else None,
            required=True,
        ),
        Question(
            "saluran",
            "Saluran",
            "Hanya saluran yang sudah disetujui. Hapus yang tidak jadi dipakai.",
            Kind.CHOICES,
            labels,
            default=_known_choices(asking, "saluran", labels) or labels,
            required=True,
        ),
        _text(
            asking,
            "waktu_tayang",
            "Waktu tayang (WIB)",
            "Contoh: 2026-12-01 09:00. Kosongkan agar tayang sekarang.",
        ),
        _text(asking, "catatan", "Catatan penugasan"),
    ]


def _upload(asking: Asking) -> list[Question]:
    questions: list[Question] = []
    for trouble in asking.troubles:
        options = (ALREADY_LIVE, GIVE_UP) if trouble.manual else (TRY_AGAIN, ALREADY_LIVE, GIVE_UP)
        questions.append(
            Question(
                f"tindakan_{trouble.channel}",
                f"Tindakan untuk {trouble.label}",
                trouble.action,
                Kind.CHOICE,
                options,
            )
        )
        questions.append(
            _text(
                asking,
                f"alamat_{trouble.channel}",
                f"Alamat tayangan di {trouble.label}",
                "Isi bila memilih “Sudah tayang”. Salin alamat lengkapnya, diawali https://",
            )
        )
    questions.append(_text(asking, "catatan", "Catatan", "Wajib bila membatalkan suatu saluran."))
    return questions


def _documentation(asking: Asking) -> list[Question]:
    return [
        Question(
            "catatan",
            "Catatan monev",
            "Apa yang berjalan baik, apa yang perlu diperbaiki.",
            default=str(asking.prefill.get("catatan", "")),
            required=True,
        )
    ]


def _holders_of(asking: Asking, kind: StepKind) -> tuple[str, ...]:
    roles = {step.role for step in asking.sop.steps if step.kind is kind}
    return tuple(dict.fromkeys(name for role in roles for name in asking.people.get(role, ())))


_OF_KIND: Mapping[StepKind, Callable[[Asking], list[Question]]] = {
    StepKind.PENYAMPAIAN: _submission,
    StepKind.INSTRUKSI: _instruction,
    StepKind.PENULISAN: _writing,
    StepKind.VERIFIKASI: _verification,
    StepKind.PERSETUJUAN: _approval,
    StepKind.PENUGASAN: _assignment,
    StepKind.UNGGAH: _upload,
    StepKind.PENDOKUMENTASIAN: _documentation,
    StepKind.MONEV: _documentation,
}
