"""What each social channel must do when an answer is lost, besides the contract."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.base import LINK_MARK, Order
from connectors.errors import Dibatasi, Ditolak, PerluOtorisasi, Sementara, TidakPasti
from tests.contract.social_harness import SocialHarness
from tests.contract.suite import ConnectorContract, publish


class SocialContract(ConnectorContract):
    """Inherit, name the channel and the path of its one publishing call."""

    channel: str
    publishing_path: str

    def publishing(self) -> dict[str, Any]:
        return {"channel": self.channel, "method": "POST", "path": f"*{self.publishing_path}"}

    def published_calls(self, harness: SocialHarness) -> int:
        return len(harness.gladi.calls(self.channel, "POST", self.publishing_path))

    def test_readers_see_the_approved_text_to_the_letter_with_the_live_link(
        self, harness: SocialHarness, order: Order, token: str
    ) -> None:
        publish(harness, harness.connector(), order)
        (post,) = self.mine(harness, token)
        assert post.text == order.post.text.replace(LINK_MARK, order.link)

    @pytest.mark.parametrize("action", ["drop_after", "answer_after", "truncate"])
    def test_a_post_whose_answer_was_lost_is_unknown_and_then_found_once(
        self, harness: SocialHarness, order: Order, token: str, action: str
    ) -> None:
        connector, since, before = (
            harness.connector(),
            datetime.now(UTC),
            self.published_calls(harness),
        )
        prepared = connector.prepare(order, harness.blobs)
        harness.gladi.fault(action, **self.publishing())
        with pytest.raises(TidakPasti):
            connector.publish(order, prepared)
        assert self.published_calls(harness) == before + 1
        found = connector.find(order, prepared, since=since)
        assert found is not None
        shown = [(post.remote_id, post.url) for post in self.mine(harness, token)]
        assert shown == [(found.remote_id, found.url)]

    @pytest.mark.parametrize("action", ["drop_before", "answer_before"])
    def test_a_call_that_was_lost_on_its_way_is_unknown_and_then_surely_absent(
        self, harness: SocialHarness, order: Order, token: str, action: str
    ) -> None:
        connector, since = harness.connector(), datetime.now(UTC)
        prepared = connector.prepare(order, harness.blobs)
        harness.gladi.fault(action, **self.publishing())
        with pytest.raises(TidakPasti):
            connector.publish(order, prepared)
        assert connector.find(order, prepared, since=since) is None
        harness.gladi.clear_faults()
        published = connector.publish(order, prepared)
        assert [post.remote_id for post in self.mine(harness, token)] == [published.remote_id]

    def test_a_throttled_publishing_call_publishes_nothing_and_may_be_made_later(
        self, harness: SocialHarness, order: Order
    ) -> None:
        connector, count = harness.connector(), len(harness.visible_posts())
        prepared = connector.prepare(order, harness.blobs)
        harness.gladi.fault("throttle", **self.publishing())
        with pytest.raises(Dibatasi):
            connector.publish(order, prepared)
        assert len(harness.visible_posts()) == count

    def test_a_reading_that_fails_never_says_that_the_post_is_absent(
        self, harness: SocialHarness, order: Order
    ) -> None:
        connector = harness.connector()
        prepared = connector.prepare(order, harness.blobs)
        connector.publish(order, prepared)
        harness.gladi.fault(
            "answer_before", channel=harness.channel, method="GET", status=500, body={}
        )
        with pytest.raises(Sementara):
            connector.find(order, prepared, since=datetime.now(UTC))

    def test_the_same_text_again_is_unknown_until_the_channel_was_read(
        self, harness: SocialHarness, order: Order
    ) -> None:
        connector, since = harness.connector(), datetime.now(UTC)
        prepared = connector.prepare(order, harness.blobs)
        first = connector.publish(order, prepared)
        with pytest.raises(TidakPasti):
            connector.publish(order, prepared)
        found = connector.find(order, prepared, since=since)
        assert found is not None
        assert found.remote_id == first.remote_id

    def test_every_number_that_is_asked_for_is_given(
        self, harness: SocialHarness, order: Order
    ) -> None:
        connector = harness.connector()
        published = connector.publish(order, connector.prepare(order, harness.blobs))
        found = connector.metrics(published.remote_id)
        assert found.missing == {}
        assert len(found) >= 4

    def test_a_post_that_was_taken_down_has_no_numbers(
        self, harness: SocialHarness, order: Order
    ) -> None:
        connector = harness.connector()
        published = connector.publish(order, connector.prepare(order, harness.blobs))
        connector.withdraw(published.remote_id)
        with pytest.raises(Ditolak):
            connector.metrics(published.remote_id)

    def test_a_lapsed_token_reads_no_numbers_and_says_so(
        self, harness: SocialHarness, order: Order
    ) -> None:
        connector = harness.connector()
        published = connector.publish(order, connector.prepare(order, harness.blobs))
        with pytest.raises(PerluOtorisasi):
            harness.locked_out().metrics(published.remote_id)
