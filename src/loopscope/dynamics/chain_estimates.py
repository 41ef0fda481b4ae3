"""What a Markov chain tells of a group of runs, each number with its interval and what chance would give."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np

from loopscope.dynamics.entropy_rate import bound_predictability, measure_entropy_rate
from loopscope.dynamics.irreversibility import make_reversible_null, measure_irreversibility
from loopscope.dynamics.markov_chain import MarkovChain, measure_mixing_time, measure_second_eigenvalue
from loopscope.dynamics.milestoning import as_asked
from loopscope.dynamics.nulls import MARKOV, SHUFFLED, describe_method
from loopscope.dynamics.sequences import Sequences
from loopscope.dynamics.transitions import Numbers, Transitions, count_pooled, count_transitions
from loopscope.statistics.estimate import Estimate, make_estimate, no_estimate
from loopscope.statistics.resampling import resample_runs

DRAWS = 200
NULLS = 99
ENOUGH_DRAWS = 0.5
"""The share of draws that must have a value for there to be an interval."""


@dataclass(frozen=True)
class ChainNumbers:
    """What is measured of one chain; NaN where it cannot be.

    Attributes
    ----------
    gap
        The spectral gap 1 − |λ₂|.
    timescale
        Steps of the runs: −lag / ln |λ₂|, over which the slowest process decays.
    t_mix
        Steps of the runs: the mixing time, to 1/4 in total variation.
    h_bits
        The entropy rate, in bits a transition.
    predictability
        By Fano's inequality, how often the best of all predictors is right at most.
    ep_bits
        The irreversibility, in bits a transition.
    """

    gap: float
    timescale: float
    t_mix: float
    h_bits: float
    predictability: float
    ep_bits: float

    @classmethod
    def of(cls, chain: MarkovChain, lag: int = 1) -> "ChainNumbers":
        """Measure a chain whose transitions take so many steps of the runs.

        Examples
        --------
        >>> numbers = ChainNumbers.of(MarkovChain.of(np.array([[0.9, 0.1], [0.3, 0.7]])))
        >>> round(numbers.gap, 3), round(numbers.timescale, 3), numbers.t_mix, round(numbers.h_bits, 3)
        (0.4, 1.958, 3.0, 0.572)
        """
        second = measure_second_eigenvalue(chain)
        entropy = measure_entropy_rate(chain)
        return cls(
            gap=1 - second,
            timescale=float(-lag / np.log(second)) if second else 0.0,
            t_mix=lag * measure_mixing_time(chain),
            h_bits=entropy,
            predictability=bound_predictability(entropy, int(chain.known.sum())),
            ep_bits=measure_irreversibility(chain),
        )


@dataclass(frozen=True)
class Quantity:
    """One number of a group of runs, against one null by its name; None where it has none."""

    name: str
    null: str | None
    estimate: Estimate


@dataclass(frozen=True)
class _Kind:
    """Which values of a null count against a number, how large it can be, and whether it is a time.

    A time needs a chain that mixes, and has draws so far off that its interval is made of logarithms.
    """

    extreme: Literal["large", "small", "far"]
    largest: float = np.inf
    mixing: bool = False
    logarithms: bool = False


KINDS = {
    "gap": _Kind("small", 1.0, mixing=True),
    "timescale": _Kind("large", mixing=True, logarithms=True),
    "t_mix": _Kind("large", mixing=True, logarithms=True),
    "h_bits": _Kind("small"),
    "predictability": _Kind("large", 1.0),
    "ep_bits": _Kind("large"),
}


def estimate_chain(
    sequences: Sequences,
    *,
    lag: int = 1,
    milestoning: bool = False,
    draws: int = DRAWS,
    nulls: int = NULLS,
    seed: int = 0,
) -> list[Quantity]:
    """Estimate all numbers of :class:`ChainNumbers`.

    They stand against null S, and from lag 2 on against M1, which at lag 1 has the very same transitions; the
    irreversibility stands against R too, by which its p should be read.

    Parameters
    ----------
    sequences
        The runs of one group.
    lag
        After how many steps transitions are counted.
    milestoning
        Whether the last core visited stands in the place of outliers.
    draws, nulls, seed
        Of the bootstrap over runs, and of each null.
    """
    transitions = count_transitions(as_asked(sequences, milestoning=milestoning), lag=lag)
    chain = MarkovChain.of(transitions.pooled)
    weights = resample_runs(sequences.runs, draws, seed)
    drawn = [ChainNumbers.of(MarkovChain.of(counts), lag) for counts in transitions.weigh(weights)]
    found = ChainNumbers.of(chain, lag)
    n_runs = count_contributing(transitions)
    quantities = []
    reversible = make_reversible_null(sequences)
    for null in (SHUFFLED, reversible) if lag == 1 else (SHUFFLED, MARKOV, reversible):
        names = ["ep_bits"] if null is reversible else list(KINDS)
        surrogates = null.draw_all(sequences, nulls, seed)
        chains = map(MarkovChain.of, _count_all(surrogates, transitions, milestoning=milestoning))
        chance = [_measure(each, names, lag) for each in chains]
        method = describe_method(sequences.runs, draws, null, nulls)
        for name in names:
            values = getattr(found, name), [getattr(draw, name) for draw in drawn], [each[name] for each in chance]
            quantities.append(Quantity(name, null.name, _estimate(name, chain, values, n_runs, method)))
    return quantities


def _measure(chain: MarkovChain, names: Sequence[str], lag: int) -> dict[str, float]:
    if list(names) == ["ep_bits"]:  # by far the fastest
        return {"ep_bits": measure_irreversibility(chain)}
    return asdict(ChainNumbers.of(chain, lag))


def keep_interval(drawn: Sequence[float], method: str) -> tuple[list[float], str]:
    """Leave out draws without a value; where too few have one, leave out all of them, and say so.

    Examples
    --------
    >>> keep_interval([1.0, float("nan"), float("nan")], "bootstrap")
    ([], 'bootstrap; no interval: a value in 1 of 3 draws only')
    """
    known = [value for value in drawn if np.isfinite(value)]
    if len(known) == len(drawn):
        return known, method
    if len(known) < ENOUGH_DRAWS * len(drawn):
        return [], f"{method}; no interval: a value in {len(known)} of {len(drawn)} draws only"
    return known, f"{method}; a value in {len(known)} of {len(drawn)} draws"


def count_contributing(transitions: Transitions) -> int:
    """Count the runs that have a transition."""
    return int((np.diff(transitions.counts.indptr) > 0).sum())


def _count_all(surrogates: Iterator[Sequences], transitions: Transitions, *, milestoning: bool) -> Iterator[Numbers]:
    for each in surrogates:
        yield count_pooled(as_asked(each, milestoning=milestoning), transitions.states, lag=transitions.lag)


def _estimate(
    name: str, chain: MarkovChain, values: tuple[float, list[float], list[float]], n_runs: int, method: str
) -> Estimate:
    found, drawn, chance = values
    kind = KINDS[name]
    reason = chain.why_not_mixing if kind.mixing else chain.why_not_one_law
    if reason or not np.isfinite(found):
        return no_estimate(reason or "the chain takes too long to mix", n_runs=n_runs)
    own, method = keep_interval(drawn, method)
    settings: dict[str, Any] = {"n_runs": n_runs, "method": method, "extreme": kind.extreme}
    estimate = make_estimate(found, own, chance, bounds=(0.0, kind.largest), **settings)
    if not kind.logarithms:
        return estimate
    ends = make_estimate(float(np.log1p(found)), np.log1p(own), [], bounds=(0.0, np.inf), **settings)
    return replace(estimate, lower=float(np.expm1(ends.lower)), upper=float(np.expm1(ends.upper)))
