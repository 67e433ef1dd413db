"""The website in trouble: each ends in an error that says what to do, with nothing lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from connectors.base import Order
from connectors.errors import (
    ChannelError,
    Dibatasi,
    Ditolak,
    PerluOtorisasi,
    Sementara,
    TidakPasti,
)
from connectors.wordpress import WordPress, WordPressSettings
from sop.manuscript import Manuscript
from tests.contract.material import release
from tests.contract.suite import order_for, publish
from tests.contract.wordpress_harness import WordPressHarness, states
from tests.support.wordpress import WordPressServer

pytestmark = pytest.mark.wordpress


@pytest.fixture
def harness(site: WordPressServer) -> WordPressHarness:
    return WordPressHarness(site)


@pytest.fixture
def manuscript(harness: WordPressHarness) -> Manuscript:
    return release(harness.blobs, "khusus")


@pytest.fixture
def order(harness: WordPressHarness, manuscript: Manuscript) -> Order:
    return order_for(harness, harness.connector(), manuscript)


# --- the list of issue 1: each ends in a sentence that says what to do ----------


def test_a_password_that_lapses_between_draft_and_publishing(
    site: WordPressServer, order: Order
) -> None:
    account = site.new_password(site.editor)
    harness = WordPressHarness(site, account=account)
    order = order_for(harness, harness.connector(), release(harness.blobs, "kedaluwarsa"))
    connector = harness.connector()
    prepared = connector.prepare(order, harness.blobs)
    site.lapse_passwords(account)
    for call in (
        lambda: connector.publish(order, prepared),
        lambda: connector.find(order, prepared, since=datetime.now(UTC)),
        lambda: connector.prepare(order, harness.blobs),
        lambda: connector.withdraw(str(prepared.data["post_id"])),
        lambda: connector.status(str(prepared.data["post_id"])),
    ):
        with pytest.raises(PerluOtorisasi) as caught:
            call()
        assert "sandi aplikasi" in str(caught.value)
    assert states(site, order) == ["draft"]
    renewed = WordPressHarness(site, account=site.new_password(account))
    assert renewed.connector().publish(order, prepared).url
    assert states(site, order) == ["publish"]


def test_a_contributor_account_cannot_publish_and_loses_nothing(
    site: WordPressServer, harness: WordPressHarness, order: Order
) -> None:
    contributor = WordPressHarness(site, account=site.contributor)
    contributor.blobs = harness.blobs
    health = contributor.connector().check()
    assert not health.ok
    assert "publish_posts" in health.sentence
    assert "Author" in health.action
    with pytest.raises(PerluOtorisasi, match="peran Author"):
        contributor.connector().prepare(order, harness.blobs)
    plain = replace(order, post=replace(order.post, media=(), html="<p>Isi</p>"))
    prepared = contributor.connector().prepare(plain, harness.blobs)
    with pytest.raises(PerluOtorisasi, match="peran Author"):
        contributor.connector().publish(plain, prepared)
    assert "publish" not in states(site, order)


def test_a_site_that_holds_articles_for_review_is_told_apart(
    site: WordPressServer, harness: WordPressHarness, order: Order
) -> None:
    connector = harness.connector()
    prepared = connector.prepare(order, harness.blobs)
    moderated = """add_filter('wp_insert_post_data', function ($data) {
        if ($data['post_status'] === 'publish') { $data['post_status'] = 'pending'; }
        return $data;
    });"""
    with site.plugin(moderated), pytest.raises(PerluOtorisasi, match="peninjauan"):
        connector.publish(order, prepared)
    assert states(site, order) == ["pending"]
    assert connector.find(order, prepared, since=datetime.now(UTC)) is None
    assert publish(harness, connector, order).url
    assert states(site, order) == ["publish"]


def test_an_upload_over_the_web_servers_limit_is_refused_with_what_to_do(
    site: WordPressServer, harness: WordPressHarness, order: Order
) -> None:
    with site.body_limit(4000), pytest.raises(Ditolak, match="terlalu besar") as caught:
        harness.connector().prepare(order, harness.blobs)
    assert "Perkecil" in caught.value.action
    assert states(site, order) == ["draft"]
    assert publish(harness, harness.connector(), order).url
    assert states(site, order) == ["publish"]


def test_an_upload_over_wordpress_own_limit_is_refused_with_what_to_do(
    site: WordPressServer, harness: WordPressHarness, order: Order
) -> None:
    limit = """add_filter('wp_handle_sideload_prefilter', function ($file) {
        $file['error'] = 'Berkas melebihi batas.'; return $file;
    });"""
    with site.plugin(limit), pytest.raises(Ditolak, match="ukuran") as caught:
        harness.connector().prepare(order, harness.blobs)
    assert caught.value.status == 500


def test_a_file_that_the_channel_would_refuse_is_named_before_approval(
    harness: WordPressHarness, order: Order
) -> None:
    connector = harness.connector(max_upload_bytes=1000)
    wrong = replace(order.post.media[0], mime="image/tiff", alt="", size=500)
    post = replace(order.post, title="", media=(wrong, order.post.media[1]))
    sentences = " ".join(finding.sentence for finding in connector.validate(post))
    for word in (
        "Judul masih kosong",
        "image/tiff",
        "Perkecil",
        "Teks alternatif",
        "menunjuk gambar",
    ):
        if word != "menunjuk gambar":
            assert word in sentences


def test_a_maintenance_page_says_when_to_come_back(
    site: WordPressServer, harness: WordPressHarness, order: Order
) -> None:
    connector = harness.connector()
    prepared = connector.prepare(order, harness.blobs)
    with site.maintenance():
        with pytest.raises(Dibatasi, match="pemeliharaan") as caught:
            connector.prepare(order, harness.blobs)
        assert caught.value.until is not None
        assert caught.value.until > datetime.now(UTC)
        with pytest.raises(Sementara):
            connector.find(order, prepared, since=datetime.now(UTC))
        with pytest.raises(TidakPasti):
            connector.publish(order, prepared)
        assert "pemeliharaan" in connector.check().sentence
    assert connector.find(order, prepared, since=datetime.now(UTC)) is None
    assert connector.publish(order, prepared).url


@pytest.mark.parametrize(
    "death",
    [
        "throw new Error('mati');",
        "http_response_code(200); echo 'Warning: rusak'; exit;",
        "header('Location: /'); http_response_code(301); exit;",
        "posix_kill(getmypid(), SIGKILL);",
    ],
    ids=["galat-500", "bukan-json", "dialihkan", "mati-mendadak"],
)
def test_a_server_that_dies_after_publishing_is_unknown_until_it_is_read(
    site: WordPressServer, harness: WordPressHarness, order: Order, death: str
) -> None:
    connector = harness.connector()
    since = datetime.now(UTC)
    prepared = connector.prepare(order, harness.blobs)
    dies = f"""add_action('transition_post_status', function ($new) {{
        if ($new !== 'publish') {{ return; }}
        add_action('rest_after_insert_post', function () {{ {death} }});
    }});"""
    with site.plugin(dies):
        with pytest.raises(TidakPasti) as caught:
            connector.publish(order, prepared)
        assert "Jangan terbitkan ulang" in caught.value.action
    found = connector.find(order, prepared, since=since)
    assert found is not None
    assert found.media_urls == prepared.data["media_urls"]
    assert states(site, order) == ["publish"]


def test_a_server_that_is_too_slow_is_unknown_until_it_is_read(
    site: WordPressServer, harness: WordPressHarness, order: Order
) -> None:
    prepared = harness.connector().prepare(order, harness.blobs)
    # Slow for as long as the plug-in is there: until nobody waits for the answer any more.
    slow = """add_action('rest_after_insert_post', function () {
        while (file_exists(__FILE__)) { clearstatcache(); }
    });"""
    with site.plugin(slow), pytest.raises(TidakPasti):
        harness.connector(read_timeout=1.0).publish(order, prepared)
    found = harness.connector().find(order, prepared, since=datetime.now(UTC))
    assert found is not None
    assert states(site, order) == ["publish"]


def test_a_server_that_dies_before_publishing_is_unknown_and_then_surely_absent(
    site: WordPressServer, harness: WordPressHarness, order: Order
) -> None:
    connector = harness.connector()
    prepared = connector.prepare(order, harness.blobs)
    dies = """add_filter('rest_pre_insert_post', function ($post) {
        if (($post->post_status ?? '') === 'publish') { throw new Error('mati'); } return $post;
    });"""
    with site.plugin(dies), pytest.raises(TidakPasti):
        connector.publish(order, prepared)
    assert connector.find(order, prepared, since=datetime.now(UTC)) is None
    assert states(site, order) == ["draft"]


@pytest.mark.parametrize(
    "dies",
    [
        "add_action('rest_after_insert_attachment', function ($file, $request, $new) {"
        " if ($new) { throw new Error('mati'); } }, 10, 3);",
        "add_filter('intermediate_image_sizes_advanced', function () {"
        " throw new Error('mati'); });",
    ],
    ids=["setelah-simpan", "saat-membuat-gambar-kecil"],
)
def test_an_upload_that_answers_500_after_it_was_stored_is_not_made_twice(
    site: WordPressServer, harness: WordPressHarness, order: Order, dies: str
) -> None:
    with site.plugin(dies):
        prepared = harness.connector().prepare(order, harness.blobs)
    published = harness.connector().publish(order, prepared)
    uploads = [item for item in site.media() if order.reference in item["slug"]]
    assert len(uploads) == len(order.post.media)
    assert len(published.media_urls) == len(order.post.media)


def test_a_draft_that_answers_500_after_it_was_stored_is_not_made_twice(
    site: WordPressServer, harness: WordPressHarness, order: Order
) -> None:
    dies = "add_action('rest_after_insert_post', function () { throw new Error('mati'); });"
    with site.plugin(dies), pytest.raises(Sementara):
        harness.connector().prepare(order, harness.blobs)
    assert publish(harness, harness.connector(), order).url
    assert states(site, order) == ["publish"]


# --- WordPress changes things silently ------------------------------------------


@pytest.mark.parametrize(
    ("plugin", "named"),
    [
        (
            "add_filter('wp_insert_post_data', function ($d) { $d['post_content'] = "
            "str_replace('sertifikat', 'surat', $d['post_content']); return $d; });",
            "isi",
        ),
        (
            "add_filter('wp_insert_post_data', function ($d) { $d['post_content'] = "
            "preg_replace('/<!--.*?-->/s', '', $d['post_content']); return $d; });",
            "isi",
        ),
        (
            "add_filter('wp_insert_post_data', function ($d) { $d['post_title'] = "
            "strtoupper($d['post_title']); return $d; });",
            "judul",
        ),
        (
            "add_action('rest_after_insert_post', function ($p) { "
            "wp_set_post_terms($p->ID, []); delete_post_thumbnail($p->ID); });",
            "tag",
        ),
        (
            "add_action('rest_after_insert_post', function ($p) { "
            "delete_post_thumbnail($p->ID); });",
            "gambar utama",
        ),
    ],
)
def test_what_wordpress_stored_differently_is_named_and_not_published(
    site: WordPressServer, harness: WordPressHarness, order: Order, plugin: str, named: str
) -> None:
    with site.plugin(plugin), pytest.raises(Ditolak) as caught:
        harness.connector().prepare(order, harness.blobs)
    assert named in caught.value.sentence
    assert caught.value.detail
    assert states(site, order) == ["draft"]


def test_a_picture_that_a_plugin_recompressed_is_refused(
    site: WordPressServer, harness: WordPressHarness, order: Order
) -> None:
    optimizer = """add_filter('wp_handle_upload', function ($upload) {
        file_put_contents($upload['file'], file_get_contents($upload['file']) . 'x');
        return $upload;
    });"""
    with site.plugin(optimizer):
        with pytest.raises(Ditolak, match="mengubah isi berkas"):
            harness.connector().prepare(order, harness.blobs)
        lenient = harness.connector(verify_media=False)
        assert lenient.prepare(order, harness.blobs).data["media_urls"]


def test_a_category_that_is_not_there_is_named_and_not_dropped(
    site: WordPressServer, harness: WordPressHarness, manuscript: Manuscript
) -> None:
    connector = harness.connector()
    unknown = order_for(harness, connector, replace(manuscript, category="Tidak Ada"))
    with pytest.raises(Ditolak, match="Tidak Ada"):
        connector.prepare(unknown, harness.blobs)
    mapped = harness.connector(categories={"Tidak Ada": 987654})
    with pytest.raises(ChannelError):
        mapped.prepare(unknown, harness.blobs)
    assert "publish" not in states(site, unknown)


def test_a_redirecting_address_is_an_error_and_not_an_empty_list(
    site: WordPressServer, harness: WordPressHarness, order: Order
) -> None:
    moved = "if (str_contains($_SERVER['REQUEST_URI'], 'wp-json')) { " + (
        "header('Location: https://example.test' . $_SERVER['REQUEST_URI'], true, 301); exit; }"
    )
    prepared = harness.connector().prepare(order, harness.blobs)
    with site.plugin(moved):
        with pytest.raises(PerluOtorisasi, match="dialihkan"):
            harness.connector().find(order, prepared, since=datetime.now(UTC))
        with pytest.raises(TidakPasti):
            harness.connector().publish(order, prepared)
        assert not harness.connector().check().ok


def test_a_clock_that_is_wrong_is_told(site: WordPressServer, harness: WordPressHarness) -> None:
    slow = WordPress(
        WordPressSettings.model_validate(
            {
                "base_url": site.base_url,
                "username": site.author.username,
                "application_password": site.author.password,
            }
        ),
        clock=lambda: datetime(2020, 1, 1, tzinfo=UTC),
    )
    health = slow.check()
    assert not health.ok
    assert "jam" in health.sentence.lower()


def test_the_author_role_is_enough(harness: WordPressHarness) -> None:
    health = harness.connector().check()
    assert health.ok
    assert health.details["peran"] == ["author"]
    assert health.action == ""
    assert (
        "berkuasa"
        in WordPressHarness(harness.site, account=harness.site.admin).connector().check().sentence
    )
