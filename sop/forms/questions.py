"""One field of a form, the model made of many, and the reading of answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum, auto
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from sop.markup import clean_text

# One answer is never larger than this; a longer one is refused before anything
# looks at it. The longest real field is the body (limit in sop.checks).
MOST_CHARACTERS = 120_000


class Kind(StrEnum):
    """How a question is drawn."""

    TEXT = auto()
    CHOICE = auto()
    CHOICES = auto()


@dataclass(frozen=True, slots=True)
class Question:
    """One field. `default` None means that it must be answered (no default at all).

    Decisions, people and codes never have a default: a form whose fields all
    have one can be resumed without anybody having read it.
    """

    name: str
    title: str
    help: str = ""
    kind: Kind = Kind.TEXT
    options: tuple[str, ...] = ()
    default: str | tuple[str, ...] | None = None
    required: bool = False

    @property
    def must_be_answered(self) -> bool:
        return self.default is None or self.required


def model_of(name: str, questions: Sequence[Question]) -> type[BaseModel]:
    """The Pydantic model that Prefect draws; today's options become drop-downs."""
    fields: dict[str, Any] = {}
    for position, question in enumerate(questions):
        default: Any = ... if question.default is None else question.default
        if question.kind is Kind.CHOICES and question.default is not None:
            default = list(question.default)
        fields[question.name] = (
            _type_of(question),
            Field(
                default,
                title=question.title,
                description=question.help or None,
                json_schema_extra=_drawn_at(position),
            ),
        )
    asked = [question.name for question in questions if question.must_be_answered]

    def mark_required(schema: dict[str, Any]) -> None:
        # A prefilled field that must not be emptied is not "(Optional)" to the UI.
        schema["required"] = asked

    return create_model(name, __config__=ConfigDict(json_schema_extra=mark_required), **fields)


def _drawn_at(position: int) -> Callable[[dict[str, Any]], None]:
    """How a field is drawn: in which place, and one choice as a drop-down like many.

    Pydantic writes a single choice as a `const`, which the Prefect UI cannot draw.
    """

    def draw(schema: dict[str, Any]) -> None:
        schema["position"] = position
        for shown in (schema, schema.get("items", {})):
            if "const" in shown:
                shown["enum"] = [shown.pop("const")]

    return draw


def _type_of(question: Question) -> Any:
    if question.kind is Kind.TEXT or not question.options:
        return list[str] if question.kind is Kind.CHOICES else str
    # Subscripting at run time: today's names are not known to the type checker.
    options: Any = Literal.__getitem__(question.options)
    return list.__class_getitem__(options) if question.kind is Kind.CHOICES else options


def read_answers(
    questions: Sequence[Question], raw: Mapping[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    """Clean values per question, and a sentence for each that cannot be taken.

    The server checks an answer against the form's schema, but anybody who can
    reach its API can write an answer past it; so nothing about `raw` is trusted.
    What is no text, or too long to look at, has no value at all: the form then
    offers again what it offered before.
    """
    values: dict[str, Any] = {}
    problems: list[str] = []
    for question in questions:
        given = raw.get(question.name, question.default)
        value = (
            _read_choices(question, given, problems)
            if question.kind is Kind.CHOICES
            else _read_text(question, given, problems)
        )
        if value is not None:
            values[question.name] = value
    return values, problems


def _read_text(question: Question, given: Any, problems: list[str]) -> str | None:
    if given is None:
        given = ""
    if not isinstance(given, (str, int, float, bool)):
        problems.append(f"Isian “{question.title}” harus berupa teks. Isi kembali di formulir.")
        return None
    text = str(given)
    if len(text) > MOST_CHARACTERS:
        problems.append(
            f"Isian “{question.title}” terlalu panjang ({_number(len(text))} huruf; paling banyak "
            f"{_number(MOST_CHARACTERS)}). Ringkas isinya, lalu kirim lagi."
        )
        return None
    text = clean_text(text).strip()
    if not text and question.must_be_answered:
        problems.append(f"Isian “{question.title}” masih kosong. Isi, lalu kirim lagi.")
    elif text and question.kind is Kind.CHOICE and text not in question.options:
        problems.append(
            f"Isian “{question.title}”: pilihan itu tidak tersedia. "
            f"Pilih salah satu: {', '.join(question.options) or '(belum ada pilihan)'}."
        )
    return text


def _read_choices(question: Question, given: Any, problems: list[str]) -> list[str]:
    items = given if isinstance(given, (list, tuple)) else []
    chosen = [option for option in question.options if option in items]
    if any(item not in question.options for item in items):
        problems.append(
            f"Isian “{question.title}”: ada pilihan yang tidak tersedia. "
            f"Pilih dari: {', '.join(question.options)}."
        )
    if not chosen and question.must_be_answered:
        problems.append(f"Isian “{question.title}” belum dipilih. Pilih sedikitnya satu.")
    return chosen


def _number(value: int) -> str:
    return f"{value:,}".replace(",", ".")
