"""What a picture shows: as the painter means it, and as the viewer sees it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Thing:
    """One or more of one pictogram, as the painter means them.

    Attributes
    ----------
    pictogram
        Its number in the catalogue.
    colour
        The name of its colour.
    count
        How many, from 1.
    scale
        1.0, or less for "small", more for "large".
    """

    pictogram: int
    colour: str
    count: int = 1
    scale: float = 1.0


@dataclass(frozen=True)
class Scene:
    """A picture before it is drawn.

    Attributes
    ----------
    things
        One to four, the subject first.
    ground
        The name of the colour behind them.
    relation
        Where the subject is from the second thing: ``above, below, left, right`` or ``beside``.
    """

    things: tuple[Thing, ...]
    ground: str
    relation: str = "beside"


@dataclass(frozen=True)
class Sight:
    """One or more of one pictogram, as the viewer sees them.

    Attributes
    ----------
    pictogram
        Its number in the catalogue.
    colour
        The name of its colour.
    count
        How many.
    x, y
        The middle of them, as shares of the picture from the left and from the top.
    extent
        The longer side of the largest, as a share of the picture.
    """

    pictogram: int
    colour: str
    count: int
    x: float
    y: float
    extent: float
