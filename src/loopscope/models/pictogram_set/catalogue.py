"""The catalogue of pictograms: what each is called, how it is drawn, and what it belongs with."""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from loopscope.models.pictogram_set.words import plural_of

# The chance of the next member of a kind or a theme, relative to the one before it.
TYPICALITY = 0.5


@dataclass(frozen=True)
class Pictogram:
    """One pictogram.

    Attributes
    ----------
    name
        What it is called: a plain English noun, with a modifier at most.
    character
        Its character in the font.
    group
        ``animal, swimmer, person, face, plant, food, place, view, vehicle, boat, aircraft, sky`` or ``object``: which
        verbs suit it.
    kind
        The everyday word for things like it ("bird" for a parrot); its own name where there is none.
    plain
        Whether its name takes no further adjective ("old man").
    colours
        The colours it has by habit, most usual first.
    plural
        The plural of its name.
    synonyms
        Other words for it.
    """

    name: str
    character: str
    group: str
    kind: str
    plain: bool
    colours: tuple[str, ...]
    plural: str
    synonyms: tuple[str, ...]


@dataclass(frozen=True)
class Theme:
    """A familiar scene: things that are found together, most typical first, and the grounds they are found on.

    Attributes
    ----------
    name
        What it is called.
    members
        Numbers of pictograms.
    grounds
        Names of colours.
    """

    name: str
    members: tuple[int, ...]
    grounds: tuple[str, ...]


@dataclass(frozen=True)
class Catalogue:
    """All pictograms, in the order that every array of features and embeddings follows.

    Attributes
    ----------
    pictograms
        The pictograms.
    number
        The number of each pictogram by its name.
    themes
        The familiar scenes.
    phrases
        For every word or phrase that means pictograms outright: their numbers and how typical each is (sums to 1).
    """

    pictograms: tuple[Pictogram, ...]
    number: dict[str, int]
    themes: tuple[Theme, ...]
    phrases: dict[str, tuple[tuple[int, float], ...]]


@cache
def load_catalogue() -> Catalogue:
    """Load the catalogue that the package ships.

    Returns
    -------
    Catalogue
        The same object at every call.
    """
    entries = _read("pictograms.json")
    pictograms = tuple(_pictogram(name, entry) for name, entry in entries.items())
    number = {pictogram.name: index for index, pictogram in enumerate(pictograms)}
    themes = tuple(
        Theme(name, tuple(number[member] for member in entry["members"]), tuple(entry["grounds"]))
        for name, entry in _read("themes.json").items()
    )
    return Catalogue(pictograms, number, themes, _phrases(pictograms, number))


def typicality(count: int) -> list[float]:
    """Give the chance of each of ``count`` members listed from the most typical on.

    Examples
    --------
    >>> [round(chance, 3) for chance in typicality(3)]
    [0.571, 0.286, 0.143]
    """
    weights = [TYPICALITY**rank for rank in range(count)]
    return [weight / sum(weights) for weight in weights]


def _read(name: str) -> dict[str, Any]:
    text = files("loopscope.models.pictogram_set").joinpath(name).read_text(encoding="utf-8")
    read: dict[str, Any] = json.loads(text)
    return read


def _pictogram(name: str, entry: dict[str, Any]) -> Pictogram:
    return Pictogram(
        name=name,
        character=chr(int(entry["code"], 16)),
        group=entry["group"],
        kind=entry.get("kind", name),
        plain=entry.get("plain", False),
        colours=tuple(entry["colours"]),
        plural=entry.get("plural") or plural_of(name),
        synonyms=tuple(entry.get("also", ())),
    )


def _phrases(pictograms: tuple[Pictogram, ...], number: dict[str, int]) -> dict[str, tuple[tuple[int, float], ...]]:
    phrases: dict[str, tuple[tuple[int, float], ...]] = {}
    for kind, members in _read("kinds.json").items():
        meant = tuple(zip((number[member] for member in members), typicality(len(members)), strict=True))
        phrases[kind] = phrases[plural_of(kind)] = meant
    for index, pictogram in enumerate(pictograms):
        for phrase in (pictogram.name, pictogram.plural, *pictogram.synonyms):
            phrases.setdefault(phrase.lower(), ((index, 1.0),))
            phrases.setdefault(plural_of(phrase).lower(), ((index, 1.0),))
    return phrases
