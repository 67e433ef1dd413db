"""Fixity: is every sealed bag still what it was, to the byte (SOP step 8)?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from archive.verifikasi import check_bag

# A bag that is being written, or whose writing was cut off, is no bag yet.
DRAFT = ".menyegel-"


@dataclass(frozen=True, slots=True)
class Damage:
    """One file of one bag that is not as it was sealed. `kind`: berubah, hilang, tambahan."""

    bag: Path
    path: str
    kind: str
    sentence: str


def bags(root: Path) -> Iterator[Path]:
    """Every sealed bag below the archive's root: `YEAR/REFERENCE-NUMBER`."""
    for folder in sorted(root.glob("[0-9]*/*")):
        if folder.is_dir() and not folder.name.startswith(DRAFT):
            yield folder


def check(root: Path) -> list[Damage]:
    """What is wrong with any bag of the archive; empty when all are whole.

    A bag that vanished whole is missed by comparing with the ledger, not here.
    """
    return [damage for bag in bags(root) for damage in check_one(bag)]


def check_one(bag: Path) -> list[Damage]:
    """The same for one bag."""
    return [Damage(bag, one.path, one.kind, one.sentence) for one in check_bag(bag)]
