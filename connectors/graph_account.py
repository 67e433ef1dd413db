"""What Facebook and Instagram share: one token, one way to ask, one look at its health."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from connectors.base import Health
from connectors.errors import ChannelError, Ditolak, Sementara, TidakPasti
from connectors.graph import Graph, GraphFailure, appsecret_proof, channel_error, is_missing
from connectors.health import EXPIRY_WARNING
from connectors.http import ChannelHttp, Timeouts
from sop.indonesian import short_moment

# Graph's clock and ours may differ.
CLOCK_SKEW = timedelta(minutes=2)
# An uploaded photo that no post uses, or a container, lives for 24 hours.
PREPARED_LIFE = timedelta(hours=23)

# Percent of the call allowance from which on Siar slows down by itself, and for how
# long where Meta does not say; the allowance is counted over an hour that moves along.
NEAR_LIMIT = 90
REST = timedelta(minutes=10)

_Answer = TypeVar("_Answer")


class GraphAccount:
    """A token at Graph. Every failure of `ask` is a ChannelError without a cause."""

    def __init__(
        self,
        *,
        channel: str,
        label: str,
        host: str,
        access_token: str,
        app_id: str,
        app_secret: str,
        timeouts: Timeouts,
        clock: Callable[[], datetime],
    ) -> None:
        self.channel = channel
        self.label = label
        self.clock = clock
        app_token = f"{app_id}|{app_secret}" if app_id and app_secret else ""
        self._token = access_token
        self._app_token = app_token
        self._rest_until: datetime | None = None
        proof = appsecret_proof(access_token, app_secret)
        http = ChannelHttp(
            channel=channel,
            label=label,
            timeouts=timeouts,
            clock=clock,
            secrets=[part for part in (access_token, app_secret, app_token, proof) if part],
        )
        self.graph = Graph(access_token, host=host, http=http, app_secret=app_secret)

    def __repr__(self) -> str:
        return f"GraphAccount({self.channel}, {self.graph!r})"

    def ask(self, call: Callable[[], _Answer], *, publishing: bool = False) -> _Answer:
        """The call's answer. `publishing` marks the one call that readers could see."""
        try:
            answer = call()
        except GraphFailure as failure:
            error = channel_error(
                failure,
                channel=self.channel,
                label=self.label,
                now=self.clock(),
                publishing=publishing,
            )
        else:
            self._note_usage()
            return answer
        # Outside the handler, so that no answer of Graph hangs on the error.
        raise error

    def _note_usage(self) -> None:
        """Near the limit, remember for how long the account is better left alone."""
        usage = self.graph.usage
        if usage.percent >= NEAR_LIMIT:
            self._rest_until = self.clock() + (usage.regain_after or REST)

    def rest_until(self) -> datetime | None:
        """Until when to make no further calls; None when there is enough left."""
        return self._rest_until

    def id_of(self, answer: Mapping[str, Any]) -> str:
        """The new object's number in the answer to a harmless write."""
        if found := str(answer.get("id") or ""):
            return found
        raise Sementara(
            f"{self.label} menjawab tanpa nomor.",
            "Belum ada yang terbit; coba lagi, dan beri tahu administrator bila berulang.",
            channel=self.channel,
            code="tanpa-nomor",
        )

    def published_id_of(self, answer: Mapping[str, Any]) -> str:
        """The new post's number; TidakPasti when the answer does not say it."""
        if found := str(answer.get("id") or ""):
            return found
        raise TidakPasti(
            f"{self.label} menerima kiriman tetapi tidak menyebut nomornya.",
            f"Jangan mengirim ulang. Siar memeriksa {self.label} lebih dulu.",
            channel=self.channel,
            code="tanpa-nomor",
            detail=str(answer)[:600],
        )

    def is_gone(self, error: ChannelError, parent: str) -> bool:
        """Does "no such object" mean just that? Graph says the same to a token without rights,
        so the account itself must still be readable."""
        if not is_missing(error):
            return False
        self.ask(lambda: self.graph.get_object(parent, fields="id"))
        return True

    def insights(
        self, remote_id: str, names: Iterable[str]
    ) -> tuple[dict[str, Any], dict[str, str]]:
        """Values by metric name, and why the others are missing. One name that Graph has
        dropped fails a whole call, so after a refusal each name is asked for alone."""
        wanted = list(names)
        missing: dict[str, str] = {}
        try:
            values = self._insights(remote_id, wanted)
        except Ditolak as error:
            if is_missing(error):
                raise
            values = {}
            for name in wanted:
                try:
                    values |= self._insights(remote_id, [name])
                except Ditolak as refused:
                    missing[name] = refused.sentence
        unsaid = [name for name in wanted if name not in values and name not in missing]
        missing |= dict.fromkeys(unsaid, f"{self.label} tidak menyebut angkanya.")
        return values, missing

    def _insights(self, remote_id: str, names: list[str]) -> dict[str, Any]:
        answer = self.ask(
            lambda: self.graph.get_connections(remote_id, "insights", metric=",".join(names))
        )
        values: dict[str, Any] = {}
        for entry in answer.get("data", []):
            listed = entry.get("values") or [entry.get("total_value") or {}]
            values[str(entry.get("name"))] = listed[-1].get("value")
        return values

    def token_health(self, account: str, required: frozenset[str], ready: str) -> Health:
        """What debug_token says of the token: valid, until when, with which permissions."""
        try:
            facts = self._token_facts()
        except ChannelError as error:
            if not isinstance(error, Ditolak):
                return self.unwell(error, account)
            # Graph lets only the app, or one of its developers, ask about a token.
            facts = {"is_valid": True}
        problem, action = self._token_problem(facts, required)
        details = {
            "versi": self.graph.answered_version,
            "terpakai_persen": self.graph.usage.percent,
            "izin": sorted(map(str, facts.get("scopes", []))),
        }
        said, ends = self._facts_said(facts), _end_of(facts)
        if problem:
            return self._health(False, problem, action, account, details, said, ends)
        if ends and ends - self.clock() < EXPIRY_WARNING:
            ready = f"{ready} Tokennya berakhir {short_moment(ends)}."
            action = "Buat token baru sebelum tanggal itu dan simpan di pengaturan."
        return self._health(True, ready, action, account, details, said, ends)

    def _health(
        self,
        ok: bool,
        sentence: str,
        action: str,
        account: str,
        details: Mapping[str, Any],
        facts: tuple[str, ...] = (),
        expires_at: datetime | None = None,
    ) -> Health:
        lead = self.graph.http.clock_lead
        return Health(self.channel, ok, sentence, action, account, details, facts, expires_at, lead)

    def _facts_said(self, facts: Mapping[str, Any]) -> tuple[str, ...]:
        """Permissions, end and use of the token in a few words."""
        scopes = facts.get("scopes")
        if isinstance(scopes, list):
            held = f"{len(scopes)} izin"
        else:
            held = "izin tidak dapat dibaca (isi app_id dan app_secret)"
        endless = facts.get("expires_at") == 0 and _end_of(facts) is None
        used = self.graph.usage.percent
        return (
            held,
            *(["token tanpa batas waktu"] if endless else []),
            *([f"{used}% jatah panggilan terpakai"] if used else []),
        )

    def _token_facts(self) -> dict[str, Any]:
        answer = self.ask(
            lambda: self.graph.request(
                f"{self.graph.version}/debug_token",
                {"input_token": self._token, "access_token": self._app_token or self._token},
            )
        )
        data = answer.get("data")
        return data if isinstance(data, dict) else {"is_valid": True}

    def _token_problem(self, facts: Mapping[str, Any], required: frozenset[str]) -> tuple[str, str]:
        ends = _moment(facts.get("expires_at"))
        if not facts.get("is_valid", True) or (ends and ends <= self.clock()):
            return (
                f"Token {self.label} sudah tidak berlaku.",
                "Buat token baru dan simpan di pengaturan.",
            )
        scopes = facts.get("scopes")
        missing = sorted(required - set(scopes)) if isinstance(scopes, list) else []
        if missing:
            return (
                f"Token {self.label} belum punya izin {', '.join(missing)}.",
                "Beri izin itu pada aplikasi Meta kantor, lalu buat token baru.",
            )
        return "", ""

    def unwell(self, error: ChannelError, account: str = "") -> Health:
        """The line of `siar doctor` for an error."""
        details = {"status": error.status, "code": error.code, "detail": error.detail}
        return self._health(False, error.sentence, error.action, account, details)


def comparable(text: str) -> str:
    """Text in which blanks and line ends do not count."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def graph_moment(text: object, fallback: datetime) -> datetime:
    """Graph's "2026-11-23T06:00:00+0000" as UTC."""
    try:
        return datetime.fromisoformat(str(text)).astimezone(UTC)
    except ValueError:
        return fallback


def _end_of(facts: Mapping[str, Any]) -> datetime | None:
    """When the token or its access to data ends, whichever is first."""
    ends = [_moment(facts.get(name)) for name in ("expires_at", "data_access_expires_at")]
    return min((end for end in ends if end is not None), default=None)


def _moment(seconds: object) -> datetime | None:
    """Unix seconds; 0 is Graph's way to say "never"."""
    if isinstance(seconds, bool) or not isinstance(seconds, int) or seconds <= 0:
        return None
    return datetime.fromtimestamp(seconds, UTC)
