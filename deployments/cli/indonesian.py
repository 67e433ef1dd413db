"""click in Indonesian: help pages, its own words, and its complaints.

Every command is made with an example; `deployments.reference` and a test rely on it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import click

_HELP = "Tampilkan bantuan ini."


class _Page:
    """What commands and groups have in common on a help page."""

    example: tuple[str, ...] = ()

    def write_usage(self, pieces: Sequence[str], path: str, formatter: click.HelpFormatter) -> None:
        words = (
            " ".join(pieces)
            .replace("[OPTIONS]", "[PILIHAN]")
            .replace("COMMAND [ARGS]...", "PERINTAH …")
        )
        formatter.write_usage(path, words, prefix="Pemakaian: ")

    def write_options(
        self,
        params: Sequence[click.Parameter],
        context: click.Context,
        formatter: click.HelpFormatter,
    ) -> None:
        found = [record for param in params if (record := param.get_help_record(context))]
        records = [(left, right) for left, right in found if right]
        if records:
            with formatter.section("Pilihan"):
                formatter.write_dl(
                    [(left, right.replace("  [required]", " (wajib)")) for left, right in records]
                )

    def write_example(self, formatter: click.HelpFormatter) -> None:
        if self.example:
            with formatter.section("Contoh"):
                for line in self.example:
                    formatter.write(f"{'':>{formatter.current_indent}}{line}\n")


class Command(_Page, click.Command):
    """A command with an example."""

    def __init__(self, *args: Any, example: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.example = tuple(example)

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        self.write_usage(self.collect_usage_pieces(ctx), ctx.command_path, formatter)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        self.write_options(self.get_params(ctx), ctx, formatter)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        self.write_example(formatter)

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        return _in_indonesian(super().get_help_option(ctx))


class Group(_Page, click.Group):
    """Commands under one word, with an example."""

    command_class = Command

    def __init__(self, *args: Any, example: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.example = tuple(example)

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        self.write_usage(self.collect_usage_pieces(ctx), ctx.command_path, formatter)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        self.write_options(self.get_params(ctx), ctx, formatter)
        self.format_commands(ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Perintah"):
            formatter.write_dl(
                [
                    (name, _first_line(command))
                    for name in self.list_commands(ctx)
                    if (command := self.get_command(ctx, name)) and not command.hidden
                ]
            )

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        self.write_example(formatter)

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        return _in_indonesian(super().get_help_option(ctx))


def _first_line(command: click.Command) -> str:
    return (command.help or "").strip().partition("\n")[0]


# Subgroups made with `@group.group` are of the same kind.
Group.group_class = Group


def _in_indonesian(option: click.Option | None) -> click.Option | None:
    if option is not None:
        option.help = _HELP
    return option


def complaint(error: click.ClickException) -> str:
    """What click found wrong with a command line, and how to see the right way."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "siar"
    return f"{_what(error)}\nLihat cara pakainya: {path} --help"


def _what(error: click.ClickException) -> str:
    for kind, sentence in _SENTENCES:
        if isinstance(error, kind):
            return sentence(error)
    message = error.format_message()
    if "unexpected extra argument" in message:
        return f"Ada kata yang tidak dikenal: {message.partition('(')[2].rstrip(')')}."
    return message


def _missing(error: Any) -> str:
    name = error.param.opts[0] if isinstance(error.param, click.Option) else _metavar(error)
    return f"{name} belum diisi."


def _bad(error: Any) -> str:
    name = error.param.opts[0] if isinstance(error.param, click.Option) else _metavar(error)
    if isinstance(getattr(error.param, "type", None), click.Choice):
        choices = ", ".join(error.param.type.choices)
        return f"Isi {name} tidak dikenal. Pilihannya: {choices}."
    if isinstance(getattr(error.param, "type", None), click.DateTime):
        return f"Isi {name} harus tanggal, misalnya 2026-12-31."
    return f"Isi {name} tidak dapat dipakai: {error.message}"


def _metavar(error: Any) -> str:
    return str(error.param.human_readable_name) if error.param is not None else "Isian"


def _no_command(error: Any) -> str:
    near = f" Mungkin maksudnya {error.possibilities[0]}." if error.possibilities else ""
    return f"Perintah {error.command_name} tidak ada.{near}"


def _no_option(error: Any) -> str:
    near = f" Mungkin maksudnya {error.possibilities[0]}." if error.possibilities else ""
    return f"Pilihan {error.option_name} tidak ada.{near}"


# More special kinds first.
_SENTENCES: tuple[tuple[type[click.ClickException], Callable[[Any], str]], ...] = (
    (click.MissingParameter, _missing),
    (click.NoSuchOption, _no_option),
    (click.exceptions.NoSuchCommand, _no_command),
    (click.BadOptionUsage, lambda error: f"Pilihan {error.option_name} belum diberi isi."),
    (click.BadParameter, _bad),
)
