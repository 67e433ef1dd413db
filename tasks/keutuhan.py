"""Is every sealed bag still the one that the record knows? (SOP step 8)

The archive knows bags, the ledger knows events; here they are compared, for the
monthly flow `keutuhan` and for `siar verify`. What a bag has to be is read from the
append-only events alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archive import bags, check_one, seal_of
from ledger import publications
from ledger.chain import StoredEvent, events_of_kind
from ledger.models import Publication
from ledger.verify import reading_any_text
from ledger.work import Ledger, Work
from sop.model import StepKind
from tasks.archiving import ENDED, NOTE, ROUND_CLOSED, SEALED
from tasks.recording import RECORDED

UNKNOWN = (
    "paket ini tidak ada dalam catatan Siar. Bila Siar baru saja terhenti saat menyegel, alur "
    "arsip mencatatnya dalam satu jam; selain itu, tanyakan siapa yang menaruhnya."
)


@dataclass(frozen=True, slots=True)
class BagSeal:
    """What the record says of one bag; `path` counts from the archive's root.

    `seq` is the number, in the publication's chain, of the event that tells of it.
    """

    publication_id: str
    number: int
    path: str
    seal: str
    seq: int


@dataclass(frozen=True, slots=True)
class BagProblem:
    """Something that is wrong with one bag; `path` counts from the archive's root."""

    path: str
    sentence: str


def recorded_seals(ledger: Ledger) -> list[BagSeal]:
    """Every bag that was ever sealed, by where it lies."""
    with ledger.read() as work:
        connection = work.session.connection()
        with reading_any_text(connection):
            found: dict[tuple[str, int], BagSeal] = {}
            for event in events_of_kind(connection, [SEALED]):
                for one in _said_by(event):
                    # Each event names the earlier bags too; the first one to name it counts.
                    found.setdefault((one.publication_id, one.number), one)
    return sorted(found.values(), key=lambda one: one.path)


def _said_by(event: StoredEvent) -> Iterator[BagSeal]:
    try:
        for number, made in json.loads(event.data)[NOTE].items():
            yield BagSeal(
                event.chain, int(number), str(made["jalur"]), str(made["segel"]), event.seq
            )
    except (ValueError, KeyError, TypeError, AttributeError):
        return  # an altered event: the record's own check names it


def archive_problems(ledger: Ledger, root: Path) -> Iterator[BagProblem]:
    """Every changed file of a bag; every bag that vanished, was exchanged or is unknown."""
    lying = {bag.relative_to(root).as_posix(): bag for bag in bags(root)}
    known = {one.path: one for one in recorded_seals(ledger)}
    for path in sorted(lying.keys() | known.keys()):
        recorded = known.get(path)
        if path not in lying and not (root / path).is_dir():
            yield BagProblem(
                path, "paket tercatat disegel, tetapi tidak ada lagi. Pulihkan dari cadangan."
            )
        elif recorded is None:
            yield from _problems_of(root / path, path, None)
            # Siar may be sealing it at this very moment: the bag comes before its event.
            if path not in {one.path for one in recorded_seals(ledger)}:
                yield BagProblem(path, UNKNOWN)
        else:
            yield from _problems_of(root / path, path, recorded.seal)


def _problems_of(bag: Path, path: str, seal: str | None) -> Iterator[BagProblem]:
    try:
        damages = check_one(bag)
        is_exchanged = not damages and seal is not None and seal_of(bag) != seal
    except OSError as error:
        yield BagProblem(
            path,
            f"paket ini tidak dapat dibaca ({error.strerror}: {error.filename}). "
            "Periksa hak akses foldernya, lalu periksa lagi.",
        )
        return
    for damage in damages:
        yield BagProblem(path, damage.sentence)
    if is_exchanged:
        yield BagProblem(path, "paket ditukar; segelnya bukan yang tercatat saat disegel.")


def end_of_events(work: Work, sealed: BagSeal) -> str:
    """The hash of the last event that the bag holds, from the record; "" when it is unknown.

    A bag's events end with the one that closed its round, or with the last recording
    when that came later: see `tasks.archiving.collect`.
    """
    publication = work.session.get(Publication, sealed.publication_id)
    if publication is None:
        return ""
    sop = publications.sop_of(work, publication)
    steps = {step.no for step in sop.steps if step.kind is StepKind.PENDOKUMENTASIAN}
    ends = (0, "")
    kinds = [ROUND_CLOSED, ENDED, RECORDED]
    for event in events_of_kind(work.session.connection(), kinds, chain=publication.id):
        if event.seq < sealed.seq and _is_end(event, sealed.number, steps):
            ends = max(ends, (event.seq, event.hash))
    return ends[1]


def _is_end(event: StoredEvent, number: int, steps: set[int]) -> bool:
    if event.kind == RECORDED:
        return True
    if event.kind == ENDED:
        return not steps
    try:
        said: dict[str, Any] = json.loads(event.data)
        return said["langkah"] in steps and said["putaran"] == number
    except (ValueError, KeyError, TypeError):
        return False


__all__ = ["BagProblem", "BagSeal", "archive_problems", "end_of_events", "recorded_seals"]
