"""Writes `docs/cli.md` and `docs/pengaturan.md` from the code; `--check` only compares.

`make docs` writes, `make lint` and a test check: what staff and administrators
read about commands and settings is what the code does.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any, get_args

import click
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from connectors.wordpress_settings import WordPressSettings
from deployments.cli import siar
from deployments.settings import PREFIX, Settings
from deployments.settings_problems import model_in, toml_value
from deployments.settings_sections import Prefect, hint

DOCS = Path(__file__).resolve().parent.parent / "docs"
NOTICE = "<!-- Dibuat oleh `make docs`; jangan diubah dengan tangan. -->"
WIDTH = 88
REPEATED = {("channels", "manual")}  # tables that may stand more than once


def pages() -> dict[str, str]:
    """Every generated page by its file name."""
    return {"cli.md": cli_page(), "pengaturan.md": settings_page()}


def cli_page() -> str:
    """Every command with its help as the terminal shows it."""
    parts = [NOTICE, "# Perintah `siar`"]
    for path, command, context in commands(siar, click.Context(siar, info_name="siar")):
        help_text = command.get_help(context).rstrip()
        parts.append(f"{'#' * (1 + path.count(' ') + 1)} {path}\n\n```text\n{help_text}\n```")
    return "\n\n".join(parts) + "\n"


def commands(
    command: click.Command, context: click.Context
) -> Iterator[tuple[str, click.Command, click.Context]]:
    """A command and all below it, with the path that a person types."""
    context.terminal_width = WIDTH
    context.max_content_width = WIDTH
    yield context.command_path, command, context
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is not None:
                yield from commands(below, click.Context(below, info_name=name, parent=context))


def settings_page() -> str:
    """Every key with meaning, default, variable and example."""
    parts = [
        NOTICE,
        "# Pengaturan",
        "Siar membaca `siar.toml` di folder tempat perintah dijalankan, atau berkas yang disebut "
        "`SIAR_CONFIG`. Variabel lingkungan `SIAR_…` lebih kuat daripada berkas. Folder dan "
        "berkas yang ditulis relatif dihitung dari folder berkas pengaturan. Daftar di variabel "
        "lingkungan ditulis sebagai JSON: `SIAR_OFFICE__UNITS='[\"Tim Kerja 1\"]'`.",
        "Tanpa pengaturan apa pun, Siar berjalan dalam mode gladi. Mode produksi memerlukan "
        "`prefect.auth`, CSRF menyala, dan paling sedikit satu saluran; contoh terkecil:",
        "```toml\n" + _smallest_production() + "\n```",
        "Berkas yang berisi kata sandi harus bermode 0600: `chmod 600 siar.toml`.",
        *_sections(Settings, ()),
    ]
    return "\n\n".join(parts) + "\n"


def _smallest_production() -> str:
    lines = ['mode = "produksi"', "", "[prefect]"]
    lines.append(f"auth = {toml_value(hint(Prefect, 'auth').example)}")
    lines += ["", "[channels.website]"]
    lines += [
        f"{key} = {toml_value(hint(WordPressSettings, key).example)}"
        for key, info in WordPressSettings.model_fields.items()
        if info.is_required()
    ]
    return "\n".join(lines)


def _sections(model: type[BaseModel], path: tuple[str, ...]) -> Iterator[str]:
    plain = [(k, i) for k, i in model.model_fields.items() if model_in(i.annotation) is None]
    if plain:
        title = f"`{_table(path)}`" if path else "Di awal berkas"
        rows = [_row(model, key, info, path) for key, info in plain]
        heading = "| kunci | guna | bawaan | variabel | contoh |\n|---|---|---|---|---|"
        yield f"## {title}\n\n" + "\n".join([heading, *rows])
    for key, info in model.model_fields.items():
        below = model_in(info.annotation)
        if below is not None:
            yield from _sections(below, (*path, key))


def _table(path: tuple[str, ...]) -> str:
    return f"[[{'.'.join(path)}]]" if path in REPEATED else f"[{'.'.join(path)}]"


def _row(model: type[BaseModel], key: str, info: FieldInfo, path: tuple[str, ...]) -> str:
    known = hint(model, key)
    variable = PREFIX + "__".join(part.upper() for part in (*path, key))
    if path in REPEATED:  # the variable holds the whole list
        variable = PREFIX + "__".join(part.upper() for part in path)
    description = known.description + (" (rahasia)" if _is_secret(info.annotation) else "")
    example = f"`{key} = {toml_value(known.example)}`"
    return f"| `{key}` | {description} | {_default(info)} | `{variable}` | {example} |"


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return "wajib"
    value: Any = info.get_default(call_default_factory=True, validated_data={})
    if value is None or value is PydanticUndefined or value in ("", (), {}):
        return "–"
    if isinstance(value, StrEnum):
        value = value.value
    return f"`{toml_value(value)}`"


def _is_secret(annotation: Any) -> bool:
    return annotation is SecretStr or any(_is_secret(part) for part in get_args(annotation))


def stale() -> list[str]:
    """The pages that are not what the code would write now."""
    return [
        name
        for name, text in pages().items()
        if not (DOCS / name).exists() or (DOCS / name).read_text(encoding="utf-8") != text
    ]


def main(arguments: list[str]) -> int:
    """Write the pages, or with `--check` say which are out of date."""
    if "--check" in arguments:
        for name in stale():
            print(f"docs/{name} is out of date: run `make docs` and commit the result.")
        return 1 if stale() else 0
    DOCS.mkdir(exist_ok=True)
    for name, text in pages().items():
        (DOCS / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
