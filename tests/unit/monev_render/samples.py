"""A believable monev report: every name and figure in it is invented."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from monev.model import (
    ArchiveFigures,
    ChannelFigures,
    Counts,
    Ended,
    Engaged,
    LeadTime,
    Letterhead,
    MonevNote,
    MonevReport,
    OpenItem,
    Period,
    Rejection,
    Reminders,
    SealLine,
    Spread,
    StepFigures,
    Week,
    Xmr,
    XmrPoint,
)

AS_OF = datetime(2026, 12, 1, 0, 20, tzinfo=UTC)
EMPTY = Spread(0, None, None, None)
STEPS = (
    ("Penyampaian data informasi dan kegiatan", "Subbag / Tim Kerja", 60),
    ("Instruksi penulisan", "Pranata Humas", 15),
    ("Penulisan berita", "Pranata Humas", 120),
    ("Verifikasi dan penyuntingan", "Tim PPID", 60),
    ("Persetujuan pemuatan", "Kepala Balai", 30),
    ("Penugasan unggah", "Pranata Humas", 60),
    ("Unggah publikasi", "Tim PPID", 15),
    ("Pendokumentasian dan pengarsipan", "Tim PPID", 15),
    ("Monitoring dan evaluasi", "Tim PPID", None),
)
TITLES = (
    "Pemeriksaan 214 jemaah umrah di Bandara Sultan Mahmud Badaruddin II",
    "Vaksinasi meningitis bagi calon jemaah haji dibuka Senin",
    "Fogging dan survei jentik di Pelabuhan Boom Baru",
    "Simulasi penanganan penumpang bergejala mpox",
    "Layanan sertifikat sanitasi kapal kini daring",
    "Bakti sosial Hari Kesehatan Nasional ke-62",
    "Waspada leptospirosis sesudah banjir",
    "Kunjungan kerja tim surveilans dari Jambi",
    "Uji petik air minum di ruang tunggu bandara",
    "Pelatihan kader kesehatan pelabuhan",
)


def letterhead(*, rehearsal: bool = False) -> Letterhead:
    return Letterhead(
        ministry="Kementerian Kesehatan Republik Indonesia",
        directorate="Direktorat Jenderal Penanggulangan Penyakit",
        office="Balai Kekarantinaan Kesehatan Kelas I Palembang",
        address="Jalan Contoh No. 1, Palembang · contoh.example · humas@contoh.example",
        place="Palembang",
        sop_number="OT.02.02/1/229/2022",
        sop_name="Pengelolaan Publikasi Media Sosial dan Website",
        head_title="Kepala Balai",
        head_name="dr. Sampel Kepala, M.K.M.",
        head_nip="19000101 190001 1 001",
        rehearsal=rehearsal,
    )


def empty_report() -> MonevReport:
    """A month in which nothing happened, and no seal either."""
    return MonevReport(
        period=Period(date(2026, 11, 1), date(2026, 11, 30), AS_OF, "bulanan"),
        letterhead=letterhead(),
        counts=Counts(0, 0, 0, 0, 0, 0),
        steps=(),
        bottleneck=None,
        rejections=(),
        lead_time=LeadTime(EMPTY, EMPTY),
        xmr=Xmr((), None, None, None, None, None, ()),
        open_items=(),
        weeks=(),
        channels=(),
        reminders=Reminders((), 0, 0),
        pictures=0,
        pictures_with_alt=0,
        archive=ArchiveFigures(0, (), None, 0, ()),
        seal=None,
        notes=(),
        quality=(),
    )


def report(points: int = 27, listed: int = 6, *, rehearsal: bool = False) -> MonevReport:
    """One month of an office; `points` publications went live, each list has `listed` rows."""
    chance = random.Random(points)
    return replace(
        empty_report(),
        letterhead=letterhead(rehearsal=rehearsal),
        counts=Counts(points + 5, points, listed, 1, 1, 0),
        steps=_steps(points, listed),
        bottleneck=4,
        rejections=_rejections(listed),
        lead_time=LeadTime(Spread(points, 412.5, 790.0, 1264.0), Spread(points, 27.4, 96.2, 141.0)),
        xmr=_xmr(points, chance),
        open_items=_open(listed),
        weeks=tuple(
            Week(date(2026, 11, 2) + timedelta(weeks=week), 6 + week % 3, 5 + (week * 2) % 4)
            for week in range(5)
        ),
        channels=_channels(points),
        reminders=Reminders(
            (
                ("formulir-terbuka", 184),
                ("80-persen", 31),
                ("baku-habis", 17),
                ("harian", 9),
                ("eskalasi", 4),
                ("tayang", 27),
                ("perlu-orang", 2),
            ),
            1,
            4,
        ),
        pictures=71,
        pictures_with_alt=68,
        archive=ArchiveFigures(
            points - 1, ("7b20e41c",), datetime(2026, 11, 30, 19, 0, tzinfo=UTC), 163, ()
        ),
        seal=SealLine(212, date(2026, 11, 30), "5e" * 30 + "a17c", 163),
        notes=_notes(listed),
        ended=_ended(),
        quality=(
            "Cuti bersama tahun 2027 belum diumumkan; tenggat tahun itu dapat bergeser.",
            "Langkah 9 tidak mempunyai baku waktu di SOP; yang dilaporkan hanya lamanya.",
            "Angka keterlibatan umur 30 hari belum dapat dibaca untuk 11 publikasi.",
        ),
    )


def big_report(many: int) -> MonevReport:
    """Every list has `many` rows."""
    return report(points=many, listed=many)


def _steps(points: int, returned: int) -> tuple[StepFigures, ...]:
    shape = (
        (0.5, 0.9),
        (0.6, 1.3),
        (0.7, 1.4),
        (1.2, 4.3),
        (0.6, 2.2),
        (0.3, 0.8),
        (0.4, 0.9),
        (0.8, 1.7),
    )
    made = []
    for no, (name, role, standard) in enumerate(STEPS, start=1):
        if standard is None:
            made.append(
                StepFigures(
                    no, name, role, None, Spread(4, 22.5, 31.0, 33.0), None, 0, 1.0, 0.0, None
                )
            )
            continue
        median, p90 = shape[no - 1]
        n = points + (9 if no in (3, 4) else 0)
        within = round(n * (0.96 if p90 < 1 else 0.82 if p90 < 2 else 0.55))
        excess = {4: 1410.0, 5: 322.0, 3: 410.0, 8: 61.0, 2: 25.0}.get(no, 0.0)
        made.append(
            StepFigures(
                no,
                name,
                role,
                float(standard),
                Spread(n, standard * median, standard * p90, standard * p90 * 1.6),
                within,
                {4: returned - returned // 4, 5: returned // 4}.get(no, 0),
                n / points,
                excess,
                excess / 2228.0,
            )
        )
    return tuple(made)


def _reference(number: int) -> str:
    return f"{number * 2_654_435_761 % 0xFFFFFFFF:08x}"


def _rejections(many: int) -> tuple[Rejection, ...]:
    reasons = (
        "Jumlah jemaah tidak sama dengan rilis: 214 di judul, 241 di paragraf dua.",
        "Foto 3 memperlihatkan nomor paspor penumpang; mohon diganti.",
        "Nama pejabat belum lengkap gelarnya.",
    )
    return tuple(
        Rejection(
            _reference(120 + n),
            TITLES[n % len(TITLES)],
            5 if n % 4 == 3 else 4,
            1 + n % 2,
            datetime(2026, 11, 3, 3, 12, tzinfo=UTC) + timedelta(hours=31 * (n % 20)),
            reasons[n % len(reasons)],
        )
        for n in range(many)
    )


def _ended() -> tuple[Ended, ...]:
    return (
        Ended(
            _reference(181),
            TITLES[7],
            "ditolak",
            None,
            "",
            datetime(2026, 11, 9, 4, 0, tzinfo=UTC),
            "",
            "",
        ),
        Ended(
            _reference(180),
            TITLES[5],
            "dibatalkan",
            4,
            STEPS[3][0],
            datetime(2026, 11, 12, 3, 30, tzinfo=UTC),
            "dr. Sampel Kepala, M.K.M.",
            "Kegiatannya diundur sampai tahun depan.",
        ),
    )


def _xmr(points: int, chance: random.Random) -> Xmr:
    values = [round(chance.gauss(430, 95), 1) for _ in range(points)]
    marked = sorted({points * 2 // 5, points * 4 // 5})
    for index, value in zip(marked, (1264.0, 1010.5), strict=False):
        values[index] = value
    start = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
    return Xmr(
        tuple(
            XmrPoint(
                _reference(101 + n),
                TITLES[n % len(TITLES)],
                start + timedelta(minutes=n * 40_000 / points),
                value,
            )
            for n, value in enumerate(values)
        ),
        mean=452.0,
        upper=802.0,
        lower=102.0,
        mean_range=131.6,
        upper_range=430.0,
        signals=tuple(marked),
    )


def _open(many: int) -> tuple[OpenItem, ...]:
    made = []
    for n in range(many):
        no = (4, 5, 3, 7, 4, 1)[n % 6]
        name, role, standard = STEPS[no - 1]
        waited = 20 + (many - n) * 37.5
        late = waited - (standard or 0)
        made.append(
            OpenItem(
                _reference(150 + n),
                TITLES[(n * 3) % len(TITLES)],
                ("Tim Kerja Surveilans", "Subbag Administrasi Umum")[n % 2],
                no,
                name,
                f"{role}" if n % 2 else f"{role}: Sampel Petugas {n % 7}",
                datetime(2026, 11, 27, 1, 40, tzinfo=UTC) + timedelta(minutes=47 * (n % 90)),
                waited,
                None if standard is None else float(standard),
                late if late > 0 else None,
            )
        )
    return tuple(made)


def _channels(points: int) -> tuple[ChannelFigures, ...]:
    read = datetime(2026, 11, 30, 22, 0, tzinfo=UTC)
    return (
        ChannelFigures(
            "website",
            "Website",
            points,
            points,
            0,
            0,
            1,
            Spread(points, 0.8, 2.1, 9.4),
            (),
            ("jumlah pembaca (WordPress tidak menghitungnya)",),
        ),
        ChannelFigures(
            "instagram",
            "Instagram",
            points - 3,
            points - 4,
            1,
            0,
            2,
            Spread(points - 4, 1.9, 4.2, 61.0),
            (
                Engaged("reach", 7, 19, 41_230, read),
                Engaged("likes", 7, 19, 2_117, read),
                Engaged("total_interactions", 30, 8, 1_502, read),
            ),
            ("post_impressions",),
        ),
        ChannelFigures(
            "facebook",
            "Facebook",
            points - 2,
            points - 3,
            0,
            1,
            1,
            Spread(points - 3, 1.1, 3.0, 12.0),
            (Engaged("post_media_view", 7, 21, 18_004, read),),
            (),
        ),
        ChannelFigures(
            "x",
            "X (Twitter)",
            4,
            3,
            1,
            0,
            0,
            Spread(3, 0.6, 0.9, 0.9),
            (Engaged("impression_count", 7, 3, 903, read),),
            (),
        ),
    )


def _notes(many: int) -> tuple[MonevNote, ...]:
    texts = (
        "Foto terlambat dikirim tim lapangan; berikutnya diminta pada hari yang sama.",
        "Banyak pertanyaan tentang jadwal vaksinasi di kolom komentar Instagram, sudah dijawab.",
        "Tidak ada kendala.",
    )
    return tuple(
        MonevNote(
            _reference(101 + n),
            TITLES[n % len(TITLES)],
            datetime(2026, 11, 2, 7, 5, tzinfo=UTC) + timedelta(hours=27 * (n % 24)),
            texts[n % len(texts)],
        )
        for n in range(many)
    )
