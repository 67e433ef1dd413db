"""Meta's Graph API through facebook-sdk, with what the SDK leaves open closed.

The SDK takes its host from a module-wide name, refuses today's version, ignores
the HTTP status, has no time-out, puts the token into URLs (and so into every
exception text) and mangles lists of objects. `Graph` overrides the one method
all others call, so `get_object`, `put_object`, `put_photo` keep working.

Errors leave this module as `GraphFailure`; `channel_error` turns one into the
ChannelError that says what may be done next.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlparse

from connectors.errors import (
    ChannelError,
    Dibatasi,
    Ditolak,
    PerluOtorisasi,
    Sementara,
    TidakPasti,
)
from connectors.http import Answer, ChannelHttp, redact

with warnings.catch_warnings():
    # The SDK writes "\d" in a plain string, which newer Pythons warn about.
    warnings.simplefilter("ignore", SyntaxWarning)
    warnings.simplefilter("ignore", DeprecationWarning)
    import facebook

GRAPH_VERSION = "v26.0"
MOST_PAGES = 20

_SECRET_ARGUMENTS = frozenset({"access_token", "appsecret_proof", "input_token", "client_secret"})

# Meta's own words: 1 unknown error, 2 service unavailable.
_UNKNOWN_CODES = frozenset({1, 2})
_THROTTLE_CODES = frozenset({4, 17, 32, 341, 613, 80001, 80002})
_TOKEN_CODES = frozenset({102, 104, 190, 463, 467})
_PERMISSION_CODES = frozenset({3, 10, *range(200, 300)})
_BLOCKED_CODES = frozenset({25, 368})
_DUPLICATE_CODE = 506
# "This photo was posted before": by the post whose outcome we did not learn.
_PHOTO_USED_SUBCODE = 1346003
_DAILY_LIMIT_CODE = 9
# Instagram: "suspected to be spam". Seen with the post live afterwards.
_MAY_BE_LIVE = (4, 2207051)
# The container is too old or not ready: media_publish did nothing.
_PREPARE_AGAIN_SUBCODES = frozenset({2207020, 2207027})
# "No such container" is also the answer for one that was published before.
_NO_CONTAINER_SUBCODES = frozenset({2207006, 2207008})
_FETCH_SUBCODES = frozenset({2207003, 2207052})

_REASONS: Mapping[int, str] = {
    2207003: "pengunduhan gambar dari situs web terlalu lama",
    2207004: "ukuran gambar lebih dari 8 MiB",
    2207005: "format gambar bukan JPEG",
    2207009: "perbandingan lebar dan tinggi gambar di luar 4:5 sampai 1,91:1",
    2207010: "takarir lebih dari 2.200 karakter atau lebih dari 30 tagar",
    2207026: "format video tidak diterima",
    2207028: "jumlah gambar korsel harus 2 sampai 10",
    2207040: "lebih dari 20 akun ditandai dengan @",
    2207052: "gambar di situs web tidak dapat diunduh",
}


@dataclass(frozen=True, slots=True)
class Usage:
    """How much of the call allowance is used up (percent) and when it comes back."""

    percent: int = 0
    regain_after: timedelta | None = None


class GraphFailure(facebook.GraphAPIError):  # type: ignore[misc]
    """Graph refused (`code` set) or answered with something that cannot be read."""

    def __init__(
        self, result: Mapping[str, Any], *, status: int, usage: Usage, unreadable: str = ""
    ) -> None:
        super().__init__(result)
        error = result.get("error")
        body: Mapping[str, Any] = error if isinstance(error, Mapping) else {}
        self.status = status
        self.usage = usage
        self.unreadable = unreadable
        self.number: int | None = _whole(body.get("code"))
        self.subcode: int | None = _whole(body.get("error_subcode"))
        self.transient = body.get("is_transient") is True
        self.trace = str(body.get("fbtrace_id", ""))

    @property
    def label(self) -> str:
        """ "190/463", or "" where Graph gave no code."""
        if self.number is None:
            return ""
        return f"{self.number}/{self.subcode}" if self.subcode else str(self.number)

    @property
    def detail(self) -> str:
        parts = [f"HTTP {self.status}", self.label, self.unreadable, str(self.message or "")]
        return " · ".join(part for part in parts if part and part != "{}")


class Graph(facebook.GraphAPI):  # type: ignore[misc]
    """facebook.GraphAPI with host, version, time-outs and safe errors of its own.

    Calls go through `http`, whose doors decide what a missing answer means. With
    `app_secret` every call carries the appsecret_proof. After each call `usage`
    and `answered_version` tell what the headers said.
    """

    def __init__(
        self,
        access_token: str,
        *,
        host: str,
        http: ChannelHttp,
        app_secret: str = "",
        version: str = GRAPH_VERSION,
    ) -> None:
        super().__init__(access_token=access_token)
        self.version = version
        self.host = host.rstrip("/")
        self.http = http
        self.usage = Usage()
        self.answered_version = ""
        self._proof = appsecret_proof(access_token, app_secret)
        self._secrets = tuple(part for part in (access_token, app_secret, self._proof) if part)

    def __repr__(self) -> str:
        return f"Graph({self.host}/{self.version})"

    def publish_object(self, parent_object: str, connection_name: str, **data: Any) -> Any:
        """`put_object` for THE publishing call: once, on a fresh connection."""
        return self._exchange(
            f"{self.version}/{parent_object}/{connection_name}",
            {},
            data,
            verb="POST",
            publishing=True,
        )

    def request(
        self,
        path: str,
        args: Mapping[str, Any] | None = None,
        post_args: Mapping[str, Any] | None = None,
        files: Mapping[str, Any] | None = None,
        method: str | None = None,
    ) -> Any:
        """One harmless call. The token travels in a header, never in a URL.

        Raises GraphFailure for every answer that is not a readable success, and
        a ChannelError when no answer came.
        """
        verb = "POST" if post_args is not None else (method or "GET")
        return self._exchange(path, args or {}, post_args or {}, verb=verb, files=files)

    def _exchange(
        self,
        path: str,
        args: Mapping[str, Any],
        post_args: Mapping[str, Any],
        *,
        verb: str,
        files: Mapping[str, Any] | None = None,
        publishing: bool = False,
    ) -> Any:
        query, form = _wire_form(args), _wire_form(post_args)
        token = form.pop("access_token", None) or query.pop("access_token", None)
        own = token is None or token == self.access_token
        if own and self._proof:
            (form if verb == "POST" else query)["appsecret_proof"] = self._proof
        url = f"{self.host}/{path}"
        headers = {"Authorization": f"Bearer {self.access_token if own else token}"}
        if verb == "GET":
            answer = self.http.read(url, params=query, headers=headers)
        else:
            door = self.http.publish if publishing else self.http.send
            body = form if verb == "POST" else None
            answer = door(verb, url, params=query, data=body, files=files, headers=headers)
        self.usage = usage_of(answer.headers)
        self.answered_version = answer.headers.get("facebook-api-version", "")
        return self._readable_success(answer)

    def _readable_success(self, answer: Answer) -> Any:
        status, usage = answer.status, self.usage
        if 300 <= status < 400:
            raise GraphFailure({}, status=status, usage=usage, unreadable="pengalihan (redirect)")
        try:
            body = answer.json()
        except ValueError:
            raise GraphFailure({}, status=status, usage=usage, unreadable="bukan JSON") from None
        if body is True:
            body = {"success": True}
        if not isinstance(body, dict):
            raise GraphFailure({}, status=status, usage=usage, unreadable="bukan objek JSON")
        if body.get("error") or not 200 <= status < 300:
            # Graph repeats a malformed token in its message.
            safe = json.loads(redact(json.dumps(body), self._secrets))
            raise GraphFailure(safe, status=status, usage=usage)
        return body

    def get_all_connections(
        self,
        id: str,  # noqa: A002 (the SDK's name for it)
        connection_name: str,
        **args: Any,
    ) -> Iterator[dict[str, Any]]:
        """Entries of all pages of a connection, in Graph's order.

        Raises GraphFailure when a page is no list, or after `MOST_PAGES` pages: a
        list that is cut short must not read as "the post is not there".
        """
        for _ in range(MOST_PAGES):
            page = self.get_connections(id, connection_name, **args)
            if not isinstance(page.get("data"), list):
                break
            yield from page["data"]
            following = page.get("paging", {}).get("next")
            if not following:
                return
            given = parse_qs(urlparse(following).query)
            args = {name: values[-1] for name, values in given.items()}
            for secret in _SECRET_ARGUMENTS:
                args.pop(secret, None)
        raise GraphFailure({}, status=200, usage=self.usage, unreadable="daftar terpotong")

    def get_version(self) -> str:
        """The version that answers, for example "26.0"; Graph may lift an old one."""
        self.get_object("me", fields="id")
        return self.answered_version.removeprefix("v")


def usage_of(headers: Mapping[str, str]) -> Usage:
    """The highest share used, from X-App-Usage and X-Business-Use-Case-Usage."""
    entries = [_json_object(headers.get("x-app-usage"))]
    for listed in _json_object(headers.get("x-business-use-case-usage")).values():
        if isinstance(listed, list):
            entries.extend(entry for entry in listed if isinstance(entry, dict))
    percent, minutes = 0, 0
    for entry in entries:
        for name in ("call_count", "total_time", "total_cputime"):
            percent = max(percent, _whole(entry.get(name)) or 0)
        minutes = max(minutes, _whole(entry.get("estimated_time_to_regain_access")) or 0)
    return Usage(percent, timedelta(minutes=minutes) if minutes else None)


def channel_error(
    failure: GraphFailure, *, channel: str, label: str, now: datetime, publishing: bool
) -> ChannelError:
    """What may be done next. Codes come before the status: Graph sends 400 for most."""
    kind = _kind(failure, publishing=publishing)
    made, sentence, action = _WORDS[kind]
    reason = _REASONS.get(failure.subcode or 0, "isi, media atau permintaannya tidak diterima")
    words = {"label": label, "reason": reason}
    facts: dict[str, Any] = {
        "channel": channel,
        "status": failure.status,
        "code": failure.label,
        "detail": failure.detail,
    }
    if made is Dibatasi:
        regain = failure.usage.regain_after
        if regain is None and failure.number == _DAILY_LIMIT_CODE:
            regain = timedelta(hours=24)
        facts["until"] = now + regain if regain else None
    return made(sentence.format(**words), action.format(**words), **facts)


def _kind(failure: GraphFailure, *, publishing: bool) -> str:
    """The first rule that holds; the order matters where rules overlap."""
    number, subcode, status = failure.number, failure.subcode, failure.status
    may_be_live = (number, subcode) == _MAY_BE_LIVE
    rules = (
        (publishing and number == _DUPLICATE_CODE, "duplicate"),
        (publishing and subcode == _PHOTO_USED_SUBCODE, "duplicate"),
        (publishing and may_be_live, "unknown"),
        (publishing and subcode in _NO_CONTAINER_SUBCODES, "unknown"),
        (subcode in _PREPARE_AGAIN_SUBCODES | _NO_CONTAINER_SUBCODES, "prepare again"),
        (subcode in _FETCH_SUBCODES and not publishing, "not fetched"),
        (may_be_live or number in _BLOCKED_CODES, "restricted"),
        (number in _THROTTLE_CODES or number == _DAILY_LIMIT_CODE or status == 429, "throttled"),
        (number in _TOKEN_CODES or (number is None and status == 401), "token"),
        (number in _PERMISSION_CODES or (number is None and status == 403), "permission"),
        (300 <= status < 400 and not publishing, "redirect"),
        (_is_unclear(failure), "unknown" if publishing else "unwell"),
    )
    return next((kind for holds, kind in rules if holds), "refused")


_WORDS: Mapping[str, tuple[type[ChannelError], str, str]] = {
    "duplicate": (
        TidakPasti,
        "{label} mengatakan kiriman yang sama sudah ada.",
        "Siar memeriksa {label} lebih dulu. Bila itu kiriman lain, ubah teksnya lalu mintakan "
        "persetujuan lagi.",
    ),
    "unknown": (
        TidakPasti,
        "Jawaban {label} tidak jelas; kiriman mungkin sudah terbit.",
        "Jangan mengirim ulang. Siar memeriksa {label} lebih dulu dan meminta petugas bila "
        "belum jelas.",
    ),
    "prepare again": (
        Sementara,
        "Wadah gambar di {label} belum siap atau sudah kedaluwarsa.",
        "Belum ada yang terbit. Siar menyiapkannya lagi sebelum menerbitkan.",
    ),
    "not fetched": (
        Sementara,
        "{label} belum berhasil mengambil gambar: {reason}.",
        "Pastikan situs web dapat dibuka dari luar kantor; langkah ini dicoba lagi nanti.",
    ),
    "restricted": (
        PerluOtorisasi,
        "{label} membatasi akun ini untuk sementara.",
        "Buka akun di {label}, ikuti pemberitahuan yang ada, lalu coba lagi.",
    ),
    "throttled": (
        Dibatasi,
        "{label} sedang membatasi jumlah permintaan.",
        "Belum ada yang terbit. Tidak perlu berbuat apa-apa: dicoba lagi setelah batasnya lewat.",
    ),
    "token": (
        PerluOtorisasi,
        "{label} menolak token akses: sudah tidak berlaku atau dicabut.",
        "Minta administrator membuat token baru, menyimpannya di pengaturan, lalu menjalankan "
        "siar doctor.",
    ),
    "permission": (
        PerluOtorisasi,
        "Token {label} tidak punya izin untuk tindakan ini.",
        "Minta administrator memberi izin yang disebut siar doctor, lalu membuat token baru.",
    ),
    "redirect": (
        PerluOtorisasi,
        "Alamat {label} di pengaturan mengalihkan ke alamat lain.",
        "Minta administrator memeriksa alamat (host) {label} di pengaturan.",
    ),
    "unwell": (
        Sementara,
        "{label} sedang terganggu dan tidak memberi jawaban yang jelas.",
        "Belum ada yang terbit; langkah ini aman dicoba lagi beberapa menit lagi.",
    ),
    "refused": (
        Ditolak,
        "{label} menolak: {reason}.",
        "Perbaiki bagian itu lalu mulai lagi dari verifikasi; rinciannya ada di catatan.",
    ),
}


def is_missing(error: ChannelError) -> bool:
    """Does the error say that the object does not exist (or is not ours to see)?"""
    return error.code in {"100/33", "803"} or (error.status == 404 and not error.code)


def _is_unclear(failure: GraphFailure) -> bool:
    """Unknown outcome: codes 1, 2 and below 0, transient, 5xx, 408, unreadable success."""
    number = failure.number
    return (
        number in _UNKNOWN_CODES
        or (number is not None and number < 0)
        or failure.transient
        or failure.status >= 500
        or failure.status == 408
        or (number is None and failure.status not in {400, 401, 402, 403})
    )


def _wire_form(arguments: Mapping[str, Any] | None) -> dict[str, Any]:
    """Arguments as Graph reads them: objects and lists as JSON, booleans in lower case."""
    written: dict[str, Any] = {}
    for name, value in (arguments or {}).items():
        if isinstance(value, bool | dict | list | tuple):
            written[name] = json.dumps(value, ensure_ascii=False)
        elif value is not None:
            written[name] = value
    return written


def appsecret_proof(token: str, app_secret: str) -> str:
    """HMAC that proves to Graph that the caller has the app's secret; "" without one."""
    if not app_secret:
        return ""
    return hmac.new(app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()


def _json_object(text: str | None) -> dict[str, Any]:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _whole(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return int(value)
    except (ValueError, OverflowError):
        return None
