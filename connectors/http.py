"""One way to speak HTTP to a channel, with the outcome sorted by what may be done next.

`ChannelHttp` has three doors, and the door decides what a failure means:

    read     GET or HEAD; retried a few times; failure is `Sementara`
    send     any method that is harmless to repeat (upload, draft); one attempt; `Sementara`
    publish  THE publishing call (law 4); one attempt on a fresh connection;
             refused connection or DNS is `Sementara`, all else is `TidakPasti`

None of them follows a redirect: a 301 turns a POST into an anonymous GET that
answers 200. An answer of any status comes back as an `Answer`; only the
connector knows what a status means at its channel.
"""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Self
from urllib.parse import quote, quote_plus

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.exceptions import ConnectTimeoutError, HTTPError, MaxRetryError, NewConnectionError
from urllib3.util.retry import Retry

from connectors.errors import ChannelError, Dibatasi, PerluOtorisasi, Sementara, TidakPasti

USER_AGENT = "Siar/0.1 (publikasi resmi)"
MAX_ANSWER_BYTES = 8 * 1024 * 1024
RETRY_AFTER_CAP = 10.0  # seconds a worker may wait inside a read; longer waits go back to the flow
READ_RETRIES = 2
MAX_DETAIL = 600  # characters of a channel's answer kept in an error

_NAMES = (
    r"(?:access_token|input_token|appsecret_proof|client_secret|app_secret|fb_exchange_token"
    r"|oauth_[a-z_]+|application_password|password|passwd|pwd|token|secret|signature)"
)
_PATTERNS = (
    (re.compile(rf"(?i)\b({_NAMES})(\s*=\s*\"?)[^\s\"'&,;<>)]+"), r"\1\2***"),
    (re.compile(rf"(?i)([\"']{_NAMES}[\"']\s*:\s*[\"'])[^\"']*"), r"\1***"),
    (re.compile(r"(?i)\b(basic|bearer|oauth)(\s+)[A-Za-z0-9._~+/=-]{8,}"), r"\1\2***"),
    (re.compile(r"(?i)(authorization[\"']?\s*[:=]\s*[\"']?)(?!\s*(?:basic|bearer|oauth)\b)[^\r\n\"']+"),
     r"\1***"),
    (re.compile(r"(://)[^/\s:@]+:[^/\s@]+@"), r"\1***@"),
)  # fmt: skip


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """`text` without secrets: the known ones in any spelling, and what looks like one."""
    for secret in sorted({s for s in secrets if len(s) >= 4}, key=len, reverse=True):
        for spelling in (secret, quote(secret, safe=""), quote_plus(secret)):
            text = text.replace(spelling, "***")
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def basic_secret(username: str, password: str) -> str:
    """The form in which HTTP Basic carries a password: just as secret as itself."""
    return base64.b64encode(f"{username}:{password}".encode()).decode()


def retry_after(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """When the channel says to come back (UTC), or None if it does not say.

    Reads `Retry-After` (seconds or HTTP date, RFC 9110 §10.2.3) and, failing
    that, `x-rate-limit-reset` (Unix seconds, as X and others send it).
    """
    value = headers.get("Retry-After", "").strip()
    if value.isdecimal():
        return now + timedelta(seconds=min(int(value), 31 * 86_400))
    if value:
        try:
            when = parsedate_to_datetime(value)
        except ValueError:
            return None
        return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    reset = headers.get("x-rate-limit-reset", "").strip()
    if reset.isdecimal() and int(reset) < 32_503_680_000:
        return datetime.fromtimestamp(int(reset), UTC)
    return None


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds. `read` is the longest silence, `total` the longest a whole answer may take."""

    connect: float
    read: float
    total: float = 300.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a channel answered, whatever its status; the body is bounded."""

    method: str
    url: str
    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", errors="replace")

    def json(self) -> Any:
        """The parsed body; ValueError when it is not JSON."""
        try:
            return json.loads(self.body.decode("utf-8-sig"))
        except RecursionError:
            raise ValueError("JSON nested too deeply") from None


class NoAuth(AuthBase):
    """Keeps requests from taking a password out of ~/.netrc."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


class _ReadRetry(Retry):
    """urllib3's retries, but a Retry-After beyond the cap is given back, not slept."""

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: Any = None,
        error: Exception | None = None,
        _pool: Any = None,
        _stacktrace: Any = None,
    ) -> Self:
        if response is not None:
            wait = self.get_retry_after(response)
            if wait is not None and wait > RETRY_AFTER_CAP:
                raise MaxRetryError(_pool, url or "", None)
        return super().increment(method, url, response, error, _pool, _stacktrace)


class _TooLargeError(Exception):
    pass


class _TooSlowError(Exception):
    pass


class ChannelHttp:
    """HTTP to one channel. Thread-safe as far as `requests.Session` is: use one per task.

    `secrets` are removed from everything that leaves in an error. `clock` tells
    the time (UTC) for `Dibatasi.until`. `backoff` is seconds before the second
    retry of a read (the first comes at once). After each answer `clock_lead` tells
    how far this machine's clock is ahead of the channel's, to about a second.
    """

    clock_lead: timedelta | None = None

    def __init__(
        self,
        *,
        channel: str,
        label: str,
        timeouts: Timeouts,
        clock: Callable[[], datetime],
        auth: AuthBase | None = None,
        secrets: Iterable[str] = (),
        max_answer_bytes: int = MAX_ANSWER_BYTES,
        backoff: float = 0.3,
        verify: bool | str = True,
    ) -> None:
        self.channel = channel
        self.label = label
        self.timeouts = timeouts
        self.clock = clock
        self._auth = auth or NoAuth()
        self._secrets = tuple(secrets)
        self._max = max_answer_bytes
        self._verify = verify
        retry = _ReadRetry(
            total=READ_RETRIES,
            connect=READ_RETRIES,
            read=READ_RETRIES,
            redirect=0,
            status=READ_RETRIES,
            other=0,
            allowed_methods=frozenset({"GET", "HEAD"}),
            status_forcelist=frozenset({429, 502, 503, 504}),
            backoff_factor=backoff,
            backoff_max=RETRY_AFTER_CAP,
            respect_retry_after_header=True,
            raise_on_status=False,
        )
        self._reader = self._session(retry)
        self._sender = self._session(Retry(0, read=False, redirect=False))

    def read(
        self,
        url: str,
        *,
        method: str = "GET",
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        with_credentials: bool = True,
        max_bytes: int | None = None,
    ) -> Answer:
        """GET or HEAD. Set `with_credentials=False` for addresses that a channel named."""
        if method not in {"GET", "HEAD"}:
            raise ValueError(f"read() is for GET and HEAD, not {method}")
        return self._exchange(
            self._reader,
            method,
            url,
            publishing=False,
            max_bytes=max_bytes or self._max,
            params=params,
            headers=headers,
            auth=self._auth if with_credentials else NoAuth(),
        )

    def send(
        self, method: str, url: str, *, timeouts: Timeouts | None = None, **request: Any
    ) -> Answer:
        """A write that is harmless to repeat: one attempt, failures are `Sementara`."""
        return self._exchange(
            self._sender,
            method,
            url,
            publishing=False,
            timeouts=timeouts,
            auth=self._auth,
            **request,
        )

    def publish(self, method: str, url: str, **request: Any) -> Answer:
        """THE publishing call: one attempt; once bytes may have left, `TidakPasti`.

        A fresh connection, because a kept one may have been closed by the other
        side meanwhile, and that would look like an unknown outcome.
        """
        session = self._session(Retry(0, read=False, redirect=False))
        try:
            return self._exchange(session, method, url, publishing=True, auth=self._auth, **request)
        finally:
            session.close()

    def redact(self, text: str) -> str:
        """`text` without this channel's secrets, short enough for a record."""
        clean = redact(text, self._secrets)
        return clean if len(clean) <= MAX_DETAIL else clean[:MAX_DETAIL] + "…"

    def throttled(
        self, answer: Answer, *, code: str = "", instead: tuple[str, str] | None = None
    ) -> Dibatasi:
        """The error for an answer that asks us to come back later.

        `instead` is a sentence and an action that say it better than the usual ones.
        """
        sentence, action = instead or (
            f"{self.label} sedang membatasi atau menunda permintaan.",
            "Tunggu sampai waktunya, lalu coba lagi; tidak ada yang terbit.",
        )
        return Dibatasi(
            sentence,
            action,
            until=retry_after(answer.headers, self.clock()),
            channel=self.channel,
            status=answer.status,
            code=code,
            detail=self.redact(f"{answer.method} {answer.url}: {answer.status} {answer.text}"),
        )

    def close(self) -> None:
        self._reader.close()
        self._sender.close()

    def _session(self, retry: Retry) -> requests.Session:
        session = requests.Session()
        session.headers["User-Agent"] = USER_AGENT
        session.headers["Accept"] = "application/json"
        session.verify = self._verify
        adapter = HTTPAdapter(max_retries=retry)
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        return session

    def _exchange(
        self,
        session: requests.Session,
        method: str,
        url: str,
        *,
        publishing: bool,
        timeouts: Timeouts | None = None,
        max_bytes: int | None = None,
        **request: Any,
    ) -> Answer:
        try:
            answer = self._attempt(
                session,
                method,
                url,
                timeouts=timeouts or self.timeouts,
                max_bytes=max_bytes or self._max,
                **request,
            )
            self.clock_lead = _lead(answer.headers.get("Date", ""), self.clock())
            return answer
        except (requests.RequestException, HTTPError, _TooLargeError, _TooSlowError) as failure:
            error = self._error_for(failure, publishing=publishing)
        # Outside the except block: neither __cause__ nor __context__ may carry the
        # original, whose text can hold a token from the URL.
        raise error

    @staticmethod
    def _attempt(
        session: requests.Session,
        method: str,
        url: str,
        *,
        timeouts: Timeouts,
        max_bytes: int,
        **request: Any,
    ) -> Answer:
        until = time.monotonic() + timeouts.total
        with session.request(
            method,
            url,
            timeout=(timeouts.connect, timeouts.read),
            allow_redirects=False,
            stream=True,
            **request,
        ) as response:
            body = bytearray()
            # read1 comes back after each packet, so a trickle cannot outlast `total`.
            while piece := response.raw.read1(64 * 1024, decode_content=True):
                body += piece
                if len(body) > max_bytes:
                    raise _TooLargeError(f"more than {max_bytes} bytes")
                if time.monotonic() > until:
                    raise _TooSlowError(f"more than {timeouts.total:g} seconds")
            return Answer(method, url, response.status_code, response.headers, bytes(body))

    def _error_for(self, failure: Exception, *, publishing: bool) -> ChannelError:
        detail = self.redact(f"{type(failure).__name__}: {failure}")
        if isinstance(failure, requests.exceptions.InvalidURL | requests.exceptions.MissingSchema
                      | requests.exceptions.InvalidSchema):  # fmt: skip
            return PerluOtorisasi(
                f"Alamat {self.label} di pengaturan tidak sah.",
                "Minta administrator memeriksa alamat saluran ini di siar.toml.",
                channel=self.channel,
                code="alamat",
                detail=detail,
            )
        if _is_certificate_failure(failure):
            return PerluOtorisasi(
                f"Sertifikat keamanan (HTTPS) {self.label} tidak dapat dipercaya.",
                "Minta pengelolanya memperbarui sertifikat; tidak ada yang dikirim.",
                channel=self.channel,
                code="sertifikat",
                detail=detail,
            )
        if publishing and not never_left(failure):
            return TidakPasti(
                f"{self.label} tidak memberi jawaban yang jelas saat penerbitan.",
                "Jangan terbitkan ulang; Siar memeriksa dahulu apakah sudah terbit.",
                channel=self.channel,
                code="tanpa-jawaban",
                detail=detail,
            )
        return Sementara(
            f"{self.label} tidak dapat dihubungi.",
            "Periksa jaringan dan apakah situsnya hidup; Siar dapat mencoba lagi nanti.",
            channel=self.channel,
            code="jaringan",
            detail=detail,
        )


def _lead(date: str, now: datetime) -> timedelta | None:
    # An odd Date must not make an error of an answer that arrived.
    try:
        theirs = parsedate_to_datetime(date)
        return now - (theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def never_left(failure: BaseException) -> bool:
    """True only when the request surely never reached the other side.

    That is a refused connection, a name that does not resolve, or a connection
    that did not open in time. A reset or a silence after that proves nothing.
    """
    if isinstance(failure, requests.exceptions.ConnectTimeout):
        return True
    return any(
        isinstance(cause, NewConnectionError | ConnectTimeoutError) for cause in _causes(failure)
    )


def _is_certificate_failure(failure: BaseException) -> bool:
    return isinstance(failure, requests.exceptions.SSLError) and (
        "certificate verify failed" in str(failure).lower()
    )


def _causes(failure: BaseException) -> Iterator[BaseException]:
    """The exception and what it was made from, as requests and urllib3 nest them."""
    seen: set[int] = set()
    waiting: list[Any] = [failure]
    while waiting:
        current = waiting.pop()
        if not isinstance(current, BaseException) or id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        waiting += [getattr(current, "reason", None), *current.args]
