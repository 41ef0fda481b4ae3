"""Says what is seen: a small grammar of English sentences about things, their number, colour and place."""

from collections import Counter
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
    "food": (("sits", "sit"), ("rests", "rest")),
    "place": (("stands", "stand"), ("rises", "rise")),
    "view": (("lies", "lie"), ("appears", "appear")),
    "swimmer": (("swims", "swim"), ("drifts", "drift")),
    "boat": (("floats", "float"), ("drifts", "drift")),
    "aircraft": (("hovers", "hover"), ("glides", "glide")),
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
MOST_SPOKEN_OF = 3


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
    third
        The chance that a third thing is spoken of.
    ground
        The chance that the ground is said where there is more than one thing.
    """

    kind: float = 0.25
    usual_colour: float = 0.15
    unusual_colour: float = 0.7
    size: float = 0.4
    third: float = 0.3
    ground: float = 0.5


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
    backdrop = f"{with_article(ground)} {_choice(('background', 'background', 'backdrop'), rng)}"
    if not sights:
        return f"There is nothing but {backdrop}."
    spoken = sights[: MOST_SPOKEN_OF if rng.random() < manner.third else MOST_SPOKEN_OF - 1]
    phrases = _phrases(spoken, rng, manner)
    behind = f"{_choice(('on', 'on', 'against'), rng)} {backdrop}"
    if len(spoken) == 1:
        return _sentence(_alone(spoken[0], phrases[0], backdrop, rng))
    body = _together(spoken, phrases, rng)
    if rng.random() >= manner.ground:
        return _sentence(body)
    return _sentence(f"{behind}, {body}" if rng.random() < 0.25 else f"{body}, {behind}")


def relation_of(one: Sight, other: Sight) -> str:
    """Tell where one thing is from another: ``above, below, left`` or ``right``."""
    across, down = one.x - other.x, one.y - other.y
    if abs(across) >= abs(down):
        return "left" if across < 0 else "right"
    return "above" if down < 0 else "below"


def count_word(count: int, choice: float) -> str:
    """Give the word for a count of two or more; ``choice`` in [0, 1) decides among synonyms."""
    if count > 5:
        return "many"
    if count == 4 and choice > 0.85:
        return "several"
    return NUMBERS[count - 1]


def _alone(sight: Sight, phrase: str, backdrop: str, rng: np.random.Generator) -> str:
    company = "alone" if sight.count == 1 else "together"
    place = _choice((f"{company} on", "in the middle of", f"{company} against"), rng)
    return f"{phrase} {_verb(sight, rng)} {place} {backdrop}"


def _together(sights: Sequence[Sight], phrases: list[str], rng: np.random.Generator) -> str:
    relation = relation_of(sights[0], sights[1])
    if relation in ("left", "right") and rng.random() < 0.4:
        relation = "near"
    clause = f"{phrases[0]} {_verb(sights[0], rng)} {_choice(RELATIONS[relation], rng)} {phrases[1]}"
    if len(phrases) < 3:
        return clause
    return clause + _choice((f", with {phrases[2]} nearby", f" and {phrases[2]}"), rng)


def _verb(sight: Sight, rng: np.random.Generator) -> str:
    verbs = VERBS[load_catalogue().pictograms[sight.pictogram].group]
    singular, plural = verbs[int(rng.integers(len(verbs)))]
    return singular if sight.count == 1 else plural


def _phrases(sights: Sequence[Sight], rng: np.random.Generator, manner: Manner) -> list[str]:
    """Give the phrase for each thing; two of one kind are told apart by their names."""
    pictograms = [load_catalogue().pictograms[sight.pictogram] for sight in sights]
    kinds = Counter(pictogram.kind for pictogram in pictograms)
    return [
        _phrase(sight, pictogram, kinds[pictogram.kind] == 1, rng, manner)
        for sight, pictogram in zip(sights, pictograms, strict=True)
    ]


def _phrase(sight: Sight, pictogram: Pictogram, only_one: bool, rng: np.random.Generator, manner: Manner) -> str:
    by_kind, with_colour, with_size, choice = rng.random(4)
    noun = pictogram.kind if only_one and by_kind < manner.kind else pictogram.name
    adjectives = []
    if not (pictogram.plain and noun == pictogram.name):
        if with_size < manner.size:
            adjectives += _size(sight, choice)
        usual = sight.colour in pictogram.colours
        if not pictogram.plain and with_colour < (manner.usual_colour if usual else manner.unusual_colour):
            adjectives.append(sight.colour)
    if sight.count == 1:
        return with_article(" ".join([*adjectives, noun]))
    plural = pictogram.plural if noun == pictogram.name else plural_of(noun)
    return " ".join([count_word(sight.count, choice), *adjectives, plural])


def _size(sight: Sight, choice: float) -> list[str]:
    if sight.extent < SMALL:
        return ["small" if choice < 0.7 else "little"]
    if sight.extent > LARGE:
        return ["large" if choice < 0.7 else "big"]
    return []


def _choice(options: tuple[str, ...], rng: np.random.Generator) -> str:
    return options[int(rng.integers(len(options)))]


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:] + "."
