"""Options that were refused, in words without those of the library that checked them."""

from typing import Any

import typer
from typer.core import TyperGroup

PREFIX = "Value error, "


class InPlainWords(TyperGroup):
    """A group whose commands say what they expected of an option, without "Value error," before it."""

    def invoke(self, ctx: Any) -> Any:
        """Invoke the command that was typed."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            error.message = say_plainly(error.message)
            raise


def say_plainly(message: str) -> str:
    """Say what was found and expected.

    Examples
    --------
    >>> say_plainly("Value error, 'seed' is not one of 'network', 'prompt'.")
    "found 'seed'; expected one of 'network', 'prompt'"
    """
    found, _, choices = message.removeprefix(PREFIX).partition(" is not one of ")
    return f"found {found}; expected one of {choices.removesuffix('.')}" if choices else found
