"""The rehearsed page and Instagram account answer as Graph v26.0 does."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import facebook
import pytest
import requests

from tests.support.rehearsal import Rehearsal
from tests.unit.rehearsal.conftest import jpeg, png


def call(gladi: Rehearsal, method: str, path: str, **params: Any) -> requests.Response:
    files = params.pop("files", None)
    params.setdefault("access_token", gladi.settings.fb_page_token)
    where = {"params": params} if method != "POST" else {"data": params}
    return requests.request(method, f"{gladi.graph_url}/{path}", files=files, timeout=20, **where)


def photo(gladi: Rehearsal, alt: str = "") -> str:
    answer = call(
        gladi,
        "POST",
        f"{gladi.settings.fb_page_id}/photos",
        published="false",
        alt_text_custom=alt,
        files={"source": jpeg()},
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def hosted(gladi: Rehearsal, data: bytes, name: str = "foto.jpg", kind: str = "image/jpeg") -> str:
    answer = requests.post(
        f"{gladi.base_url}/wp-json/wp/v2/media",
        data=data,
        auth=gladi.wordpress_auth,
        headers={"Content-Type": kind, "Content-Disposition": f'attachment; filename="{name}"'},
        timeout=20,
    )
    return str(answer.json()["source_url"])


def container(gladi: Rehearsal, **params: Any) -> requests.Response:
    return call(gladi, "POST", f"{gladi.settings.ig_user_id}/media", **params)


def code_of(answer: requests.Response) -> tuple[int, int | None]:
    error = answer.json()["error"]
    assert error["fbtrace_id"]
    assert error["message"]
    return error["code"], error.get("error_subcode")


def test_photos_stay_hidden_until_one_feed_call_shows_them(gladi: Rehearsal) -> None:
    photos = [photo(gladi, alt=f"Foto {n}") for n in (1, 2)]
    assert gladi.posts("facebook") == []
    post = call(
        gladi,
        "POST",
        f"{gladi.settings.fb_page_id}/feed",
        message="Kegiatan hari ini",
        attached_media=json.dumps([{"media_fbid": ident} for ident in photos]),
    ).json()["id"]
    (shown,) = gladi.posts("facebook")
    assert shown["id"] == post
    assert [picture["alt"] for picture in shown["pictures"]] == ["Foto 1", "Foto 2"]
    fields = "message,permalink_url,attachments{subattachments{target}}"
    seen = call(gladi, "GET", post, fields=fields).json()
    assert requests.get(seen["permalink_url"], timeout=20).status_code == 200
    album = seen["attachments"]["data"][0]["subattachments"]["data"]
    assert [item["target"]["id"] for item in album] == photos


def test_attached_media_may_be_indexed_and_unknown_photos_are_refused(gladi: Rehearsal) -> None:
    feed = f"{gladi.settings.fb_page_id}/feed"
    indexed = {"attached_media[0]": json.dumps({"media_fbid": photo(gladi)})}
    assert call(gladi, "POST", feed, message="a", **indexed).status_code == 200
    unknown = {"attached_media": json.dumps([{"media_fbid": "1"}])}
    assert code_of(call(gladi, "POST", feed, message="b", **unknown))[0] == 100


def test_the_facebook_sdk_works_against_it(
    gladi: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facebook, "FACEBOOK_GRAPH_URL", f"{gladi.base_url}/")
    graph = facebook.GraphAPI(gladi.settings.fb_page_token, timeout=20)
    with pytest.raises(facebook.GraphAPIError, match="deprecated version"):
        graph.get_object("me")
    graph.version = "v26.0"
    page = gladi.settings.fb_page_id
    assert graph.get_object("me")["id"] == page
    ident = graph.put_photo(io.BytesIO(jpeg()), f"{page}/photos", published="false")["id"]
    attached = json.dumps([{"media_fbid": ident}])
    post = graph.put_object(page, "feed", message="Halo", attached_media=attached)
    assert graph.get_version() == "26.0"
    assert graph.delete_object(post["id"]) == {"success": True}
    with pytest.raises(facebook.GraphAPIError):
        graph.get_object(post["id"])


def test_only_the_latest_post_counts_as_duplicate(gladi: Rehearsal) -> None:
    feed = f"{gladi.settings.fb_page_id}/feed"
    assert call(gladi, "POST", feed, message="sama").ok
    assert code_of(call(gladi, "POST", feed, message="sama")) == (506, 1455006)
    assert call(gladi, "POST", feed, message="lain").ok
    assert call(gladi, "POST", feed, message="sama").ok


def test_tokens_and_proofs_are_checked(started: Callable[..., Rehearsal]) -> None:
    gladi = started(require_appsecret_proof=True)
    settings = gladi.settings
    assert code_of(call(gladi, "GET", "me", access_token="lain"))[0] == 190
    assert code_of(call(gladi, "GET", "me", access_token=""))[0] == 104
    assert code_of(call(gladi, "GET", "me"))[0] == 100
    assert code_of(call(gladi, "GET", "me", appsecret_proof="00"))[0] == 100
    proof = hmac.new(
        settings.fb_app_secret.encode(), settings.fb_page_token.encode(), hashlib.sha256
    )
    assert call(gladi, "GET", "me", appsecret_proof=proof.hexdigest()).ok
    app_token = f"{settings.fb_app_id}|{settings.fb_app_secret}"
    told = call(
        gladi, "GET", "debug_token", access_token=app_token, input_token=settings.fb_page_token
    ).json()["data"]
    assert told["is_valid"] is True
    assert "pages_manage_posts" in told["scopes"]


def test_versions_that_are_too_old_or_not_yet_there_are_refused(gladi: Rehearsal) -> None:
    for version in ("v2.8", "v3.1", "v99.0"):
        answer = requests.get(f"{gladi.base_url}/{version}/me", timeout=20)
        assert answer.status_code == 400
        assert answer.json()["error"]["code"] in {2635, 2500}


def test_lists_give_fields_since_and_the_next_page(gladi: Rehearsal) -> None:
    page = gladi.settings.fb_page_id
    for number in range(3):
        call(gladi, "POST", f"{page}/feed", message=f"ke-{number}")
    first = call(gladi, "GET", f"{page}/published_posts", fields="message", limit=2).json()
    assert [post["message"] for post in first["data"]] == ["ke-2", "ke-1"]
    rest = requests.get(first["paging"]["next"], timeout=20).json()
    assert [post["message"] for post in rest["data"]] == ["ke-0"]
    later = int((datetime.now(UTC) + timedelta(hours=1)).timestamp())
    assert call(gladi, "GET", f"{page}/feed", since=later).json()["data"] == []
    assert code_of(call(gladi, "GET", f"{page}/feed", fields="likes_total"))[0] == 100


def test_one_dead_metric_name_fails_the_whole_call(started: Callable[..., Rehearsal]) -> None:
    moment = [datetime(2026, 11, 23, tzinfo=UTC)]
    gladi = started(clock=lambda: moment[0])
    post = call(gladi, "POST", f"{gladi.settings.fb_page_id}/feed", message="a").json()["id"]
    alive = "post_media_view,post_clicks,post_reactions_by_type_total"
    dead = call(gladi, "GET", f"{post}/insights", metric=f"{alive},post_impressions")
    assert code_of(dead)[0] == 100

    def views() -> int:
        data = call(gladi, "GET", f"{post}/insights", metric=alive).json()["data"]
        return int(data[0]["values"][0]["value"])

    seen = []
    for _ in range(3):
        seen.append(views())
        moment[0] += timedelta(days=2)
    assert seen[0] == 0 < seen[1] < seen[2]
    moment[0] -= timedelta(days=2)
    assert views() == seen[2]


def test_a_container_is_fetched_processed_and_published(started: Callable[..., Rehearsal]) -> None:
    moment = [datetime(2026, 11, 23, tzinfo=UTC)]
    gladi = started(clock=lambda: moment[0], ig_processing_seconds=5)
    made = container(gladi, image_url=hosted(gladi, jpeg()), caption="Hai #sehat", alt_text="Kapal")
    ident = made.json()["id"]
    publish = f"{gladi.settings.ig_user_id}/media_publish"
    assert call(gladi, "GET", ident, fields="status_code").json()["status_code"] == "IN_PROGRESS"
    early = call(gladi, "POST", publish, creation_id=ident)
    assert code_of(early) == (9007, 2207027)
    moment[0] += timedelta(seconds=6)
    assert call(gladi, "GET", ident, fields="status_code").json()["status_code"] == "FINISHED"
    assert gladi.posts("instagram") == []
    media = call(gladi, "POST", publish, creation_id=ident).json()["id"]
    assert call(gladi, "GET", ident, fields="status_code").json()["status_code"] == "PUBLISHED"
    assert call(gladi, "POST", publish, creation_id=ident).status_code == 400
    listed = call(
        gladi, "GET", f"{gladi.settings.ig_user_id}/media", fields="caption,timestamp,permalink"
    ).json()["data"]
    assert [item["id"] for item in listed] == [media]
    assert requests.get(listed[0]["permalink"], timeout=20).status_code == 200
    assert gladi.posts("instagram")[0]["pictures"][0]["alt"] == "Kapal"
    quota = call(
        gladi,
        "GET",
        f"{gladi.settings.ig_user_id}/content_publishing_limit",
        fields="quota_usage,config",
    ).json()["data"][0]
    assert quota == {"quota_usage": 1, "config": {"quota_total": 100, "quota_duration": 86400}}


def test_a_container_expires_after_a_day(started: Callable[..., Rehearsal]) -> None:
    moment = [datetime(2026, 11, 23, tzinfo=UTC)]
    gladi = started(clock=lambda: moment[0])
    ident = container(gladi, image_url=hosted(gladi, jpeg())).json()["id"]
    moment[0] += timedelta(hours=25)
    assert call(gladi, "GET", ident, fields="status_code").json()["status_code"] == "EXPIRED"
    late = call(gladi, "POST", f"{gladi.settings.ig_user_id}/media_publish", creation_id=ident)
    assert code_of(late) == (-2, 2207020)


def test_a_carousel_takes_two_to_ten_items(gladi: Rehearsal) -> None:
    items = [
        container(
            gladi,
            image_url=hosted(gladi, jpeg(colour=(n, n, n))),
            is_carousel_item="true",
            alt_text=f"Foto {n}",
        ).json()["id"]
        for n in (1, 2)
    ]
    one = container(gladi, media_type="CAROUSEL", children=items[0], caption="a")
    assert code_of(one) == (100, 2207028)
    album = container(gladi, media_type="CAROUSEL", children=",".join(items), caption="a").json()
    publish = f"{gladi.settings.ig_user_id}/media_publish"
    assert call(gladi, "POST", publish, creation_id=items[0]).status_code == 400
    assert call(gladi, "POST", publish, creation_id=album["id"]).status_code == 200
    (shown,) = gladi.posts("instagram")
    assert [picture["alt"] for picture in shown["pictures"]] == ["Foto 1", "Foto 2"]


def test_instagram_says_what_is_wrong_with_a_picture_or_caption(gladi: Rehearsal) -> None:
    image = hosted(gladi, jpeg())
    missing = f"{gladi.base_url}/wp-content/uploads/tidak-ada.jpg"
    assert code_of(container(gladi, image_url=missing)) == (9004, 2207052)
    tall = hosted(gladi, jpeg(600, 1200))
    assert code_of(container(gladi, image_url=tall)) == (36003, 2207009)
    other = hosted(gladi, png(), "gambar.png", "image/png")
    assert code_of(container(gladi, image_url=other)) == (36001, 2207005)
    heavy = hosted(gladi, jpeg() + b"\0" * (8 * 1024 * 1024))
    assert code_of(container(gladi, image_url=heavy)) == (36000, 2207004)
    assert code_of(container(gladi, image_url=image, caption="a" * 2201)) == (36004, 2207010)
    tags = " ".join(f"#tag{n}" for n in range(31))
    assert code_of(container(gladi, image_url=image, caption=tags)) == (100, 2207040)
    assert container(gladi, image_url=image, caption="a" * 2200).ok


def test_instagram_insights_name_what_may_be_asked(gladi: Rehearsal) -> None:
    made = container(gladi, image_url=hosted(gladi, jpeg())).json()["id"]
    media = call(
        gladi, "POST", f"{gladi.settings.ig_user_id}/media_publish", creation_id=made
    ).json()["id"]
    good = "views,reach,saved,likes,comments,shares,total_interactions"
    data = call(gladi, "GET", f"{media}/insights", metric=good).json()["data"]
    assert [item["name"] for item in data] == good.split(",")
    bad = call(gladi, "GET", f"{media}/insights", metric=f"{good},impressions")
    assert "must be one of" in bad.json()["error"]["message"]
    assert call(gladi, "DELETE", media).json() == {"success": True}
    assert code_of(call(gladi, "GET", media)) == (100, 33)
