"""What must hold for the repository as a whole."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from deployments import reference

ROOT = Path(__file__).resolve().parents[2]
# Built from pieces, so that this file does not name what it forbids.
UNFINISHED = re.compile(
    r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "raise NotImplemented" + "Error"]) + r")\b"
)
REGISTRY = re.compile(
    r"(https?://[\w.-]+(:\d+)?/(simple|packages|pool|dists)(/|\"|$))"
    r"|(^\s*--(extra-)?index-url)|(^\s*(registry|index)\s*=)",
    re.MULTILINE,
)
HOME = re.compile(r"(?<![\w.])(?<!\w\")/(root|home/\w+|work|tmp/t)/[\w.]")


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode != 0:
        pytest.fail("these checks read the list of files from git, and git does not answer")
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in paths if path.exists()]


def texts(*patterns: str) -> list[tuple[str, str]]:
    found = []
    for path in tracked(*patterns):
        try:
            found.append((str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            continue  # pictures, documents
    return found


def places(pattern: re.Pattern[str], *files: str) -> list[str]:
    return [
        f"{name}:{text[: found.start()].count(chr(10)) + 1}: {found[0]}"
        for name, text in texts(*files)
        for found in pattern.finditer(text)
    ]


def test_no_code_is_left_unfinished() -> None:
    assert places(UNFINISHED, "*.py", "*.sh", "Makefile") == []


def test_no_address_of_a_package_registry_is_written_down() -> None:
    assert places(REGISTRY, "*.lock", "*.toml", "*.txt", "*.cfg", "*.json", ".ci", "Makefile") == []


def test_no_path_of_somebodys_machine_is_written_down() -> None:
    assert places(HOME) == []


def locked() -> dict[str, str]:
    """Version by name, as locked."""
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    matches = (re.match(r"^([\w.-]+)==([\w.+!-]+)", line) for line in lines)
    return {found[1].lower().replace("_", "-"): found[2] for found in matches if found}


def test_every_locked_package_has_a_hash() -> None:
    text = (ROOT / "requirements.lock").read_text()
    entries = re.split(r"^(?=[\w.-]+==)", text, flags=re.MULTILINE)[1:]
    assert len(entries) > 100
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_every_dependency_of_the_project_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {re.split(r"[<>=\[; ]", one)[0].lower().replace("_", "-") for one in wanted}
    assert names - set(locked()) == set()


def test_fastapi_stays_below_the_version_that_breaks_prefect() -> None:
    assert tuple(int(part) for part in locked()["fastapi"].split(".")[:2]) < (0, 151)


def test_no_dependency_is_under_a_licence_that_would_bind_this_project() -> None:
    # psycopg is LGPL: see docs/adr/0002.
    listed = subprocess.run(
        [str(Path(sys.executable).parent / "pip-licenses"), "--format=json", "--from=mixed"],
        capture_output=True,
        text=True,
        check=True,
    )
    bound = [
        f"{one['Name']}: {one['License']}"
        for one in json.loads(listed.stdout)
        if _only_copyleft(one["License"])
    ]
    assert bound == []


def _only_copyleft(licence: str) -> bool:
    choices = re.split(r";| OR ", licence)
    return all(
        re.search(r"AGPL|Affero|\bGPL|GNU General Public", choice)
        and not re.search(r"LGPL|Lesser", choice)
        for choice in choices
    )


@pytest.mark.parametrize(
    ("licence", "bound"),
    [
        ("MIT License", False),
        ("GNU General Public License v3 (GPLv3)", True),
        ("GPL-2.0-only", True),
        ("AGPL-3.0", True),
        ("GNU Lesser General Public License v3 (LGPLv3)", False),
        ("Apache-2.0; GNU General Public License (GPL)", False),
        ("Apache-2.0 OR GPL-2.0", False),
    ],
)
def test_copyleft_is_told_from_a_choice_and_from_the_lesser_one(licence: str, bound: bool) -> None:
    assert bool(_only_copyleft(licence)) is bound


def test_the_generated_pages_are_what_the_code_writes_now() -> None:
    assert reference.stale() == [], "run `make docs`"


def test_the_settings_page_names_every_key_and_marks_secrets() -> None:
    page = reference.settings_page()
    assert (
        "| `auth` | Nama dan kata sandi API, dipisah titik dua. Wajib di mode produksi. (rahasia)"
        in page
    )
    assert "[[channels.manual]]" in page
    assert "SIAR_CHANNELS__WEBSITE__BASE_URL" in page


def test_every_decision_record_is_listed_and_short() -> None:
    folder = ROOT / "docs" / "adr"
    index = (folder / "README.md").read_text()
    for path in sorted(folder.glob("0*.md")):
        assert path.name in index
        assert len(path.read_text().split()) <= 400, f"{path.name} is longer than half a page"


def test_make_help_lists_the_promised_targets() -> None:
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    for target in ("help", "demo", "start", "test", "bench", "lint"):
        assert f"make {target} " in listed.stdout
