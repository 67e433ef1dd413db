"""What every connector must do, whatever stands behind it.

A channel's test module makes a fixture `harness` (see `Harness`) and a class

    class TestWebsite(ConnectorContract): ...

and so runs every test below against its own channel, real or rehearsed.
"""

from __future__ import annotations

import socket
import traceback
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

import pytest

from connectors.base import Connector, Order, Prepared, Published
from connectors.errors import ChannelError, PerluOtorisasi, Sementara
from sop.digest import digest_of
from sop.manuscript import Manuscript
from tests.contract.material import MemoryBlobs, release


@dataclass(frozen=True)
class VisiblePost:
    """A post as a reader meets it. `alts` are the alt texts of its pictures, in order.

    `text` is everything a reader reads; `title` is "" where a channel has none.
    """

    remote_id: str
    url: str
    text: str
    alts: tuple[str, ...]
    title: str = ""


class Harness(Protocol):
    """One channel under test."""

    blobs: MemoryBlobs
    #: strings that may stand in no error, repr or record
    secrets: tuple[str, ...]
    #: whether a second `prepare` finds what the first left (X cannot know its uploads)
    prepare_leaves_one: bool
    #: whether all pictures, or only some, are shown with the post
    shows_alts: bool

    def connector(self) -> Connector:
        """The channel with good credentials."""
        ...

    def locked_out(self) -> Connector:
        """The same account with a lapsed or wrong credential."""
        ...

    def unreachable(self, base_url: str) -> Connector:
        """Good credentials, but the host is at this address, where nobody listens."""
        ...

    def order(self, order: Order) -> Order:
        """The order with what the website would have given (link, media_urls), if needed."""
        ...

    def visible_posts(self) -> list[VisiblePost]:
        """Everything that a reader can see now."""
        ...

    def hidden(self) -> Mapping[str, int]:
        """How many drafts, files, containers … the channel keeps, by kind."""
        ...


def order_for(harness: Harness, connector: Connector, manuscript: Manuscript) -> Order:
    """An order as the one function of law 1 would make it."""
    reference = uuid.uuid4().hex[:8]
    post = connector.render(manuscript, harness.blobs, reference=reference)
    return harness.order(
        Order(
            publication_id=uuid.uuid4().hex,
            reference=reference,
            digest=digest_of(manuscript, {connector.channel: asdict(post)}),
            post=post,
            not_before=datetime.now(UTC),
        )
    )


def everything_said(error: BaseException) -> str:
    """All the text that could reach a log, a record or a screen."""
    fields = {name: value for name, value in vars(error).items() if not name.startswith("__")}
    return "".join(traceback.format_exception(error)) + repr(error) + repr(fields)


def unused_address() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


class ConnectorContract:
    """Inherit, and provide a `harness` fixture."""

    @pytest.fixture
    def token(self) -> str:
        """Letters that only this test's post has."""
        return f"uji{uuid.uuid4().hex[:10]}"

    @pytest.fixture
    def manuscript(self, harness: Harness, token: str) -> Manuscript:
        return release(harness.blobs, token)

    @pytest.fixture
    def connector(self, harness: Harness) -> Connector:
        return harness.connector()

    @pytest.fixture
    def order(self, harness: Harness, connector: Connector, manuscript: Manuscript) -> Order:
        return order_for(harness, connector, manuscript)

    def mine(self, harness: Harness, token: str) -> list[VisiblePost]:
        return [
            post for post in harness.visible_posts() if token in post.text or token in post.title
        ]

    # --- before approval

    def test_rendering_twice_gives_the_same_post_to_the_byte(
        self, harness: Harness, connector: Connector, manuscript: Manuscript
    ) -> None:
        first = connector.render(manuscript, harness.blobs, reference="a1b2c3d4")
        second = harness.connector().render(manuscript, harness.blobs, reference="a1b2c3d4")
        assert first == second
        assert all(harness.blobs.get(item.sha256) for item in first.media)

    def test_a_change_of_one_alt_text_changes_the_post(
        self, harness: Harness, connector: Connector, manuscript: Manuscript
    ) -> None:
        other = replace(
            manuscript,
            media=(replace(manuscript.media[0], alt="Kapal lain"), *manuscript.media[1:]),
        )
        assert connector.render(
            manuscript, harness.blobs, reference="a1b2c3d4"
        ) != connector.render(other, harness.blobs, reference="a1b2c3d4")

    def test_a_sound_release_has_no_findings(self, connector: Connector, order: Order) -> None:
        assert [finding.sentence for finding in connector.validate(order.post)] == []

    # --- publishing

    def test_preparing_shows_readers_nothing(
        self, harness: Harness, connector: Connector, order: Order, token: str
    ) -> None:
        connector.prepare(order, harness.blobs)
        assert self.mine(harness, token) == []

    def test_preparing_twice_leaves_nothing_twice(
        self, harness: Harness, connector: Connector, order: Order
    ) -> None:
        first = connector.prepare(order, harness.blobs)
        kept = harness.hidden()
        second = harness.connector().prepare(order, harness.blobs)
        if harness.prepare_leaves_one:
            assert (second, harness.hidden()) == (first, kept)

    def test_publishing_shows_exactly_one_post_with_text_and_alt_texts(
        self, harness: Harness, connector: Connector, order: Order, token: str
    ) -> None:
        published = publish(harness, connector, order)
        (post,) = self.mine(harness, token)
        assert (post.remote_id, post.url) == (published.remote_id, published.url)
        assert post.title == (order.post.title if post.title else "")
        if harness.shows_alts:
            assert sorted(post.alts) == sorted(item.alt for item in order.post.media)
        age = datetime.now(UTC) - published.published_at
        assert abs(age) < timedelta(minutes=5)

    def test_a_post_is_not_found_before_it_is_published_and_found_after(
        self, harness: Harness, connector: Connector, order: Order
    ) -> None:
        since = datetime.now(UTC)
        prepared = connector.prepare(order, harness.blobs)
        assert connector.find(order, prepared, since=since) is None
        published = connector.publish(order, prepared)
        found = harness.connector().find(order, prepared, since=since)
        assert found is not None
        assert (found.remote_id, found.url) == (published.remote_id, published.url)

    def test_the_post_of_another_publication_is_not_taken_for_ours(
        self, harness: Harness, connector: Connector, order: Order, token: str
    ) -> None:
        publish(harness, connector, order)
        other = order_for(harness, connector, release(harness.blobs, token + "lain"))
        prepared = connector.prepare(other, harness.blobs)
        assert connector.find(other, prepared, since=datetime.now(UTC)) is None

    # --- afterwards

    def test_a_post_is_live_until_it_is_withdrawn(
        self, harness: Harness, connector: Connector, order: Order, token: str
    ) -> None:
        published = publish(harness, connector, order)
        assert connector.status(published.remote_id).state == "live"
        assert all(number >= 0 for number in connector.metrics(published.remote_id).values())
        connector.withdraw(published.remote_id)
        assert connector.status(published.remote_id).state in {"withdrawn", "missing"}
        assert self.mine(harness, token) == []
        connector.withdraw(published.remote_id)

    # --- accounts and errors

    def test_a_fit_channel_says_so(self, connector: Connector) -> None:
        health = connector.check()
        assert (health.channel, health.ok) == (connector.channel, True), health
        assert health.account

    def test_a_lapsed_credential_is_told_with_what_to_do(self, harness: Harness) -> None:
        health = harness.locked_out().check()
        assert not health.ok
        assert health.sentence
        assert health.action

    def test_a_lapsed_credential_never_publishes_and_asks_for_a_person(
        self, harness: Harness, connector: Connector, order: Order, token: str
    ) -> None:
        prepared = connector.prepare(order, harness.blobs)
        locked_out = harness.locked_out()
        with pytest.raises(PerluOtorisasi):
            locked_out.prepare(order, harness.blobs)
        with pytest.raises(PerluOtorisasi):
            locked_out.publish(order, prepared)
        assert self.mine(harness, token) == []

    def test_a_lapsed_credential_is_never_read_as_not_published(
        self, harness: Harness, connector: Connector, order: Order
    ) -> None:
        since = datetime.now(UTC)
        prepared = connector.prepare(order, harness.blobs)
        connector.publish(order, prepared)
        with pytest.raises(PerluOtorisasi):
            harness.locked_out().find(order, prepared, since=since)

    def test_a_host_that_nobody_answers_at_is_a_passing_trouble(
        self, harness: Harness, connector: Connector, order: Order
    ) -> None:
        prepared = connector.prepare(order, harness.blobs)
        unreachable = harness.unreachable(unused_address())
        with pytest.raises(Sementara):
            unreachable.publish(order, prepared)
        with pytest.raises(Sementara):
            unreachable.find(order, prepared, since=datetime.now(UTC))
        assert not unreachable.check().ok

    def test_secrets_stand_in_no_error_and_no_record(
        self, harness: Harness, connector: Connector, order: Order
    ) -> None:
        prepared = connector.prepare(order, harness.blobs)
        published = connector.publish(order, prepared)
        said = [repr(connector), repr(prepared), repr(published), repr(connector.check())]
        for broken in (harness.locked_out(), harness.unreachable(unused_address())):
            said += [repr(broken), repr(broken.check())]
            with pytest.raises(ChannelError) as caught:
                broken.publish(order, prepared)
            said.append(everything_said(caught.value))
            with pytest.raises(ChannelError) as caught:
                broken.find(order, prepared, since=datetime.now(UTC))
            said.append(everything_said(caught.value))
        for secret in harness.secrets:
            assert secret not in "".join(said)


def publish(harness: Harness, connector: Connector, order: Order) -> Published:
    prepared: Prepared = connector.prepare(order, harness.blobs)
    return connector.publish(order, prepared)
