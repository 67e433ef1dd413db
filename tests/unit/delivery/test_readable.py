"""What the head reads in the form says the same as what goes to the website."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from sop.markup import to_html
from tasks.rendering import readable


def seen(html: str) -> str:
    return BeautifulSoup(html, "html.parser").get_text()


@pytest.mark.parametrize(
    "body",
    [
        "A <!-- tersembunyi --> B",
        "<script>alert(2)</script> teks",
        "[klik](javascript:alert(3))",
        "\\![x](http://luar.example/p.png)",
        "![x](http://luar.example/p.png)",
        "**tebal** _miring_ [tautan](https://kantor.example/a_b)",
        "## Sub\n\n- satu\n- dua\n\n1. pertama",
        "| a | b |\n|---|---|\n| 1 | <b>2</b> |",
    ],
)
def test_the_form_shows_every_word_that_the_website_will_and_nothing_live(body: str) -> None:
    shown = readable(body)
    assert seen(to_html(shown)).split() == seen(to_html(body)).split()
    assert "<script" not in shown.replace("\\<", "")
    assert "![" not in shown.replace("\\![", "")
