"""The composition root: from settings to the office that tasks work in.

The only place that builds an engine, a blob store, a connector or a clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import SecretStr

from archive import Retention
from connectors.base import Connector
from connectors.facebook_page import FacebookPage, FacebookPageSettings
from connectors.instagram import Instagram, InstagramSettings
from connectors.kept import Kept
from connectors.links import link_status
from connectors.manual import ManualChannel
from connectors.notifications import AddressBook, Notifier
from connectors.rehearsal.settings import RehearsalSettings
from connectors.wordpress import WordPress, WordPressSettings
from connectors.wordpress_api import ContentKind
from connectors.x import XChannel, XSettings
from deployments.database_locks import DatabaseLocks
from deployments.locks import FileLocks
from deployments.settings import Settings
from ledger.blobs import FileBlobStore
from ledger.db import migrate, open_engine
from ledger.vault import Vault
from ledger.work import Ledger
from monev.model import Letterhead
from sop.calendar import OfficeCalendar
from sop.load import DATA, load
from sop.model import Sop
from tasks.office import Exclusive, Office
from tasks.patience import Patience

DEFAULT_SOP = DATA / "ot-02-02-1-229-2022.toml"


class OfficeBlobs(FileBlobStore):
    """The office's files, and beside them what was made of its pictures."""

    def __init__(self, root: Path, kept: Kept) -> None:
        super().__init__(root)
        self.kept = kept


def utc_now() -> datetime:
    """The clock of every process."""
    return datetime.now(UTC)


def sop_in_force(settings: Settings) -> Sop:
    """The SOP that new publications start under."""
    return load(settings.sop_file or DEFAULT_SOP)


def build_ledger(settings: Settings, clock: Callable[[], datetime] = utc_now) -> Ledger:
    """The record, migrated to its newest form."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    engine = open_engine(settings.ledger_address)
    migrate(engine)
    return Ledger(engine, clock=clock, vault=Vault.open(settings.key_path))


def build_office(settings: Settings, clock: Callable[[], datetime] = utc_now) -> Office:
    """Everything that tasks may use."""
    connectors = build_connectors(settings, clock)
    ledger = build_ledger(settings, clock)
    return Office(
        ledger=ledger,
        blobs=OfficeBlobs(settings.blobs_path, Kept(settings.kept_path)),
        sop=sop_in_force(settings),
        calendar=OfficeCalendar.load(override=settings.calendar_file),
        connectors=connectors,
        manual_channels=frozenset(one.code for one in settings.channels.manual),
        intake_root=settings.intake_path,
        archive_root=settings.archive_path,
        units=settings.office.units,
        own_domains=frozenset(settings.office.email_domains),
        clock=clock,
        locks=_locks(settings, ledger),
        link_status=link_status,
        settling=timedelta(seconds=settings.prefect.settling_seconds),
        rehearsal=settings.is_rehearsal,
        notifier=build_notifier(settings),
        ui_address=settings.prefect_url,
        letterhead=letterhead(settings),
        reports_root=settings.reports_path,
        public_summary=_public_summary(settings),
        summary_channels=dict(summary_channels(settings, clock)),
        website_address=website.base_url if (website := _website_settings(settings)) else "",
        retention=tuple(Retention(**one.model_dump()) for one in settings.archive.retention),
        patience=Patience.of(
            first_wait=settings.delivery.first_wait_seconds,
            resend_after=settings.delivery.resend_after_seconds,
            ask_after=settings.delivery.ask_after_seconds,
        ),
    )


def build_notifier(settings: Settings) -> Notifier:
    """Who is told outside of the forms; nobody when no address is configured."""
    chosen = settings.notifications
    book = AddressBook(
        everyone=_clear(chosen.urls),
        roles={role: _clear(urls) for role, urls in chosen.roles.items()},
        people={"".join(nip.split()): _clear(urls) for nip, urls in chosen.people.items()},
    )
    return Notifier(book, timeout=chosen.timeout_seconds)


def _clear(urls: Iterable[SecretStr]) -> tuple[str, ...]:
    return tuple(url.get_secret_value() for url in urls)


def _locks(settings: Settings, ledger: Ledger) -> Exclusive:
    """Locks that reach as far as the ledger does: this machine, or all that share a database."""
    if ledger.engine.dialect.name == "postgresql":
        return DatabaseLocks(ledger.engine)
    return FileLocks(settings.run_path / "publikasi")


def letterhead(settings: Settings) -> Letterhead:
    """The office's paper; each report fills in its SOP and who heads the office that day."""
    office = settings.office
    return Letterhead(
        ministry=office.ministry,
        directorate=office.directorate,
        office=office.full_name,
        address=office.address,
        place=office.place,
        sop_number="",
        sop_name="",
        head_title="",
        head_name="",
        head_nip="",
        rehearsal=settings.is_rehearsal,
    )


def build_connectors(settings: Settings, clock: Callable[[], datetime]) -> dict[str, Connector]:
    """Configured channels, website first; in rehearsal the others are rehearsed."""
    made = dict(_configured(settings, clock))
    if settings.is_rehearsal:
        made = {**dict(_rehearsed(settings.rehearsal_url, clock)), **made}
    for one in settings.channels.manual:
        made[one.code] = ManualChannel(one.code, one.label, clock=clock)
    return made


def _configured(
    settings: Settings, clock: Callable[[], datetime]
) -> Iterator[tuple[str, Connector]]:
    channels = settings.channels
    if channels.website:
        website = WordPressSettings(**channels.website.model_dump())
        yield "website", WordPress(website, clock=clock)
    if channels.x:
        yield "x", XChannel(XSettings(**channels.x.model_dump()), clock=clock)
    if channels.facebook:
        page = FacebookPageSettings(**channels.facebook.model_dump())
        yield "facebook", FacebookPage(page, clock=clock)
    if channels.instagram:
        account = InstagramSettings(**channels.instagram.model_dump())
        yield "instagram", Instagram(account, clock=clock)


def _rehearsed_website(address: str) -> WordPressSettings:
    sample = RehearsalSettings()
    return WordPressSettings.model_validate(
        {
            "base_url": address,
            "username": sample.wp_username,
            "application_password": sample.wp_application_password,
            "default_category": "Berita",
        }
    )


def _rehearsed(address: str, clock: Callable[[], datetime]) -> Iterator[tuple[str, Connector]]:
    """The four channels as the rehearsal plays them; its accounts are samples, not secrets."""
    sample = RehearsalSettings()
    yield "website", WordPress(_rehearsed_website(address), clock=clock)
    yield (
        "x",
        XChannel(
            XSettings.model_validate(
                {
                    "consumer_key": sample.x_consumer_key,
                    "consumer_secret": sample.x_consumer_secret,
                    "access_token": sample.x_access_token,
                    "access_token_secret": sample.x_access_token_secret,
                    "username": sample.x_username,
                    "host": address,
                    "public_url": address,
                }
            ),
            clock=clock,
        ),
    )
    yield (
        "facebook",
        FacebookPage(
            FacebookPageSettings.model_validate(
                {
                    "page_id": sample.fb_page_id,
                    "page_access_token": sample.fb_page_token,
                    "page_url": f"{address}/{sample.fb_page_id}",
                    "app_id": sample.fb_app_id,
                    "app_secret": sample.fb_app_secret,
                    "host": address,
                }
            ),
            clock=clock,
        ),
    )
    yield (
        "instagram",
        Instagram(
            InstagramSettings.model_validate(
                {
                    "ig_user_id": sample.ig_user_id,
                    "access_token": sample.fb_page_token,
                    "app_id": sample.fb_app_id,
                    "app_secret": sample.fb_app_secret,
                    "host": address,
                }
            ),
            clock=clock,
        ),
    )


def _public_summary(settings: Settings) -> str:
    chosen = settings.monev.public_summary
    return "" if chosen == "tidak" else chosen


def summary_channels(
    settings: Settings, clock: Callable[[], datetime]
) -> Iterator[tuple[str, Connector]]:
    """The website for public summaries of reports, where there is one."""
    kinds: tuple[tuple[str, ContentKind], ...] = (("halaman", "pages"), ("artikel", "posts"))
    if (website := _website_settings(settings)) is not None:
        for name, kind in kinds:
            yield name, WordPress(website, clock=clock, kind=kind)


def _website_settings(settings: Settings) -> WordPressSettings | None:
    """The configured website's, in rehearsal else those of the rehearsed one."""
    if settings.channels.website:
        return WordPressSettings(**settings.channels.website.model_dump())
    return _rehearsed_website(settings.rehearsal_url) if settings.is_rehearsal else None


@contextmanager
def office_of(settings: Settings) -> Iterator[Office]:
    """An office for one command; its database connections are closed at the end."""
    here = build_office(settings)
    try:
        yield here
    finally:
        if isinstance(here.locks, DatabaseLocks):
            here.locks.close()
        here.ledger.engine.dispose()
