"""Nulls by name, and how intervals and nulls were made, in words."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from loopscope.dynamics.sequences import Sequences
from loopscope.dynamics.surrogates import draw_markov_surrogate, permute_runs, shuffle_order
from loopscope.statistics.resampling import Runs


@dataclass(frozen=True)
class Null:
    """What an analysis of labels is compared with.

    Attributes
    ----------
    name
        S, M1 or P.
    draw
        Draws sequences as they would be without the effect.
    described
        What it draws, in words.
    """

    name: str
    draw: Callable[[Sequences, np.random.Generator], Sequences]
    described: str

    def draw_all(self, sequences: Sequences, nulls: int, seed: int) -> Iterator[Sequences]:
        """Draw so many surrogates, each while the one before is measured; the same seed gives the same ones."""
        random = np.random.default_rng(seed)
        with ThreadPoolExecutor(1) as pool:
            ahead = [pool.submit(self.draw, sequences, random)] if nulls else []
            for remaining in range(nulls - 1, -1, -1):
                drawn = ahead.pop().result()
                if remaining:
                    ahead.append(pool.submit(self.draw, sequences, random))
                yield drawn


SHUFFLED = Null("S", shuffle_order, "shuffles of the steps within each run")
MARKOV = Null("M1", draw_markov_surrogate, "first-order Markov surrogates of each run")
PERMUTED = Null("P", permute_runs, "permutations of the runs")


def describe_method(runs: Runs, draws: int, null: Null | None = None, nulls: int = 0) -> str:
    """Say how an interval and a null were made.

    Examples
    --------
    >>> describe_method(Runs.of([0, 1]), 200, SHUFFLED, 99)
    'bootstrap over runs within network and prompt, 200 draws; null S: 99 shuffles of the steps within each run'
    """
    said = runs.described + (f", {draws} draws" if runs.n_runs > 1 else "")
    return f"{said}; null {null.name}: {nulls} {null.described}" if null and nulls else said
