"""What the website will show: HTML, excerpt, slug and pictures, made without network.

Addresses of pictures are known only after upload. Until then they stand as
`{{media:SHA256}}` (address) and `{{media_id:SHA256}}` (WordPress' number), so that
the approved digest covers the article to the byte; `with_media` puts them in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from urllib.parse import unquote

from bs4 import BeautifulSoup
from bs4.element import Comment, NavigableString, Tag
from bs4.formatter import HTMLFormatter
from slugify import slugify

from connectors.base import RenderedMedia, RenderedPost
from connectors.renditions import WEBSITE, stored_rendition
from sop.manuscript import BlobStore, Finding, Manuscript, Media
from sop.markup import to_html, to_plain

MAX_TITLE = 200  # characters; themes and search engines cut long before
MAX_SLUG = 80
ACCEPTED = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "image/gif": ".gif",
    "video/mp4": ".mp4",
    "video/quicktime": ".mov",
    "video/webm": ".webm",
}

Pair = tuple[Media, RenderedMedia]  # as approved, and as the website gets it

_MARK = re.compile(r"\{\{media(?:_id)?:([0-9a-f]{64})\}\}")
# Stands for a mark while the HTML is put together: no URL encoder changes it, and
# typed text cannot hold it, because `_WRITER` turns every typed quote into an entity.
_TOKEN = "siar-media-"  # noqa: S105
_TOKEN_PLACE = re.compile(rf'(?<= src=")({_TOKEN})([0-9a-f]{{64}})(?=")')
_ID_PLACE = re.compile(rf'(?<= class="wp-image-)({_TOKEN})([0-9a-f]{{64}})(?=")')
# WordPress' sanitize_text_field takes these out of an alt text without a word.
_PERCENT_OCTET = re.compile(r"%[0-9a-fA-F]{2}")


def _escaped(text: str) -> str:
    """Text for HTML in which WordPress finds neither a shortcode nor a mark.

    WordPress carries out `[gallery]` wherever it stands, attributes included.
    """
    for letter, entity in (
        ("&", "&amp;"),
        ("<", "&lt;"),
        (">", "&gt;"),
        ('"', "&quot;"),
        ("[", "&#91;"),
        ("]", "&#93;"),
        ("{", "&#123;"),
        ("}", "&#125;"),
    ):
        text = text.replace(letter, entity)
    return text


_WRITER = HTMLFormatter(entity_substitution=_escaped)


def media_mark(sha256: str) -> str:
    """Stands in the approved HTML for the address of an uploaded file."""
    return f"{{{{media:{sha256}}}}}"


def media_id_mark(sha256: str) -> str:
    """Stands in the approved HTML for WordPress' number of an uploaded file."""
    return f"{{{{media_id:{sha256}}}}}"


def with_media(html: str, urls: Mapping[str, str], ids: Mapping[str, int]) -> str:
    """The HTML with its marks filled in; KeyError names media that was not uploaded."""

    def fill(match: re.Match[str]) -> str:
        sha256 = match.group(1)
        if match.group(0).startswith("{{media_id:"):
            return str(ids[sha256])
        return urls[sha256].replace("&", "&amp;").replace('"', "&quot;")

    return _MARK.sub(fill, html)


def marked_media(html: str) -> set[str]:
    """SHA-256 of every file that the HTML has a mark for."""
    return set(_MARK.findall(html))


def slug_of(title: str, reference: str) -> str:
    """The article's address: readable, and unique because the reference is."""
    readable = slugify(title, max_length=MAX_SLUG, word_boundary=True) or "publikasi"
    return f"{readable}-{reference}"


def upload_name(reference: str, media: RenderedMedia) -> str:
    """The file's name at the website: the same for the same bytes of one publication.

    The reference keeps two publications with one photo from sharing an alt text.
    """
    stem = slugify(PurePosixPath(media.filename).stem, max_length=40) or "berkas"
    return f"{stem}-{reference}-{media.sha256[:12]}{ACCEPTED.get(media.mime, '.bin')}"


def render_article(
    manuscript: Manuscript,
    blobs: BlobStore,
    *,
    reference: str,
    default_category: str,
    featured_in_body: bool,
) -> RenderedPost:
    """The article of the website. Deterministic: the same manuscript gives the same bytes."""
    pairs = [(media, _rendered(media, blobs)) for media in manuscript.media]
    html = _article_html(manuscript, pairs, featured_in_body=featured_in_body)
    lead = to_plain(manuscript.lead)
    return RenderedPost(
        channel="website",
        title=_one_line(manuscript.title),
        text="\n\n".join(part for part in (lead, to_plain(manuscript.body)) if part),
        html=html,
        excerpt=_one_line(lead),
        slug=slug_of(manuscript.title, reference),
        tags=tuple(dict.fromkeys(_one_line(tag) for tag in manuscript.tags if tag.strip())),
        category=_one_line(manuscript.category) or default_category,
        media=tuple(rendered for _, rendered in pairs),
    )


def findings(post: RenderedPost, *, max_upload_bytes: int) -> list[Finding]:
    """What the website would refuse or change, as sentences for a form."""
    found: list[Finding] = []

    def say(place: str, sentence: str, code: str) -> None:
        found.append(Finding(place, sentence, blocking=True, code=code))

    if not post.title:
        say("judul", "Judul masih kosong; website menolak artikel tanpa judul.", "judul")
    elif len(post.title) > MAX_TITLE:
        say(
            "judul",
            f"Judul {len(post.title)} huruf; untuk website paling banyak {MAX_TITLE}. Pendekkan.",
            "judul-panjang",
        )
    if not post.text:
        say("isi", "Isi berita masih kosong; tulislah teras dan isinya.", "isi")
    known = {media.sha256 for media in post.media}
    if marked_media(post.html) - known:
        say("isi", "Isi menunjuk gambar yang tidak ada di lampiran; periksa gambarnya.", "gambar")
    for media in post.media:
        if media.mime not in ACCEPTED:
            say(
                media.filename,
                f"Jenis berkas {media.mime} tidak diterima website; pakai JPEG, PNG, atau MP4.",
                "jenis",
            )
        if media.size > max_upload_bytes:
            say(
                media.filename,
                f"Berkas {_megabytes(media.size)} MB; website menerima paling besar "
                f"{_megabytes(max_upload_bytes)} MB. Perkecil berkas ini.",
                "ukuran",
            )
        if not media.alt.strip():
            say(media.filename, "Teks alternatif masih kosong; uraikan isi gambar.", "alt")
        elif _PERCENT_OCTET.search(media.alt):
            say(
                media.filename,
                "Teks alternatif memuat tanda persen yang diikuti dua huruf atau angka tanpa "
                "spasi; website akan membuangnya. Beri spasi setelah tanda persen.",
                "alt-persen",
            )
    return found


def differing_piece(sent: str, got: str) -> str:
    """Where two HTML texts differ in what they mean, or "" when they do not.

    WordPress may rewrite spelling (entities, quotes, `rel`), never content.
    """
    ours, theirs = _meaning(sent), _meaning(got)
    for mine, other in zip(ours, theirs, strict=False):
        if mine != other:
            return f"{mine!r} -> {other!r}"
    if len(ours) != len(theirs):
        longer = ours if len(ours) > len(theirs) else theirs
        return f"{'hilang' if longer is ours else 'lebih'}: {longer[min(len(ours), len(theirs))]!r}"
    return ""


def _rendered(media: Media, blobs: BlobStore) -> RenderedMedia:
    alt = _one_line(media.alt)
    stem = slugify(PurePosixPath(media.filename).stem, max_length=60) or "berkas"
    if not media.is_image:
        return RenderedMedia(
            sha256=media.sha256,
            filename=f"{stem}{ACCEPTED.get(media.mime, '.bin')}",
            mime=media.mime,
            size=len(blobs.get(media.sha256)),
            alt=alt,
            width=media.width,
            height=media.height,
            duration=media.duration,
        )
    made = stored_rendition(blobs, media.sha256, WEBSITE, media.filename)
    return RenderedMedia(
        sha256=made.sha256,
        filename=f"{stem}{made.suffix}",
        mime=made.mime,
        size=made.size,
        alt=alt,
        width=made.width,
        height=made.height,
    )


def _article_html(manuscript: Manuscript, pairs: list[Pair], *, featured_in_body: bool) -> str:
    by_name = {media.filename: (media, rendered) for media, rendered in pairs}
    used: set[str] = set()

    def resolve(name: str) -> str:
        pair = by_name.get(name) or by_name.get(unquote(name))
        if pair is None:
            return ""
        used.add(pair[0].filename)
        return _TOKEN + pair[1].sha256

    lead = to_html(manuscript.lead, resolve_media=resolve) if manuscript.lead.strip() else ""
    body = to_html(manuscript.body, resolve_media=resolve)
    soup = BeautifulSoup(f"{lead}\n{body}", "html.parser")
    by_token = {_TOKEN + rendered.sha256: (media, rendered) for media, rendered in pairs}
    for image in soup.find_all("img"):
        _place(soup, image, by_token.get(str(image.get("src", ""))))
    featured = next((media for media, _ in pairs if media.is_image), None)
    apart = None if featured_in_body or featured is None else featured.filename
    rest = [
        _figure(soup, media, rendered, "")
        for media, rendered in pairs
        if media.filename not in used | {apart}
    ]
    for table in soup.find_all("table"):
        table.wrap(soup.new_tag("figure", attrs={"class": "wp-block-table"}))
    for figure in rest:
        soup.append("\n")
        soup.append(figure)
    if featured is not None and featured.filename == apart and apart not in used:
        _say_credit(soup, featured)
    written = soup.decode(formatter=_WRITER).strip()
    written = _TOKEN_PLACE.sub(lambda found: media_mark(found.group(2)), written)
    return _ID_PLACE.sub(lambda found: media_id_mark(found.group(2)), written)


def _place(soup: BeautifulSoup, image: Tag, pair: Pair | None) -> None:
    """Makes an image that stands alone a figure; takes out one that is not ours."""
    if pair is None:
        image.decompose()
        return
    media, rendered = pair
    paragraph = image.parent
    alone = (
        isinstance(paragraph, Tag)
        and paragraph.name == "p"
        and all(child is image or not str(child).strip() for child in paragraph.children)
    )
    if alone or not media.is_image:
        figure = _figure(soup, media, rendered, str(image.get("title") or ""))
        (paragraph if alone and paragraph is not None else image).replace_with(figure)
    else:
        image.replace_with(_picture(soup, rendered))


def _figure(soup: BeautifulSoup, media: Media, rendered: RenderedMedia, caption: str) -> Tag:
    kind = "image" if media.is_image else "video"
    figure = soup.new_tag("figure", attrs={"class": f"wp-block-{kind}"})
    if media.is_image:
        figure.append(_picture(soup, rendered))
    else:
        video = soup.new_tag(
            "video",
            attrs={
                "controls": "controls",
                "src": _TOKEN + rendered.sha256,
                "aria-label": rendered.alt,
            },
        )
        figure.append(video)
    credit = f"{'Foto' if media.is_image else 'Video'}: {_one_line(media.credit)}"
    words = [part for part in (_one_line(caption), credit if media.credit.strip() else "") if part]
    if words:
        legend = soup.new_tag("figcaption")
        legend.string = " — ".join(words)
        figure.append(legend)
    return figure


def _say_credit(soup: BeautifulSoup, featured: Media) -> None:
    """Names the maker of the featured picture: themes show it without a caption."""
    if not featured.credit.strip():
        return
    words = soup.new_tag("em")
    words.string = f"Foto utama: {_one_line(featured.credit)}"
    line = soup.new_tag("p")
    line.append(words)
    soup.append("\n")
    soup.append(line)


def _picture(soup: BeautifulSoup, rendered: RenderedMedia) -> Tag:
    attrs = {
        "class": f"wp-image-{_TOKEN}{rendered.sha256}",
        "src": _TOKEN + rendered.sha256,
        "alt": rendered.alt,
    }
    if rendered.width and rendered.height:
        attrs |= {"width": str(rendered.width), "height": str(rendered.height)}
    return soup.new_tag("img", attrs=attrs)


def _meaning(html: str) -> list[tuple[str, ...]]:
    """The HTML as a list of what a reader or a browser would take from it."""
    pieces: list[tuple[str, ...]] = []
    for node in BeautifulSoup(html, "html.parser").descendants:
        if isinstance(node, Tag):
            attrs = sorted(
                f"{name}={_attribute(name, value)}"
                for name, value in node.attrs.items()
                if name != "rel"
            )
            pieces.append((node.name, *attrs))
        elif isinstance(node, Comment):
            pieces.append(("komentar", str(node).strip()))
        elif isinstance(node, NavigableString) and (text := " ".join(str(node).split())):
            pieces.append(("teks", text))
    return pieces


def _attribute(name: str, value: str | list[str]) -> str:
    text = " ".join(value) if isinstance(value, list) else value
    if name == "style":
        return ";".join(re.sub(r"\s+", "", part) for part in text.split(";") if part.strip())
    return " ".join(text.split())


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _megabytes(size: int) -> str:
    return f"{size / 1_048_576:.1f}".replace(".", ",")
