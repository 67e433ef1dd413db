"""What WordPress does to texts: kses on the way in, slugs, typographic quotes on the way out.

Rough on purpose: good enough that text which survives a real site survives here, and
the other way round. Pages of the rehearsal clean the result once more before showing it.
"""

from __future__ import annotations

import html
import re
import unicodedata
from html.entities import html5
from html.parser import HTMLParser
from urllib.parse import quote

import nh3

_POST_TAGS = (
    nh3.ALLOWED_TAGS | {"figure", "figcaption", "video", "audio", "source", "section", "button"}
) - {"iframe", "script", "style"}
_TITLE_TAGS = frozenset(
    {"a", "abbr", "b", "cite", "code", "del", "em", "i", "q", "s", "strike", "strong"}
)
_GLOBAL_ATTRIBUTES = {"class", "id", "style", "title", "dir", "lang", "role", "hidden"}
_MEDIA_ATTRIBUTES = {"src", "controls", "width", "height", "poster", "preload", "type"}
_MORE_ATTRIBUTES = {
    "a": {"rel", "target", "name", "download"},
    "img": {"loading"},
    "video": _MEDIA_ATTRIBUTES,
    "audio": _MEDIA_ATTRIBUTES,
    "source": _MEDIA_ATTRIBUTES,
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
}
_SCHEME = re.compile(r"^\s*([a-z][a-z0-9+.-]*):", re.I)
_GOOD_SCHEMES = {"http", "https", "mailto", "tel", "ftp", "sms"}


class _Kses(HTMLParser):
    """Rewrites HTML tag by tag and leaves everything allowed as it was written."""

    def __init__(self, tags: frozenset[str]) -> None:
        super().__init__(convert_charrefs=False)
        self.tags = tags
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # Script text is text once its tag is gone; the parser must not swallow it.
        self.clear_cdata_mode()
        if tag not in self.tags:
            return
        slash = " /" if (self.get_starttag_text() or "").endswith("/>") else ""
        kept = "".join(_attribute(tag, name, value) for name, value in attrs)
        self.parts.append(f"<{tag}{kept}{slash}>")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.tags:
            self.parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        text = data.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        self.parts.append(text)

    def handle_entityref(self, name: str) -> None:
        self.parts.append(f"&{name};" if f"{name};" in html5 else f"&amp;{name};")

    def handle_charref(self, name: str) -> None:
        self.parts.append(f"&#{name};")

    def handle_comment(self, data: str) -> None:
        if self.tags is not _TITLE_TAGS:
            self.parts.append(f"<!--{data}-->")


def _attribute(tag: str, name: str, value: str | None) -> str:
    allowed = (
        _GLOBAL_ATTRIBUTES
        | set(nh3.ALLOWED_ATTRIBUTES.get(tag, set()))
        | _MORE_ATTRIBUTES.get(tag, set())
    )
    if name not in allowed and not name.startswith(("data-", "aria-")):
        return ""
    if value is None:
        return f" {name}"
    if name in {"href", "src", "poster"}:
        scheme = _SCHEME.match(value)
        if scheme and scheme.group(1).lower() not in _GOOD_SCHEMES:
            value = value[scheme.end() :]
    if name == "style" and re.search(r"url\s*\(|expression|[\\<>]", value, re.I):
        return ""
    return f' {name}="{html.escape(value, quote=False).replace(chr(34), "&quot;")}"'


def _rewritten(text: str, tags: frozenset[str]) -> str:
    parser = _Kses(tags)
    parser.feed(text)
    parser.close()
    return "".join(parser.parts)


def filtered_content(text: str) -> str:
    """HTML as kses leaves it for an author: scripts go, comments stay."""
    return _rewritten(text, frozenset(_POST_TAGS))


def filtered_title(text: str) -> str:
    """A title or name with inline tags only; a lone "&" is stored as "&amp;"."""
    return _rewritten(text, _TITLE_TAGS).strip()


_DASHES = re.compile(r"[\u00a0\u2013\u2014/.]")
_DROPPED = re.compile(
    r"[\u00a1\u00bf\u00ab\u00bb\u2039\u203a\u2018-\u201f\u2022\u2026\u00b4\u02ca]"
)


def sanitized_slug(text: str) -> str:
    """sanitize_title: accents go, other letters are percent-encoded, the rest are dashes."""
    text = re.sub(r"<[^>]*>", "", text)
    text = re.sub(r"&[^;\s]+;", "", text)
    plain = unicodedata.normalize("NFKD", text.lower())
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    plain = _DROPPED.sub("", _DASHES.sub("-", plain))
    kept = "".join(char for char in plain if ord(char) > 127 or re.match(r"[a-z0-9 _-]", char))
    encoded = quote("-".join(kept.split()), safe="-_").lower()[:200]
    return re.sub(r"-+", "-", encoded).strip("-")


def sanitized_line(text: str) -> str:
    """sanitize_text_field: one line, without tags and percent-encoded octets."""
    if "<" in text:
        text = re.sub(r"<[^>]*?((?=<)|>|$)", _lone_less_than, text)
        text = re.sub(r"<[^>]*>", "", text)
    text = " ".join(text.split())
    without = re.sub(r"%[a-f0-9]{2}", "", text, flags=re.I)
    return text if without == text else " ".join(without.split())


def _lone_less_than(match: re.Match[str]) -> str:
    found = match.group()
    # esc_html leaves what is an entity already as it is.
    return found if ">" in found else re.sub(r"&amp;(#?\w+;)", r"&\1", html.escape(found))


def texturized(text: str) -> str:
    """wptexturize for what staff write most: quotes and apostrophes outside of tags."""
    parts = re.split(r"(<!--.*?-->|<[^>]*>)", text, flags=re.S)
    for index in range(0, len(parts), 2):
        part = re.sub(r'(^|[\s(\[])"', r"\1&#8220;", parts[index]).replace('"', "&#8221;")
        part = re.sub(r"(^|[\s(\[])'", r"\1&#8216;", part).replace("'", "&#8217;")
        parts[index] = part
    return "".join(parts)


_BLOCK_TAG = re.compile(r"<(p|h[1-6]|ul|ol|table|figure|blockquote|div|section|pre)[\s>]", re.I)
_BLOCK_COMMENT = re.compile(r"<!--\s*/?wp:.*?-->\n?", re.S)


def rendered_content(raw: str) -> str:
    """Block comments go; text without block tags gets paragraphs (wpautop)."""
    text = texturized(_BLOCK_COMMENT.sub("", raw))
    if not text.strip() or _BLOCK_TAG.search(text):
        return text
    paragraphs = (part.strip() for part in re.split(r"\n\s*\n", text) if part.strip())
    return "".join("<p>{}</p>\n".format(part.replace("\n", "<br />\n")) for part in paragraphs)


def trimmed_excerpt(content: str) -> str:
    """The excerpt WordPress makes of a text that has none: 55 words."""
    words = re.sub(r"<[^>]*>", " ", _BLOCK_COMMENT.sub("", content)).split()
    more = " [&hellip;]" if len(words) > 55 else ""
    return f"<p>{texturized(' '.join(words[:55]))}{more}</p>\n" if words else ""


def safe_html(text: str) -> str:
    """HTML that may be shown: cleaned by a real sanitizer, whatever the rewriting above let by."""
    attributes = {tag: set(names) for tag, names in nh3.ALLOWED_ATTRIBUTES.items()}
    attributes["*"] = {"class", "dir", "lang", "title"}
    return nh3.clean(text, tags=set(_POST_TAGS), attributes=attributes)
