"""An office without Prefect: real record, real connectors, a real rehearsal, a clock to move.

A publication stands before its publishing step, approved; the engine is driven directly.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from connectors.base import Connector
from connectors.facebook_page import FacebookPage, FacebookPageSettings
from connectors.instagram import Instagram, InstagramSettings
from connectors.wordpress import WordPress, WordPressSettings
from connectors.x import XChannel, XSettings
from deployments.locks import FileLocks
from ledger import decisions, forms, publications, revisions, rounds
from ledger.db import migrate, open_engine
from ledger.models import Answer, Delivery, Publication
from ledger.people import add_staff
from ledger.vault import Vault
from ledger.verify import verify
from ledger.work import Ledger, Work
from sop.calendar import OfficeCalendar
from sop.forms.steps import ALREADY_LIVE, GIVE_UP, TRY_AGAIN
from sop.load import find
from sop.manuscript import Manuscript
from tasks import unggah
from tasks.case import publication_in, read_case
from tasks.delivery import Sent, deliver, new_owner
from tasks.freezing import DIGEST
from tasks.office import Office
from tasks.patience import Patience
from tasks.rendering import digest_for, posts_as_json, render_all
from tasks.standings import standings
from tasks.stepwork import Answered
from tests.contract.material import MemoryBlobs, release
from tests.support.rehearsal import Rehearsal

SOP = find("OT.02.02/1/229/2022")
CALENDAR = OfficeCalendar.load()
CHANNELS = ("website", "x", "facebook", "instagram")
PUBLISHING_STEP = 7
# Shorter than a hang, longer than any honest answer of a loopback server.
READ_TIMEOUT = 0.6
HANG = 1.0

__all__ = ["ALREADY_LIVE", "GIVE_UP", "TRY_AGAIN", "Clock", "Desk", "Template"]


@dataclass
class Clock:
    """Starts at the true time, since the rehearsal has its own; moves when told."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        return self.now

    def to(self, moment: datetime) -> None:
        self.now = max(self.now, moment)


class Template:
    """A migrated ledger with staff in it, copied for every test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.people: dict[str, str] = {}
        ledger = self._open(folder, Clock())
        migrate(ledger.engine)
        with ledger.work() as work:
            for number, role in enumerate(("humas", "ppid", "kepala"), start=1):
                nip = f"19000101200001{number:04d}"
                self.people[role] = add_staff(work, nip, f"Contoh {role}", [role]).staff_id
        ledger.engine.dispose()

    @staticmethod
    def _open(folder: Path, clock: Clock) -> Ledger:
        engine = open_engine(f"sqlite:///{folder / 'siar.db'}")
        return Ledger(engine, clock=clock, vault=Vault.open(folder / "kunci"))

    def copied_to(self, folder: Path, clock: Clock) -> Ledger:
        for path in self.folder.iterdir():
            shutil.copy(path, folder / path.name)
        return self._open(folder, clock)


class Desk:
    """One office at its publishing step."""

    def __init__(
        self,
        ledger: Ledger,
        people: Mapping[str, str],
        gladi: Rehearsal,
        folder: Path,
        clock: Clock,
        **connectors: Connector,
    ) -> None:
        self.gladi, self.people, self.clock = gladi, people, clock
        self.blobs = MemoryBlobs()
        self.office = Office(
            ledger=ledger,
            blobs=self.blobs,
            sop=SOP,
            calendar=CALENDAR,
            connectors={**made_connectors(gladi, clock), **connectors},
            manual_channels=frozenset(),
            intake_root=folder,
            archive_root=folder / "arsip",
            units=("Tim Kerja 1",),
            own_domains=frozenset(),
            clock=clock,
            locks=FileLocks(folder / "kunci-publikasi"),
            link_status=lambda _address: 200,
            settling=timedelta(seconds=20),
            rehearsal=True,
            patience=Patience(),
        )
        self.owner = new_owner("meja", "run-1")

    # --- a publication --------------------------------------------------------

    def approved(self, token: str, channels: tuple[str, ...] = CHANNELS) -> str:
        """An approved publication that stands at its publishing step; its id."""
        manuscript = replace(release(self.blobs, token), category="")
        manuscript = replace(manuscript, media=manuscript.media[:1], body=f"Isi berita {token}.")
        ledger = self.office.ledger
        with ledger.work() as work:
            publication = self._opened(work, channels, token)
            publication_id, reference = publication.id, publication.reference
        posts, findings = render_all(self.office, manuscript, reference, channels)
        assert not [found for found in findings if found.blocking], findings
        digest = digest_for(manuscript, posts)
        with ledger.work() as work:
            publication = publication_in(work, publication_id)
            self._written(work, publication, manuscript)
            revision = revisions.latest_revision(work, publication)
            assert revision is not None
            revisions.freeze(work, revision, digest=digest, posts=posts_as_json(posts))
            publications.keep_note(work, publication, "diajukan", {DIGEST: digest})
            answer = self._answered(work, publication, 5, "kepala")
            decisions.decide(
                work,
                publication,
                answer_id=answer.id,
                staff_id=self.people["kepala"],
                decision="ya",
                reason="",
                revision_id=revision.id,
                digest=digest,
            )
            self._close(work, publication, "ya")
            rounds.open_round(work, publication, PUBLISHING_STEP, None)
        return publication_id

    def _opened(self, work: Work, channels: tuple[str, ...], token: str) -> Publication:
        return publications.open_publication(
            work,
            flow_run_id=f"run-{token}",
            sop=SOP,
            title=f"Berita {token}",
            unit="Tim Kerja 1",
            classification="berkala",
            facts={},
            folder="",
            channels=list(channels),
            wanted_at=None,
            rehearsal=True,
            first_step=1,
        )

    def _written(self, work: Work, publication: Publication, manuscript: Manuscript) -> None:
        answer = self._answered(work, publication, 3, "humas")
        revisions.add_revision(
            work,
            publication,
            manuscript,
            author=self.people["humas"],
            round_id=answer.round_id,
            step_no=3,
            source="form",
        )
        self._close(work, publication, "selesai")

    def _answered(self, work: Work, publication: Publication, step: int, role: str) -> Answer:
        current = rounds.open_round(work, publication, step, None)
        form = forms.open_form(work, current, "run", "", {})
        return forms.record_answer(
            work,
            form,
            named_person=role,
            staff_id=self.people[role],
            accepted=True,
            reasons=[],
            fields={},
        )

    @staticmethod
    def _close(work: Work, publication: Publication, outcome: str) -> None:
        current = rounds.current_round(work, publication)
        assert current is not None
        rounds.close_round(work, current, outcome)

    # --- its channels ---------------------------------------------------------

    def deliver(self, publication_id: str, channel: str, owner: str = "") -> Sent:
        """One pass."""
        return deliver(self.office, publication_id, channel, owner or self.owner)

    def settle(self, publication_id: str, channel: str, *, most: int = 40) -> Sent:
        """Pass after pass, each at its time, until the post is live or a person is asked."""
        for _ in range(most):
            sent = self.deliver(publication_id, channel)
            if sent.state == "published" or sent.needs_person:
                return sent
            assert sent.again_at is not None, f"stuck: {sent}"
            self.clock.to(sent.again_at)
        raise AssertionError(f"does not come to an end: {sent}")

    def row(self, publication_id: str, channel: str) -> Delivery:
        return next(row for row in standings(self.office, publication_id) if row.channel == channel)

    def answer(self, publication_id: str, channel: str, action: str, address: str = "") -> None:
        """What the PPID officer chose on the form."""
        case = read_case(self.office, publication_id)
        assert case is not None
        values: dict[str, Any] = {
            f"tindakan_{channel}": action,
            f"alamat_{channel}": address,
            "catatan": "Sudah diperiksa.",
        }
        assert unggah.prepare(self.office, case, values).problems == ()
        with self.office.ledger.work() as work:
            unggah.apply(self.office, work, case, Answered(self.people["ppid"], "", values, None))

    def posts(self, channel: str, token: str) -> list[dict[str, Any]]:
        """The posts of this token that readers see."""
        return [post for post in self.gladi.posts(channel) if token in str(post)]

    def close(self) -> None:
        assert verify(self.office.ledger) == []
        self.office.ledger.engine.dispose()


def made_connectors(gladi: Rehearsal, clock: Callable[[], datetime]) -> dict[str, Connector]:
    """The four real connectors on the rehearsal, impatient with silence."""
    held, base = gladi.settings, gladi.base_url
    return {
        "website": WordPress(
            WordPressSettings.model_validate(
                {
                    "base_url": base,
                    "username": held.wp_username,
                    "application_password": held.wp_application_password,
                    "default_category": "Berita",
                    "read_timeout": READ_TIMEOUT,
                    "upload_timeout": READ_TIMEOUT,
                }
            ),
            clock=clock,
        ),
        "x": XChannel(
            XSettings.model_validate(
                {
                    "consumer_key": held.x_consumer_key,
                    "consumer_secret": held.x_consumer_secret,
                    "access_token": held.x_access_token,
                    "access_token_secret": held.x_access_token_secret,
                    "username": held.x_username,
                    "host": base,
                    "public_url": base,
                    "read_timeout": READ_TIMEOUT,
                }
            ),
            clock=clock,
            sleep=lambda _seconds: None,
        ),
        "facebook": FacebookPage(
            FacebookPageSettings.model_validate(
                {
                    "page_id": held.fb_page_id,
                    "page_access_token": held.fb_page_token,
                    "app_id": held.fb_app_id,
                    "app_secret": held.fb_app_secret,
                    "host": base,
                    "read_timeout": READ_TIMEOUT,
                }
            ),
            clock=clock,
        ),
        "instagram": Instagram(
            InstagramSettings.model_validate(
                {
                    "ig_user_id": held.ig_user_id,
                    "access_token": held.fb_page_token,
                    "app_id": held.fb_app_id,
                    "app_secret": held.fb_app_secret,
                    "host": base,
                    "read_timeout": READ_TIMEOUT,
                }
            ),
            clock=clock,
            sleep=lambda _seconds: None,
        ),
    }
