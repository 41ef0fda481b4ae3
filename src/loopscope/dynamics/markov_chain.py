"""The Markov chain that transitions make: communicating classes, stationary laws, how fast it forgets.

A class is a strong component of the graph of transitions; it is closed if no transition leaves it. A chain has one
stationary law for each closed class, so that only one with a single closed class has *the* stationary law (Levin, Peres
and Wilmer 2009, Markov Chains and Mixing Times, section 1.7). Nothing is made reversible, and nothing irreducible.

A state that was only ever the last step of a run has no exits that anyone saw. What leads to it is left out of the
chain, and so is it: neither that it is left nor that it is not is known.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from loopscope.dynamics.transitions import normalise_rows

Integers = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

FORGOTTEN = 0.25
"""The total variation distance from the stationary law at which a chain counts as mixed."""
LONGEST_MIXING = 2**40
"""Steps; a chain that takes more is not told from one that never mixes."""


@dataclass(frozen=True)
class MarkovChain:
    """A chain, from its transition counts.

    Attributes
    ----------
    counts
        Shape (k, k), float64: what the chain was made from.
    known
        Shape (k,), bool: False for a state that is never left because every run that reached it ended there.
    kernel
        Shape (k, k), float64: probabilities between known states, each row summing to 1; 0 for the others.
    classes
        Shape (k,), int64: the communicating class of each state, by decreasing number of transitions that begin in it;
        −1 for a state that is not known.
    closed
        Shape (number of classes,), bool: whether no transition leaves the class.
    """

    counts: Numbers
    known: Flags
    kernel: Numbers
    classes: Integers
    closed: Flags

    @classmethod
    def of(cls, counts: Numbers) -> "MarkovChain":
        """Make a chain of transition counts, or of probabilities.

        Parameters
        ----------
        counts
            Shape (k, k), float64: from row to column.

        Examples
        --------
        >>> chain = MarkovChain.of(np.array([[8.0, 2.0, 0.0], [0.0, 5.0, 5.0], [0.0, 5.0, 5.0]]))
        >>> chain.classes.tolist(), chain.closed.tolist(), chain.stationary.round(3).tolist()
        ([1, 0, 0], [True, False], [0.0, 0.5, 0.5])
        """
        from scipy.sparse import csr_array
        from scipy.sparse.csgraph import connected_components

        kernel = known_kernel(counts)
        known = np.asarray(kernel.any(axis=1))
        number, component = connected_components(csr_array(kernel > 0), directed=True, connection="strong")
        size = np.bincount(component[known], weights=counts.sum(axis=1)[known], minlength=number)
        first = np.full(number, len(counts))
        np.minimum.at(first, component, np.arange(len(counts)))
        kept = np.unique(component[known])
        order = kept[np.lexsort((first[kept], -size[kept]))]
        rank = np.full(number, -1)
        rank[order] = np.arange(len(order))
        classes = np.where(known, rank[component], -1) if len(counts) else np.empty(0, dtype=np.int64)
        row, column = np.nonzero(kernel)
        closed = np.ones(len(order), dtype=np.bool_)
        closed[classes[row[classes[row] != classes[column]]]] = False
        return cls(counts, known, kernel, classes.astype(np.int64), closed)

    @property
    def n_closed(self) -> int:
        """How many classes are closed: of how many stationary laws every other one is a mixture."""
        return int(self.closed.sum())

    @cached_property
    def stationary(self) -> Numbers:
        """Shape (k,), float64: the stationary law of each closed class, each summing to 1; 0 for transient states.

        NaN for a state that is not known.
        """
        law = np.where(self.known, 0.0, np.nan)
        for number in np.flatnonzero(self.closed):
            members = np.flatnonzero(self.classes == number)
            law[members] = solve_stationary(self.kernel[np.ix_(members, members)])
        return law

    @cached_property
    def period(self) -> int:
        """The greatest common divisor of the lengths of all loops in the largest closed class; 1 if it is aperiodic."""
        number = int(np.flatnonzero(self.closed)[0])
        members = np.flatnonzero(self.classes == number)
        return _find_period(self.kernel[np.ix_(members, members)] > 0)

    @property
    def why_not_one_law(self) -> str | None:
        """Why there is no single stationary law; None where there is."""
        if not self.known.any():
            return "no step follows another"
        if self.n_closed > 1:
            return f"the chain is reducible: {self.n_closed} closed classes, so no single stationary law"
        return None

    @property
    def why_not_mixing(self) -> str | None:
        """Why the chain does not come to one law from everywhere; None where it does."""
        if self.why_not_one_law:
            return self.why_not_one_law
        if self.known.sum() == 1:
            return "there is one state only, and nothing to mix"
        if self.period > 1:
            return f"the chain is periodic: its closed class comes back only after multiples of {self.period} steps"
        return None


def known_kernel(counts: Numbers) -> Numbers:
    """Turn counts into probabilities between states that are left, each row summing to 1.

    What leads to a state that is never left is left out, again and again until no more states have to go.

    Parameters
    ----------
    counts
        Shape (..., k, k), float64.

    Returns
    -------
    numpy.ndarray
        Shape (..., k, k), float64; 0 in rows and columns of states that are never left.

    Examples
    --------
    >>> known_kernel(np.array([[2.0, 2.0, 1.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])).tolist()
    [[0.5, 0.5, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    """
    kept = np.array(counts, dtype=np.float64)
    known = np.asarray(kept.any(axis=-1))
    while True:
        kept *= known[..., None, :]
        left = np.asarray(kept.any(axis=-1))
        if (left == known).all():
            return np.nan_to_num(normalise_rows(kept), copy=False)
        known = left


def solve_stationary(kernel: Numbers) -> Numbers:
    """Solve π P = π for an irreducible chain.

    Parameters
    ----------
    kernel
        Shape (k, k), float64, each row summing to 1.

    Returns
    -------
    numpy.ndarray
        Shape (k,), float64, summing to 1.

    Examples
    --------
    >>> solve_stationary(np.array([[0.9, 0.1], [0.3, 0.7]])).round(6).tolist()
    [0.75, 0.25]
    """
    size = len(kernel)
    # π (P − I) = 0 has one solution that sums to 1, and adding that sum to every equation leaves it the only one.
    law = np.linalg.solve((np.eye(size) - kernel + 1.0).T, np.ones(size))
    law = np.clip(law, 0.0, None)
    return np.asarray(law / law.sum())


def measure_second_eigenvalue(chain: MarkovChain) -> float:
    """Measure |λ₂|, the second largest eigenvalue by size: NaN where the chain does not mix.

    The spectral gap is 1 − |λ₂|, and the slowest process decays as exp(−t / T), T = −lag / ln |λ₂| (Prinz et al. 2011,
    doi:10.1063/1.3565032).

    Examples
    --------
    >>> round(measure_second_eigenvalue(MarkovChain.of(np.array([[0.9, 0.1], [0.3, 0.7]]))), 6)
    0.6
    """
    if chain.why_not_mixing:
        return np.nan
    kernel = chain.kernel[np.ix_(chain.known, chain.known)]
    return float(np.sort(np.abs(np.linalg.eigvals(kernel)))[-2])


def measure_mixing_time(chain: MarkovChain) -> float:
    """Measure after how many steps the chain is within 1/4 of its stationary law in total variation, from anywhere.

    This is t_mix(1/4) of Levin, Peres and Wilmer (2009), section 4.5, in steps of the chain; NaN where it does not mix.

    Examples
    --------
    >>> measure_mixing_time(MarkovChain.of(np.array([[0.9, 0.1], [0.3, 0.7]])))
    3.0
    """
    if chain.why_not_mixing:
        return np.nan
    kernel = chain.kernel[np.ix_(chain.known, chain.known)]
    law = chain.stationary[chain.known]
    powers = [np.eye(len(kernel)), kernel]  # then P², P⁴, P⁸, …
    if _distance(powers[0], law) <= FORGOTTEN:
        return 0.0
    while _distance(powers[-1], law) > FORGOTTEN:
        if 2 ** (len(powers) - 2) >= LONGEST_MIXING:
            return np.nan
        powers.append(powers[-1] @ powers[-1])
    # The distance never grows, so the last time at which it is too large is found bit by bit.
    steps, reached = 0, powers[0]
    for exponent in range(len(powers) - 3, -1, -1):
        further = reached @ powers[exponent + 1]
        if _distance(further, law) > FORGOTTEN:
            steps, reached = steps + 2**exponent, further
    return float(steps + 1)


def _distance(power: Numbers, law: Numbers) -> float:
    return float(0.5 * np.abs(power - law).sum(axis=1).max())


def _find_period(leads: Flags) -> int:
    """Give the greatest common divisor of all loops of a strongly connected graph, by levels from one state."""
    level = np.full(len(leads), -1)
    level[0] = 0
    front = np.array([0])
    while len(front):
        reached = leads[front].any(axis=0) & (level < 0)
        level[reached] = level[front[0]] + 1
        front = np.flatnonzero(reached)
    row, column = np.nonzero(leads)
    return int(np.gcd.reduce(np.abs(level[row] + 1 - level[column])))
