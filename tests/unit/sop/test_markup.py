"""Markdown to HTML and plain text, and text from people that cannot become markup."""

from __future__ import annotations

import re
import time
import unicodedata
from html.parser import HTMLParser

import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from sop.markup import (
    clean_text,
    escape_for_form,
    foreign_pictures,
    link_addresses,
    media_references,
    to_html,
    to_plain,
)

# Letters that Markdown, HTML and templates care about, and a few that they should not.
MARKUP = st.text(
    alphabet=st.sampled_from(list("ab1 \n\t*_~`#>-+=|[](){}!<>&\\:/@.\"'$^é😀م")), max_size=60
)

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](javascript&#58;alert(1))",
    "[x](&#x6A;avascript:alert(1))",
    "[x](java\nscript:alert(1))",
    "[x](vbscript:x)",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "![x](data:image/svg+xml;base64,PHN2Zz4=)",
    "![x](javascript:alert(1))",
    "![x](https://jahat.example/p.png)",
    "<javascript:alert(1)>",
    '[x](https://a.id "\\" onmouseover=alert(1)")',
    "[x]: javascript:alert(1)\n\n[x]",
    "<!-- x --><iframe src=//jahat.example>",
    "```\n<script>alert(1)</script>\n```",
    "<style>*{display:none}</style>",
    '!["><script>alert(1)</script>](media:foto.jpg)',
    '![x](media:foto.jpg "\\"><script>alert(1)</script>")',
]


ALLOWED = re.compile(
    r"p|br|hr|h[2-6]|strong|em|s|a|img|blockquote|ul|ol|li|code|pre|table|thead|tbody|tr|th|td"
)


class _Seen(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def tags_in(html: str) -> list[tuple[str, dict[str, str | None]]]:
    seen = _Seen()
    seen.feed(html)
    return seen.tags


def assert_harmless(html: str) -> None:
    for tag, attributes in tags_in(html):
        assert ALLOWED.fullmatch(tag)
        assert not [name for name in attributes if name.startswith("on")]
        address = (attributes.get("href") or "").strip().lower()
        assert not address.startswith(("javascript:", "vbscript:", "data:", "file:"))
        if tag == "img":
            assert attributes["src"] == "/media/foto.jpg"


def resolve(name: str) -> str | None:
    return "/media/foto.jpg" if name == "foto.jpg" else None


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_that_runs_or_comes_from_elsewhere_reaches_the_page(attack: str) -> None:
    assert_harmless(to_html(attack, resolve_media=resolve))


@given(text=st.one_of(MARKUP, st.lists(st.sampled_from(ATTACKS), max_size=4).map("".join)))
def test_no_text_makes_a_page_unsafe(text: str) -> None:
    assert_harmless(to_html(text, resolve_media=resolve))


def test_headings_lists_bold_links_tables_and_strikethrough_survive() -> None:
    html = to_html(
        "# Judul\n\n## Bagian\n\n**tebal** *miring* ~~coret~~ [pranala](https://kemkes.go.id)\n\n"
        "- satu\n- dua\n\n3. tiga\n\n| a | b |\n|---|--:|\n| 1 | 2 |\n\n> kutipan\n"
    )
    soup = BeautifulSoup(html, "html.parser")
    assert [h.name for h in soup.find_all(["h1", "h2", "h3"])] == ["h2", "h3"]
    for part in ("<strong>tebal</strong>", "<em>miring</em>", "<s>coret</s>", '<ol start="3">'):
        assert part in html
    assert 'style="text-align:right"' in html
    link = soup.find("a")
    assert link is not None
    assert link["href"] == "https://kemkes.go.id"


@pytest.mark.parametrize(
    ("body", "levels"),
    [
        ("# a\n## b", ["h2", "h3"]),
        ("## a\n### b", ["h2", "h3"]),
        ("### a\n#### b", ["h2", "h3"]),
        ("# a\n###### b", ["h2", "h6"]),
    ],
)
def test_the_highest_heading_of_a_body_is_h2(body: str, levels: list[str]) -> None:
    assert [tag for tag, _ in tags_in(to_html(body))] == levels


@pytest.mark.parametrize(
    "name", ["foto.jpg", "foto 1 (2).jpg", "WhatsApp Image 10.00.jpeg", "é.png"]
)
def test_a_picture_is_found_by_its_file_name_whatever_its_letters(name: str) -> None:
    body = f"![Petugas](media:{name})"
    asked: list[str] = []

    def address(wanted: str) -> str:
        asked.append(wanted)
        return "https://contoh.id/f.jpg"

    assert 'src="https://contoh.id/f.jpg"' in to_html(body, resolve_media=address)
    assert 'alt="Petugas"' in to_html(body, resolve_media=address)
    assert asked[0] == name
    assert media_references(body) == (name,)


def test_a_picture_nobody_knows_leaves_its_alt_text() -> None:
    assert to_html("![Petugas & pos](media:lain.jpg)", resolve_media=resolve) == (
        "<p>Petugas &amp; pos</p>"
    )


def test_pictures_and_links_of_a_body_are_listed_once_in_order() -> None:
    body = (
        "![a](media:b.jpg) ![a](media:a.jpg) ![a](media:b.jpg) ![x](http://x.id/y.png) "
        "[z](https://z.id) https://kemkes.go.id [z](https://z.id)"
    )
    assert media_references(body) == ("b.jpg", "a.jpg")
    assert foreign_pictures(body) == ("http://x.id/y.png",)
    assert link_addresses(body) == ("https://z.id", "https://kemkes.go.id")


def test_academic_titles_do_not_become_links() -> None:
    assert "<a" not in to_html("dr. Budi, S.KM, M.Si dan Ani, M.Ac")


def test_plain_text_keeps_words_paragraphs_and_lists_and_drops_signs() -> None:
    plain = to_plain(
        "## Judul\n\nSatu *dua*\n**tiga** [empat](https://x.id) ~~lima~~ `enam`.  \nbaris\n\n"
        "- a\n  - b\n- c\n\n1. x\n2. y\n\n| k | l |\n|---|---|\n| 1 | 2 |\n\n"
        "![alt](media:f.jpg)\n\n> kutip &amp; \\*bintang\\*\n"
    )
    assert plain == (
        "Judul\n\nSatu dua tiga empat enam.\nbaris\n\n• a\n  • b\n• c\n\n1. x\n2. y\n\n"
        "k · l\n1 · 2\n\nkutip & *bintang*"
    )


@given(words=st.lists(st.from_regex(r"[a-z]{1,8}", fullmatch=True), min_size=1, max_size=8))
def test_plain_words_stay_as_they_are(words: list[str]) -> None:
    text = " ".join(words)
    assert to_plain(text) == text
    assert to_plain(f"**{text}**") == text


def test_clean_text_drops_what_misleads_and_keeps_what_people_write() -> None:
    assert clean_text("a\x00b\x07c\u202ed\u2066e\ufefff\ud800g") == "abcdefg"
    assert clean_text("1\r\n2\r3\u20284\u00855") == "1\n2\n3\n4\n5"
    assert clean_text("e\u0301") == "é"
    for kept in ("👩‍⚕️ 🏴󠁧󠁢󠁥󠁮󠁧󠁿 ❤️", "العربية\u200f עברית", "क्‍ष", "tab\tbaris\n"):
        assert clean_text(kept) == unicodedata.normalize("NFC", kept)


@given(
    text=st.text(
        alphabet=st.one_of(
            st.characters(), st.sampled_from(list("\u0344\u0301\u0316\u1100\u1161\u11a8\u0958\r\n"))
        ),
        max_size=80,
    )
)
def test_cleaning_twice_changes_nothing_and_the_result_can_be_stored(text: str) -> None:
    once = clean_text(text)
    assert clean_text(once) == once
    assert "\x00" not in once
    assert unicodedata.is_normalized("NFC", once)
    once.encode("utf-8")


GFM = MarkdownIt("gfm-like", {"html": True, "linkify": True})
COMMONMARK = MarkdownIt("commonmark", {"html": True})


@given(text=st.one_of(MARKUP, st.lists(st.sampled_from(ATTACKS), max_size=3).map(" ".join)))
def test_text_in_a_form_is_shown_letter_by_letter(text: str) -> None:
    """Even a renderer that interprets raw HTML and links bare addresses shows it as typed."""
    escaped = escape_for_form(text)
    for renderer in (GFM, COMMONMARK):
        soup = BeautifulSoup(renderer.render(escaped), "html.parser")
        assert {tag.name for tag in soup.find_all()} <= {"p", "br"}
        shown = "".join(soup.get_text().split())
        assert shown == "".join(clean_text(text).split())


@given(text=MARKUP)
def test_text_in_a_table_cell_or_quote_stays_there(text: str) -> None:
    cell = escape_for_form(" ".join(text.split()))
    table = BeautifulSoup(GFM.render(f"| a | b |\n|---|---|\n| {cell} | z |"), "html.parser")
    assert [td.get_text() for td in table.find_all("td")][1:] == ["z"]
    lines = escape_for_form(text).split("\n")
    quote = BeautifulSoup(GFM.render("\n".join(f"> {line}" for line in lines)), "html.parser")
    assert {tag.name for tag in quote.find_all()} <= {"blockquote", "p", "br"}


@pytest.mark.parametrize("template", ["{{ 7*7 }}", "{% raw %}", "{# x #}", "${x}"])
def test_no_template_is_left_in_escaped_text(template: str) -> None:
    escaped = escape_for_form(template)
    assert "{{" not in escaped
    assert "{%" not in escaped
    assert "{#" not in escaped
    assert "${" not in escaped


N = 40_000


@pytest.mark.parametrize(
    "text",
    [
        "[" * N,
        "![" * (N // 2),
        "[a](" * (N // 4),
        "*a_ " * (N // 4),
        "> " * (N // 2),
        "- " * (N // 2),
        "<" * N,
        "http://" * (N // 7),
        "a@" * (N // 2),
        "](media:" * (N // 8),
        "|" * 1000 + "\n" + "|-" * 1000 + "|\n" + "|\n" * 10_000,
        " ".join("`" * n for n in range(1, 440)),
        "a" + "\u0316\u0301" * (N // 2),
        "😀" * N,
        "kata " * (N // 5),
    ],
    ids=lambda text: repr(text[:8]),
)
def test_long_texts_of_anything_are_read_in_seconds(text: str) -> None:
    began = time.perf_counter()
    to_html(text)
    to_plain(text)
    escape_for_form(text)
    assert time.perf_counter() - began < 20
