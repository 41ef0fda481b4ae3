"""Says what is seen: a small grammar of English sentences about things, their number, colour and place."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from loopscope.models.pictogram_set.catalogue import Pictogram, load_catalogue
from loopscope.models.pictogram_set.scene import Sight
from loopscope.models.pictogram_set.words import NUMBERS, plural_of, with_article

# In the third person singular, and in the plural.
VERBS = {
    "animal": (("sits", "sit"), ("stands", "stand"), ("rests", "rest")),
    "person": (("stands", "stand"), ("waits", "wait")),
    "face": (("appears", "appear"), ("floats", "float")),
    "plant": (("grows", "grow"), ("stands", "stand")),
    "food": (("lies", "lie"), ("rests", "rest")),
    "place": (("stands", "stand"), ("rises", "rise")),
    "vehicle": (("stands", "stand"), ("waits", "wait")),
    "sky": (("hangs", "hang"), ("floats", "float")),
    "object": (("lies", "lie"), ("stands", "stand")),
}
RELATIONS = {
    "above": ("above", "over"),
    "below": ("below", "beneath"),
    "left": ("to the left of", "beside"),
    "right": ("to the right of", "beside"),
    "near": ("beside", "next to", "near"),
}
SMALL, LARGE = 0.2, 0.6


@dataclass(frozen=True)
class Manner:
    """How the viewer speaks.

    Attributes
    ----------
    kind
        The chance that a thing is called by its kind ("a bird") rather than by its name ("a parrot").
    usual_colour
        The chance that a colour is said of a thing that has it by habit.
    unusual_colour
        The chance that any other colour is said.
    size
        The chance that a small or large thing is called so.
    ground
        The chance that the ground is said.
    """

    kind: float = 0.3
    usual_colour: float = 0.3
    unusual_colour: float = 0.9
    size: float = 0.4
    ground: float = 0.85


def describe(sights: Sequence[Sight], ground: str, rng: np.random.Generator, manner: Manner | None = None) -> str:
    """Describe what is seen, in one sentence.

    Parameters
    ----------
    sights
        The things, the most striking first; at most three are spoken of.
    ground
        The name of the colour behind them.
    rng
        Chooses the words.
    manner
        How readily things are said.

    Returns
    -------
    str
        A sentence with its full stop.
    """
    manner = manner or Manner()
    behind = _ground(ground, rng)
    if not sights:
        return f"There is nothing but {behind.removeprefix('on ').removeprefix('against ')}."
    catalogue = load_catalogue()
    phrases = [_phrase(sight, catalogue.pictograms[sight.pictogram], rng, manner) for sight in sights[:3]]
    body = _body(sights, phrases, catalogue.pictograms[sights[0].pictogram].group, rng)
    if rng.random() >= manner.ground:
        return _sentence(body)
    if rng.random() < 0.25:
        return _sentence(f"{behind}, {body}")
    return _sentence(f"{body}, {behind}" if " " in body and len(sights) > 1 else f"{body} {behind}")


def _body(sights: Sequence[Sight], phrases: list[str], group: str, rng: np.random.Generator) -> str:
    subject = phrases[0]
    verbs = VERBS[group]
    verb = verbs[int(rng.integers(len(verbs)))][0 if sights[0].count == 1 else 1]
    if len(phrases) == 1:
        where = ("alone", "in the middle", "quietly")[int(rng.integers(3))] if abs(sights[0].x - 0.5) < 0.2 else "alone"
        return f"{subject} {verb} {'alone' if where == 'quietly' else where}"
    relation = relation_of(sights[0], sights[1])
    words = RELATIONS[relation if rng.random() < 0.75 or relation in ("above", "below") else "near"]
    joint = words[int(rng.integers(len(words)))]
    third = ""
    if len(phrases) > 2:
        third = (f", with {phrases[2]} nearby", f" and {phrases[2]}")[int(rng.integers(2))]
    return f"{subject} {verb} {joint} {phrases[1]}{third}"


def relation_of(one: Sight, other: Sight) -> str:
    """Tell where one thing is from another: ``above, below, left`` or ``right``."""
    across, down = one.x - other.x, one.y - other.y
    if abs(across) >= abs(down):
        return "left" if across < 0 else "right"
    return "above" if down < 0 else "below"


def _phrase(sight: Sight, pictogram: Pictogram, rng: np.random.Generator, manner: Manner) -> str:
    by_kind, with_colour, with_size, choice = rng.random(4)
    noun = pictogram.kind if by_kind < manner.kind else pictogram.name
    adjectives = []
    usual = sight.colour in pictogram.colours
    if with_size < manner.size and sight.extent < SMALL:
        adjectives.append("small" if choice < 0.7 else "little")
    elif with_size < manner.size and sight.extent > LARGE:
        adjectives.append("large" if choice < 0.7 else "big")
    if (not pictogram.plain) and with_colour < (manner.usual_colour if usual else manner.unusual_colour):
        adjectives.append(sight.colour)
    if pictogram.plain and noun == pictogram.name:
        adjectives = []
    if sight.count == 1:
        return with_article(" ".join([*adjectives, noun]))
    plural = pictogram.plural if noun == pictogram.name else plural_of(noun)
    return " ".join([count_word(sight.count, choice), *adjectives, plural])


def count_word(count: int, choice: float) -> str:
    """Give the word for a count of two or more; ``choice`` in [0, 1) decides among synonyms."""
    if count > 5:
        return "many"
    if count >= 4 and choice > 0.85:
        return "several"
    return NUMBERS[count - 1]


def _ground(ground: str, rng: np.random.Generator) -> str:
    preposition = ("on", "on", "against")[int(rng.integers(3))]
    noun = ("background", "background", "backdrop")[int(rng.integers(3))]
    return f"{preposition} {with_article(ground)} {noun}"


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:] + "."
