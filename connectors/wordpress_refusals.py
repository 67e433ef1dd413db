"""What WordPress, or whatever stands before it, means when it says no.

Every answer that a harmless call did not hope for becomes one error whose
sentence and action staff can follow. The first rule that fits is taken.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from connectors.errors import ChannelError, Ditolak, PerluOtorisasi, Sementara
from connectors.http import Answer, ChannelHttp

CHANNEL = "website"
ADMIN = "Minta administrator"
NOTHING = "belum ada yang terbit"
# What an account must be to publish articles, and pages.
_ROLES = {"posts": "Author (Penulis)", "pages": "Editor (Penyunting)"}


@dataclass(frozen=True, slots=True)
class _Rule:
    fits: Callable[[int, str], bool]  # status, WordPress' own code or ""
    error: type[ChannelError]
    sentence: str
    action: str


_RULES = (
    _Rule(
        lambda status, _: 300 <= status < 400,
        PerluOtorisasi,
        "Alamat website di pengaturan dialihkan ke alamat lain.",
        f"{ADMIN} mengganti alamat dasar website di siar.toml dengan alamat akhirnya "
        "(biasanya https, atau dengan/tanpa www).",
    ),
    _Rule(
        lambda status, _: status == 401,
        PerluOtorisasi,
        "Website tidak mengenali akun Siar: sandi aplikasi salah, dicabut, atau tidak sampai "
        "ke WordPress.",
        f"{ADMIN} membuat sandi aplikasi baru (WordPress: Pengguna → Profil → Sandi Aplikasi) "
        f"dan memasukkannya ke pengaturan Siar; {NOTHING}.",
    ),
    _Rule(
        lambda status, code: status == 403 and code != "",
        PerluOtorisasi,
        "Akun Siar di website tidak berhak melakukan ini.",
        f"{ADMIN} memberi akun itu peran {_ROLES['posts']} di WordPress, lalu coba lagi; "
        f"{NOTHING}.",
    ),
    _Rule(
        lambda status, _: status == 403,
        PerluOtorisasi,
        "Penjaga website (firewall atau plugin keamanan) menolak permintaan Siar.",
        f"{ADMIN} mengizinkan REST API WordPress untuk komputer ini; {NOTHING}.",
    ),
    _Rule(
        lambda status, code: status == 404 and code in {"", "rest_no_route"},
        PerluOtorisasi,
        "REST API WordPress tidak ditemukan di alamat website.",
        f"{ADMIN} memeriksa alamat website di siar.toml, setelan permalink, dan plugin yang "
        "mematikan REST API.",
    ),
    _Rule(
        lambda status, code: (
            status == 413 or code in {"rest_upload_file_too_big", "rest_upload_limited_space"}
        ),
        Ditolak,
        "Berkas terlalu besar untuk website.",
        "Perkecil gambar atau videonya, atau minta administrator menaikkan batas unggah server; "
        f"{NOTHING}.",
    ),
    _Rule(
        # WordPress answers 500 to a wrong file type, and will do so for ever.
        lambda _, code: code.startswith("rest_upload_"),
        Ditolak,
        "Website menolak berkas yang diunggah.",
        "Periksa jenis dan ukuran berkasnya (JPEG, PNG, atau MP4); bila sudah benar, minta "
        "administrator memeriksa batas dan folder unggahan website.",
    ),
    _Rule(
        lambda status, _: 400 <= status < 500,
        Ditolak,
        "Website menolak permintaan Siar.",
        "Kembalikan naskah untuk diperbaiki, atau tunjukkan catatan ini kepada administrator.",
    ),
    _Rule(
        lambda status, _: status == 503,
        Sementara,
        "Website sedang dalam pemeliharaan atau kewalahan.",
        "Tunggu sampai selesai; Siar dapat mencoba lagi, tidak ada yang hilang.",
    ),
    _Rule(
        lambda status, _: status >= 500,
        Sementara,
        "Website sedang bermasalah (kesalahan di server).",
        "Siar dapat mencoba lagi nanti; bila berulang, hubungi pengelola website. "
        "Tidak ada yang hilang.",
    ),
)

_UNREADABLE = _Rule(
    lambda *_: True,
    Sementara,
    "Website memberi jawaban yang tidak dapat dibaca.",
    "Siar dapat mencoba lagi nanti; bila berulang, minta administrator memeriksa plugin website "
    "yang mengubah jawaban REST API.",
)


def refusal(answer: Answer, http: ChannelHttp) -> ChannelError:
    """The error for an answer that is not what a harmless call hoped for."""
    code = error_code(answer)
    status = _meant_status(answer)
    rule = next((rule for rule in _RULES if rule.fits(status, code)), _UNREADABLE)
    if answer.status == 429 or (answer.status == 503 and "Retry-After" in answer.headers):
        sentence = None if answer.status == 429 else (rule.sentence, rule.action)
        return http.throttled(answer, code=code, instead=sentence)
    action = rule.action
    if "/wp/v2/pages" in answer.url:
        action = action.replace(role_for("posts"), role_for("pages"))
    return rule.error(rule.sentence, action, **facts_of(answer, http))


def role_for(kind: str) -> str:
    """The least role in WordPress that may publish this kind of content ("posts", "pages")."""
    return _ROLES[kind]


def facts_of(answer: Answer, http: ChannelHttp) -> dict[str, Any]:
    """The technical part of an error, without secrets."""
    return {
        "channel": CHANNEL,
        "status": answer.status,
        "code": error_code(answer),
        "detail": http.redact(f"{answer.method} {answer.url}: {answer.status} {answer.text}"),
    }


def error_code(answer: Answer) -> str:
    """WordPress' own error code ("rest_cannot_create"), or ""."""
    body = json_or_none(answer) if answer.status >= 300 else None
    return str(body.get("code") or "") if isinstance(body, dict) else ""


def error_data(answer: Answer) -> dict[str, Any]:
    """The `data` of a WordPress error, or {}."""
    body = json_or_none(answer)
    data = body.get("data") if isinstance(body, dict) else None
    return data if isinstance(data, dict) else {}


def _meant_status(answer: Answer) -> int:
    """The status that fits the cause.

    Asking for drafts with a lapsed password is answered 400 "rest_invalid_param",
    with the true 401 inside, beside the parameter that was forbidden.
    """
    details = error_data(answer).get("details")
    for detail in details.values() if isinstance(details, dict) else ():
        inner = detail.get("data") if isinstance(detail, dict) else None
        if isinstance(inner, dict) and inner.get("status") in {401, 403}:
            return int(inner["status"])
    return answer.status


def json_or_none(answer: Answer) -> Any:
    """The parsed body, or None when it is not JSON."""
    try:
        return answer.json()
    except ValueError:
        return None
