"""One office and one browser for the whole file of tests, and a folder for screenshots."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.browser import CodePage, chromium, new_page
from tests.support.kantor import TestOffice, running_office

ROOT = Path(__file__).resolve().parents[2]
RELEASE = ROOT / "examples" / "rilis-contoh"
Shot = Callable[[Page, str], None]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(autouse=True)
def _pages_are_closed(browser: Browser, codes: CodePage) -> Iterator[None]:
    """A page that stays open asks the server for news, and draws them, as long as it is open."""
    yield
    for context in browser.contexts:
        if context is not codes.page.context:
            context.close()


@pytest.fixture(scope="module")
def office(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestOffice]:
    folder = tmp_path_factory.mktemp("kantor")
    shutil.copytree(RELEASE, folder / "masuk" / RELEASE.name)
    with running_office(folder) as here:
        yield here


@pytest.fixture(scope="module")
def codes(browser: Browser, office: TestOffice) -> CodePage:
    return CodePage(new_page(browser), str(office.stack.rehearsal_url))


@pytest.fixture
def shot(request: pytest.FixtureRequest) -> Shot:
    """Keeps what the screen shows as test-output/e2e/<test>/<name>.png, to be looked at."""
    folder = ROOT / "test-output" / "e2e" / str(request.node.name).strip("]").replace("[", "-")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)

    def keep(page: Page, name: str) -> None:
        page.screenshot(path=folder / f"{name}.png", animations="disabled")

    return keep
