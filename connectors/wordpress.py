"""The office's website: WordPress through its REST interface.

WordPress has no idempotency key and does not keep slugs unique, so sameness is
made here: a slug with the publication's reference in it, and a marker comment
`<!-- siar:REFERENCE:DIGEST12 -->` at the end of the article. Pictures, tags and a
draft come first, all harmless to repeat; what WordPress stored is read back and
compared with what was approved; then one call publishes the draft by its number
and carries the whole approved article once more, so that nothing which happened
to the draft meanwhile can go out.
"""

from __future__ import annotations

import hashlib
import html
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Any

from requests.auth import HTTPBasicAuth

from connectors.base import (
    Health,
    Measured,
    Order,
    Prepared,
    Published,
    RemoteStatus,
    RenderedMedia,
)
from connectors.base import RenderedPost as Post
from connectors.errors import ChannelError, Ditolak, Sementara, TidakPasti
from connectors.http import ChannelHttp, Timeouts, basic_secret
from connectors.wordpress_api import ContentKind, Json, WordPressApi, raw, when
from connectors.wordpress_refusals import role_for
from connectors.wordpress_render import (
    differing_piece,
    findings,
    marked_media,
    render_article,
    upload_name,
    with_media,
)
from connectors.wordpress_settings import MEGABYTE, WordPressSettings
from sop.manuscript import BlobStore, Finding, Manuscript

__all__ = ["WordPress", "WordPressSettings"]

CHANNEL = "website"
LABEL = "Website"
PAGES_LABEL = "Halaman website"
NEEDED = (
    "edit_posts",
    "publish_posts",
    "upload_files",
    "edit_published_posts",
    "delete_published_posts",
)
NEEDED_FOR_PAGES = ("edit_pages", "publish_pages", "edit_published_pages")
MAX_CLOCK_SKEW = timedelta(minutes=5)


class WordPress:
    """`connectors.base.Connector` for the website.

    `kind` is what it publishes: articles, or pages, which stand beside the news.
    """

    channel = CHANNEL
    label = LABEL

    def __init__(
        self,
        settings: WordPressSettings,
        *,
        clock: Callable[[], datetime],
        kind: ContentKind = "posts",
    ) -> None:
        self._settings = settings
        self._kind = kind
        self.label = LABEL if kind == "posts" else PAGES_LABEL
        self._clock = clock
        password = settings.application_password.get_secret_value()
        self._http = ChannelHttp(
            channel=CHANNEL,
            label=LABEL,
            timeouts=Timeouts(settings.connect_timeout, settings.read_timeout),
            clock=clock,
            # Bytes: requests would encode a str as Latin-1.
            auth=HTTPBasicAuth(settings.username.encode(), password.encode()),
            secrets=(
                password,
                password.replace(" ", ""),
                basic_secret(settings.username, password),
            ),
        )
        self._api = WordPressApi(
            self._http,
            settings.base_url + settings.rest_path.rstrip("/"),
            Timeouts(settings.connect_timeout, settings.upload_timeout, 600.0),
            kind,
        )

    # --- before approval ------------------------------------------------------

    def render(self, manuscript: Manuscript, blobs: BlobStore, *, reference: str) -> Post:
        """The article as it will stand, with marks for the addresses of its pictures."""
        return render_article(
            manuscript,
            blobs,
            reference=reference,
            default_category=self._settings.default_category,
            featured_in_body=self._settings.featured_in_body,
        )

    def validate(self, post: Post) -> list[Finding]:
        return findings(post, max_upload_bytes=self._settings.max_upload_bytes)

    # --- publishing -----------------------------------------------------------

    def prepare(self, order: Order, blobs: BlobStore) -> Prepared:
        """Uploads pictures, makes tags and a draft, and compares what WordPress stored.

        Raises Ditolak when WordPress kept something else than what was approved, or
        when the article is live already from another approval.
        """
        live = self._live(self._ours(order), order)
        if live is None:
            terms = self._terms(order.post)
            post_id = self._draft(order)
        else:  # published earlier: leave it alone, only learn its pictures
            terms = {}
            post_id = int(live["id"])
        media = {item.sha256: item for item in (*order.hosted, *order.post.media)}
        if unknown := sorted(marked_media(order.post.html) - media.keys()):
            raise Ditolak(
                "Isi artikel menunjuk gambar yang tidak ada di lampiran.",
                "Kembalikan naskah untuk diperbaiki; belum ada yang terbit.",
                channel=CHANNEL,
                code="gambar",
                detail=", ".join(unknown),
            )
        stored = {
            sha256: self._stored(order.reference, item, blobs, post_id)
            for sha256, item in media.items()
        }
        data: dict[str, Any] = {
            "post_id": post_id,
            "slug": order.post.slug,
            "media_urls": {sha256: str(item["source_url"]) for sha256, item in stored.items()},
            "media_ids": {sha256: int(item["id"]) for sha256, item in stored.items()},
            "terms": terms,
        }
        if live is None:
            self._api.update_draft(post_id, _fields(order, data))
            self._compare(order, data)
        return Prepared(data)

    def publish(self, order: Order, prepared: Prepared) -> Published:
        """Turns the draft into a live article: one call, never repeated by anyone."""
        data = prepared.data
        try:
            post_id, fields = int(data["post_id"]), _fields(order, data)
        except KeyError as missing:
            raise Sementara(
                "Artikel belum disiapkan (lengkap) di website.",
                "Siar akan menyiapkannya lagi; tidak ada yang terbit.",
                channel=CHANNEL,
                code="belum-disiapkan",
                detail=f"prepared data lack {missing}",
            ) from None
        live = self._api.publish(post_id, fields)
        return _published(live, order, data, self._clock)

    def find(self, order: Order, prepared: Prepared, *, since: datetime) -> Published | None:
        """Looks for the live article: by number, by slug, by marker, as editor and as reader.

        None only when an account that can see drafts saw no live one. `since` is
        not needed: the marker names the approval.
        """
        for candidate in self._candidates(order, prepared):
            if _marker(order) not in raw(candidate.get("content")):
                continue
            if candidate.get("status") == "publish":
                return _published(candidate, order, prepared.data, self._clock)
            if candidate.get("status") == "future":
                raise TidakPasti(
                    "Website menjadwalkan artikel ini untuk tayang sendiri nanti.",
                    "Minta administrator menayangkan atau membatalkan jadwalnya di WordPress.",
                    channel=CHANNEL,
                    detail=f"post {candidate.get('id')}: future {candidate.get('date_gmt')}",
                )
        return None

    # --- afterwards -----------------------------------------------------------

    def status(self, remote_id: str) -> RemoteStatus:
        post = self._api.post(_post_number(remote_id))
        if post is None:
            return RemoteStatus("missing")
        states = {"publish": "live", "trash": "withdrawn"}
        state = states.get(str(post.get("status")), "draft")
        return RemoteStatus(state, str(post.get("link") or "") if state == "live" else "", post)

    def metrics(self, remote_id: str) -> Measured:
        """Nothing: WordPress itself counts no views."""
        return Measured(missing={"views": "WordPress sendiri tidak menghitung kunjungan."})

    def withdraw(self, remote_id: str) -> None:
        """Puts the article into WordPress' trash, where an administrator can find it."""
        self._api.trash(_post_number(remote_id))

    def check(self) -> Health:
        """Password, role, clock and media library; read-only, never raises."""
        try:
            return self._check()
        except ChannelError as error:
            return Health(
                CHANNEL,
                ok=False,
                sentence=error.sentence,
                action=error.action,
                account=self._settings.username,
                details={"kode": error.code, "status": error.status},
                clock_lead=self._http.clock_lead,
            )

    def _check(self) -> Health:
        me = self._api.me()
        account = str(me.get("username") or me.get("slug") or self._settings.username)
        capabilities = me.get("capabilities")
        held = capabilities if isinstance(capabilities, dict) else {}
        needed = NEEDED if self._kind == "posts" else NEEDED_FOR_PAGES
        missing = [name for name in needed if not held.get(name)]
        roles = me.get("roles") if isinstance(me.get("roles"), list) else []
        skew = self._http.clock_lead or timedelta(0)
        details: dict[str, Any] = {"peran": roles, "selisih_jam_detik": round(skew.total_seconds())}
        facts = (f"akun {account}", f"peran {', '.join(map(str, roles or [])) or 'tidak disebut'}")

        def said(ok: bool, sentence: str, action: str = "") -> Health:
            return Health(CHANNEL, ok, sentence, action, account, details, facts, clock_lead=skew)

        def unfit(sentence: str, action: str) -> Health:
            return said(False, sentence, action)

        if missing:
            return unfit(
                f"Akun website “{account}” belum berhak: {', '.join(missing)}.",
                f"Minta administrator memberi akun itu peran {role_for(self._kind)} di WordPress.",
            )
        self._api.list_media()
        if abs(skew) > MAX_CLOCK_SKEW:
            return unfit(
                f"Jam komputer ini dan jam website berselisih {abs(skew).total_seconds():.0f} "
                "detik.",
                "Samakan jam komputer ini dengan layanan waktu (NTP), atau hubungi pengelola "
                "website.",
            )
        if held.get("manage_options"):
            return said(
                True,
                f"Website siap; akun “{account}” berkuasa lebih dari yang perlu.",
                "Sebaiknya pakai akun dengan peran Author (Penulis) saja.",
            )
        what = "artikel" if self._kind == "posts" else "halaman"
        return said(True, f"Website siap menerima {what}.")

    # --- the article ----------------------------------------------------------

    def _ours(self, order: Order) -> list[Json]:
        """Posts of this publication in any state, oldest first."""
        return sorted(self._api.posts_by_slug(order.post.slug), key=lambda post: int(post["id"]))

    def _live(self, posts: list[Json], order: Order) -> Json | None:
        """The live article of this approval; Ditolak when another approval's is live."""
        for post in posts:
            if post.get("status") != "publish":
                continue
            if _marker(order) in raw(post.get("content")):
                return post
            raise Ditolak(
                "Artikel ini sudah tayang di website dari persetujuan yang lain.",
                "Periksa artikelnya; untuk mengubah yang sudah tayang pakailah ralat.",
                channel=CHANNEL,
                code="sudah-tayang",
                detail=f"post {post.get('id')}: {post.get('link')}",
            )
        return None

    def _draft(self, order: Order) -> int:
        """The draft of this publication: the one that exists (even in the trash), or a new one."""
        fields = {"title": html.escape(order.post.title, quote=False), "slug": order.post.slug}
        drafts = self._ours(order)
        if drafts:
            return int(self._api.update_draft(int(drafts[0]["id"]), fields)["id"])
        return int(self._api.create_draft({**fields, "content": _marker(order)})["id"])

    def _terms(self, post: Post) -> dict[str, list[int]]:
        terms = {"tags": [self._api.tag(name) for name in post.tags]}
        if post.category:
            terms["categories"] = [self._category(post.category)]
        return terms

    def _category(self, name: str) -> int:
        """WordPress' number for a category; an author may not make one (least privilege)."""
        if name in self._settings.categories:
            return self._settings.categories[name]
        for category in self._api.categories(name):
            if html.unescape(str(category.get("name"))).casefold() == name.casefold():
                return int(category["id"])
        raise Ditolak(
            f"Kategori “{name}” tidak ada di website.",
            "Pilih kategori yang ada, atau minta administrator membuatnya di WordPress.",
            channel=CHANNEL,
            code="kategori",
        )

    def _candidates(self, order: Order, prepared: Prepared) -> Iterator[Json]:
        """Whatever may be the article, the likeliest first; each look is a fresh read."""
        post_id = prepared.data.get("post_id")
        if isinstance(post_id, int) and (post := self._api.post(post_id)) is not None:
            yield post
        yield from self._ours(order)
        yield from self._api.posts_with(f"siar:{order.reference}:{order.digest[:12]}")
        # Last as a reader: an article of another account is hidden from an author's
        # own list, yet it is live. The looks before have shown that the password works.
        for post in self._api.public_posts(order.post.slug):
            yield {**post, "status": "publish"}

    def _compare(self, order: Order, data: Mapping[str, Any]) -> None:
        """WordPress drops what it does not like without a word: read back, compare, refuse."""
        got = self._api.post(int(data["post_id"]))
        if got is None:
            raise Sementara(
                "Draf artikel hilang dari website saat disiapkan.",
                "Siar akan menyiapkannya lagi; tidak ada yang terbit.",
                channel=CHANNEL,
            )
        wrong = _differences(_fields(order, data), got)
        if wrong:
            raise Ditolak(
                f"Website tidak menyimpan apa yang disetujui: {', '.join(wrong)} berbeda.",
                "Minta administrator memeriksa plugin yang mengubah tulisan, atau sederhanakan "
                "bagian itu lalu setujui lagi; belum ada yang terbit.",
                channel=CHANNEL,
                code="beda",
                detail=self._http.redact("; ".join(f"{k}: {v}" for k, v in wrong.items())),
            )

    # --- pictures and videos --------------------------------------------------

    def _stored(self, reference: str, media: RenderedMedia, blobs: BlobStore, post_id: int) -> Json:
        """The file at the website with the approved bytes and alt text, uploaded once."""
        name = upload_name(reference, media)
        data = blobs.get(media.sha256)
        item = self._uploaded(name)
        if item is None:
            try:
                item = self._api.upload(name, media.mime, data)
            except Sementara:
                # The file may have arrived all the same (a server that dies while it
                # makes thumbnails answers 500): look before giving up.
                item = self._uploaded(name)
                if item is None:
                    raise
        if not item.get("source_url"):
            raise Sementara(
                f"Website belum memberi alamat untuk berkas {media.filename}.",
                "Siar dapat mencoba lagi nanti; bila berulang, hubungi pengelola website.",
                channel=CHANNEL,
                detail=f"media {item.get('id')} has no source_url",
            )
        self._check_bytes(item, media, data)
        alt = html.escape(media.alt, quote=False)
        if html.unescape(raw(item.get("alt_text"))) != media.alt or item.get("post") != post_id:
            answered = self._api.update_media(int(item["id"]), {"alt_text": alt, "post": post_id})
            item = {**item, **answered}
        if html.unescape(raw(item.get("alt_text"))) != media.alt:
            raise Ditolak(
                f"Website mengubah teks alternatif {media.filename}.",
                "Sederhanakan teks alternatifnya lalu setujui lagi; belum ada yang terbit.",
                channel=CHANNEL,
                code="beda",
                detail=self._http.redact(f"{media.alt!r} -> {item.get('alt_text')!r}"),
            )
        return item

    def _uploaded(self, name: str) -> Json | None:
        slug = PurePosixPath(name).stem
        found = [item for item in self._api.media_by_slug(slug) if item.get("source_url")]
        return min(found, key=lambda item: int(item["id"]), default=None)

    def _check_bytes(self, item: Json, media: RenderedMedia, data: bytes) -> None:
        """The public address must give the approved bytes (law 1), to anybody."""
        url = str(item["source_url"])
        if not self._settings.verify_media:
            return
        answer = self._http.read(url, with_credentials=False, max_bytes=len(data) + MEGABYTE)
        if answer.status != 200:
            raise Sementara(
                f"Berkas {media.filename} sudah diunggah tetapi belum dapat dibuka dari alamatnya.",
                "Siar dapat mencoba lagi nanti; bila berulang, minta administrator memeriksa "
                "folder unggahan website.",
                channel=CHANNEL,
                status=answer.status,
                detail=url,
            )
        if hashlib.sha256(answer.body).hexdigest() != media.sha256:
            raise Ditolak(
                f"Website mengubah isi berkas {media.filename}.",
                "Minta administrator mematikan plugin pengoptimal gambar, atau menyetel "
                "verify_media = false bila pengubahan itu disengaja; belum ada yang terbit.",
                channel=CHANNEL,
                code="beda",
                detail=url,
            )


def _marker(order: Order) -> str:
    return f"<!-- siar:{order.reference}:{order.digest[:12]} -->"


def _fields(order: Order, data: Mapping[str, Any]) -> dict[str, Any]:
    """The whole article as WordPress takes it, from the approved post and what was prepared.

    Title and excerpt are text: they are escaped, since WordPress would strip or,
    from a mightier account, even carry out HTML in them.
    """
    post = order.post
    content = with_media(post.html, data["media_urls"], data["media_ids"])
    fields: dict[str, Any] = {
        "title": html.escape(post.title, quote=False),
        "slug": post.slug,
        "content": f"{content}\n{_marker(order)}",
        "excerpt": html.escape(post.excerpt, quote=False),
        **data.get("terms", {}),
    }
    featured = next((m.sha256 for m in post.media if m.mime.startswith("image/")), None)
    if featured is not None:
        fields["featured_media"] = data["media_ids"][featured]
    return fields


def _differences(sent: Mapping[str, Any], got: Json) -> dict[str, str]:
    """Indonesian names of the parts that came back different, with the first difference."""
    wrong: dict[str, str] = {}
    for field, name in (("title", "judul"), ("excerpt", "kutipan")):
        mine, theirs = html.unescape(str(sent[field])), html.unescape(raw(got.get(field)))
        if mine.split() != theirs.split():
            wrong[name] = f"{mine!r} -> {theirs!r}"
    if piece := differing_piece(str(sent["content"]), raw(got.get("content"))):
        wrong["isi"] = piece
    if got.get("slug") != sent["slug"]:
        wrong["alamat artikel"] = f"{sent['slug']} -> {got.get('slug')}"
    for field, name in (("tags", "tag"), ("categories", "kategori")):
        if field in sent and sorted(sent[field]) != sorted(got.get(field) or []):
            wrong[name] = f"{sent[field]} -> {got.get(field)}"
    if "featured_media" in sent and got.get("featured_media") != sent["featured_media"]:
        wrong["gambar utama"] = f"{sent['featured_media']} -> {got.get('featured_media')}"
    return wrong


def _published(
    post: Json, order: Order, data: Mapping[str, Any], clock: Callable[[], datetime]
) -> Published:
    return Published(
        remote_id=str(post["id"]),
        url=str(post["link"]),
        published_at=when(post) or clock(),
        media_urls=dict(data.get("media_urls", {})),
        raw={name: value for name, value in post.items() if name != "_links"},
    )


def _post_number(remote_id: str) -> str:
    if not remote_id.isdecimal():
        raise Ditolak(
            f"“{remote_id}” bukan nomor artikel WordPress.",
            "Periksa catatan pengirimannya.",
            channel=CHANNEL,
        )
    return remote_id
