"""Recording how the result stands, for the archive: posts read again, the page as a WARC.

Done while the publication waits for step 8, since a page may change later. What was
read goes into the blob store and is named in the chain, so that the bag can be made
from the record alone, whenever and as often as needed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

from bs4 import BeautifulSoup

from archive import Exchange, warc_of
from archive.redaction import without_secrets
from connectors.base import RemoteStatus
from connectors.errors import ChannelError
from connectors.http import ChannelHttp, Timeouts
from ledger import files, publications
from ledger.models import Delivery, DeliveryState, Publication
from tasks.case import publication_in
from tasks.office import Office
from tasks.rendering import WEBSITE
from tasks.standings import standings

RECORDED = files.RECORDED
NOTE = files.RECORDING

MOST_FILES = 60
MOST_BYTES = 40 * 1024 * 1024
MOST_REDIRECTS = 3
_AS_READERS = {"Accept": "text/html,image/*,*/*", "Accept-Encoding": "identity"}
_TIMEOUTS = Timeouts(connect=5.0, read=20.0, total=60.0)


@dataclass(frozen=True, slots=True)
class Recording:
    """What was recorded of the result: SHA-256 in the blob store, by channel.

    `missing` are sentences about what could not be read; empty: all of it was.
    """

    at: datetime | None = None
    rereads: Mapping[str, str] = field(default_factory=dict)
    warc: str = ""
    missing: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        return self.at is not None and not self.missing


def recording_of(publication: Publication) -> Recording:
    """What is known so far; empty when nothing was recorded yet."""
    kept = (publication.assignment or {}).get(NOTE)
    if not kept:
        return Recording()
    return Recording(
        at=datetime.fromisoformat(kept["at"]),
        rereads=dict(kept["rereads"]),
        warc=kept["warc"],
        missing=tuple(kept["missing"]),
    )


def record_result(office: Office, publication_id: str) -> Recording:
    """Read every post and the page again; harmless to repeat, what is known is not read twice.

    Reads only, and never fails because a channel does: that becomes a sentence.
    """
    with office.ledger.read() as work:
        known = recording_of(publication_in(work, publication_id))
    if known.is_complete:
        return known
    rows = [row for row in standings(office, publication_id) if _is_live(row)]
    missing: list[str] = []
    rereads = dict(known.rereads)
    for row in rows:
        if row.channel not in rereads and row.channel not in office.manual_channels:
            rereads |= _reread(office, row, missing)
    website = next((row for row in rows if row.channel == WEBSITE), None)
    warc = known.warc or (_page(office, website, missing) if website is not None else "")
    found = Recording(None, rereads, warc, tuple(missing))
    if known.at is not None and _same(known, found):
        return known
    return _kept(office, publication_id, found)


def _same(one: Recording, other: Recording) -> bool:
    return (one.rereads, one.warc, one.missing) == (other.rereads, other.warc, other.missing)


def _kept(office: Office, publication_id: str, found: Recording) -> Recording:
    with office.ledger.work() as work:
        kept = Recording(work.now, found.rereads, found.warc, found.missing)
        said = {**asdict(kept), "at": work.now.isoformat(), "missing": list(kept.missing)}
        publication = publication_in(work, publication_id)
        publications.keep_note(work, publication, RECORDED, {NOTE: said})
    return kept


def _is_live(row: Delivery) -> bool:
    return row.state == DeliveryState.PUBLISHED


def _reread(office: Office, row: Delivery, missing: list[str]) -> dict[str, str]:
    connector = office.connectors[row.channel]
    try:
        status = connector.status(row.remote_id)
    except ChannelError as error:
        missing.append(f"{connector.label}: kiriman belum dapat dibaca kembali. {error.sentence}")
        return {}
    return {row.channel: office.blobs.put(_as_json(status, office.clock()))}


def _as_json(status: RemoteStatus, at: datetime) -> bytes:
    value = {
        "dibaca_pada": at.isoformat(),
        "keadaan": status.state,
        "alamat": status.url,
        "kiriman": without_secrets(dict(status.raw)),
    }
    return json.dumps(value, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace")


def reread_value(office: Office, sha256: str) -> Mapping[str, Any]:
    """A post as it was read again."""
    value: Mapping[str, Any] = json.loads(office.blobs.get(sha256))
    return value


def _page(office: Office, website: Delivery, missing: list[str]) -> str:
    """The article's page and its pictures as readers get them; "" when the page cannot be read."""
    label = office.connectors[WEBSITE].label
    http = ChannelHttp(channel="arsip", label=label, timeouts=_TIMEOUTS, clock=office.clock)
    try:
        page = list(_followed(office, http, website.url))
        if not page or page[-1].status != 200:
            answer = f"menjawab {page[-1].status}" if page else "tidak menjawab"
            missing.append(f"{label}: halaman artikel {answer}, jadi belum terekam.")
            return ""
        exchanges = page + list(_pictures(office, http, website, page[-1], missing))
    except ChannelError as error:
        missing.append(f"{label}: halaman artikel belum terekam. {error.sentence}")
        return ""
    finally:
        http.close()
    return office.blobs.put(warc_of(exchanges, name="halaman.warc.gz"))


def _pictures(
    office: Office, http: ChannelHttp, website: Delivery, page: Exchange, missing: list[str]
) -> Iterator[Exchange]:
    left = MOST_BYTES
    for address in picture_addresses(page, website.media_urls.values()):
        try:
            answered = _exchange(office, http, address, left)
        except ChannelError as error:
            missing.append(f"Gambar {address} belum terekam. {error.sentence}")
            continue
        if answered.status != 200:
            missing.append(f"Gambar {address} menjawab {answered.status}, jadi belum terekam.")
            continue
        left = max(1, left - len(answered.body))
        yield answered


def picture_addresses(page: Exchange, uploaded: Any) -> tuple[str, ...]:
    """Pictures of the page on the site's own host, and those that were uploaded for it."""
    soup = BeautifulSoup(page.body, "html.parser")
    shown = [urljoin(page.url, str(tag["src"])) for tag in soup.find_all("img", src=True)]
    host = urlsplit(page.url).netloc
    own = [address for address in [*map(str, uploaded), *shown] if _is_on(address, host)]
    return tuple(dict.fromkeys(own))[:MOST_FILES]


def _is_on(address: str, host: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme in {"http", "https"} and parts.netloc == host


def _followed(office: Office, http: ChannelHttp, address: str) -> Iterator[Exchange]:
    """The page, by way of redirects on the same host, each of them kept."""
    host = urlsplit(address).netloc
    for _ in range(MOST_REDIRECTS + 1):
        answered = _exchange(office, http, address, MOST_BYTES)
        yield answered
        location = {name.lower(): value for name, value in answered.headers}.get("location")
        if not 300 <= answered.status < 400 or not location:
            return
        address = urljoin(address, location)
        if not _is_on(address, host):
            return


def _exchange(office: Office, http: ChannelHttp, address: str, most: int) -> Exchange:
    answer = http.read(address, with_credentials=False, max_bytes=most, headers=_AS_READERS)
    headers = tuple((str(name), str(value)) for name, value in answer.headers.items())
    return Exchange(address, answer.status, headers, answer.body, office.clock())
