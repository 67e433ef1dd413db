"""X API v2 through tweepy, with what tweepy leaves open closed.

tweepy fixes the host, has no time-out, no v2 media upload, and trips over
answers without a JSON object. `XClient` overrides the one method that all others
call and adds the media calls; every answer that is not a readable success leaves
as `XFailure`, which `channel_error` turns into the ChannelError to act on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import tweepy

from connectors.errors import (
    ChannelError,
    Dibatasi,
    Ditolak,
    PerluOtorisasi,
    Sementara,
    TidakPasti,
)
from connectors.http import Answer, ChannelHttp, retry_after

CHANNEL = "x"
LABEL = "X"
# The one call that shows something to readers (law 4).
PUBLISHING_CALL = ("POST", "/2/tweets")
READ_TRIES = 3
SEGMENT_BYTES = 4 * 1024 * 1024
POLLS = 60
_PASSING_STATUSES = frozenset({500, 502, 503, 504})


class XFailure(tweepy.TweepyException):  # type: ignore[misc]
    """X refused, or answered with something that cannot be read."""

    def __init__(self, answer: Answer, unreadable: str = "") -> None:
        self.status = answer.status
        self.headers = answer.headers
        self.unreadable = unreadable
        problem = _problem(answer)
        self.kind = str(problem.get("type", "")).rsplit("/", 1)[-1]
        self.words = _words(problem)
        parts = (f"HTTP {self.status}", self.unreadable, self.words)
        super().__init__(" · ".join(part for part in parts if part))


class XClient(tweepy.Client):  # type: ignore[misc]
    """tweepy.Client for one account. `limits` holds the last rate headers seen.

    `sleep` (seconds) is called between tries of a read and polls of a video.
    """

    def __init__(self, host: str, http: ChannelHttp, *, sleep: Callable[[float], None]) -> None:
        super().__init__(return_type=dict)
        self.host = host.rstrip("/")
        self.http = http
        self.limits: dict[str, str] = {}
        self._sleep = sleep

    def __repr__(self) -> str:
        return f"XClient({self.host})"

    def request(
        self,
        method: str,
        route: str,
        params: Mapping[str, Any] | None = None,
        json: Mapping[str, Any] | None = None,
        user_auth: bool = True,
        **body: Any,
    ) -> Answer:
        """One call, signed for the account; the answer is a JSON object.

        Raises XFailure, or a ChannelError when no answer came.
        """
        url = f"{self.host}{route}"
        if method == "GET":
            answer = self._read(url, params)
        elif (method, route) == PUBLISHING_CALL:
            answer = self.http.publish(method, url, params=params, json=json)
        else:
            answer = self.http.send(method, url, params=params, json=json, **body)
        self.limits = _limits(answer.headers)
        if not 200 <= answer.status < 300:
            raise XFailure(answer)
        if not answer.body and route.endswith("/append"):
            return Answer(answer.method, answer.url, answer.status, answer.headers, b"{}")
        if not isinstance(_json(answer), dict):
            raise XFailure(answer, "bukan objek JSON")
        return answer

    def _read(self, url: str, params: Mapping[str, Any] | None) -> Answer:
        """Tried again here and not below: each try needs a signature with its own nonce."""
        for attempt in range(1, READ_TRIES):
            try:
                answer = self.http.send("GET", url, params=params)
            except Sementara:
                pass
            else:
                if answer.status not in _PASSING_STATUSES:
                    return answer
            self._sleep(float(attempt))
        return self.http.send("GET", url, params=params)

    def upload_image(self, data: bytes, filename: str, mime: str) -> dict[str, Any]:
        """One-shot upload of a picture; the answer's `data`."""
        return self._data(
            self.request(
                "POST",
                "/2/media/upload",
                files={"media": (filename, data, mime)},
                data={"media_category": "tweet_image", "media_type": mime},
            )
        )

    def upload_video(self, data: bytes, filename: str, mime: str) -> dict[str, Any]:
        """Upload in segments, then wait for X to process it; the answer's `data`.

        Raises Ditolak when X cannot use the video, Sementara when it takes too long.
        """
        started = self._data(
            self.request(
                "POST",
                "/2/media/upload/initialize",
                json={
                    "media_type": mime,
                    "total_bytes": len(data),
                    "media_category": "tweet_video",
                },
            )
        )
        route = f"/2/media/upload/{started['id']}"
        for index in range(0, len(data), SEGMENT_BYTES):
            self.request(
                "POST",
                f"{route}/append",
                files={"media": (filename, data[index : index + SEGMENT_BYTES], mime)},
                data={"segment_index": str(index // SEGMENT_BYTES)},
            )
        uploaded = self._data(self.request("POST", f"{route}/finalize"))
        return self._processed({**started, **uploaded})

    def _processed(self, uploaded: dict[str, Any]) -> dict[str, Any]:
        for _ in range(POLLS):
            info = uploaded.get("processing_info")
            if not isinstance(info, dict) or info.get("state") == "succeeded":
                return uploaded
            if info.get("state") == "failed":
                raise Ditolak(
                    "X tidak dapat memakai video ini.",
                    "Simpan ulang videonya sebagai MP4 (H.264, AAC), lalu unggah lagi.",
                    channel=CHANNEL,
                    code="video-gagal",
                    detail=self.http.redact(str(info)),
                )
            self._sleep(_seconds(info))
            answer = self.request(
                "GET",
                "/2/media/upload",
                params={"command": "STATUS", "media_id": uploaded["id"]},
            )
            uploaded = {**uploaded, **self._data(answer)}
        raise Sementara(
            "X masih mengolah video.",
            "Belum ada yang terbit; langkah ini dicoba lagi nanti.",
            channel=CHANNEL,
            code="video-diolah",
        )

    def set_alt_text(self, media_id: str, text: str) -> None:
        """The alternative text of an uploaded picture (≤ 1000 characters)."""
        self.request(
            "POST",
            "/2/media/metadata",
            json={"id": media_id, "metadata": {"alt_text": {"text": text}}},
        )

    @staticmethod
    def _data(answer: Answer) -> dict[str, Any]:
        data = answer.json().get("data")
        if not isinstance(data, dict):
            raise XFailure(answer, "tanpa data")
        return data


def channel_error(
    failure: XFailure, *, now: datetime, publishing: bool, redact: Callable[[str], str]
) -> ChannelError:
    """What may be done next after X's answer. `redact` takes secrets out of X's words."""
    made, sentence, action = _WORDS[_kind(failure, publishing=publishing)]
    facts: dict[str, Any] = {
        "channel": CHANNEL,
        "status": failure.status,
        "code": failure.kind if failure.kind != "about:blank" else "",
        "detail": redact(str(failure)),
    }
    if made is Dibatasi:
        facts["until"] = retry_after(failure.headers, now)
    return made(sentence, action, **facts)


def _kind(failure: XFailure, *, publishing: bool) -> str:
    """The first rule that holds; the order matters where rules overlap."""
    status, words = failure.status, failure.words.casefold()
    forbidden = status == 403
    rules = (
        (publishing and forbidden and "duplicate" in words, "duplicate"),
        (status == 401, "token"),
        (status == 402, "credit"),
        (status == 429, "throttled"),
        (forbidden and failure.kind in _PERMISSION_KINDS, "permission"),
        (forbidden and any(word in words for word in ("suspend", "locked")), "restricted"),
        (publishing and status == 400 and "media id" in words, "prepare again"),
        (status in {400, 403}, "refused"),
        (publishing, "unknown"),
        (300 <= status < 400, "redirect"),
        (400 <= status < 500 and status not in {408, 425}, "refused"),
    )
    return next((kind for holds, kind in rules if holds), "unwell")


_PERMISSION_KINDS = frozenset(
    {"oauth1-permissions", "client-forbidden", "unsupported-authentication"}
)

_WORDS: Mapping[str, tuple[type[ChannelError], str, str]] = {
    "duplicate": (
        TidakPasti,
        "X mengatakan kiriman dengan teks yang sama sudah ada.",
        "Siar memeriksa lini masa X lebih dulu. Bila itu kiriman lain, ubah teksnya lalu "
        "mintakan persetujuan lagi.",
    ),
    "token": (
        PerluOtorisasi,
        "X menolak kunci atau token akses.",
        "Minta administrator memeriksa jam komputer dan keempat kunci X di pengaturan, lalu "
        "menjalankan siar doctor.",
    ),
    "credit": (
        PerluOtorisasi,
        "Kredit API X sudah habis.",
        "Minta administrator mengisi kredit di konsol pengembang X, lalu coba lagi.",
    ),
    "throttled": (
        Dibatasi,
        "X sedang membatasi jumlah permintaan.",
        "Belum ada yang terbit. Tidak perlu berbuat apa-apa: dicoba lagi setelah batasnya lewat.",
    ),
    "permission": (
        PerluOtorisasi,
        "Aplikasi X tidak punya izin menulis untuk akun ini.",
        "Minta administrator memberi izin Read and write di konsol pengembang X, lalu membuat "
        "ulang token aksesnya.",
    ),
    "restricted": (
        PerluOtorisasi,
        "Akun X dikunci atau dibekukan.",
        "Buka akun di X, ikuti pemberitahuan yang ada, lalu coba lagi.",
    ),
    "prepare again": (
        Sementara,
        "Media yang disiapkan di X sudah tidak berlaku.",
        "Belum ada yang terbit. Siar menyiapkan medianya lagi sebelum menerbitkan.",
    ),
    "refused": (
        Ditolak,
        "X menolak permintaan ini.",
        "Perbaiki teks atau medianya lalu mulai lagi dari verifikasi; alasannya ada di catatan.",
    ),
    "unknown": (
        TidakPasti,
        "Jawaban X tidak jelas; kiriman mungkin sudah terbit.",
        "Jangan mengirim ulang. Siar memeriksa lini masa X lebih dulu dan meminta petugas bila "
        "belum jelas.",
    ),
    "redirect": (
        PerluOtorisasi,
        "Alamat X di pengaturan mengalihkan ke alamat lain.",
        "Minta administrator memeriksa alamat (host) X di pengaturan.",
    ),
    "unwell": (
        Sementara,
        "X sedang terganggu dan tidak memberi jawaban yang jelas.",
        "Belum ada yang terbit; langkah ini aman dicoba lagi beberapa menit lagi.",
    ),
}


def _problem(answer: Answer) -> dict[str, Any]:
    found = _json(answer)
    return found if isinstance(found, dict) else {}


def _json(answer: Answer) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None


def _words(problem: Mapping[str, Any]) -> str:
    """X's own sentences, from each of the places in which it puts them."""
    found = [problem.get("title"), problem.get("detail"), problem.get("error")]
    errors = problem.get("errors")
    for entry in errors if isinstance(errors, list) else []:
        if isinstance(entry, dict):
            found += [entry.get("message"), entry.get("detail")]
    return " · ".join(dict.fromkeys(str(words) for words in found if words))


def _limits(headers: Mapping[str, str]) -> dict[str, str]:
    return {
        name.lower(): value
        for name, value in headers.items()
        if name.lower().startswith(("x-rate-limit-", "x-user-limit-", "x-app-limit-"))
        or name.lower() == "x-access-level"
    }


def _seconds(info: Mapping[str, Any]) -> float:
    wait = info.get("check_after_secs")
    return min(max(float(wait), 1.0), 30.0) if isinstance(wait, int | float) else 2.0
