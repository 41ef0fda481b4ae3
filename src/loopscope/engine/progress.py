"""How the engine tells how far it is: a protocol that the command line implements, and a silent one."""

from typing import Protocol


class Progress(Protocol):
    """Told of each stage as it begins, of items as they finish, and of what a person should read."""

    def begin(self, stage: str, total: int, done: int = 0) -> None:
        """Begin a stage of ``total`` items, of which ``done`` were done before."""

    def advance(self, items: int) -> None:
        """Finish items of the stage."""

    def shorten(self, items: int) -> None:
        """Take items off the stage's total: a run stopped before its full length."""

    def say(self, message: str) -> None:
        """Say something a person should read."""


class Silence:
    """Tells nobody."""

    def begin(self, stage: str, total: int, done: int = 0) -> None:
        """Do nothing."""

    def advance(self, items: int) -> None:
        """Do nothing."""

    def shorten(self, items: int) -> None:
        """Do nothing."""

    def say(self, message: str) -> None:
        """Do nothing."""
