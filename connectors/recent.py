"""The newest results of costly work in this process, bounded by what they weigh."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Recent(Generic[Value]):
    """At most `most` in weight is held; the longest unused is given up first."""

    def __init__(self, most: int, weight: Callable[[Value], int]) -> None:
        self._most = most
        self._weight = weight
        self._held: dict[Hashable, Value] = {}

    def get(self, name: Hashable, make: Callable[[], Value]) -> Value:
        """What is held under this name, else what `make` gives."""
        value = self._held.pop(name, None)
        if value is None:
            value = make()
        self._held[name] = value
        while sum(map(self._weight, self._held.values())) > self._most:
            self._held.pop(next(iter(self._held)))
        return value
