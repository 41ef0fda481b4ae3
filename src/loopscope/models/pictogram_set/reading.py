"""Reads a text: which things it mentions, how many, of what colour, how placed, on what ground."""

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from loopscope.models.pictogram_set.catalogue import Catalogue
from loopscope.models.pictogram_set.colours import PALETTE
from loopscope.models.pictogram_set.words import COUNTS

LONGEST_PHRASE = 4
MOST_MENTIONS = 6
GROUND_WORDS = {"background", "backdrop", "ground"}
SIZES = {"small": 0.75, "little": 0.75, "tiny": 0.7, "large": 1.15, "big": 1.15, "huge": 1.2}
# Words for colours outside the palette.
COLOURS = {name: name for name in PALETTE if " " not in name} | {
    "scarlet": "red", "golden": "yellow", "gold": "yellow", "amber": "orange", "lime": "green", "emerald": "green",
    "azure": "blue", "indigo": "navy", "violet": "purple", "mauve": "lavender", "lilac": "lavender", "rosy": "pink",
    "tan": "beige", "ivory": "cream", "gray": "grey", "silver": "grey", "charcoal": "black", "dark": "black",
    "maroon": "crimson", "magenta": "pink", "cyan": "turquoise",
}  # fmt: skip
RELATIONS = {
    "above": "above", "over": "above", "atop": "above", "below": "below", "beneath": "below", "under": "below",
    "left": "left", "right": "right",
}  # fmt: skip


@dataclass(frozen=True)
class Mention:
    """One thing that a text mentions.

    Attributes
    ----------
    phrase
        The words for it.
    colour
        The name of its colour in the palette, if it is said.
    count
        How many.
    scale
        1.0 unless it is called small or large.
    """

    phrase: str
    colour: str | None = None
    count: int = 1
    scale: float = 1.0


@dataclass(frozen=True)
class Reading:
    """What a text says.

    Attributes
    ----------
    mentions
        The things, in the order of the text.
    ground
        The name of the colour behind them, if it is said.
    relation
        Where the first is from the second, if it is said: ``above, below, left`` or ``right``.
    """

    mentions: tuple[Mention, ...]
    ground: str | None
    relation: str | None


def read(text: str, catalogue: Catalogue) -> Reading:
    """Read a text.

    Parameters
    ----------
    text
        Any English.
    catalogue
        Its phrases are found first, the longest foremost; any other word that can mean a thing is a mention too.

    Returns
    -------
    Reading
        With at most six mentions; none for a text without such words.
    """
    words = re.findall(r"[a-zà-ÿ]+(?:['’-][a-zà-ÿ]+)*", text.lower().replace("sky blue", "skyblue"))
    mentions: list[Mention] = []
    ground, relation = None, None
    colour: str | None = None
    count, scale = 1, 1.0
    at = 0
    while at < len(words) and len(mentions) < MOST_MENTIONS:
        word = words[at]
        length = _phrase_length(words, at, catalogue)
        if word in GROUND_WORDS and colour is not None:
            ground, colour = colour, None
        elif word in RELATIONS and len(mentions) == 1 and relation is None and not length:
            relation = RELATIONS[word]
        elif not length and (named := _colour(word)) is not None:
            colour = named
        elif word in COUNTS and not length:
            count = COUNTS[word] if word not in ("a", "an") else count
        elif word in SIZES:
            scale = SIZES[word]
        elif length or can_be_seen(word):
            mentions.append(Mention(" ".join(words[at : at + max(length, 1)]), colour, count, scale))
            colour, count, scale = None, 1, 1.0
            at += max(length, 1) - 1
        at += 1
    return Reading(tuple(mentions), ground, relation)


def can_be_seen(word: str) -> bool:
    """Tell whether a word outside the catalogue may name a thing: no function word, and no verb in -ing.

    Examples
    --------
    >>> can_be_seen("lake"), can_be_seen("sitting"), can_be_seen("the")
    (True, False, False)
    """
    return len(word) > 2 and not word.endswith("ing") and word not in _unseen_words()


@cache
def _unseen_words() -> frozenset[str]:
    """Load the function words, and the verbs and adverbs that pictures are described with."""
    return frozenset(files("loopscope.models.pictogram_set").joinpath("unseen_words.txt").read_text("utf-8").split())


def _colour(word: str) -> str | None:
    return "sky blue" if word == "skyblue" else COLOURS.get(word)


def _phrase_length(words: list[str], at: int, catalogue: Catalogue) -> int:
    """Give the number of words of the longest phrase of the catalogue that begins here; 0 for none."""
    for length in range(min(LONGEST_PHRASE, len(words) - at), 0, -1):
        phrase = " ".join(words[at : at + length])
        if phrase in catalogue.phrases and not (length == 1 and (phrase in _unseen_words() or _colour(phrase))):
            return length
    return 0
