"""The rehearsed WordPress answers as a real one does."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from tests.support.rehearsal import Rehearsal
from tests.unit.rehearsal.conftest import jpeg


def call(gladi: Rehearsal, method: str, path: str, **kwargs: Any) -> requests.Response:
    kwargs.setdefault("auth", gladi.wordpress_auth)
    return requests.request(
        method, f"{gladi.base_url}/wp-json/wp/v2{path}", timeout=20, allow_redirects=False, **kwargs
    )


def made(gladi: Rehearsal, **fields: Any) -> dict[str, Any]:
    answer = call(gladi, "POST", "/posts", json={"title": "Judul", "content": "<p>a</p>"} | fields)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def uploaded(gladi: Rehearsal, data: bytes, name: str = "foto.jpg", **headers: str) -> Any:
    base = {
        "Content-Type": "image/jpeg",
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-MD5": hashlib.md5(data).hexdigest(),
    }
    return call(gladi, "POST", "/media", data=data, headers=base | headers)


def test_a_draft_with_picture_becomes_an_article_that_readers_can_open(gladi: Rehearsal) -> None:
    picture = uploaded(gladi, jpeg()).json()
    call(gladi, "POST", f"/media/{picture['id']}", json={"alt_text": "Petugas memeriksa kapal"})
    tag = call(gladi, "POST", "/tags", json={"name": "Karantina"}).json()
    category = call(gladi, "GET", "/categories", params={"search": "Berita"}).json()[0]
    post = made(
        gladi,
        title="Vaksinasi di pelabuhan",
        content="<p>Isi <strong>berita</strong></p>",
        slug="vaksinasi-a1b2",
        status="draft",
        featured_media=picture["id"],
        tags=[tag["id"]],
        categories=[category["id"]],
    )
    assert requests.get(f"{gladi.base_url}/vaksinasi-a1b2/", timeout=20).status_code == 404
    assert gladi.posts("website") == []
    live = call(gladi, "PUT", f"/posts/{post['id']}", json={"status": "publish"}).json()
    page = requests.get(live["link"], timeout=20)
    assert page.status_code == 200
    assert "Vaksinasi di pelabuhan" in page.text
    assert "<strong>berita</strong>" in page.text
    assert "Petugas memeriksa kapal" in page.text
    assert requests.get(picture["source_url"], timeout=20).content == jpeg()
    assert gladi.posts("website")[0]["pictures"][0]["alt"] == "Petugas memeriksa kapal"


def test_a_wrong_password_reads_as_a_stranger_and_may_write_nothing(gladi: Rehearsal) -> None:
    made(gladi, slug="terbit", status="publish")
    made(gladi, slug="konsep", status="draft")
    wrong = (gladi.settings.wp_username, "bukan sandi")
    seen = call(gladi, "GET", "/posts", auth=wrong)
    assert seen.status_code == 200
    assert [post["slug"] for post in seen.json()] == ["terbit"]
    refused = call(gladi, "POST", "/posts", json={"title": "x"}, auth=wrong)
    assert (refused.status_code, refused.json()["code"]) == (401, "rest_cannot_create")
    edit = call(gladi, "GET", "/posts", params={"context": "edit"}, auth=wrong)
    assert (edit.status_code, edit.json()["code"]) == (401, "rest_forbidden_context")
    me = call(gladi, "GET", "/users/me", auth=wrong)
    assert (me.status_code, me.json()["code"]) == (401, "rest_not_logged_in")


def test_the_application_password_works_with_and_without_its_blanks(gladi: Rehearsal) -> None:
    user, password = gladi.wordpress_auth
    answer = call(
        gladi,
        "GET",
        "/users/me",
        auth=(user, password.replace(" ", "")),
        params={"context": "edit"},
    )
    assert answer.json()["capabilities"]["publish_posts"] is True


def test_a_taken_slug_gets_a_number_also_for_a_draft(gladi: Rehearsal) -> None:
    made(gladi, slug="sama", status="publish")
    assert made(gladi, slug="sama", status="draft")["slug"] == "sama-2"


def test_parallel_creates_of_one_slug_all_pass(started: Callable[..., Rehearsal]) -> None:
    gladi = started(slug_race_seconds=0.3)
    with ThreadPoolExecutor(4) as pool:
        slugs = list(pool.map(lambda _: made(gladi, slug="sama")["slug"], range(4)))
    assert slugs == ["sama"] * 4


def test_trash_renames_the_slug_and_a_second_time_says_so(gladi: Rehearsal) -> None:
    post = made(gladi, slug="ditarik", status="publish")
    gone = call(gladi, "DELETE", f"/posts/{post['id']}")
    assert (gone.json()["status"], gone.json()["slug"]) == ("trash", "ditarik__trashed")
    again = call(gladi, "DELETE", f"/posts/{post['id']}")
    assert (again.status_code, again.json()["code"]) == (410, "rest_already_trashed")
    found = call(
        gladi,
        "GET",
        "/posts",
        params={
            "slug": "ditarik,ditarik__trashed",
            "status": "publish,future,draft,pending,private,trash",
            "context": "edit",
        },
    )
    assert [item["id"] for item in found.json()] == [post["id"]]
    assert requests.get(f"{gladi.base_url}/ditarik/", timeout=20).status_code == 404


def test_scripts_go_and_a_marker_comment_stays_and_is_found(gladi: Rehearsal) -> None:
    text = '<p onclick="x()">a<script>alert(1)</script></p><!-- siar:a1b2c3d4 -->'
    raw = made(gladi, content=text, status="publish")["content"]["raw"]
    assert "<script" not in raw
    assert "onclick" not in raw
    assert "<!-- siar:a1b2c3d4 -->" in raw
    found = call(gladi, "GET", "/posts", params={"search": "siar:a1b2c3d4"}).json()
    assert len(found) == 1


def test_unknown_parameters_and_terms_are_dropped_without_a_word(gladi: Rehearsal) -> None:
    post = made(gladi, tags=[4711], categories=[4712], meta={"views": 1}, asing="x")
    assert (post["tags"], post["categories"]) == ([], [])
    assert "asing" not in post


def test_a_time_less_than_a_minute_ahead_publishes_at_once(gladi: Rehearsal) -> None:
    def at(seconds: int) -> str:
        return f"{datetime.now(UTC) + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S}"

    assert made(gladi, status="future", date_gmt=at(30))["status"] == "publish"
    assert made(gladi, status="publish", date_gmt=at(3600))["status"] == "future"


def test_scheduled_posts_appear_when_their_time_comes(started: Callable[..., Rehearsal]) -> None:
    moment = [datetime(2026, 11, 23, 1, 0, tzinfo=UTC)]
    gladi = started(clock=lambda: moment[0])
    made(gladi, slug="nanti", status="publish", date_gmt="2026-11-23T02:00:00")
    assert gladi.posts("website") == []
    moment[0] += timedelta(hours=2)
    assert [post["path"] for post in gladi.posts("website")] == ["/nanti/"]


def test_uploads_are_checked_like_wordpress_checks_them(gladi: Rehearsal) -> None:
    wrong_sum = uploaded(gladi, jpeg(), **{"Content-MD5": "0" * 32})
    assert (wrong_sum.status_code, wrong_sum.json()["code"]) == (412, "rest_upload_hash_mismatch")
    wrong_type = uploaded(gladi, b"bukan gambar")
    assert wrong_type.status_code == 500
    assert wrong_type.json()["code"] == "rest_upload_sideload_error"
    nameless = call(gladi, "POST", "/media", data=jpeg(), headers={"Content-Type": "image/jpeg"})
    assert nameless.json()["code"] == "rest_upload_no_content_disposition"
    first, second = (uploaded(gladi, jpeg()).json() for _ in range(2))
    assert first["source_url"].endswith("/foto.jpg")
    assert second["source_url"].endswith("/foto-1.jpg")
    assert (first["slug"], second["slug"]) == ("foto", "foto-1")


def test_an_author_makes_tags_but_no_categories(gladi: Rehearsal) -> None:
    tag = call(gladi, "POST", "/tags", json={"name": "Karantina & Kita"})
    assert tag.status_code == 201
    again = call(gladi, "POST", "/tags", json={"name": "karantina & kita"}).json()
    assert again["code"] == "term_exists"
    assert again["data"]["term_id"] == tag.json()["id"]
    category = call(gladi, "POST", "/categories", json={"name": "Baru"})
    assert (category.status_code, category.json()["code"]) == (403, "rest_cannot_create")


def test_a_contributor_may_write_but_not_publish_or_upload(
    started: Callable[..., Rehearsal],
) -> None:
    gladi = started(wp_role="contributor")
    assert made(gladi)["status"] == "draft"
    refused = call(gladi, "POST", "/posts", json={"title": "x", "status": "publish"})
    assert (refused.status_code, refused.json()["code"]) == (403, "rest_cannot_publish")
    assert uploaded(gladi, jpeg()).json()["code"] == "rest_cannot_create"


def test_lists_are_paged_and_fields_chosen(gladi: Rehearsal) -> None:
    for number in range(3):
        made(gladi, slug=f"p-{number}", status="publish")
    answer = call(gladi, "GET", "/posts", params={"per_page": 2, "_fields": "id,title.rendered"})
    assert (answer.headers["X-WP-Total"], answer.headers["X-WP-TotalPages"]) == ("3", "2")
    assert set(answer.json()[0]) == {"id", "title"}
    too_many = call(gladi, "GET", "/posts", params={"per_page": 101})
    assert (too_many.status_code, too_many.json()["code"]) == (400, "rest_invalid_param")


def test_an_unknown_route_and_bad_json_get_wordpress_answers(gladi: Rehearsal) -> None:
    assert call(gladi, "GET", "/entah").json()["code"] == "rest_no_route"
    bad = call(gladi, "POST", "/posts", data="{", headers={"Content-Type": "application/json"})
    assert bad.json()["code"] == "rest_invalid_json"
