"""The one exception of the intake: a sentence that staff can act on."""

from __future__ import annotations


class IntakeError(Exception):
    """A file or folder cannot be used.

    `sentence` is Indonesian and complete: what is wrong, where, what to do next.
    It never carries a path of the machine, only the name that staff gave.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence
