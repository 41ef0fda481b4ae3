"""What a section of the report gives: an answer in words, its pictures, the frames behind it, and what is lacking."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import polars as pl

from loopscope.export.report.about import About


@dataclass(frozen=True)
class Figure:
    """One picture.

    Attributes
    ----------
    drawn
        A chart, or HTML that is a picture already.
    alt
        What it shows, for those who do not see it.
    note
        How to read it; nothing where its own title says it.
    """

    drawn: Any
    alt: str
    note: str = ""


@dataclass(frozen=True)
class Download:
    """A frame behind an answer, under a name."""

    name: str
    frame: pl.DataFrame


@dataclass(frozen=True)
class Answer:
    """What a section says.

    Attributes
    ----------
    sentences
        The answer, the shortest first; between backticks stands what can be typed.
    figures, downloads
        What it rests on.
    lacking
        What could not be computed, each with the reason.
    """

    sentences: tuple[str, ...]
    figures: tuple[Figure, ...] = ()
    downloads: tuple[Download, ...] = ()
    lacking: tuple[str, ...] = ()


@dataclass(frozen=True)
class Section:
    """A question, and the function that answers it.

    Attributes
    ----------
    anchor
        The name by which a link leads to it.
    question
        Its heading.
    answer
        Raises a ``LoopscopeError`` where nothing can be said; the report then says why.
    """

    anchor: str
    question: str
    answer: Callable[[About], Answer]
