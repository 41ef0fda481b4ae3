"""Turns what a text mentions into a scene: pictograms near in meaning, and what is familiarly found with them.

Three tendencies make the scenes drift and settle. A word becomes a pictogram that is *near* it in meaning, not always
the nearest. Things are drawn towards a *familiar scene* (a theme: the night sky, a farm, a bakery): what belongs to it
is preferred, what does not may be left out, and a lonely thing is given company. And what is not said (a colour, a
ground) is filled in by habit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt

from loopscope.models.pictogram_set.catalogue import Catalogue, Theme, load_catalogue, typicality
from loopscope.models.pictogram_set.colours import contrasting
from loopscope.models.pictogram_set.reading import Mention, Reading
from loopscope.models.pictogram_set.scene import Scene, Thing
from loopscope.models.protocol import Embedder
from loopscope.types import Vectors

Weights = npt.NDArray[np.float64]

# Similarities are rounded, so that the last bits of an embedding cannot tip a draw.
DECIMALS = 3


@dataclass(frozen=True)
class Habits:
    """How the painter imagines.

    Attributes
    ----------
    candidates
        How many pictograms nearest to a word are considered.
    temperature
        Of the choice among them, on the scale of cosine similarity.
    least_similarity
        Below it a word is not painted.
    theme_temperature
        Of the choice of the theme, on the scale of mean belonging in [0, 1].
    theme_fame
        How much likelier the first themes of the list are: the exponent of their rank.
    theme_pull
        How much nearer, on the scale of cosine similarity, a pictogram of the theme seems.
    association
        The chance that a typical thing of the theme takes the place of one that was said.
    count_memory
        The chance that a count above one is kept.
    drop
        The chance that a thing foreign to the theme is left out where something else remains.
    company
        The chance that a lonely thing is given a companion from the theme.
    restraint
        How much less often the two happen, and how much weaker the pull is, for each thing that a text mentions beyond
        the second: a text that says much is followed closely.
    new_ground
        The chance that a ground that was said is changed for one of the theme.
    most_things
        How many things a picture shows.
    """

    candidates: int = 8
    temperature: float = 0.05
    least_similarity: float = 0.38
    theme_temperature: float = 0.118
    theme_fame: float = 0.0
    theme_pull: float = 0.25
    association: float = 0.5
    count_memory: float = 0.75
    drop: float = 0.8
    company: float = 0.85
    restraint: float = 0.5
    new_ground: float = 0.6
    most_things: int = 3


class Imagination:
    """Imagines scenes.

    Parameters
    ----------
    habits
        How.
    """

    def __init__(self, habits: Habits | None = None) -> None:
        self.habits = habits or Habits()
        self.catalogue: Catalogue = load_catalogue()
        self.meanings = load_meanings()
        self._belonging = _belonging(self.catalogue, self.meanings)
        self._member = np.array(
            [[i in theme.members for theme in self.catalogue.themes] for i in range(len(self.meanings))]
        )

    def imagine(
        self, reading: Reading, vectors: Mapping[str, npt.NDArray[np.float32]], rng: np.random.Generator
    ) -> Scene:
        """Imagine the scene that a text describes.

        Parameters
        ----------
        reading
            What the text says.
        vectors
            The embedding of every phrase that is mentioned.
        rng
            Makes the choices.

        Returns
        -------
        Scene
            One to three things.
        """
        likely = []
        for mention in reading.mentions:
            similarity = self._similarity(mention, vectors[mention.phrase])
            if similarity.max() >= self.habits.least_similarity:
                likely.append((mention, similarity))
        best = [int(np.argmax(weights)) for _, weights in likely]
        theme_number = self._theme(best, rng)
        habit = self.habits.restraint ** max(0, len(likely) - 2)
        theme = self.catalogue.themes[theme_number]
        things: list[Thing] = []
        for mention, similarity in likely[: self.habits.most_things + 1]:
            thing = self._realised(mention, similarity, theme_number, habit, rng)
            if all(thing.pictogram != other.pictogram for other in things):
                things.append(thing)
        things = self._simplified(things, theme_number, habit, rng)
        if len(things) < 2 and (not things or rng.random() < self.habits.company):
            things.append(self._companion(theme, things, rng))
        ground = reading.ground
        if ground is None or rng.random() < self.habits.new_ground:
            ground = theme.grounds[int(rng.choice(len(theme.grounds), p=typicality(len(theme.grounds))))]
        return Scene(
            tuple(self._coloured(thing, ground, rng) for thing in things), ground, reading.relation or "beside"
        )

    def _similarity(self, mention: Mention, vector: npt.NDArray[np.float32]) -> Weights:
        """Give the similarity of every pictogram to a phrase; about 1 for what the phrase means outright."""
        products = np.einsum("pd,d->p", self.meanings, vector)
        similarity: Weights = np.asarray(np.round(products, DECIMALS), np.float64)
        meant = self.catalogue.phrases.get(mention.phrase)
        if meant is not None:
            for number, chance in meant:
                similarity[number] = max(similarity[number], 1.0 + self.habits.temperature * np.log(chance))
        return similarity

    def _theme(self, best: list[int], rng: np.random.Generator) -> int:
        fame = -self.habits.theme_fame * np.log(np.arange(1, len(self.catalogue.themes) + 1))
        if not best:
            return _draw(fame, rng)
        return _draw(np.mean(self._belonging[best], axis=0) / self.habits.theme_temperature + fame, rng)

    def _realised(
        self, mention: Mention, similarity: Weights, theme: int, habit: float, rng: np.random.Generator
    ) -> Thing:
        """Choose the pictogram that a mention becomes, and how many of it."""
        count = mention.count if rng.random() < self.habits.count_memory else 1
        if rng.random() < habit * self.habits.association:
            members = self.catalogue.themes[theme].members
            return Thing(members[int(rng.choice(len(members), p=typicality(len(members))))], "", count)
        return Thing(self._choose(similarity, theme, habit, rng), mention.colour or "", count, mention.scale)

    def _choose(self, similarity: Weights, theme: int, habit: float, rng: np.random.Generator) -> int:
        score = similarity + habit * self.habits.theme_pull * self._member[:, theme]
        candidates = np.argsort(-score, kind="stable")[: self.habits.candidates]
        return int(candidates[_draw(score[candidates] / self.habits.temperature, rng)])

    def _simplified(self, things: list[Thing], theme: int, habit: float, rng: np.random.Generator) -> list[Thing]:
        kept = list(things)
        for thing in things:
            foreign = not self._member[thing.pictogram, theme]
            if len(kept) > 1 and foreign and rng.random() < habit * self.habits.drop:
                kept.remove(thing)
        return kept[: self.habits.most_things]

    def _companion(self, theme: Theme, things: list[Thing], rng: np.random.Generator) -> Thing:
        present = {thing.pictogram for thing in things}
        members = [member for member in theme.members if member not in present]
        pictogram = members[int(rng.choice(len(members), p=typicality(len(members))))]
        return Thing(pictogram, "", int(rng.choice((1, 2, 3), p=(0.7, 0.2, 0.1))))

    def _coloured(self, thing: Thing, ground: str, rng: np.random.Generator) -> Thing:
        habitual = self.catalogue.pictograms[thing.pictogram].colours
        first = int(rng.choice(len(habitual), p=typicality(len(habitual))))
        habitual = (habitual[first], *habitual)
        wanted = (thing.colour, *habitual) if thing.colour else habitual
        return Thing(thing.pictogram, contrasting(wanted, ground), thing.count, thing.scale)


def compute_meanings(embedder: Embedder[str], numbers: Sequence[int] | None = None) -> npt.NDArray[np.float16]:
    """Compute the shipped embeddings of the names of the pictograms anew, or of some of them; shape (n, 384)."""
    pictograms = load_catalogue().pictograms
    chosen = pictograms if numbers is None else [pictograms[number] for number in numbers]
    return embedder.embed([pictogram.name for pictogram in chosen]).astype(np.float16)


@cache
def load_meanings() -> Vectors:
    """Load the embeddings of the names of the pictograms, shape (pictograms, 384)."""
    data = files("loopscope.models.pictogram_set").joinpath("meanings.npz")
    with data.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
        return np.ascontiguousarray(arrays["vectors"].astype(np.float32))


def _belonging(catalogue: Catalogue, meanings: Vectors) -> Weights:
    """Give how much each pictogram belongs to each theme: 1 for a member, else its similarity to the mean member."""
    middles = np.stack([meanings[list(theme.members)].mean(axis=0) for theme in catalogue.themes])
    middles /= np.linalg.norm(middles, axis=1, keepdims=True)
    belonging: Weights = np.asarray(np.round(meanings @ middles.T, DECIMALS), np.float64)
    for number, theme in enumerate(catalogue.themes):
        belonging[list(theme.members), number] = 1.0
    return belonging


def _draw(logits: Weights, rng: np.random.Generator) -> int:
    """Draw a number with chances proportional to the exponentials of ``logits``."""
    chances = np.exp(logits - logits.max())
    return int(
        np.searchsorted(np.cumsum(chances), rng.random() * chances.sum(), side="right").clip(0, len(chances) - 1)
    )
