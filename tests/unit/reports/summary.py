"""A report with a summary for the public, its reader, and a rehearsed website that takes it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import requests

from connectors.wordpress import WordPress, WordPressSettings
from connectors.wordpress_api import ContentKind
from ledger import report_pages, reports
from ledger.models import ReportPage
from monev.render.public import PUBLIC, public_page
from sop.forms.steps import YES
from tasks.answering import Verdict
from tasks.office import Office
from tasks.penayangan import show
from tests.support.rehearsal import Rehearsal
from tests.unit.monev_render import samples
from tests.unit.notifications.office import Clock
from tests.unit.reports.office import answered, code, head

KINDS: dict[str, ContentKind] = {"halaman": "pages", "artikel": "posts"}


def website(gladi: Rehearsal, clock: Clock, kind: ContentKind, **settings: Any) -> WordPress:
    user, password = gladi.wordpress_auth
    given = {"base_url": gladi.base_url, "username": user, "application_password": password}
    chosen = {"default_category": "Berita", "read_timeout": 1.0, **given, **settings}
    return WordPress(WordPressSettings.model_validate(chosen), clock=clock, kind=kind)


@dataclass
class SummaryDesk:
    """An office that asks about summaries, and everything a test does with one."""

    office: Office
    clock: Clock
    gladi: Rehearsal
    report_id: str = ""

    @property
    def place(self) -> Path:
        with self.office.ledger.read() as work:
            folder = reports.get(work, self.report_id).folder
        return self.office.reports_root / folder / PUBLIC

    @property
    def page(self) -> ReportPage:
        found = self.maybe_page
        assert found is not None
        return found

    @property
    def maybe_page(self) -> ReportPage | None:
        with self.office.ledger.read() as work:
            return report_pages.of_report(work, self.report_id)

    def kept(self) -> str:
        """A report in the record with its summary on the disk; the summary's SHA-256."""
        data = public_page(replace(samples.report(), letterhead=samples.letterhead()))
        with self.office.ledger.work() as work:
            day = self.clock.now.date()
            report = reports.keep(
                work,
                kind="khusus",
                first_day=day,
                last_day=day,
                as_of=work.now,
                seal_digest="",
                model_sha256="d" * 64,
                folder=f"2026/khusus-{day}_{day}",
                files={PUBLIC: hashlib.sha256(data).hexdigest()},
                flow_run_id="run-laporan",
            )
            self.report_id = report.id
        self.place.parent.mkdir(parents=True, exist_ok=True)
        self.place.write_bytes(data)
        return hashlib.sha256(data).hexdigest()

    def read(self, public: str = YES) -> Verdict:
        """The head reads the report, and says this to its summary."""
        name, secret = head(self.office, 90)
        return answered(
            self.office,
            self.report_id,
            petugas=name,
            kode=code(secret, self.clock),
            tayang=public,
        )

    def approved(self) -> str:
        """A report whose summary the head said "ya" to; its SHA-256."""
        digest = self.kept()
        verdict = self.read()
        assert verdict.accepted, verdict.reasons
        return digest

    def settle(self, times: int = 20) -> ReportPage:
        """Pass after pass, each when it is due, until the page is live or a person is needed."""
        for _ in range(times):
            page = show(self.office, self.report_id)
            assert page is not None
            if page.next_try_at is None or page.asked:
                return page
            self.clock.now = max(self.clock.now, page.next_try_at)
        raise AssertionError(f"not settled: {page.state}, {page.error_sentence}")

    def on_website(self, kind: str = "pages") -> list[dict[str, Any]]:
        """What is live there under the summary's address."""
        slug = self.page.slug
        answer = requests.get(
            f"{self.gladi.base_url}/wp-json/wp/v2/{kind}",
            params={"per_page": 100, "search": "wp:table", "context": "edit"},
            auth=self.gladi.wordpress_auth,
            timeout=20,
        )
        answer.raise_for_status()
        return [one for one in answer.json() if str(one["slug"]).startswith(slug)]
