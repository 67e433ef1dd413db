"""Pydantic's complaints about settings, as sentences an administrator can act on.

Values are never repeated in a sentence: they may be passwords.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from deployments.settings_sections import hint

REFERENCE = "docs/pengaturan.md"


def sentence(
    error: ErrorDetails,
    model: type[BaseModel],
    source: str,
    environment: Mapping[str, str],
    prefix: str,
) -> str:
    """One error as: what is wrong, in which file or variable, and an example."""
    keys = [str(part) for part in error["loc"]]
    dotted = ".".join(keys)
    place = _place(keys, source, environment, prefix)
    parent, key = _holder(model, keys)
    if error["type"] == "missing":
        return f"Kunci {dotted} wajib diisi di {place}. Contoh: {example_line(keys, parent, key)}"
    if error["type"] == "extra_forbidden":
        return f"Kunci {dotted} di {place} tidak dikenal. " + _suggestion(
            keys[-1], list(parent.model_fields) if parent else []
        )
    return (
        f"Isi {dotted} di {place} tidak dapat dipakai: {_reason(error)}. "
        f"Contoh: {example_line(keys, parent, key)}"
    )


def unknown_variable(name: str, fields: Sequence[str], prefix: str) -> str:
    """A `SIAR_…` variable that no setting answers to."""
    head = name.removeprefix(prefix).split("__")[0].lower()
    return f"Variabel lingkungan {name} tidak dikenal. " + _suggestion(head, fields, prefix)


def unreadable_toml(path: Path, error: Exception) -> str:
    """The settings file cannot be parsed at all."""
    found = re.search(r"line (\d+), column (\d+)", str(error))
    where = f" pada baris {found[1]}, kolom {found[2]}" if found else ""
    if "end of document" in str(error):
        where = " sampai akhir: ada tanda kutip atau kurung yang belum ditutup"
    return (
        f"Berkas pengaturan {path} tidak dapat dibaca{where}: bukan TOML UTF-8 yang benar. "
        f'Tiap baris berbentuk kunci = "nilai"; contoh lengkap ada di {REFERENCE}.'
    )


def example_line(keys: Sequence[str], parent: type[BaseModel] | None, key: str | None) -> str:
    """The setting as it would stand in the TOML file."""
    named = [part for part in keys if not part.isdigit()]
    if parent is None or key is None:
        return f"lihat {REFERENCE}."
    if model_in(parent.model_fields[key].annotation) is not None:
        return f"[{'.'.join(named)}], kunci-kuncinya ada di {REFERENCE}."
    table = f"[{'.'.join(named[:-1])}] " if len(named) > 1 else ""
    return f"{table}{named[-1]} = {toml_value(hint(parent, key).example)}"


def toml_value(value: Any) -> str:
    """A Python value as TOML writes it."""
    match value:
        case bool():
            return "true" if value else "false"
        case dict():
            pairs = (f"{toml_value(key)} = {toml_value(item)}" for key, item in value.items())
            return "{ " + ", ".join(pairs) + " }"
        case list() | tuple():
            return "[" + ", ".join(toml_value(item) for item in value) + "]"
        case int() | float():
            return str(value)
        case _:
            return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _place(keys: Sequence[str], source: str, environment: Mapping[str, str], prefix: str) -> str:
    upper = {name.upper(): name for name in environment}
    for length in range(len(keys), 0, -1):
        variable = prefix + "__".join(key.upper() for key in keys[:length])
        if variable in upper:
            return f"variabel lingkungan {upper[variable]}"
    return source


def _holder(
    model: type[BaseModel], keys: Sequence[str]
) -> tuple[type[BaseModel] | None, str | None]:
    """The model that holds the last key, and that key when the model knows it."""
    parent: type[BaseModel] | None = model
    last: str | None = None
    for key in (part for part in keys if not part.isdigit()):
        if last is not None and parent is not None:
            parent = model_in(parent.model_fields[last].annotation)
        if parent is None or key not in parent.model_fields:
            return parent, None
        last = key
    return parent, last


def model_in(annotation: Any) -> type[BaseModel] | None:
    """The section a field's annotation stands for; None for a plain value."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for part in get_args(annotation):
        found = model_in(part)
        if found is not None:
            return found
    return None


def _suggestion(word: str, known: Sequence[str], prefix: str = "") -> str:
    near = get_close_matches(word.lower(), known, n=1)
    if near:
        name = f"{prefix}{near[0].upper()}" if prefix else near[0]
        return f"Mungkin maksudnya {name}."
    return f"Hapus, atau lihat nama yang benar di {REFERENCE}."


_REASONS = {
    "enum": "bukan salah satu pilihan ({expected})",
    "literal_error": "bukan salah satu pilihan ({expected})",
    "int_parsing": "harus bilangan bulat",
    "int_type": "harus bilangan bulat",
    "int_from_float": "harus bilangan bulat",
    "float_parsing": "harus bilangan",
    "float_type": "harus bilangan",
    "bool_parsing": "harus true atau false",
    "bool_type": "harus true atau false",
    "string_type": "harus teks di dalam tanda kutip",
    "string_pattern_mismatch": "bentuknya tidak sesuai contoh",
    "greater_than": "harus lebih dari {gt}",
    "greater_than_equal": "paling kecil {ge}",
    "less_than": "harus kurang dari {lt}",
    "less_than_equal": "paling besar {le}",
    "too_short": "paling sedikit {min_length} butir",
    "tuple_type": 'harus daftar, misalnya ["a", "b"]',
    "model_type": "harus bagian tersendiri dengan kunci-kuncinya",
    "model_attributes_type": "harus bagian tersendiri dengan kunci-kuncinya",
    "path_type": "harus nama berkas atau folder di dalam tanda kutip",
    "value_error": "{error}",
}


def _reason(error: ErrorDetails) -> str:
    template = _REASONS.get(error["type"], "bentuknya tidak sesuai contoh")
    return template.format(**error.get("ctx", {})).replace("' or '", "' atau '")
