"""Faults happen where and when they were asked for; pages show and never execute."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from connectors.rehearsal.app import StaffCode
from connectors.rehearsal.faults import Fault
from tests.support.rehearsal import Rehearsal, start_rehearsal

PEOPLE = [StaffCode("Siti <b>Contoh</b>", "190001011900011001", ("Pranata Humas",), "123456", 17)]


def feed(gladi: Rehearsal, message: str) -> requests.Response:
    return requests.post(
        f"{gladi.graph_url}/{gladi.settings.fb_page_id}/feed",
        data={"message": message, "access_token": gladi.settings.fb_page_token},
        timeout=5,
    )


def test_a_drop_after_the_effect_leaves_a_post_and_no_answer(gladi: Rehearsal) -> None:
    gladi.fault("drop_after", channel="facebook", method="POST", path="*/feed", nth=2)
    assert feed(gladi, "satu").ok
    with pytest.raises(requests.ConnectionError):
        feed(gladi, "dua")
    assert feed(gladi, "tiga").ok
    assert [post["text"] for post in gladi.posts("facebook")] == ["tiga", "dua", "satu"]
    assert [call["status"] for call in gladi.calls("facebook", "POST")] == [200, None, 200]


def test_a_drop_before_the_effect_leaves_nothing(gladi: Rehearsal) -> None:
    gladi.fault("drop_before", channel="facebook", times=1)
    with pytest.raises(requests.ConnectionError):
        feed(gladi, "satu")
    assert gladi.posts("facebook") == []
    assert feed(gladi, "dua").ok


def test_any_answer_can_stand_before_or_after_the_effect(gladi: Rehearsal) -> None:
    gladi.fault("answer_before", path="*/feed", nth=1, status=500, body={"error": None})
    gladi.fault("answer_after", path="*/feed", nth=2, status=502, body="<h1>Bad Gateway</h1>")
    before, after = feed(gladi, "satu"), feed(gladi, "dua")
    assert (before.status_code, before.json()) == (500, {"error": None})
    assert (after.status_code, after.text) == (502, "<h1>Bad Gateway</h1>")
    assert [post["text"] for post in gladi.posts("facebook")] == ["dua"]


def test_a_cut_answer_arrives_in_part(gladi: Rehearsal) -> None:
    gladi.fault("truncate", path="*/feed", bytes=4)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        feed(gladi, "satu")
    assert len(gladi.posts("facebook")) == 1


def test_a_held_back_answer_times_out_though_the_post_is_live(gladi: Rehearsal) -> None:
    gladi.fault("delay_after", path="*/feed", seconds=2)
    with pytest.raises(requests.ReadTimeout):
        requests.post(
            f"{gladi.graph_url}/{gladi.settings.fb_page_id}/feed",
            data={"message": "a", "access_token": gladi.settings.fb_page_token},
            timeout=0.3,
        )
    assert len(gladi.posts("facebook")) == 1


def test_throttling_speaks_each_vendors_language(gladi: Rehearsal) -> None:
    gladi.fault("throttle", seconds=60)
    assert feed(gladi, "a").json()["error"]["code"] == 32
    x = requests.post(f"{gladi.base_url}/2/tweets", json={"text": "a"}, timeout=5)
    assert x.status_code == 429
    assert x.headers["x-rate-limit-remaining"] == "0"
    website = requests.get(f"{gladi.base_url}/wp-json/wp/v2/posts", timeout=5)
    assert (website.status_code, website.headers["retry-after"]) == (429, "60")


def test_faults_are_listed_cleared_and_refused_when_not_understood(gladi: Rehearsal) -> None:
    address = f"{gladi.base_url}/gladi/gangguan"
    gladi.fault("drop_before", channel="instagram")
    assert feed(gladi, "halaman tidak kena").ok
    (listed,) = requests.get(address, timeout=5).json()["gangguan"]
    assert (listed["channel"], listed["matched"]) == ("instagram", 0)
    gladi.clear_faults()
    assert requests.get(address, timeout=5).json() == {"gangguan": []}
    wrong = requests.post(address, json={"action": "meledak"}, timeout=5)
    assert wrong.status_code == 422
    assert "tidak dikenali" in wrong.json()["pesan"]
    assert requests.post(address, data="action=delay", timeout=5).status_code == 415


def test_a_plan_file_is_in_force_from_the_start(tmp_path: Path) -> None:
    plan = tmp_path / "rencana.json"
    plan.write_text(json.dumps([{"action": "answer_before", "status": 503, "path": "*/feed"}]))
    gladi = start_rehearsal(tmp_path, fault_plan=plan)
    try:
        assert feed(gladi, "a").status_code == 503
    finally:
        gladi.stop()


@pytest.mark.parametrize(
    ("nth", "times", "struck"),
    [(None, None, [1, 2, 3, 4]), (None, 2, [1, 2]), (2, None, [2]), (2, 2, [2, 3])],
)
def test_nth_and_times_choose_the_calls(
    nth: int | None, times: int | None, struck: list[int]
) -> None:
    fault = Fault(action="delay", nth=nth, times=times)
    assert [count for count in range(1, 5) if fault.strikes(count)] == struck


def test_codes_are_shown_only_where_the_runner_gives_them(
    gladi: Rehearsal, started: Callable[..., Rehearsal]
) -> None:
    assert requests.get(f"{gladi.base_url}/gladi/kode.json", timeout=5).status_code == 404
    assert "Pegawai contoh" not in requests.get(gladi.base_url, timeout=5).text
    shown = started(staff_codes=lambda: PEOPLE)
    (person,) = requests.get(f"{shown.base_url}/gladi/kode.json", timeout=5).json()["staf"]
    assert (person["code"], person["seconds_left"]) == ("123456", 17)
    page = requests.get(shown.base_url, timeout=5)
    assert "123456" in page.text
    assert "Siti &lt;b&gt;Contoh&lt;/b&gt;" in page.text


def test_every_page_says_that_it_is_a_rehearsal(gladi: Rehearsal) -> None:
    feed(gladi, "Halo")
    (post,) = gladi.posts("facebook")
    paths = ["/", "/gladi", "/gladi/website", "/gladi/x", "/gladi/facebook", "/gladi/instagram"]
    for path in [*paths, post["path"]]:
        page = requests.get(gladi.base_url + path, timeout=5)
        assert page.status_code == 200, path
        assert "ini bukan saluran sungguhan" in page.text, path
        assert "script-src 'self'" in page.headers["Content-Security-Policy"], path
    assert requests.get(f"{gladi.base_url}/tidak-ada/", timeout=5).status_code == 404


def test_pages_of_the_website_are_found_from_its_list_and_stand_beside_the_news(
    gladi: Rehearsal,
) -> None:
    requests.post(
        f"{gladi.base_url}/wp-json/wp/v2/pages",
        json={"title": "Ringkasan <b>", "content": "Isi", "status": "publish", "slug": "ringkasan"},
        auth=gladi.wordpress_auth,
        timeout=5,
    ).raise_for_status()
    for path in ("/", "/gladi/website"):
        page = requests.get(gladi.base_url + path, timeout=5).text
        assert '<a href="/ringkasan/">' in page, path
        assert "Ringkasan <b>" not in page, path
    assert gladi.posts("website") == []
    assert "Halaman:" not in requests.get(f"{gladi.base_url}/gladi/x", timeout=5).text


def test_hostile_text_is_shown_as_text(gladi: Rehearsal) -> None:
    hostile = '<script>alert(1)</script><img src=x onerror=alert(2)> https://a.id/"><b>x "'
    feed(gladi, hostile)
    requests.post(
        f"{gladi.base_url}/wp-json/wp/v2/posts",
        json={"title": hostile, "content": hostile, "status": "publish", "slug": "jahat"},
        auth=gladi.wordpress_auth,
        timeout=5,
    )
    (post,) = gladi.posts("facebook")
    for path in ("/", "/gladi/website", "/jahat/", post["path"]):
        page = requests.get(gladi.base_url + path, timeout=5).text
        assert "<script>alert" not in page, path
        assert "onerror=" not in page.replace("&lt;img src=x onerror=", ""), path
        assert '"><b>' not in page, path


def test_a_short_facebook_address_leads_to_the_post(gladi: Rehearsal) -> None:
    ident = feed(gladi, "Halo").json()["id"]
    assert requests.get(f"{gladi.base_url}/{ident}", timeout=5).status_code == 200


def test_posts_survive_a_kill_of_the_process(tmp_path: Path) -> None:
    runner = subprocess.Popen(
        [sys.executable, "-m", "connectors.rehearsal", "--port", "0"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert runner.stdout is not None
        address = runner.stdout.readline().split()[-1]
        made = requests.post(
            f"{address}/wp-json/wp/v2/posts",
            json={"title": "Tetap ada", "status": "publish", "slug": "tetap"},
            auth=("humas", "gladi gladi gladi gladi gladi gladi"),
            timeout=10,
        )
        assert made.status_code == 201
    finally:
        runner.send_signal(signal.SIGKILL)
        runner.wait(10)
    (tmp_path / "var" / "gladi").rename(tmp_path / "gladi")
    again = start_rehearsal(tmp_path)
    try:
        assert [post["path"] for post in again.posts("website")] == ["/tetap/"]
    finally:
        again.stop()
