"""A channel in trouble: the run waits without a process, goes on by itself, keeps no other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from sop.forms.steps import TRY_AGAIN
from tests.support.carrying import Crowd, bring, carried, complete
from tests.support.intruder import Intruder
from tests.support.kantor import TestOffice
from tests.support.waiting import soon

pytestmark = pytest.mark.flow

CHANNELS = {"website", "x", "facebook", "instagram"}


@pytest.fixture
def gladi(here: TestOffice) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{here.stack.rehearsal_url}", trust_env=False) as client:
        yield client
        client.delete("/gladi/gangguan").raise_for_status()


def strike(gladi: httpx.Client, action: str, **fields: Any) -> None:
    gladi.post("/gladi/gangguan", json={"action": action, **fields}).raise_for_status()


def times_visible(here: TestOffice, marker: str) -> dict[str, int]:
    """How often readers can see a post with this text, by channel."""
    return {
        channel: sum(marker in json.dumps(post, ensure_ascii=False) for post in posts)
        for channel, posts in here.posts().items()
    }


def assigned(here: TestOffice, crowd: Crowd, name: str) -> UUID:
    """A publication that is now being published; its text is found nowhere else."""
    publication_id = carried(here, crowd, 6, folder=here.material(name), marked=name)
    (run_id,) = bring(here, publication_id)
    here.answer(run_id, crowd.one("humas"), petugas_unggah=crowd.one("ppid"))
    return run_id


def waits_without_a_form(here: TestOffice, run_id: UUID) -> bool:
    state = here.player.run(run_id)["state"]
    details = state.get("state_details") or {}
    return state["type"] == "PAUSED" and not details.get("run_input_keyset")


def test_an_outage_and_a_lost_answer_end_well_without_anybody(
    here: TestOffice, crowd: Crowd, gladi: httpx.Client
) -> None:
    strike(gladi, "answer_before", channel="facebook", method="POST", times=2, status=503)
    strike(gladi, "drop_after", channel="x", method="POST", path="/2/tweets", times=1)
    strike(
        gladi,
        "answer_before",
        channel="website",
        method="POST",
        path="/wp-json/wp/v2/posts",
        times=1,
        status=503,
        body="<h1>Maintenance</h1>",
    )
    run_id = assigned(here, crowd, "pulihsendiri")
    soon(lambda: waits_without_a_form(here, run_id), "waiting without a form")
    complete(here, crowd, run_id)
    assert times_visible(here, "pulihsendiri") == dict.fromkeys(CHANNELS, 1)
    # One for being brought here; waking up as planned is no restart that counts.
    assert here.events(run_id).count("run-dijalankan-kembali") == 1


def test_a_dead_token_asks_and_keeps_no_other_channel(
    here: TestOffice, crowd: Crowd, gladi: httpx.Client
) -> None:
    strike(gladi, "answer_before", channel="facebook", method="POST", status=401, body={})
    # Meanwhile X is down for a while: it goes on while the form waits.
    strike(gladi, "answer_before", channel="x", method="POST", times=2, status=503, body={})
    run_id = assigned(here, crowd, "tokenmati")
    form = here.form(run_id)
    assert TRY_AGAIN in form.options("tindakan_facebook")
    assert "token" in form.description.casefold()
    assert "tindakan_x" not in form.schema["properties"]
    assert times_visible(here, "tokenmati")["website"] == 1
    assert times_visible(here, "tokenmati")["instagram"] == 1

    api = Intruder(here.stack.api_url)

    def x_is_live() -> bool:
        api.sweep()  # as the schedule does every minute
        return times_visible(here, "tokenmati")["x"] == 1

    soon(x_is_live, "X going on by itself")
    api.close()
    assert here.form(run_id).key == form.key, "the form was replaced under the officer's hands"
    gladi.delete("/gladi/gangguan").raise_for_status()
    here.answer(run_id, crowd.one("ppid"), tindakan_facebook=TRY_AGAIN)
    complete(here, crowd, run_id)
    assert times_visible(here, "tokenmati") == dict.fromkeys(CHANNELS, 1)
