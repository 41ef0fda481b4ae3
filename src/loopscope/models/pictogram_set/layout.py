"""Places the things of a scene on the canvas: no overlaps, the subject in the larger part."""

from typing import NamedTuple

import numpy as np

from loopscope.models.pictogram_set.scene import Scene, Thing

MARGIN = 0.05
GAP = 0.075
# Between pictograms of one thing.
INNER_GAP = 0.065
# How one to six pictograms stand in a cell: their rows.
ROWS = {1: (1,), 2: (2,), 3: (2, 1), 4: (2, 2), 5: (3, 2), 6: (3, 3)}
MOST = 6


class Place(NamedTuple):
    """Where one pictogram is drawn: its middle and longer side in pixels, and its turn in degrees anticlockwise."""

    x: float
    y: float
    side: float
    turn: float


class Cell(NamedTuple):
    """A rectangle in shares of the canvas."""

    left: float
    top: float
    right: float
    bottom: float


def arrange(scene: Scene, size: int, rng: np.random.Generator) -> list[list[Place]]:
    """Give the places of the pictograms of each thing of a scene.

    Parameters
    ----------
    scene
        Its relation is kept: the subject stands above, below, left, right of or beside the second thing.
    size
        The side of the canvas in pixels.
    rng
        Chooses among layouts and moves things a little.

    Returns
    -------
    list of list of Place
        One list for each thing, with as many places as its count (at most six).
    """
    cells = _cells(scene, rng)
    return [_places(thing, cell, size, rng) for thing, cell in zip(scene.things, cells, strict=True)]


def _cells(scene: Scene, rng: np.random.Generator) -> list[Cell]:
    whole = Cell(MARGIN, MARGIN, 1 - MARGIN, 1 - MARGIN)
    count = len(scene.things)
    if count == 1:
        return [whole]
    upright = scene.relation in ("above", "below")
    share = _share(scene.things[0], scene.things[1:])
    subject_first = scene.relation in ("above", "left") or (scene.relation == "beside" and rng.random() < 0.5)
    first, second = _split(whole, share if subject_first else 1 - share, upright)
    subject, rest = (first, second) if subject_first else (second, first)
    others = [rest]
    while len(others) < count - 1:
        others[-1:] = _split(others[-1], 0.5, not upright if len(others) == 1 else upright)
    return [subject, *others]


def _share(subject: Thing, others: tuple[Thing, ...]) -> float:
    weight = 1.25 * min(subject.count, MOST) ** 0.5 * subject.scale
    against = sum(min(other.count, MOST) ** 0.5 * other.scale for other in others) / len(others) ** 0.5
    return float(min(0.62, max(0.4, weight / (weight + against))))


def _split(cell: Cell, share: float, upright: bool) -> tuple[Cell, Cell]:
    if upright:
        at = cell.top + share * (cell.bottom - cell.top)
        return cell._replace(bottom=at - GAP / 2), cell._replace(top=at + GAP / 2)
    at = cell.left + share * (cell.right - cell.left)
    return cell._replace(right=at - GAP / 2), cell._replace(left=at + GAP / 2)


def _places(thing: Thing, cell: Cell, size: int, rng: np.random.Generator) -> list[Place]:
    rows = _rows(thing.count, cell, rng)
    width, height = cell.right - cell.left, cell.bottom - cell.top
    across, down = max(rows), len(rows)
    side = min((width - INNER_GAP * (across - 1)) / across, (height - INNER_GAP * (down - 1)) / down)
    side *= rng.uniform(0.88, 0.97) * (min(1.0, thing.scale) if thing.count <= 3 else 1.0)
    if thing.scale <= 1:
        side = min(side, 0.62)
    step = side + INNER_GAP
    middle_x = (cell.left + cell.right) / 2 + rng.uniform(-0.5, 0.5) * max(0.0, width - side - step * (across - 1))
    middle_y = (cell.top + cell.bottom) / 2 + rng.uniform(-0.5, 0.5) * max(0.0, height - side - step * (down - 1))
    places = []
    for row, here in enumerate(rows):
        for column in range(here):
            x = middle_x + (column - (here - 1) / 2) * step
            y = middle_y + (row - (down - 1) / 2) * step
            places.append(Place(x * size, y * size, side * size, float(rng.normal(0, 2.5))))
    return places


def _rows(count: int, cell: Cell, rng: np.random.Generator) -> tuple[int, ...]:
    count = min(count, MOST)
    rows = ROWS[count]
    if count == 3 and rng.random() < 0.5:
        rows = rows[::-1]
    aspect = (cell.right - cell.left) / (cell.bottom - cell.top)
    if aspect < 0.62 and count <= 3:
        return (1,) * count
    if aspect > 1.6 and count <= 3:
        return (count,)
    return (2, 2, 1) if count == 5 and aspect < 1 else rows
