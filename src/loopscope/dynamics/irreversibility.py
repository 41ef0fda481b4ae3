"""Irreversibility: how much the order of time shows in the steps of a chain, in bits a step.

It is the relative entropy of a step against the same step backwards, Σ π(i) P(i,j) log₂ (P(i,j) / P(j,i)): 0 if and
only if the chain is reversible (Roldán and Parrondo 2010, doi:10.1103/PhysRevLett.105.150607).

A pair of states seen in one direction only would make it infinite. Half a transition is added to both directions of
every pair of states that was seen in either (so says `PSEUDO_COUNT`; with 0, pairs seen in one direction only are left
out of the sum), and law and probabilities are those of the chain with these.

What noise gives is above 0, the more so the more pairs there are, so a value says nothing without a null. Shuffled
order (S) asks whether there is order at all; its chain has more pairs than one that dwells, so that its values are
larger and p is large for a reversible chain with memory. :func:`reverse_loops` (R) asks the right question.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from loopscope.dynamics.markov_chain import MarkovChain, solve_stationary
from loopscope.dynamics.nulls import Null
from loopscope.dynamics.sequences import MISSING, Sequences
from loopscope.dynamics.transitions import normalise_rows
from loopscope.statistics.estimate import ROUNDING

Integers = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]

PSEUDO_COUNT = 0.5


def measure_irreversibility(chain: MarkovChain, *, pseudo_count: float = PSEUDO_COUNT) -> float:
    """Measure the relative entropy of steps against the same steps backwards.

    Parameters
    ----------
    chain
        Of transition counts; of a chain with transient states, the closed class.
    pseudo_count
        Is added to both directions of every pair that was seen; 0 leaves out pairs seen in one direction only.

    Returns
    -------
    float
        Bits a step, from 0; NaN where the chain has not one stationary law.

    Examples
    --------
    >>> ring = 100_000 * (0.7 * np.roll(np.eye(3), 1, axis=1) + 0.1 * np.roll(np.eye(3), -1, axis=1) + 0.2 * np.eye(3))
    >>> round(measure_irreversibility(MarkovChain.of(ring)), 3)
    1.684
    """
    if chain.why_not_one_law:
        return np.nan
    members = np.flatnonzero(chain.known & (chain.classes == np.flatnonzero(chain.closed)[0]))
    counts = chain.counts[np.ix_(members, members)]
    seen = (counts + counts.T) > 0
    np.fill_diagonal(seen, False)
    forward = normalise_rows(counts + pseudo_count * seen)
    flow = solve_stationary(forward)[:, None] * forward
    both = seen & (forward > 0) & (forward.T > 0)
    bits = float((flow[both] * np.log2(forward[both] / forward.T[both])).sum())
    return bits if bits > ROUNDING else 0.0


@dataclass(frozen=True)
class Loops:
    """The ways from the state that runs are in most often back to it, each of which can be taken backwards.

    Given where a reversible Markov chain is in this state, a loop and the same loop backwards are equally likely
    (Kolmogorov's criterion), whatever the start of the runs: so surrogates whose loops are each turned round by a
    throw of a coin are exchangeable with the data, and p is exact. How long the chain stays where, and how often it
    visits each state, are kept.

    Attributes
    ----------
    anchor
        The state: the one visited most often, the outlier being one like any other.
    place
        Shape (n,), int64: the places of the steps in loops that are not the same backwards by their length alone.
    mirror
        Shape (n,), int64: where each is if its loop is turned round.
    loop
        Shape (n,), int64: the number of its loop.
    n_loops
        How many there are.
    """

    anchor: int
    place: Integers
    mirror: Integers
    loop: Integers
    n_loops: int

    @classmethod
    def of(cls, sequences: Sequences) -> "Loops":
        """Find the loops of all runs.

        Examples
        --------
        >>> loops = Loops.of(Sequences.of([[1, 0, 1, 2, 0, 0]]))
        >>> loops.anchor, loops.n_loops, loops.place.tolist(), loops.mirror.tolist()
        (0, 1, [2, 3], [3, 2])
        """
        symbols, run = sequences.symbols, sequences.run
        known = symbols[symbols != MISSING]
        if not len(known):
            nowhere = np.empty(0, dtype=np.int64)
            return cls(MISSING, nowhere, nowhere, nowhere, 0)
        values, number = np.unique(known, return_counts=True)
        anchor = int(values[np.argmax(number)])
        missing_before = np.cumsum(symbols == MISSING)
        visits = np.flatnonzero(symbols == anchor)
        start, end = visits[:-1], visits[1:]
        whole = (run[start] == run[end]) & (missing_before[start] == missing_before[end]) & (end - start > 2)
        start, end = start[whole], end[whole]
        inside = end - start - 1
        loop = np.repeat(np.arange(len(start)), inside)
        offset = np.arange(len(loop)) - np.repeat(np.cumsum(inside) - inside, inside)
        place = start[loop] + 1 + offset
        return cls(anchor, place, start[loop] + end[loop] - place, loop.astype(np.int64), len(start))


def reverse_loops(sequences: Sequences, loops: Loops, random: np.random.Generator) -> Sequences:
    """Turn round each loop by the throw of a coin: null R, a reversible chain.

    Parameters
    ----------
    loops
        ``Loops.of(sequences)``.

    Examples
    --------
    >>> runs = Sequences.of([[0, 1, 2, 0, 3, 4, 5, 0]])
    >>> reverse_loops(runs, Loops.of(runs), np.random.default_rng(0)).symbols.tolist()
    [0, 1, 2, 0, 5, 4, 3, 0]
    """
    turned = random.random(loops.n_loops) < 0.5
    chosen = turned[loops.loop]
    symbols = sequences.symbols.copy()
    symbols[loops.mirror[chosen]] = sequences.symbols[loops.place[chosen]]
    return sequences.replace(symbols)


def make_reversible_null(sequences: Sequences) -> Null:
    """Make null R of these runs: surrogates of a reversible chain with the same occupancy and dwelling."""
    loops = Loops.of(sequences)
    return Null(
        "R",
        lambda runs, random: reverse_loops(runs, loops, random),
        "surrogates with each loop turned round by the throw of a coin",
    )
