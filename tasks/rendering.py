"""From a manuscript to what each channel will show, its digest and its preview."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from typing import Any

from markdownify import ATX, markdownify

from connectors.base import LINK_MARK, RenderedMedia, RenderedPost
from connectors.errors import ChannelError
from connectors.intake.errors import IntakeError
from connectors.links import Asking
from connectors.renditions import preview_jpeg
from sop.checks import broken_links, check, links_to_ask
from sop.digest import digest_of
from sop.indonesian import today
from sop.manuscript import BlobTampered, Finding, Manuscript
from sop.markup import escape_for_form, to_html
from tasks.office import Office

WEBSITE = "website"
LINK_SHOWN = "[alamat artikel di website]"


def render_all(
    office: Office, manuscript: Manuscript, reference: str, channels: Iterable[str]
) -> tuple[dict[str, RenderedPost], list[Finding]]:
    """Each wanted channel's post, and what the channels would refuse in it.

    A channel that cannot render at all says so as a blocking finding.
    """
    wanted = tuple(channels)
    posts: dict[str, RenderedPost] = {}
    findings: list[Finding] = []
    for code in wanted:
        connector = office.connectors.get(code)
        if connector is None:
            findings.append(
                Finding(
                    code,
                    "saluran ini belum disambungkan. Minta administrator mengisinya di siar.toml.",
                    blocking=True,
                    code="channel-missing",
                )
            )
            continue
        try:
            post = connector.render(manuscript, office.blobs, reference=reference)
        except (ChannelError, IntakeError) as error:
            findings.append(Finding(connector.label, str(error), blocking=True, code="render"))
            continue
        except (BlobTampered, KeyError):
            if damaged := damaged_files(office, manuscript):
                return {}, damaged
            raise
        posts[code] = post if WEBSITE in wanted else without_link(post)
        findings += connector.validate(posts[code])
        findings += _left_out(connector.label, manuscript, post)
    if "instagram" in posts and WEBSITE not in posts:
        findings.append(
            Finding(
                office.connectors["instagram"].label,
                "Instagram mengambil gambar dari website. Sertakan saluran Website, "
                "atau hapus Instagram dari saluran.",
                blocking=True,
                code="instagram-needs-website",
            )
        )
    return posts, findings


def _left_out(label: str, manuscript: Manuscript, post: RenderedPost) -> list[Finding]:
    """Photos and videos that the channel will not show: the first ones go before the others."""
    findings = []
    for word, is_image in (("foto", True), ("video", False)):
        files = [item.filename for item in manuscript.media if item.is_image is is_image]
        shown = sum(item.mime.startswith("image/") is is_image for item in post.media)
        if shown < len(files):
            count = f"{shown} dari {len(files)} {word}" if shown else f"tidak satu pun {word}"
            sentence = f"memuat {count}. Yang tidak ikut tayang: {', '.join(files[shown:])}."
            findings.append(Finding(label, sentence, blocking=False, code="tidak-ikut"))
    return findings


def damaged_files(office: Office, manuscript: Manuscript) -> list[Finding]:
    """The manuscript's files that the store no longer holds as they were, and how to mend that."""
    findings = []
    for item in manuscript.media:
        try:
            office.blobs.get(item.sha256)
        except (BlobTampered, KeyError):
            findings.append(
                Finding(
                    item.filename,
                    "isi berkas ini di penyimpanan berubah atau hilang. Jawab “tidak” pada "
                    "verifikasi; penulis lalu menaruh berkas aslinya di folder materi, menulis "
                    "nama folder itu, dan mengirim naskah lagi.",
                    blocking=True,
                    code="berkas",
                )
            )
    return findings


def without_link(post: RenderedPost) -> RenderedPost:
    """The post without the line that points to the article, where there will be no article."""
    lines = [line for line in post.text.split("\n") if LINK_MARK not in line]
    return replace(post, text="\n".join(lines).strip())


def all_findings(
    office: Office,
    manuscript: Manuscript,
    channel_findings: list[Finding],
    links: Asking | None = None,
) -> list[Finding]:
    """The automatic checks of step 4, and what its links answered where they were asked."""
    findings = check(manuscript, today=today(office.clock()), own_domains=office.own_domains)
    if links is not None:
        findings = [*findings, *broken_links(manuscript, links.answers())]
    return [*findings, *channel_findings]


def asked_links(office: Office, manuscript: Manuscript) -> Asking:
    """The text's links, being asked from now on while other work is done."""
    return Asking(office.link_status, links_to_ask(manuscript))


def digest_for(manuscript: Manuscript, posts: Mapping[str, RenderedPost]) -> str:
    """The digest over the manuscript and these posts."""
    return digest_of(manuscript, posts_as_json(posts))


def posts_as_json(posts: Mapping[str, RenderedPost]) -> dict[str, dict[str, Any]]:
    """Posts as plain JSON values, for the ledger and the digest."""
    return {code: _listed(asdict(post)) for code, post in sorted(posts.items())}


def _listed(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _listed(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_listed(item) for item in value]
    return value


def posts_from_json(content: Mapping[str, Mapping[str, Any]]) -> dict[str, RenderedPost]:
    """Stored posts as values, by channel code."""
    posts = {}
    for code, post in content.items():
        fields = dict(post)
        fields["media"] = tuple(RenderedMedia(**media) for media in fields["media"])
        fields["tags"] = tuple(fields["tags"])
        posts[code] = RenderedPost(**fields)
    return posts


def preview(
    office: Office,
    manuscript: Manuscript,
    posts: Mapping[str, RenderedPost],
    *,
    title: str,
    digest: str,
) -> str:
    """Website and every channel as Markdown with small pictures, for a Prefect artifact."""
    parts = [
        f"# {escape_for_form(manuscript.title or title)}",
        f"Sidik (digest) yang disetujui: `{digest}`",
    ]
    for code, post in in_order(office, posts).items():
        label = office.connectors[code].label
        parts.append("---")
        parts.append(f"## {escape_for_form(label)}")
        parts += _website(office, manuscript, post) if code == WEBSITE else _post(office, post)
    return "\n\n".join(parts)


def readable(markdown: str) -> str:
    """A body as Markdown that is safe in a form or an artifact, formatting kept.

    By way of the sanitised HTML: raw HTML is text, pictures are their alt texts.
    """
    text = str(markdownify(to_html(markdown), heading_style=ATX, bullets="-", escape_misc=True))
    # "!" before a link would read as a picture from somebody else's site.
    return text.replace("![", "\\![").strip()


def in_order(office: Office, posts: Mapping[str, RenderedPost]) -> dict[str, RenderedPost]:
    """The posts in the order in which staff know the channels, website first."""
    known = [code for code in office.connectors if code in posts]
    return {code: posts[code] for code in known}


def _website(office: Office, manuscript: Manuscript, post: RenderedPost) -> list[str]:
    parts = [f"### {escape_for_form(post.title)}"]
    if manuscript.lead:
        parts.append(f"**{escape_for_form(manuscript.lead)}**")
    parts.append(readable(manuscript.body))
    parts += _pictures(office, post.media)
    if post.tags:
        parts.append("Tagar: " + ", ".join(escape_for_form(tag) for tag in post.tags))
    return parts


def _post(office: Office, post: RenderedPost) -> list[str]:
    return [_quoted(post.text), *_pictures(office, post.media)]


def _quoted(text: str) -> str:
    shown = text.replace(LINK_MARK, LINK_SHOWN)
    return "\n".join(f"> {escape_for_form(line)}" if line else ">" for line in shown.split("\n"))


def _pictures(office: Office, media: Iterable[RenderedMedia]) -> list[str]:
    parts = []
    for item in media:
        alt = escape_for_form(item.alt or "(tanpa teks alternatif)")
        if item.mime.startswith("image/"):
            try:
                parts.append(f"![{alt}]({_thumbnail(office, item.sha256)})")
            except (BlobTampered, KeyError):
                parts.append(
                    f"⚠ Gambar `{item.filename}` di penyimpanan berubah atau hilang, jadi tidak "
                    "akan ditayangkan. Jawab “tidak” agar diganti."
                )
        else:
            parts.append(f"Video: `{item.filename}`")
        parts.append(f"Teks alternatif: {alt}")
    return parts


def _thumbnail(office: Office, sha256: str) -> str:
    small = preview_jpeg(office.blobs, sha256)
    return "data:image/jpeg;base64," + base64.b64encode(small).decode()
