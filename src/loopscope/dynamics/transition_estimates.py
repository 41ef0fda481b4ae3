"""Transition probabilities of a group of runs, each with its interval and what chance would give."""

from dataclasses import dataclass

import numpy as np

from loopscope.dynamics.markov_chain import MarkovChain
from loopscope.dynamics.milestoning import ALL_OUTLIERS, as_asked
from loopscope.dynamics.nulls import MARKOV, SHUFFLED, describe_method
from loopscope.dynamics.sequences import Sequences
from loopscope.dynamics.transitions import (
    Integers,
    Numbers,
    Transitions,
    count_pooled,
    count_transitions,
    normalise_rows,
)
from loopscope.statistics.estimate import Estimate, make_estimate, no_estimate
from loopscope.statistics.resampling import resample_runs

NEVER_LEFT = "every run that comes to it ends there, so that nothing is known of what follows"


@dataclass(frozen=True)
class TransitionEstimate:
    """One pair of states that was seen.

    Attributes
    ----------
    origin, target
        The states; ``target`` is None for a state that is never left, both are where all steps are outliers.
    count
        How often one leads to the other.
    probability
        Of the target, given the origin.
    """

    origin: int | None
    target: int | None
    count: int
    probability: Estimate


@dataclass(frozen=True)
class TransitionEstimates:
    """All pairs of states of a group of runs, with the chain that they make.

    Attributes
    ----------
    states
        Shape (k,), int64, ascending.
    chain
        The chain.
    class_runs
        Shape (number of classes,), int64: how many runs have a transition that begins in the class.
    pairs
        By origin and target.
    """

    states: Integers
    chain: MarkovChain
    class_runs: Integers
    pairs: tuple[TransitionEstimate, ...]


def estimate_transitions(
    sequences: Sequences, *, lag: int = 1, milestoning: bool = False, draws: int, nulls: int, seed: int = 0
) -> TransitionEstimates:
    """Estimate the probability of each transition that was seen.

    At lag 1 the null is S: which states would follow which if order did not matter. From lag 2 on it is M1: what
    chains of first order, with the very transitions of each run at lag 1, would give.

    Parameters
    ----------
    sequences
        The runs of one group.
    lag
        After how many steps.
    milestoning
        Whether the last core visited stands in the place of outliers.
    draws, nulls, seed
        Of the bootstrap over runs and of the null.
    """
    transitions = count_transitions(as_asked(sequences, milestoning=milestoning), lag=lag)
    chain = MarkovChain.of(transitions.pooled)
    null = SHUFFLED if lag == 1 else MARKOV
    method = describe_method(sequences.runs, draws, null, nulls)
    chance = [
        normalise_rows(count_pooled(as_asked(each, milestoning=milestoning), transitions.states, lag=lag))
        for each in null.draw_all(sequences, nulls, seed)
    ]
    size = transitions.n_states
    drawn = normalise_rows(transitions.weigh(resample_runs(sequences.runs, draws, seed)))
    leaving = _runs_leaving(transitions)
    cells = _Cells(transitions, drawn, np.array(chance).reshape(len(chance), size, size), leaving.sum(axis=0), method)
    class_runs = [int(leaving[:, chain.classes == number].any(axis=1).sum()) for number in range(len(chain.closed))]
    return TransitionEstimates(transitions.states, chain, np.array(class_runs, dtype=np.int64), tuple(cells.estimate()))


@dataclass(frozen=True)
class _Cells:
    transitions: Transitions
    drawn: Numbers
    chance: Numbers
    runs_leaving: Integers
    method: str

    def estimate(self) -> list[TransitionEstimate]:
        counts = self.transitions.pooled
        states = self.transitions.states.tolist()
        probability = normalise_rows(counts)
        found = []
        if not states:
            found.append(TransitionEstimate(None, None, 0, no_estimate(ALL_OUTLIERS, n_runs=0)))
        for row, origin in enumerate(states):
            if not counts[row].any():
                found.append(TransitionEstimate(origin, None, 0, no_estimate(NEVER_LEFT, n_runs=0)))
            for column in np.flatnonzero(counts[row]).tolist():
                estimate = self._estimate_one(row, column, float(probability[row, column]))
                found.append(TransitionEstimate(origin, states[column], int(counts[row, column]), estimate))
        return found

    def _estimate_one(self, row: int, column: int, value: float) -> Estimate:
        return make_estimate(
            value,
            self.drawn[:, row, column],
            self.chance[:, row, column],
            n_runs=int(self.runs_leaving[row]),
            method=self.method,
            extreme="far",
            bounds=(0.0, 1.0),
        )


def _runs_leaving(transitions: Transitions) -> Integers:
    """Shape (number of runs, k), 0 or 1: whether a run has a transition that begins in a state."""
    size = transitions.n_states
    counts = transitions.counts.tocoo()
    leaving = np.zeros((counts.shape[0], size), dtype=np.int64)
    leaving[counts.row, counts.col // max(size, 1)] = 1
    return leaving
