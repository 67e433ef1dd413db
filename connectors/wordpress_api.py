"""WordPress' REST interface: one method per call that Siar makes, answers checked.

What an answer means is decided here, once. For calls that are harmless to
repeat see `refusal`; for the publishing call see `outcome_of_publishing`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal, cast

from connectors.errors import PerluOtorisasi, TidakPasti
from connectors.http import Answer, ChannelHttp, Timeouts
from connectors.wordpress_refusals import (
    ADMIN,
    NOTHING,
    error_code,
    error_data,
    facts_of,
    json_or_none,
    refusal,
    role_for,
)

ANY_STATUS = "publish,future,draft,pending,private,trash"
POST_FIELDS = (
    "id,slug,status,link,date_gmt,author,title,content,excerpt,categories,tags,featured_media"
)

Json = dict[str, Any]
ContentKind = Literal["posts", "pages"]


class WordPressApi:
    """Speaks `/wp/v2`. Every method raises `ChannelError` only.

    Where a method says "post" it means what `kind` says: an article or a page, which
    WordPress keeps and answers in the same way.
    """

    def __init__(
        self, http: ChannelHttp, root: str, upload: Timeouts, kind: ContentKind = "posts"
    ) -> None:
        self._http = http
        self._root = root
        self._upload = upload
        self._kind = kind

    def me(self) -> Json:
        """The account with its capabilities."""
        answer = self._http.read(f"{self._root}/wp/v2/users/me", params={"context": "edit"})
        return self._dict(answer, {200})

    def posts_by_slug(self, slug: str) -> list[Json]:
        """Our own posts with this slug in any state, the trash included.

        Always with `context=edit`: without it a lapsed password is answered as an
        anonymous reader is, "there is nothing" (200).
        """
        return self._list(
            self._kind,
            {
                "slug": f"{slug},{slug}__trashed",
                "status": ANY_STATUS,
                "context": "edit",
                "per_page": 100,
                "_fields": POST_FIELDS,
            },
        )

    def posts_with(self, words: str) -> list[Json]:
        """Our own posts in any state whose text has these words."""
        return self._list(
            self._kind,
            {
                "search": words,
                "status": ANY_STATUS,
                "context": "edit",
                "per_page": 20,
                "_fields": POST_FIELDS,
            },
        )

    def public_posts(self, slug: str) -> list[Json]:
        """Live posts with this slug, whoever wrote them."""
        return self._list(self._kind, {"slug": slug, "per_page": 100, "_fields": POST_FIELDS})

    def post(self, post_id: str | int) -> Json | None:
        """One post as its editor sees it; None when WordPress has no such post."""
        answer = self._http.read(
            self._url(post_id),
            params={"context": "edit", "_fields": POST_FIELDS},
        )
        if answer.status == 404 and error_code(answer) == "rest_post_invalid_id":
            return None
        return self._dict(answer, {200})

    def create_draft(self, fields: Mapping[str, Any]) -> Json:
        return self._dict(
            self._http.send(
                "POST", f"{self._root}/wp/v2/{self._kind}", json={**fields, "status": "draft"}
            ),
            {201},
        )

    def update_draft(self, post_id: int, fields: Mapping[str, Any]) -> Json:
        return self._dict(
            self._http.send(
                "POST",
                f"{self._root}/wp/v2/{self._kind}/{post_id}",
                json={**fields, "status": "draft"},
            ),
            {200},
        )

    def publish(self, post_id: int, fields: Mapping[str, Any]) -> Json:
        """THE publishing call. Raises as `outcome_of_publishing` says."""
        return self.outcome_of_publishing(
            self._http.publish(
                "POST",
                f"{self._root}/wp/v2/{self._kind}/{post_id}",
                json={**fields, "status": "publish"},
            ),
            post_id,
        )

    def trash(self, post_id: str) -> None:
        """Takes a post down; one that is gone already is no error."""
        url = self._url(post_id)
        answer = self._http.send("DELETE", url)
        if answer.status in {404, 410} and error_code(answer) in {
            "rest_post_invalid_id",
            "rest_already_trashed",
        }:
            return
        if answer.status == 501:  # the site keeps no trash: hide it instead of destroying it
            answer = self._http.send("POST", url, json={"status": "draft"})
        self._dict(answer, {200})

    def media_by_slug(self, slug: str) -> list[Json]:
        return self._list("media", {"slug": slug, "context": "edit", "per_page": 100})

    def upload(self, name: str, mime: str, data: bytes) -> Json:
        """Raw upload; `name` is ASCII and safe in a header."""
        # Content-MD5 is WordPress' own check against a truncated upload.
        md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
        return self._dict(
            self._http.send(
                "POST",
                f"{self._root}/wp/v2/media",
                data=data,
                headers={
                    "Content-Type": mime,
                    "Content-Disposition": f'attachment; filename="{name}"',
                    "Content-MD5": md5,
                },
                timeouts=self._upload,
            ),
            {201},
        )

    def update_media(self, media_id: int, fields: Mapping[str, Any]) -> Json:
        return self._dict(
            self._http.send("POST", f"{self._root}/wp/v2/media/{media_id}", json=dict(fields)),
            {200},
        )

    def list_media(self) -> list[Json]:
        return self._list("media", {"context": "edit", "per_page": 1})

    def tag(self, name: str) -> int:
        """The tag's number, made if need be: `term_exists` carries the number too."""
        answer = self._http.send("POST", f"{self._root}/wp/v2/tags", json={"name": name})
        if answer.status == 400 and error_code(answer) == "term_exists":
            existing = error_data(answer).get("term_id")
            if isinstance(existing, int):
                return existing
        return int(self._dict(answer, {201})["id"])

    def categories(self, words: str) -> list[Json]:
        return self._list("categories", {"search": words, "per_page": 100})

    def outcome_of_publishing(self, answer: Answer, post_id: int) -> Json:
        """The live post, or the error that says what surely did or may have happened.

        A clear no is 400, 401, 402, 403 and 429 (law 4). All else that is not a
        published post with an address is unknown: a 500 may come after the insert.
        """
        if answer.status in {400, 401, 402, 403, 429}:
            raise refusal(answer, self._http)
        body = json_or_none(answer)
        if answer.status != 200 or not isinstance(body, dict) or body.get("id") != post_id:
            raise TidakPasti(
                f"Website menjawab {answer.status} yang tidak jelas saat penerbitan.",
                "Jangan terbitkan ulang; Siar memeriksa dahulu apakah artikelnya sudah tayang.",
                **facts_of(answer, self._http),
            )
        if body.get("status") in {"draft", "pending"}:
            role = role_for(self._kind)
            raise PerluOtorisasi(
                "Website menyimpan artikel tanpa menayangkannya (menunggu peninjauan).",
                f"{ADMIN} memberi akun Siar peran {role}, lalu coba lagi; {NOTHING}.",
                **facts_of(answer, self._http),
            )
        if body.get("status") != "publish" or not str(body.get("link") or ""):
            raise TidakPasti(
                f"Website menyimpan artikel dengan status “{body.get('status')}”.",
                "Jangan terbitkan ulang; periksa artikelnya di halaman admin website.",
                **facts_of(answer, self._http),
            )
        return body

    def _url(self, post_id: str | int) -> str:
        return f"{self._root}/wp/v2/{self._kind}/{post_id}"

    def _list(self, kind: str, params: Mapping[str, Any]) -> list[Json]:
        answer = self._http.read(f"{self._root}/wp/v2/{kind}", params=params)
        body = json_or_none(answer)
        if answer.status == 200 and isinstance(body, list) and all(map(_has_number, body)):
            return body
        raise refusal(answer, self._http)

    def _dict(self, answer: Answer, expected: set[int]) -> Json:
        body = json_or_none(answer)
        if answer.status in expected and _has_number(body):
            return cast(Json, body)
        raise refusal(answer, self._http)


def raw(value: Any) -> str:
    """The text as stored, of a field that WordPress gives as {raw, rendered}."""
    if isinstance(value, dict):
        return str(value.get("raw", value.get("rendered", "")))
    return str(value or "")


def when(post: Json) -> datetime | None:
    """`date_gmt` as UTC; None when WordPress has none yet."""
    try:
        return datetime.fromisoformat(str(post.get("date_gmt"))).replace(tzinfo=UTC)
    except ValueError:
        return None


def _has_number(body: object) -> bool:
    """Whether this is a thing that WordPress keeps: each has a number."""
    return isinstance(body, dict) and isinstance(body.get("id"), int)
