"""What holds of stays, returns, absorption and surrogates whatever the runs."""

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from loopscope.dynamics.absorption import continue_cycles, find_absorption
from loopscope.dynamics.dwell_times import find_stays
from loopscope.dynamics.return_times import find_returns
from loopscope.dynamics.sequences import MISSING, Sequences
from loopscope.dynamics.surrogates import draw_markov_surrogate, permute_runs, shuffle_order

RUNS = st.lists(st.lists(st.integers(MISSING, 3), max_size=25), min_size=1, max_size=6)


def transitions(run):
    return Counter((a, b) for a, b in zip(run[:-1].tolist(), run[1:].tolist(), strict=True) if MISSING not in (a, b))


@given(RUNS)
def test_stays_sum_to_the_known_steps_and_lie_where_they_say(runs):
    sequences = Sequences.of(runs)
    stays = find_stays(sequences)
    lengths = np.bincount(stays.run, stays.length, minlength=len(runs))
    assert lengths.tolist() == [sum(symbol != MISSING for symbol in run) for run in runs]
    for symbol, place, length in zip(stays.symbol, stays.place, stays.length, strict=True):
        assert (sequences.symbols[place : place + length] == symbol).all()
    leaving = sum(a != b for run in sequences for a, b in transitions(run).elements())
    assert (~stays.right_censored).sum() == (~stays.left_censored).sum() == leaving


@given(RUNS)
def test_returns_and_censored_gaps_are_the_visits(runs):
    sequences = Sequences.of(runs)
    returns = find_returns(sequences)
    assert len(returns.gap) == (sequences.symbols != MISSING).sum()
    for place, gap, censored in zip(returns.place, returns.gap, returns.censored, strict=True):
        symbol = sequences.symbols[place]
        if censored:
            assert symbol not in sequences.symbols[place + 1 : place + 1 + gap]
        else:
            assert sequences.symbols[place + gap] == symbol
            assert symbol not in sequences.symbols[place + 1 : place + gap]


@given(RUNS)
def test_what_is_absorbed_repeats_itself_and_stays_so_when_it_goes_on(runs):
    sequences = Sequences.of(runs)
    found = find_absorption(sequences)
    for run, period, onset in zip(sequences, found.period, found.onset, strict=True):
        if period:
            assert (run[onset + period :] == run[onset:-period]).all()
            assert len(run) - onset >= 2 * period
            assert onset == 0 or run[onset - 1] != run[onset - 1 + period]
    assert continue_cycles(sequences, found) is sequences


@given(RUNS, st.integers(0, 5))
def test_surrogates_keep_what_they_say(runs, seed):
    sequences = Sequences.of(runs)
    random = np.random.default_rng(seed)
    for run, shuffled, surrogate in zip(
        sequences, shuffle_order(sequences, random), draw_markov_surrogate(sequences, random), strict=True
    ):
        assert Counter(run.tolist()) == Counter(shuffled.tolist()) == Counter(surrogate.tolist())
        assert transitions(run) == transitions(surrogate)
        missing = run == MISSING
        assert (missing == (shuffled == MISSING)).all()
        assert (missing == (surrogate == MISSING)).all()
    assert Counter(permute_runs(sequences, random).symbols.tolist()) == Counter(sequences.symbols.tolist())
