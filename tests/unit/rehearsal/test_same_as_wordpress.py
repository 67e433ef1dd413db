"""The rehearsed WordPress and a real one are asked the same; where they differ, ours is wrong."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.rehearsal import start_rehearsal
from tests.support.wordpress import NotAvailable, running_wordpress
from tests.unit.rehearsal.conftest import jpeg, png

pytestmark = pytest.mark.wordpress

EVERY_STATUS = "publish,future,draft,pending,private,trash"
HTML = (
    '<!-- wp:paragraph -->\n<p onclick="a()">Isi &amp; <strong>berita</strong> '
    '<script>alert(1)</script><a href="javascript:x">j</a> <a href="https://a.id">k</a></p>\n'
    '<!-- /wp:paragraph --><!-- siar:a1b2 --><figure class="wp-block-image">'
    '<img src="http://x/y.jpg" alt="A" class="wp-image-1"/><figcaption>cap</figcaption></figure>'
    "<iframe src='http://a'></iframe><table><tr><td>1</td></tr></table>"
)


class Asked:
    """Asks one site and keeps what an author's client could rely on."""

    def __init__(self, base_url: str, auth: tuple[str, str]) -> None:
        self.root = f"{base_url}/wp-json/wp/v2"
        self.auth = auth
        self.seen: dict[str, Any] = {}

    def ask(self, label: str, method: str, path: str, **request: Any) -> Any:
        if request.pop("stranger", False):
            request["auth"] = (self.auth[0], "sandi salah")
        request.setdefault("auth", self.auth)
        answer = requests.request(
            method, self.root + path, timeout=30, allow_redirects=False, **request
        )
        body = answer.json()
        self.seen[label] = (answer.status_code, _essence(body))
        return body


def _essence(body: Any) -> Any:
    """Codes, messages, texts, slugs and states: all but ids, addresses and times."""
    if isinstance(body, list):
        return [_essence(item) for item in body]
    if "code" in body:
        return {name: body[name] for name in ("code", "message")}
    names = ("slug", "status", "type", "alt_text", "mime_type", "media_type", "name", "taxonomy")
    kept = {name: body[name] for name in names if name in body}
    for name in ("title", "content", "excerpt", "caption"):
        if "raw" in body.get(name, {}):
            kept[name] = body[name]["raw"]
    if "rendered" in body.get("title", {}):
        kept["shown title"] = body["title"]["rendered"]
    if "source_url" in body:
        kept["file"] = body["source_url"].rsplit("/", 1)[-1]
    if "previous" in body:
        kept |= {"deleted": body["deleted"], "previous": _essence(body["previous"])}
    return kept


def media_of_an_author(site: Asked) -> int:
    data = jpeg()
    kind = {"Content-Type": "image/jpeg"}
    named = kind | {"Content-Disposition": 'attachment; filename="foto satu.jpg"'}
    good = named | {"Content-MD5": hashlib.md5(data).hexdigest()}
    ident = site.ask("upload", "POST", "/media", data=data, headers=good)["id"]
    site.ask("again", "POST", "/media", data=data, headers=named)
    wrong = named | {"Content-MD5": "0" * 32}
    site.ask("wrong sum", "POST", "/media", data=data, headers=wrong)
    site.ask("no picture", "POST", "/media", data=b"bukan gambar", headers=named)
    site.ask("png named jpg", "POST", "/media", data=png(), headers=named)
    site.ask("no name", "POST", "/media", data=data, headers=kind)
    encoded = kind | {"Content-Disposition": "attachment; filename*=UTF-8''foto.jpg"}
    site.ask("encoded name", "POST", "/media", data=data, headers=encoded)
    site.ask("empty", "POST", "/media", data=b"", headers=named)
    site.ask("stranger's upload", "POST", "/media", data=data, headers=named, stranger=True)
    texts = {"alt_text": "Petugas <b>memeriksa</b> & menulis", "title": "Judul & foto"}
    site.ask("alt text", "POST", f"/media/{ident}", json=texts)
    odd = {"alt_text": "suhu < 37,5 °C &amp; 50%ab\nlagi <i>x</i> <"}
    site.ask("odd alt text", "POST", f"/media/{ident}", json=odd)
    site.ask("read media", "GET", f"/media/{ident}", params={"context": "edit"})
    site.ask("no such media", "GET", "/media/99999")
    site.ask("media to trash", "DELETE", f"/media/{ident}")
    return int(ident)


def terms_of_an_author(site: Asked) -> tuple[int, int]:
    tag = site.ask("tag", "POST", "/tags", json={"name": "Karantina & Kita"})["id"]
    site.ask("tag again", "POST", "/tags", json={"name": "karantina & kita"})
    site.ask("tag by slug", "GET", "/tags", params={"slug": "karantina-kita"})
    site.ask("tag by name", "GET", "/tags", params={"search": "Karantina & Kita"})
    site.ask("tag without name", "POST", "/tags", json={})
    site.ask("tag with empty name", "POST", "/tags", json={"name": ""})
    site.ask("tag with emoji", "POST", "/tags", json={"name": "Sehat 😷"})
    site.ask("stranger's tag", "POST", "/tags", json={"name": "x"}, stranger=True)
    site.ask("category", "POST", "/categories", json={"name": "Baru"})
    found = site.ask("find category", "GET", "/categories", params={"search": "Berita"})
    return tag, found[0]["id"]


def posts_of_an_author(site: Asked, media: int, tag: int, category: int) -> None:
    whole = {
        "title": 'Judul "uji" & <b>tebal</b> <script>x</script>',
        "content": HTML,
        "excerpt": "Ringkas",
        "slug": "judul-uji",
        "status": "draft",
        "featured_media": media,
        "tags": [tag, 9999],
        "categories": [category, 9998],
        "asing": 2,
    }
    made = site.ask("draft", "POST", "/posts", json=whole)
    path = f"/posts/{made['id']}"
    taken = {"title": "b", "content": "b", "slug": "judul-uji"}
    site.ask("taken slug", "POST", "/posts", json=taken)
    site.ask("taken slug, draft", "POST", "/posts", json=taken | {"status": "draft"})
    site.ask("no slug", "POST", "/posts", json={"title": "Tanpa Slug", "content": "b"})
    site.ask("odd slug", "POST", "/posts", json=taken | {"slug": "Slug Ber.Spasi É – “x” 😷"})
    site.ask("publish", "POST", path, json={"status": "publish"})
    site.ask("publish again", "PUT", path, json={"status": "publish"})
    site.ask("reader", "GET", path, auth=None)
    edit = {"context": "edit"}
    site.ask("edit", "GET", path, params=edit)
    site.ask("stranger's edit", "GET", path, params=edit, stranger=True)
    site.ask("stranger's list", "GET", "/posts", params=edit, stranger=True)
    lookup = edit | {"slug": "judul-uji,judul-uji__trashed", "status": EVERY_STATUS}
    site.ask("look up", "GET", "/posts", params=lookup)
    site.ask("stranger's look up", "GET", "/posts", params=lookup, stranger=True)
    site.ask("unknown status", "GET", "/posts", params={"status": "ngawur"})
    site.ask("too many", "GET", "/posts", params={"per_page": 101})
    site.ask("no such page", "GET", "/posts", params={"page": 99})
    site.ask("by marker", "GET", "/posts", params={"search": "siar:a1b2"})
    site.ask("no such post", "GET", "/posts/99999")
    site.ask("update of none", "POST", "/posts/99999", json={})
    site.ask("stranger's delete", "DELETE", path, stranger=True)
    site.ask("stranger's update", "POST", path, json={"title": "z"}, stranger=True)
    site.ask("stranger's create", "POST", "/posts", json={"title": "z"}, stranger=True)
    site.ask("empty post", "POST", "/posts", json={})
    json_kind = {"Content-Type": "application/json"}
    site.ask("broken JSON", "POST", "/posts", data="{", headers=json_kind)
    site.ask("bad status", "POST", "/posts", json={"title": "z", "status": "ngawur"})
    site.ask("no such picture", "POST", "/posts", json={"title": "z", "featured_media": 99999})
    site.ask("bad date", "POST", "/posts", json={"title": "z", "date_gmt": "kemarin"})
    later = {"title": "f", "content": "f", "status": "publish", "date_gmt": "2037-01-01T00:00:00"}
    site.ask("later", "POST", "/posts", json=later)
    site.ask("trash", "DELETE", path)
    site.ask("trash again", "DELETE", path)
    site.ask("trashed", "GET", path, params=edit)
    site.ask("trashed, reader", "GET", path, auth=None)
    site.ask("back from trash", "POST", path, json={"status": "publish"})
    site.ask("delete", "DELETE", path, params={"force": "true"})
    site.ask("no route", "GET", "/entah")
    site.ask("stranger", "GET", "/users/me", stranger=True)


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    def carried_out(base_url: str, auth: tuple[str, str]) -> dict[str, Any]:
        site = Asked(base_url, auth)
        media = media_of_an_author(site)
        tag, category = terms_of_an_author(site)
        posts_of_an_author(site, media, tag, category)
        return site.seen

    folder: Path = tmp_path_factory.mktemp("sama")
    try:
        with running_wordpress(folder) as real:
            author = real.author
            theirs = carried_out(real.base_url, (author.username, author.password))
    except NotAvailable as missing:
        pytest.skip(f"real WordPress: {missing}")
    gladi = start_rehearsal(folder)
    try:
        ours = carried_out(gladi.base_url, gladi.wordpress_auth)
    finally:
        gladi.stop()
    return theirs, ours


def test_an_author_gets_the_same_answers_from_both(answers: tuple[Any, Any]) -> None:
    theirs, ours = answers
    different = {
        label: {"wordpress": theirs[label], "gladi": ours[label]}
        for label in theirs
        if theirs[label] != ours[label]
    }
    assert different == {}
