"""How the help of commands is laid out: paragraphs as wide as the terminal, commands in the order they are used in."""

import inspect
from collections.abc import Sequence

import typer
from typer.core import TyperGroup


class InOrder(TyperGroup):
    """A noun that lists its commands in the order of ``order``; every command must be named there."""

    order: Sequence[str] = ()

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
        """Give the names of the commands."""
        return sorted(super().list_commands(ctx), key=self.order.index)


def unfold(app: typer.Typer) -> None:
    """Let the paragraphs of each command's docstring flow: they are folded for the source, not for the terminal."""
    for command in app.registered_commands:
        if command.callback is not None and command.help is None:
            command.help = _flowing(inspect.getdoc(command.callback) or "")
    for group in app.registered_groups:
        if group.typer_instance is not None:
            unfold(group.typer_instance)


def _flowing(text: str) -> str:
    return "\n\n".join(
        paragraph if "\n " in paragraph or paragraph.startswith(" ") else " ".join(paragraph.split())
        for paragraph in text.split("\n\n")
    )
