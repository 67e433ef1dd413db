"""A person at a browser: Prefect's two UIs and the rehearsal page, field by field.

Fields are found by the titles that staff read, so a form that cannot be filled by
reading it fails here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
    "--no-proxy-server",
)
DESKTOP, PHONE = (1366, 800), (390, 844)
PATIENCE_MS = 60_000
Value = str | list[str]
# Without a graphics card Chromium draws the run graph, 60 times a second, on the
# processor that the test shares with server and worker. Five times will do.
FEWER_FRAMES = """
window.requestAnimationFrame = draw => setTimeout(() => draw(performance.now()), 200);
window.cancelAnimationFrame = clearTimeout;
"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, without a window; skipped by name where it is not installed."""
    if not CHROMIUM.exists():
        pytest.skip("Debian package chromium is not installed")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


def new_page(browser: Browser, size: tuple[int, int] = DESKTOP) -> Page:
    """A page of a person's own, on a screen of this size; a phone's screen is touched."""
    width, height = size
    phone = size == PHONE
    context = browser.new_context(
        viewport={"width": width, "height": height},
        is_mobile=phone,
        has_touch=phone,
        locale="id-ID",
        timezone_id="Asia/Jakarta",
        reduced_motion="reduce",
    )
    context.set_default_timeout(PATIENCE_MS)
    context.add_init_script(FEWER_FRAMES)
    return context.new_page()


class Form(Protocol):
    """A form on the screen."""

    def text(self) -> str:
        """What stands above the fields, as far as a person can see it."""

    def fill(self, fields: Mapping[str, Value]) -> None:
        """Fill fields, named by their titles."""

    def submit(self) -> None:
        """Press the button and wait until the form is gone."""


@dataclass
class ClassicForm:
    """Fields of the classic UI: the start page, or the dialog of a waiting run."""

    root: Locator
    button: str = "Submit"

    def text(self) -> str:
        return seen_text(self.root.locator("> .p-modal__body > .markdown-renderer"))

    def field(self, title: str) -> Locator:
        """The field with this title, marked as optional or not."""
        label = self.root.page.locator(
            ":scope > .p-label__header .schema-form-property__label", has_text=_exactly(title)
        )
        return self.root.locator(".schema-form-property").filter(has=label)

    def fill(self, fields: Mapping[str, Value]) -> None:
        for title, value in fields.items():
            control = self.control(title)
            match control.evaluate("element => element.tagName"):
                case "SELECT":  # a touch screen
                    control.select_option(value)
                case "BUTTON":
                    self._choose(control, [value] if isinstance(value, str) else value)
                case _:
                    control.fill(str(value))

    def control(self, title: str) -> Locator:
        """The box or drop-down of the field."""
        body = self.field(title).locator(":scope > .p-label__body")
        return body.locator("textarea, select, input, .p-select-button__control").first

    def _choose(self, control: Locator, wanted: list[str]) -> None:
        """Click where a person would, in the middle of the drop-down, and on the options."""
        page = self.root.page
        for option in wanted:
            options = page.locator(".p-select-option")
            if not options.count():
                control.locator("xpath=..").click()
            options.filter(has_text=re.compile(rf"^\s*{re.escape(option)}\s*$")).click()

    def value(self, title: str) -> str:
        """What stands in the field."""
        return self.control(title).input_value()

    def submit(self) -> None:
        self.root.page.get_by_role("button", name=self.button, exact=True).click()
        expect(self.root).to_be_hidden()


@dataclass
class V2Form:
    """The dialog of a waiting run in the V2 UI."""

    root: Locator

    def text(self) -> str:
        return seen_text(self.root.locator(".prose").first)

    def fill(self, fields: Mapping[str, Value]) -> None:
        for title, value in fields.items():
            control = self.root.get_by_label(re.compile(rf"^(Select )?{_title(title)}")).first
            if control.get_attribute("aria-haspopup") == "listbox":
                control.click()
                for option in [value] if isinstance(value, str) else value:
                    self.root.page.get_by_role("option", name=option, exact=True).click()
            else:
                control.fill(str(value))

    def submit(self) -> None:
        self.root.get_by_role("button", name="Resume", exact=True).click()
        expect(self.root).to_be_hidden()


@dataclass
class ClassicUi:
    """Prefect's UI as staff open it."""

    page: Page
    address: str

    def start_form(self, deployment: str = "publikasi") -> ClassicForm:
        """From the list of deployments to the form that starts a run."""
        self.page.goto(f"{self.address}/deployments")
        self.page.get_by_role("link", name=deployment, exact=True).first.click()
        self.page.get_by_role("button", name="Run", exact=True).click()
        self.page.get_by_text("Custom run").click()
        form = ClassicForm(self.page.locator("form").first)
        expect(self.page.get_by_text("Judul kegiatan")).to_be_visible()
        return form

    def run_named(self, title: str) -> str:
        """Find a run by its name in the list of runs; its id."""
        link = self.page.get_by_role("link", name=title, exact=True).first
        for _ in range(10):
            self.page.goto(f"{self.address}/runs")
            try:
                link.click(timeout=4_000)
                break
            except PlaywrightTimeoutError:
                continue  # not there yet, or not yet named: load the list again
        self.page.wait_for_url("**/flow-run/**")
        return urlsplit(self.page.url).path.rsplit("/", 1)[-1]

    def open_run(self, run_id: object) -> None:
        self.page.goto(f"{self.address}/runs/flow-run/{run_id}")
        expect(self.page.get_by_text("Suspended").first).to_be_visible()

    def open_form(self, run_id: object) -> ClassicForm:
        """Resume: in the page head on a desktop, in the menu on a phone."""
        self.open_run(run_id)
        resume = self.page.get_by_role("button", name="Resume", exact=True)
        if self.page.viewport_size == {"width": PHONE[0], "height": PHONE[1]}:
            self.page.locator(".p-icon-button-menu button").first.tap()
            resume = self.page.get_by_text("Resume", exact=True)
        resume.first.click()
        dialog = self.page.locator(".p-modal__card")
        expect(dialog.locator(".schema-form-property").first).to_be_visible()
        return ClassicForm(dialog)


@dataclass
class V2Ui:
    """The same server's V2 UI."""

    page: Page
    address: str

    def open_form(self, run_id: object) -> V2Form:
        self.page.goto(f"{self.address}/v2/runs/flow-run/{run_id}")
        expect(self.page.get_by_text("Suspended").first).to_be_visible()
        self.page.locator("button:has(svg.lucide-ellipsis-vertical)").first.click()
        self.page.get_by_role("menuitem", name="Resume").click()
        dialog = self.page.get_by_role("dialog")
        expect(dialog.locator("label").first).to_be_visible()
        return V2Form(dialog)


@dataclass
class CodePage:
    """The rehearsal page, open in a second tab, where the sample staff's codes stand."""

    page: Page
    address: str

    def __post_init__(self) -> None:
        self.page.goto(self.address)
        self._used: dict[str, str] = {}

    def code(self, person: str) -> str:
        """The person's code on the page; waits until it is another one than the last."""
        shown = self.page.locator("#baris-kode tr", has_text=person).locator("code")
        if person in self._used:
            expect(shown).not_to_have_text(self._used[person], timeout=40_000)
        self._used[person] = shown.inner_text()
        return self._used[person]


def seen_text(where: Locator) -> str:
    """The text of an element that really takes room on the screen."""
    expect(where).to_be_visible()
    box = where.bounding_box()
    assert box is not None
    assert box["height"] > 20, "the text above the form is squeezed to nothing"
    return where.inner_text()


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than the screen."""
    wider: int = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return wider


def _title(title: str) -> str:
    return re.escape(title) + r"( \(Optional\))?$"


def _exactly(title: str) -> re.Pattern[str]:
    return re.compile("^" + _title(title))
