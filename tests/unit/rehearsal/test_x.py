"""The rehearsed X answers as API v2 does, and believes signed calls only."""

from __future__ import annotations

import html
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
import tweepy
from requests_oauthlib import OAuth1

from tests.support.rehearsal import Rehearsal
from tests.unit.rehearsal.conftest import jpeg


def keys(gladi: Rehearsal, **overrides: Any) -> OAuth1:
    chosen = {
        "client_key": gladi.settings.x_consumer_key,
        "client_secret": gladi.settings.x_consumer_secret,
        "resource_owner_key": gladi.settings.x_access_token,
        "resource_owner_secret": gladi.settings.x_access_token_secret,
    } | overrides
    return OAuth1(**chosen)


def call(gladi: Rehearsal, method: str, path: str, **kwargs: Any) -> requests.Response:
    kwargs.setdefault("auth", keys(gladi))
    return requests.request(method, f"{gladi.base_url}/2{path}", timeout=20, **kwargs)


def photo(gladi: Rehearsal) -> str:
    answer = call(
        gladi,
        "POST",
        "/media/upload",
        files={"media": ("a.jpg", jpeg(), "image/jpeg")},
        data={"media_category": "tweet_image"},
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["data"]["id"])


def test_tweepy_can_post_and_read_back(gladi: Rehearsal, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = gladi.settings
    client = tweepy.Client(
        consumer_key=settings.x_consumer_key,
        consumer_secret=settings.x_consumer_secret,
        access_token=settings.x_access_token,
        access_token_secret=settings.x_access_token_secret,
    )
    session_request = client.session.request
    monkeypatch.setattr(
        client.session,
        "request",
        lambda method, url, **kwargs: session_request(
            method, url.replace("https://api.twitter.com", gladi.base_url), **kwargs
        ),
    )
    ident = client.create_tweet(text="Halo dari Palembang").data["id"]
    assert client.get_tweet(ident, user_auth=True).data.text == "Halo dari Palembang"
    assert client.get_me().data.username == settings.x_username


def test_text_with_link_media_and_ampersand_comes_back_as_x_sends_it(gladi: Rehearsal) -> None:
    media = photo(gladi)
    text = "Cuci tangan & jaga jarak: https://kemkes.go.id/berita?a=1&b=2 #Sehat"
    answer = call(gladi, "POST", "/tweets", json={"text": text, "media": {"media_ids": [media]}})
    assert answer.status_code == 201
    ident = answer.json()["data"]["id"]
    found = call(
        gladi,
        "GET",
        f"/users/{gladi.settings.x_user_id}/tweets",
        params={
            "tweet.fields": "entities,created_at,public_metrics",
            "expansions": "attachments.media_keys",
            "media.fields": "alt_text,url",
            "max_results": 5,
            "start_time": f"{datetime.now(UTC) - timedelta(minutes=1):%Y-%m-%dT%H:%M:%SZ}",
        },
    ).json()
    (post,) = found["data"]
    assert post["id"] == ident
    assert "&amp; jaga" in post["text"]
    plain = post["text"]
    for link in post["entities"]["urls"]:
        assert plain[link["start"] : link["end"]] == link["url"]
    for link in post["entities"]["urls"]:
        shown = "" if "media_key" in link else link["expanded_url"]
        plain = plain.replace(link["url"], shown)
    assert html.unescape(plain).strip() == text
    assert found["meta"]["result_count"] == 1
    assert found["includes"]["media"][0]["type"] == "photo"


@pytest.mark.parametrize(
    "overrides",
    [{"client_secret": "lain"}, {"resource_owner_key": "lain"}, {"client_key": "lain"}],
)
def test_a_call_signed_with_other_keys_is_unauthorized(
    gladi: Rehearsal, overrides: dict[str, str]
) -> None:
    answer = call(gladi, "POST", "/tweets", json={"text": "x"}, auth=keys(gladi, **overrides))
    assert answer.status_code == 401
    assert answer.json()["title"] == "Unauthorized"
    assert gladi.posts("x") == []


def test_a_signature_is_good_for_one_call_with_these_parameters(gladi: Rehearsal) -> None:
    url = f"{gladi.base_url}/2/users/me"
    ready = requests.Request("GET", url, auth=keys(gladi)).prepare()
    header = {"Authorization": ready.headers["Authorization"]}
    assert requests.get(f"{url}?user.fields=name", headers=header, timeout=20).status_code == 401
    assert requests.get(url, headers=header, timeout=20).status_code == 200
    assert requests.get(url, headers=header, timeout=20).status_code == 401


def test_an_old_timestamp_is_out_of_bounds(gladi: Rehearsal) -> None:
    auth = keys(gladi, timestamp=str(int(time.time()) - 900))
    answer = call(gladi, "GET", "/users/me", auth=auth)
    assert answer.status_code == 401
    assert answer.json()["errors"][0]["code"] == 135


def test_every_answer_carries_the_rate_limit(started: Callable[..., Rehearsal]) -> None:
    gladi = started(x_post_limit=2)
    answers = [call(gladi, "POST", "/tweets", json={"text": f"ke-{n}"}) for n in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert [answer.headers["x-rate-limit-remaining"] for answer in answers] == ["1", "0", "0"]
    assert int(answers[2].headers["x-rate-limit-reset"]) > time.time()
    assert "x-rate-limit-limit" in call(gladi, "GET", "/users/me", auth=None).headers


def test_the_same_text_again_is_refused_until_the_first_is_deleted(gladi: Rehearsal) -> None:
    ident = call(gladi, "POST", "/tweets", json={"text": "sekali saja"}).json()["data"]["id"]
    again = call(gladi, "POST", "/tweets", json={"text": "sekali saja"})
    assert again.status_code == 403
    assert again.json()["detail"] == (
        "You are not allowed to create a Tweet with duplicate content."
    )
    assert call(gladi, "DELETE", f"/tweets/{ident}").json() == {"data": {"deleted": True}}
    assert call(gladi, "POST", "/tweets", json={"text": "sekali saja"}).status_code == 201


def test_length_is_weighed_and_a_loopback_link_counts_as_a_link(gladi: Rehearsal) -> None:
    link = f"http://127.0.0.1:8123/{'panjang-' * 20}"
    assert call(gladi, "POST", "/tweets", json={"text": "a" * 256 + " " + link}).ok
    long = call(gladi, "POST", "/tweets", json={"text": "a" * 257 + " " + link})
    assert long.status_code == 400
    assert "too long" in long.json()["detail"]
    assert call(gladi, "POST", "/tweets", json={"text": "😷" * 141}).status_code == 400


def test_five_photos_or_unknown_media_are_refused(gladi: Rehearsal) -> None:
    five = [photo(gladi) for _ in range(5)]
    answer = call(gladi, "POST", "/tweets", json={"text": "x", "media": {"media_ids": five}})
    assert answer.status_code == 400
    unknown = call(gladi, "POST", "/tweets", json={"text": "x", "media": {"media_ids": ["1"]}})
    assert unknown.json()["errors"][0]["message"] == "Your media IDs are invalid."
    four = call(gladi, "POST", "/tweets", json={"text": "x", "media": {"media_ids": five[:4]}})
    assert four.status_code == 201


def test_alt_text_is_kept_and_shown_to_readers(gladi: Rehearsal) -> None:
    media = photo(gladi)
    body = {"id": media, "metadata": {"alt_text": {"text": "Kapal di dermaga"}}}
    assert call(gladi, "POST", "/media/metadata", json=body).status_code == 200
    call(gladi, "POST", "/tweets", json={"text": "a", "media": {"media_ids": [media]}})
    (post,) = gladi.posts("x")
    assert post["pictures"][0]["alt"] == "Kapal di dermaga"
    assert requests.get(post["pictures"][0]["url"], timeout=20).content == jpeg()


def test_a_video_goes_up_in_pieces_and_is_processed(started: Callable[..., Rehearsal]) -> None:
    moment = [datetime.now(UTC)]
    gladi = started(clock=lambda: moment[0])
    data = b"\0\0\0\x18ftypisom" + b"v" * 5000
    begun = call(
        gladi,
        "POST",
        "/media/upload/initialize",
        json={
            "total_bytes": len(data),
            "media_type": "video/mp4",
            "media_category": "tweet_video",
        },
    ).json()["data"]
    for index, start in enumerate(range(0, len(data), 3000)):
        part = call(
            gladi,
            "POST",
            f"/media/upload/{begun['id']}/append",
            files={"media": data[start : start + 3000]},
            data={"segment_index": str(index)},
        )
        assert part.status_code == 200, part.text
    done = call(gladi, "POST", f"/media/upload/{begun['id']}/finalize").json()["data"]
    assert done["processing_info"]["state"] == "pending"
    body = {"text": "v", "media": {"media_ids": [begun["id"]]}}
    assert call(gladi, "POST", "/tweets", json=body).status_code == 400
    moment[0] += timedelta(seconds=2)
    state = call(
        gladi, "GET", "/media/upload", params={"command": "STATUS", "media_id": begun["id"]}
    )
    assert state.json()["data"]["processing_info"]["state"] == "succeeded"
    assert call(gladi, "POST", "/tweets", json=body).status_code == 201


def test_what_is_not_there_is_an_error_inside_a_good_answer(gladi: Rehearsal) -> None:
    answer = call(gladi, "GET", "/tweets", params={"ids": "1234567890"})
    assert answer.status_code == 200
    assert "data" not in answer.json()
    assert answer.json()["errors"][0]["title"] == "Not Found Error"


def test_an_empty_timeline_has_no_data(gladi: Rehearsal) -> None:
    answer = call(gladi, "GET", f"/users/{gladi.settings.x_user_id}/tweets")
    assert answer.json() == {"meta": {"result_count": 0}}
    few = call(gladi, "GET", f"/users/{gladi.settings.x_user_id}/tweets", params={"max_results": 4})
    assert few.status_code == 400
