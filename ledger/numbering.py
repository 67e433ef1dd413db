"""Small numbers for the record's keys, so that a million rows can be joined by them.

A key is 32 letters; as a text it costs fifty bytes and a slow comparison. Here it is
found by a hash of its letters, and compared whole, so a number stands for one key only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

KEY_LENGTH = 32

# Keys, a row each, as four words of eight letters.
Keys = NDArray[np.uint64]

# Odd numbers without a pattern: each word weighs differently in the hash.
_WEIGHTS = np.array(
    [0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93], np.uint64
)


def lines_of(part: bytes, length: int) -> NDArray[np.uint8]:
    """Lines of one length as the rows of a block; ValueError when one has another."""
    block = np.frombuffer(part + b"\n", np.uint8) if part else np.empty(0, np.uint8)
    if len(block) % (length + 1):
        raise ValueError("a line has another length")
    block = block.reshape(-1, length + 1)
    if (block[:, length] != ord("\n")).any():
        raise ValueError("a line has another length")
    return block[:, :length]


def keys_in(part: bytes) -> Keys:
    """Keys that stand one a line; ValueError when one is not in the record's form."""
    try:
        block = lines_of(part, KEY_LENGTH)
    except ValueError as error:
        raise ValueError("a key is not in the record's form") from error
    return np.ascontiguousarray(block).view(np.uint64)


@dataclass(frozen=True, slots=True)
class Numbering:
    """Gives each key a number of its own, below the count of all."""

    _hashes: NDArray[np.uint64]  # in order
    _keys: Keys
    _longest: int  # how often one hash stands there, at most

    @classmethod
    def of_all(cls, keys: Keys) -> Self:
        """Each of these keys has a number, however often it stands there."""
        hashes = _hashes_of(keys)
        order = np.argsort(hashes)
        hashes, keys = hashes[order], keys[order]
        first = np.flatnonzero(np.append(True, hashes[1:] != hashes[:-1]))
        lengths = np.diff(np.append(first, len(hashes)))
        return cls(hashes, keys, int(lengths.max(initial=0)))

    def numbers_of(self, name: str, keys: Keys) -> pl.Series:
        """The number of each key as UInt32; null for a key that has none."""
        # In the order of the hashes, so that both sides are gone through from end to end.
        hashes = _hashes_of(keys)
        order = np.argsort(hashes)
        places = np.searchsorted(self._hashes, hashes[order])
        keys = keys[order]
        found = np.zeros(len(keys), np.uint32)
        known = np.zeros(len(keys), dtype=bool)
        # From behind, so that a key which stands there twice has the first place.
        for further in reversed(range(self._longest)):
            at = np.minimum(places + further, len(self._keys) - 1)
            same = _are_same(self._keys[at], keys)
            found[order[same]] = at[same]
            known[order[same]] = True
        numbers = pl.Series(name, found)
        return numbers if known.all() else numbers.set(pl.Series(~known), None)

    def numbers_of_texts(self, name: str, texts: Iterable[str]) -> pl.Series:
        """The same for keys that were read as texts; one of another form has none."""
        padded = [text.encode()[:KEY_LENGTH].ljust(KEY_LENGTH, b"\0") for text in texts]
        return self.numbers_of(
            name, np.frombuffer(b"".join(padded), np.uint64).reshape(-1, len(_WEIGHTS))
        )


def _hashes_of(keys: Keys) -> NDArray[np.uint64]:
    mixed = keys * _WEIGHTS
    hashes: NDArray[np.uint64] = mixed[:, 0] ^ mixed[:, 1] ^ mixed[:, 2] ^ mixed[:, 3]
    # The high halves know little of each other else.
    return hashes ^ (hashes >> np.uint64(29))


def _are_same(one: Keys, other: Keys) -> NDArray[np.bool_]:
    """Row by row; a column at a time is much faster than along each row."""
    same: NDArray[np.bool_] = one[:, 0] == other[:, 0]
    for word in range(1, one.shape[1]):
        same &= one[:, word] == other[:, word]
    return same
