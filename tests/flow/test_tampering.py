"""One byte changed in the store after the approval: nothing goes out, and it can be mended.

The change is made as whoever owns the database and the disk would make it, between
the head's "ya" and the answer that would start the publishing. At the end of each test
it is undone: the record is whole again, for the next test and for whoever restores a backup.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from deployments.recover import recover
from ledger import decisions
from ledger.blobs import FileBlobStore
from ledger.models import Event
from ledger.restarts import BLOCKED
from ledger.verify import verify
from sop.forms.steps import NO, YES
from sop.model import StepKind
from tasks.case import publication_in, read_case
from tasks.freezing import in_force
from tests.support.carrying import Crowd, bring, carried, complete
from tests.support.kantor import BODY, TestOffice

pytestmark = pytest.mark.flow


@dataclass(frozen=True)
class Owner:
    """Somebody with owner rights on the SQLite file, for one publication."""

    path: Path
    publication_id: str
    files: FileBlobStore
    _before: dict[tuple[str, str, str], Any] = field(default_factory=dict)
    _pictures: dict[str, bytes] = field(default_factory=dict)

    def cell(self, table: str, column: str, where: str = "") -> tuple[str, Any]:
        """The newest row's key and one of its columns."""
        with closing(sqlite3.connect(self.path)) as database:
            row = database.execute(
                f"SELECT id, {column} FROM {table} WHERE publication_id = ? {where} "
                "ORDER BY rowid DESC LIMIT 1",
                (self.publication_id,),
            ).fetchone()
        return str(row[0]), row[1]

    def of_publication(self, column: str) -> str:
        """A column of the publication's own row."""
        with closing(sqlite3.connect(self.path)) as database:
            chosen = f"SELECT {column} FROM publications WHERE id = ?"
            return str(database.execute(chosen, (self.publication_id,)).fetchone()[0])

    def write(self, table: str, key: str, column: str, value: Any) -> None:
        """Change one column of one row; triggers are no obstacle to an owner."""
        with closing(sqlite3.connect(self.path, timeout=30)) as database:
            chosen = f"SELECT {column} FROM {table} WHERE id = ?"
            (old,) = database.execute(chosen, (key,)).fetchone()
            self._before.setdefault((table, key, column), old)
            triggers = database.execute(
                "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?",
                (table,),
            ).fetchall()
            for name, _ in triggers:
                database.execute(f"DROP TRIGGER {name}")
            database.execute(f"UPDATE {table} SET {column} = ? WHERE id = ?", (value, key))
            for _, sql in triggers:
                database.execute(sql)
            database.commit()

    def replace(
        self, table: str, column: str, old: str, new: str, where: str = ""
    ) -> tuple[str, str]:
        """Swap one byte of a column; the table and key of the row that was changed."""
        key, value = self.cell(table, column, where)
        assert old in value
        assert len(old) == len(new)
        self.write(table, key, column, value.replace(old, new, 1))
        return table, key

    def damage(self, sha256: str) -> None:
        """Flip one bit of a stored file."""
        path = self.files.path(sha256)
        self._pictures[sha256] = path.read_bytes()
        content = bytearray(self._pictures[sha256])
        content[len(content) // 2] ^= 1
        path.chmod(0o600)
        path.write_bytes(content)

    def restore(self) -> None:
        """Put everything back as it was before this owner touched it."""
        for place, old in self._before.items():
            self.write(*place, old)
        for sha256, content in self._pictures.items():
            if not self.files.is_intact(sha256):
                self.files.path(sha256).write_bytes(content)


def text(owner: Owner, here: TestOffice) -> tuple[str, str]:
    return owner.replace("revisions", "content", "berlangsung tertib", "berlangsung tertip")


def alt_text(owner: Owner, here: TestOffice) -> tuple[str, str]:
    return owner.replace("media", "alt", "Petugas", "Petugaz")


def frozen_post(owner: Owner, here: TestOffice) -> tuple[str, str]:
    return owner.replace("freezes", "posts", "120 calon", "121 calon")


def decision(owner: Owner, here: TestOffice) -> tuple[str, str]:
    key, _ = owner.cell("decisions", "id", "AND step_no = 5")
    owner.write("decisions", key, "reason", "Setuju")
    return "decisions", key


def picture(owner: Owner, here: TestOffice) -> tuple[str, str]:
    _, sha256 = owner.cell("media", "sha256", "AND filename = 'foto-1.jpg'")
    owner.damage(sha256)
    return "berkas", sha256


def files(here: TestOffice) -> FileBlobStore:
    assert isinstance(here.office.blobs, FileBlobStore)
    return here.office.blobs


def faulty(here: TestOffice) -> set[tuple[str, str]]:
    """What `siar verify` names."""
    return {(one.table, one.row) for one in verify(here.office.ledger, blobs=files(here))}


Approved = Callable[[str], tuple[UUID, Owner]]


@pytest.fixture
def approved(here: TestOffice, crowd: Crowd) -> Iterator[Approved]:
    """Makes a publication whose form of step 6 waits to be answered; restored at the end."""
    owners = []

    def made(folder: str) -> tuple[UUID, Owner]:
        name = here.material(folder)
        publication_id = carried(here, crowd, 6, folder=name, marked=folder)
        (run_id,) = bring(here, publication_id)
        here.form(run_id)
        path = here.stack.settings.data_dir / "siar.db"
        owners.append(Owner(path, publication_id, files(here)))
        return run_id, owners[-1]

    yield made
    for owner in owners:
        owner.restore()
    assert faulty(here) == set()


def times_live(here: TestOffice, mark: str) -> int:
    """How many posts of all channels hold this text."""
    return sum(mark in json.dumps(post) for posts in here.posts().values() for post in posts)


def recorded(here: TestOffice, publication_id: str, kind: str) -> list[dict[str, Any]]:
    with here.office.ledger.read() as work:
        rows = work.session.query(Event).filter_by(chain=publication_id, kind=kind)
        return [json.loads(row.data) for row in rows.order_by(Event.seq)]


def step_of(here: TestOffice, publication_id: str) -> tuple[StepKind, int]:
    case = read_case(here.office, publication_id)
    assert case is not None
    return case.step.kind, case.round_number


TAMPERINGS: list[tuple[Callable[[Owner, TestOffice], tuple[str, str]], str]] = [
    (text, "tabel revisions"),
    (alt_text, "tabel media"),
    (frozen_post, "tabel freezes"),
    (decision, "tabel decisions"),
    (picture, "foto-1.jpg berubah setelah disetujui"),
]


@pytest.mark.parametrize(
    ("tamper", "said"), TAMPERINGS, ids=lambda one: getattr(one, "__name__", "")
)
def test_one_byte_changed_after_the_approval_is_refused_and_goes_back_to_verification(
    here: TestOffice,
    crowd: Crowd,
    approved: Approved,
    tamper: Callable[[Owner, TestOffice], tuple[str, str]],
    said: str,
) -> None:
    run_id, owner = approved(f"bahan-{tamper.__name__}")
    row = tamper(owner, here)
    assert row in faulty(here)

    here.answer(run_id, crowd.one("humas"), petugas_unggah=crowd.one("ppid"))
    form = here.form(run_id)

    assert step_of(here, owner.publication_id) == (StepKind.VERIFIKASI, 2)
    assert form.description.startswith("### ⚠")
    assert said in form.description.split("**")[0].replace("\\", "")
    assert times_live(here, f"bahan-{tamper.__name__}") == 0
    (revoked,) = recorded(here, owner.publication_id, "persetujuan-dicabut")
    assert said in revoked["alasan"]
    assert recorded(here, owner.publication_id, "dikembalikan-sistem")
    with here.office.ledger.read() as work:
        publication = publication_in(work, owner.publication_id)
        assert decisions.approval(work, publication, in_force(work, publication).digest) is None


def test_after_a_picture_was_damaged_the_writer_hands_it_in_again_and_it_is_published(
    here: TestOffice, crowd: Crowd, approved: Approved
) -> None:
    run_id, owner = approved("bahan-diganti")
    _, sha256 = picture(owner, here)
    here.answer(run_id, crowd.one("humas"), petugas_unggah=crowd.one("ppid"))

    told = here.form(run_id).description.replace("\\", "")
    assert "foto-1.jpg: isi berkas ini di penyimpanan berubah atau hilang" in told
    here.answer(run_id, crowd.one("ppid"), keputusan=YES, alasan="Lengkap.")
    assert "foto-1.jpg" in here.form(run_id).description.split("**")[0].replace("\\", "")
    here.answer(run_id, crowd.one("ppid"), keputusan=NO, alasan="Gambar rusak, kirim lagi.")
    here.form(run_id)
    assert step_of(here, owner.publication_id) == (StepKind.PENULISAN, 2)
    complete(here, crowd, run_id)

    assert files(here).is_intact(sha256)
    reference = owner.of_publication("reference")
    shown = {
        channel
        for channel, posts in here.posts().items()
        if any(reference in json.dumps(post) for post in posts)
    }
    assert "website" in shown


def test_altered_text_can_be_verified_and_approved_anew(
    here: TestOffice, crowd: Crowd, approved: Approved
) -> None:
    run_id, owner = approved("bahan-baru")
    text(owner, here)
    here.answer(run_id, crowd.one("humas"), petugas_unggah=crowd.one("ppid"))
    here.answer(
        run_id,
        crowd.one("ppid"),
        keputusan=YES,
        alasan="Sudah dibandingkan dengan bahan.",
        isi=BODY,
    )
    complete(here, crowd, run_id)
    assert sum("bahan-baru" in post["title"] for post in here.posts()["website"]) == 1


def test_a_row_that_the_run_must_write_over_stops_it_with_a_sentence_until_it_is_restored(
    here: TestOffice,
    crowd: Crowd,
    approved: Approved,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run_id, owner = approved("bahan-judul")
    title = owner.of_publication("title")
    owner.write("publications", owner.publication_id, "title", "Judul orang lain")
    here.answer(run_id, crowd.one("humas"), petugas_unggah=crowd.one("ppid"))
    state = here.player.finished(run_id)
    assert state["type"] == "FAILED"
    assert "berubah di luar Siar" in state["message"]
    assert "siar verify" in state["message"]

    capsys.readouterr()
    for _ in range(2):
        assert recover(here.stack.settings) == 1
    said = capsys.readouterr().out
    assert "BELUM" in said
    assert "tabel publications" in said
    assert here.player.run(run_id)["state"]["type"] == "FAILED"
    assert len(recorded(here, owner.publication_id, BLOCKED)) == 1

    owner.write("publications", owner.publication_id, "title", title)
    assert recover(here.stack.settings) == 0
    case = read_case(here.office, owner.publication_id)
    assert case is not None
    complete(here, crowd, run_id)
