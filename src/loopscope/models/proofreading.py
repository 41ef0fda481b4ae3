"""Makes words of what was read: a noisy-channel proofreader.

A reader who meets "fr zen" after "a" takes the word which is likely there and looks like it. So does the proofreader
(Kernighan, Church and Gale 1990, doi:10.3115/997939.997975; Mays, Damerau and Mercer 1991,
doi:10.1016/0306-4573(91)90066-U): a reading which is no word becomes a word drawn with probability proportional to
P(reading | word) (P(word | word before) P(word after | word))^0.6, with counts of words and of pairs of words from the
symspellpy package.
"""

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from itertools import groupby

import numpy as np

HIDDEN = "▯"
"""A reading that stands for a place where there is a word which cannot be read."""

# Rarer words of so many letters are kept when they are read, but not guessed: most short ones are abbreviations, where
# giraffe and watermelon are rare but real.
_LEAST_COUNTS = {1: 0, 2: 3_000_000, 3: 3_000_000, 4: 1_500_000, 5: 1_500_000}
_LEAST_COUNT = 500_000
COMMONEST = 1_500_000_000  # about 60 words are as frequent
_OVERLOOKED = {"ox": 3_000_000}  # a word, but not in the list
# One letter inserted, lost, replaced or swapped makes a reading e^4.5, some ninety times, less likely.
LOG_LIKELIHOOD_PER_EDIT = -4.5
LOG_LIKELIHOOD_PER_LOST_SPACE = -2.5
LOG_LIKELIHOOD_PER_MISSING_LETTER = -0.6
# Less than 1: with all its weight, what is likely drives out what is there, and "fox" soon becomes "to".
PRIOR_WEIGHT = 0.6
PAIR_WEIGHT = 0.7
MOST_CANDIDATES = 12
MOST_FOLLOWERS = 400

# The counts are of the web. What starts so is kept when it is read, but it is not for a machine to put it there.
_NEVER_GUESSED = re.compile(
    "anal$|ass$|bitch|cock|cunt|cum$|dick|erotic|fag|fuck|hentai|masturb|nigg|nude|nudi|orgasm|penis|piss|porn"
    "|pussy|rape|sex|shit|slut|suck|tits|vagin|viagra|whore|xxx"
)
_LOOKALIKES = str.maketrans("015|", "olsl")
_READING = re.compile(rf"[^\W_]+(?:['’-][^\W_]+)*|{HIDDEN}|[^\w\s]+")


class Proofreader:
    """Turn readings into English words, in lower case and without punctuation.

    A reading that is a word, or a number, is kept.
    """

    def __init__(self) -> None:
        from symspellpy import SymSpell

        folder = files("symspellpy")
        counts = _counts((folder / "frequency_dictionary_en_82_765.txt").read_text(encoding="utf-8-sig"))
        self._words = {word: count for (word,), count in counts if len(word) > 1 or word in ("a", "i")}
        self._words |= _OVERLOOKED
        self._total = sum(self._words.values())
        self._spelling = SymSpell(max_dictionary_edit_distance=2, prefix_length=7)
        for word in self._words:
            if self._may_guess(word):
                self._spelling.create_dictionary_entry(word, self._words[word])
        pairs = _counts((folder / "frequency_bigramdictionary_en_243_342.txt").read_text(encoding="utf-8-sig"))
        self._after: defaultdict[str, dict[str, int]] = defaultdict(dict)
        self._before: defaultdict[str, dict[str, int]] = defaultdict(dict)
        for (first, second), count in pairs:
            if first in self._words and second in self._words:
                self._after[first][second] = count
                self._before[second][first] = count

    def __call__(self, text: str, randomness: np.random.Generator) -> list[str]:
        """Give the words of a text as it was read.

        Parameters
        ----------
        text
            What was read; `HIDDEN` stands for a word that cannot be read.
        randomness
            Draws among the likely words.

        Returns
        -------
        list of str
            Words; empty if there is nothing to go by.
        """
        readings = [_clean(reading) for reading in _READING.findall(text)]
        words: list[str] = []
        for place, reading in enumerate(readings):
            after = next((word for word in readings[place + 1 : place + 2] if self._is_word(word)), None)
            words += self._word_for(reading, words[-1] if words else None, after, randomness)
        # A reader does not take a word that stands there twice in a row for meant.
        return [word for word, _ in groupby(words)]

    def is_telling(self, word: str) -> bool:
        """Tell whether a word says more than "the", "of" and the other commonest words do."""
        return self._words.get(word, 0) < COMMONEST

    def _is_word(self, reading: str) -> bool:
        return reading in self._words or reading.isdigit()

    def _may_guess(self, word: str) -> bool:
        common = self._words[word] >= _LEAST_COUNTS.get(len(word), _LEAST_COUNT)
        return common and word.isalpha() and not _NEVER_GUESSED.match(word)

    def _word_for(
        self, reading: str, before: str | None, after: str | None, randomness: np.random.Generator
    ) -> list[str]:
        """Give the words, none or more, that are written where the reading was."""
        if self._is_word(reading):
            return [reading]
        if reading == "":
            return []
        if len(reading) > 1:
            candidates = self._words_like(reading, before, after) | self._parts_of(reading, before, after)
            if candidates:
                return _draw(candidates, randomness).split()
        candidates = self._words_between(before, after, None if reading == HIDDEN else len(reading))
        return [_draw(candidates, randomness)] if candidates else []

    def _words_like(self, reading: str, before: str | None, after: str | None) -> dict[str, float]:
        """Give the words within two edits of a reading, with their log-probabilities up to a constant."""
        from symspellpy import Verbosity

        most = min(2, max(1, len(reading) // 2))
        return {
            found.term: LOG_LIKELIHOOD_PER_EDIT * found.distance + self._log_prior(before, found.term, after)
            for found in self._spelling.lookup(reading, Verbosity.ALL, max_edit_distance=most)
        }

    def _words_between(self, before: str | None, after: str | None, length: int | None) -> dict[str, float]:
        """Give the words often met after one word and before another, with their log-probabilities up to a constant."""
        met = list(self._after.get(before or "", {}))[:MOST_FOLLOWERS]
        met += list(self._before.get(after or "", {}))[:MOST_FOLLOWERS]
        return {
            word: self._log_prior(before, word, after)
            + (LOG_LIKELIHOOD_PER_MISSING_LETTER * abs(len(word) - length) if length else 0)
            for word in met
            if self._may_guess(word)
        }

    def _parts_of(self, reading: str, before: str | None, after: str | None) -> dict[str, float]:
        """Part words that were read as one: none, or one phrase with its log-probability up to a constant."""
        if len(reading) < 5:
            return {}
        found = self._spelling.word_segmentation(reading, max_edit_distance=1)
        parts: list[str] = found.corrected_string.split()
        if len(parts) < 2 or len(parts) > len(reading) // 3 + 1 or not all(part in self._words for part in parts):
            return {}
        edits = found.distance_sum - (len(parts) - 1)
        likelihood = LOG_LIKELIHOOD_PER_EDIT * edits + LOG_LIKELIHOOD_PER_LOST_SPACE * (len(parts) - 1)
        phrase = [*parts, after] if after else parts
        prior = PRIOR_WEIGHT * sum(
            self._log_pair(first, second) for first, second in zip([before, *phrase], phrase, strict=False)
        )
        return {" ".join(parts): likelihood + prior}

    def _log_prior(self, before: str | None, word: str, after: str | None) -> float:
        prior = self._log_pair(before, word)
        return PRIOR_WEIGHT * (prior if after is None else prior + self._log_pair(word, after))

    def _log_pair(self, before: str | None, word: str) -> float:
        """Give the logarithm of P(word | word before), smoothed with P(word) (Jelinek and Mercer 1980)."""
        alone = self._words.get(word, 1) / self._total
        if before is None:
            return math.log(alone)
        pair = self._after.get(before, {}).get(word, 0) / self._words.get(before, 1)
        return math.log(PAIR_WEIGHT * pair + (1 - PAIR_WEIGHT) * alone)


def _clean(reading: str) -> str:
    """Bring a reading to lower-case letters, keeping numbers and the sign for a hidden word; "" for punctuation."""
    if reading == HIDDEN or reading.isdigit():
        return reading
    return re.sub(r"[^a-z]", "", reading.lower().translate(_LOOKALIKES))


def _draw(candidates: Mapping[str, float], randomness: np.random.Generator) -> str:
    """Draw one of the likeliest words by log-probabilities."""
    # By name after probability: the order must not depend on the order in which words were found.
    likeliest = sorted(candidates.items(), key=lambda item: (-item[1], item[0]))[:MOST_CANDIDATES]
    weights = np.exp(np.array([log for _, log in likeliest]) - likeliest[0][1])
    return likeliest[int(randomness.choice(len(likeliest), p=weights / weights.sum()))][0]


def _counts(text: str) -> Iterator[tuple[Sequence[str], int]]:
    """Read lines of one word or more and a count."""
    for line in text.splitlines():
        *words, count = line.split()
        yield words, int(count)
