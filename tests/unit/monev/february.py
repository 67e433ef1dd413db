"""February 2026 of an office, written down by hand.

    Su Mo Tu We Th Fr Sa      Usual: Mon-Thu 07.30-12.00 and 13.00-16.00 (450 minutes),
     1  2  3  4  5  6  7             Fri     07.30-11.30 and 13.00-16.30 (450 minutes).
     8  9 10 11 12 13 14      Ramadan from Thu 19: Mon-Thu 08.00-12.00 and 12.30-15.00
    15 16 17 18 19 20 21             (390), Fri 08.00-11.30 and 12.30-15.30 (390).
    22 23 24 25 26 27 28      Mon 16: cuti bersama. Tue 17: Imlek.

The report is made on Monday 2 March at 08.00 WIB. The figures expected of it stand in
`test_february.py`, each with its sum.
"""

from __future__ import annotations

from datetime import date

from tests.unit.monev.office import OLDER, SOP
from tests.unit.monev.record import Record, wib

FIRST, LAST = date(2026, 2, 1), date(2026, 2, 28)
AS_OF = wib("2026-03-02 08:00")

FRIDAY, LEAVE, OLD = "f0000001", "c0000002", "d0000003"
UNTIL_MARCH, CANCELLED, POSTPONED = "e0000004", "b0000005", "a0000006"
FROM_JANUARY, UNCERTAIN, REFUSED, WITHDRAWN = "90000007", "80000008", "70000009", "6000000a"

WHY_AT_4 = 'Jumlah jemaah di judul dan isi berbeda: "214" dan 241,\nmohon diperiksa.'
WHY_CANCELLED = 'Kegiatan "batal",\natas permintaan panitia.'
WHY_AT_5 = "Sebutkan nama pelabuhannya."


def february() -> Record:
    record = Record()
    _across_a_friday(record)
    _across_holidays_and_into_ramadan(record)
    _under_the_older_sop(record)
    _open_when_the_month_ends(record)
    _begun_in_january(record)
    _others(record)
    record.fixity(wib("2026-02-15 02:00"), 10)
    record.fixity(wib("2026-03-01 02:00"), 12, ["2026/90000007-01: foto-1.jpg berubah."])
    record.fixity(wib("2026-03-02 09:00"), 13)  # after the report was made
    record.seal(41, wib("2026-02-28 23:50"), date(2026, 2, 28), "a" * 64, 11)
    record.seal(42, wib("2026-03-01 23:50"), date(2026, 3, 1), "b" * 64, 12)
    record.seal(43, wib("2026-03-02 23:50"), date(2026, 3, 2), "c" * 64, 13)
    return record


def _across_a_friday(record: Record) -> None:
    one = record.publication(
        FRIDAY,
        wib("2026-02-06 10:45"),
        SOP,
        title='Vaksinasi "jemaah", Boom Baru',
        status="selesai",
        finished=wib("2026-02-10 14:50"),
        assignment={
            "arsip": {"1": {"jalur": "2026/f0000001-01"}},
            "instruksi": {"penulis": "Yoga Contoh", "catatan": ""},
            "monev": {"catatan": "Lancar; X sempat tidak pasti."},
            "petugas": "Bayu Contoh",
            "tayang_pada": None,
        },
        # Step 6 named no time: what was wanted at first does not count any more.
        wanted=wib("2026-02-27 08:00"),
    )
    one.step(1, wib("2026-02-06 11:15"))  # 30
    one.step(2, wib("2026-02-06 13:10"))  # 15 before the Friday break, 10 after it: 25
    one.step(3, wib("2026-02-09 08:00"))  # Friday 13.10-16.30: 200, Monday 30: 230
    one.frozen("lain", ["", "", ""])  # never sent
    one.step(4, wib("2026-02-09 09:00"), returned=WHY_AT_4)  # 60
    one.step(3, wib("2026-02-09 10:30"))  # 90
    one.step(4, wib("2026-02-09 11:10"))  # 40
    one.frozen("sidik", ["Petugas memeriksa", "", "  "], video=True)
    one.step(5, wib("2026-02-09 13:20"), returned=WHY_AT_5)  # 50 before noon, 20 after: 70
    one.step(4, wib("2026-02-09 13:50"))  # 30
    one.frozen("sidik", ["Petugas memeriksa", "", "  "], video=True)  # the same once more
    one.step(5, wib("2026-02-09 14:20"))  # 30
    one.step(6, wib("2026-02-09 14:30"))  # 10
    one.step(7, wib("2026-02-09 14:34:30"))  # 4.5
    one.step(8, wib("2026-02-09 14:50"))  # 15.5
    one.step(9, wib("2026-02-10 14:50"))  # Monday 70, Tuesday 270 + 110: 450
    planned = wib("2026-02-09 14:30")
    website = one.sent("website", planned, wib("2026-02-09 14:31"))
    # Unknown for a time, and found by reading in the same go.
    x = one.sent("x", planned, wib("2026-02-09 14:34"), unknown=wib("2026-02-09 14:32"))
    one.read(website, "website", 1, wib("2026-02-10 20:00"), {"views": 40})
    gone = {"kiriman": "Kiriman sudah dihapus."}
    one.read(x, "x", 1, wib("2026-02-10 20:00"), {}, gone)
    for kind in ("formulir-terbuka", "80-persen", "baku-habis", "eskalasi"):
        one.reminded(kind, wib("2026-02-09 12:00"))
    one.reminded("eskalasi", wib("2026-02-09 12:30"), "tanpa-penerima")


def _across_holidays_and_into_ramadan(record: Record) -> None:
    one = record.publication(
        LEAVE,
        wib("2026-02-13 16:00"),
        SOP,
        assignment={
            "instruksi": {"penulis": "Yoga Contoh", "catatan": ""},
            "petugas": "Bayu Contoh",
            "tayang_pada": "2026-02-20T01:30:00+00:00",  # Friday 08.30 WIB
        },
    )
    one.step(1, wib("2026-02-18 08:00"))  # Friday 30; Mon and Tue none; Wednesday 30: 60
    one.step(2, wib("2026-02-18 08:10"))  # 10
    one.step(3, wib("2026-02-19 10:00"))  # Wed 230 + 180; Thursday, Ramadan, 120: 530
    one.step(4, wib("2026-02-19 12:40"))  # 120 before the break of Ramadan, 10 after: 130
    one.frozen("sidik", ["Kapal", "Dermaga"])
    one.step(5, wib("2026-02-19 13:05"))  # 25
    one.step(6, wib("2026-02-19 13:15"))  # 10
    one.step(7, wib("2026-02-20 08:33"))  # from the wanted 08.30 on: 3
    one.step(8, wib("2026-02-20 12:45"))  # 177 before the break of Friday, 15 after: 192
    one.step(9, None)
    planned = wib("2026-02-20 08:30")
    one.sent("website", planned, wib("2026-02-20 08:30:30"))
    one.sent("x", planned, wib("2026-02-20 08:31"))
    # Facebook's clock is three seconds ahead: no later than the step was closed.
    one.sent("facebook", planned, wib("2026-02-20 08:33:03"))
    one.sent("instagram", planned, None, state="rejected")
    one.reminded("formulir-terbuka", wib("2026-02-13 16:00"))
    one.reminded("baku-habis", wib("2026-02-19 08:00"), "gagal")
    one.reminded("harian", wib("2026-02-20 08:00"), "tidak-pasti")
    one.reminded("eskalasi", wib("2026-02-20 08:00"))
    one.reminded("harian", wib("2026-03-01 08:00"))  # March


def _under_the_older_sop(record: Record) -> None:
    one = record.publication(
        OLD,
        wib("2026-02-02 07:00"),
        OLDER,
        status="selesai",
        finished=wib("2026-02-02 15:05"),
        assignment={
            "arsip": {"1": {"jalur": "2026/d0000003-01"}},
            "monev": {"catatan": "Foto terlambat."},
            "petugas": "Bayu Contoh",
        },
    )
    one.step(1, wib("2026-02-02 07:45"))  # from 07.30 on: 15
    one.step(2, wib("2026-02-02 08:00"))  # 15
    one.step(3, wib("2026-02-02 09:00"))  # 60
    one.step(4, wib("2026-02-02 10:20"))  # 80: within the 90 of its own revision
    one.frozen("sidik", [])
    one.step(5, wib("2026-02-02 10:30"))  # 10
    one.step(6, wib("2026-02-02 11:40"))  # 70
    one.step(7, wib("2026-02-02 13:05"))  # 20 before noon, 5 after: 25
    one.step(8, wib("2026-02-02 14:05"))  # 60, and its own revision gives no standard
    one.step(9, wib("2026-02-02 15:05"))  # 60
    planned = wib("2026-02-02 11:40")
    website = one.sent("website", planned, wib("2026-02-02 11:41"))
    x = one.sent("x", planned, wib("2026-02-02 13:05"))
    one.sent("grup", planned, wib("2026-02-02 11:50"))
    one.read(website, "website", 1, wib("2026-02-03 20:00"), {"views": 100})
    one.read(website, "website", 7, wib("2026-02-09 20:00"), {"views": 250})
    lacking = {"bookmark_count": "Tidak lagi diberikan."}
    one.read(x, "x", 1, wib("2026-02-03 20:00"), {"impression_count": 70, "like_count": 5}, lacking)


def _open_when_the_month_ends(record: Record) -> None:
    written_in_march = record.publication(
        UNTIL_MARCH,
        wib("2026-02-26 14:00"),
        SOP,
        assignment={"instruksi": {"penulis": "Yoga Contoh", "catatan": ""}},
    )
    written_in_march.step(1, wib("2026-02-26 14:30"))  # 30
    written_in_march.step(2, wib("2026-02-26 14:40"))  # 10
    written_in_march.step(3, wib("2026-03-02 07:50"))  # until the end of February: 20 + 390
    written_in_march.step(4, None)  # opened in March

    postponed = record.publication(
        POSTPONED,
        wib("2026-02-23 00:30"),
        SOP,
        assignment={"petugas": "Bayu Contoh", "tayang_pada": "2026-03-03T01:00:00+00:00"},
    )
    postponed.step(1, wib("2026-02-23 08:20"))  # from 08.00 on: 20
    postponed.step(2, wib("2026-02-23 08:25"))  # 5
    postponed.step(3, wib("2026-02-23 09:25"))  # 60
    postponed.step(4, wib("2026-02-23 09:45"))  # 20
    postponed.step(5, wib("2026-02-23 09:50"))  # 5
    postponed.step(6, wib("2026-02-23 10:00"))  # 10
    postponed.step(7, None)

    uncertain = record.publication(
        UNCERTAIN, wib("2026-02-24 08:00"), SOP, assignment={"petugas": "Bayu Contoh"}
    )
    uncertain.step(1, wib("2026-02-24 08:10"))  # 10
    uncertain.step(2, wib("2026-02-24 08:15"))  # 5
    uncertain.step(3, wib("2026-02-24 09:00"))  # 45
    uncertain.step(4, wib("2026-02-24 09:30"))  # 30
    uncertain.frozen("sidik", ["Ruang tunggu"])
    uncertain.step(5, wib("2026-02-24 09:40"))  # 10
    uncertain.step(6, wib("2026-02-24 09:50"))  # 10
    uncertain.step(7, None)  # Tuesday 130 + 150, then three days of 390: 1450
    planned = wib("2026-02-24 09:50")
    uncertain.sent("website", planned, wib("2026-02-24 09:50:40"))
    uncertain.sent("x", planned, None, unknown=wib("2026-02-24 09:51"))
    uncertain.reminded("formulir-terbuka", wib("2026-02-24 08:00"))


def _begun_in_january(record: Record) -> None:
    cancelled = record.publication(
        CANCELLED,
        wib("2026-01-30 15:00"),
        SOP,
        status="dibatalkan",
        finished=wib("2026-02-02 09:00"),
        rehearsal=True,
        assignment={"dihentikan": {"oleh": "dr. Hasan Contoh"}},
        reason=WHY_CANCELLED,
    )
    cancelled.step(1, wib("2026-02-02 08:00"))  # Friday 90, Monday 30: 120
    cancelled.step(2, wib("2026-02-02 08:05"))  # 5
    cancelled.step(3, None)  # left open when it was cancelled

    one = record.publication(
        FROM_JANUARY,
        wib("2026-01-29 08:00"),
        SOP,
        status="selesai",
        finished=wib("2026-02-02 08:00"),
        assignment={
            "arsip": {"1": {"jalur": "2026/90000007-01"}},
            "monev": {"catatan": "Selesai."},
        },
    )
    one.step(3, wib("2026-01-29 10:00"))
    one.step(4, wib("2026-01-29 10:30"), returned="Januari.")
    one.frozen("sidik", ["", "", "", "", ""])  # live in January
    one.step(7, wib("2026-01-30 16:20"), opened=wib("2026-01-30 16:10"))
    one.step(8, wib("2026-02-02 07:40"))  # Friday 10, Monday 10: 20
    one.step(9, wib("2026-02-02 08:00"))  # 20
    website = one.sent("website", wib("2026-01-30 16:10"), wib("2026-01-30 16:18"))
    one.sent("x", wib("2026-01-30 16:10"), None, state="rejected")
    one.read(website, "website", 1, wib("2026-01-31 20:00"), {"views": 999})
    one.read(website, "website", 7, wib("2026-02-06 20:00"), {"views": 300})
    one.reminded("tayang", wib("2026-01-30 16:20"))  # January


def _others(record: Record) -> None:
    refused = record.publication(
        REFUSED,
        wib("2026-02-10 08:00"),
        SOP,
        status="ditolak",
        finished=wib("2026-02-10 08:40"),
    )
    refused.step(1, wib("2026-02-10 08:40"))  # 40
    record.publication(
        WITHDRAWN,
        wib("2026-01-05 08:00"),
        SOP,
        status="ditarik",
        finished=wib("2026-02-12 08:00"),
    )
    # Given up before February and after it.
    for reference, over in (("50000012", "2026-01-31 23:59"), ("50000013", "2026-03-01 00:00")):
        record.publication(
            reference,
            wib("2026-01-20 08:00"),
            SOP,
            status="dibatalkan",
            finished=wib(over),
            reason="Bukan urusan Februari.",
        )
    # Exactly when March begins.
    record.publication("50000011", wib("2026-03-01 00:00"), SOP).step(1, None)
