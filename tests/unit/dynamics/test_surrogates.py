from itertools import permutations

import numpy as np
import pytest
from scipy.stats import chisquare

from loopscope.dynamics.sequences import MISSING, Sequences
from loopscope.dynamics.surrogates import draw_markov_surrogate, permute_runs, shuffle_order


def transitions(run):
    return sorted(zip(run[:-1].tolist(), run[1:].tolist(), strict=True))


def count_draws(draw, run, draws=6_000):
    """How often each sequence is drawn, many runs at a time."""
    drawn = draw(Sequences.of([run] * draws), np.random.default_rng(5)).symbols.reshape(draws, len(run))
    found, counts = np.unique(drawn, axis=0, return_counts=True)
    return {tuple(each): count for each, count in zip(found.tolist(), counts.tolist(), strict=True)}


def enumerate_markov(run):
    wanted = transitions(np.array(run))
    return {
        (run[0], *middle, run[-1])
        for middle in permutations(run[1:-1])
        if transitions(np.array([run[0], *middle, run[-1]])) == wanted
    }


@pytest.mark.parametrize(
    "run",
    [
        [0, 1, 0, 0, 2, 1, 2, 0],
        [0, 1, 0, 2, 0, 3, 1, 3],
        [5, -1, 5, 5, -1, -1, 7, 5],
        [0, 1, 2, 0, 2, 1, 0, 1, 1],
    ],
)
def test_markov_surrogates_are_uniform_over_all_sequences_with_the_transitions(run):
    counted = count_draws(draw_markov_surrogate, run)
    assert set(counted) == enumerate_markov(run)
    assert len(counted) > 3
    assert chisquare(list(counted.values())).pvalue > 0.001


def test_shuffles_are_uniform():
    counted = count_draws(shuffle_order, [0, 0, 1, 2])
    assert set(counted) == set(permutations([0, 0, 1, 2]))
    assert chisquare(list(counted.values())).pvalue > 0.001


@pytest.mark.parametrize("n_symbols", [1, 2, 7, 400])
def test_markov_surrogates_keep_ends_and_every_transition(n_symbols):
    random = np.random.default_rng(n_symbols)
    runs = [random.integers(-1, n_symbols, length) for length in (1, 2, 3, 4, 50, 300, 0)]
    sequences = Sequences.of(runs)
    surrogate = draw_markov_surrogate(sequences, random)
    for run, other in zip(runs, surrogate, strict=True):
        assert transitions(run) == transitions(other)
        assert run[:1].tolist() == other[:1].tolist()
        assert run[-1:].tolist() == other[-1:].tolist()
    assert (surrogate.symbols != sequences.symbols).any() or n_symbols == 1


def test_nothing_leads_across_what_is_missing():
    run = [0, 1, 0, 0, 1, MISSING, 1, 0, 1, 1, 0, MISSING, MISSING, 2]
    sequences = Sequences.of([run] * 200)
    random = np.random.default_rng(0)
    for other in draw_markov_surrogate(sequences, random):
        for start, end in ((0, 5), (6, 11), (13, 14)):
            assert transitions(other[start:end]) == transitions(np.array(run[start:end]))
    shuffled = shuffle_order(sequences, random)
    for other in shuffled:
        assert np.flatnonzero(other == MISSING).tolist() == [5, 11, 12]
        assert sorted(other.tolist()) == sorted(run)
    assert len({tuple(other.tolist()) for other in shuffled}) > 100


def test_the_data_are_left_as_they_were_and_a_seed_gives_the_same_again():
    sequences = Sequences.of([[0, 1, 0, 0, 2, 1, 2, 0]] * 20)
    before = sequences.symbols.copy()
    for draw in (shuffle_order, draw_markov_surrogate, permute_runs):
        first = draw(sequences, np.random.default_rng(3)).symbols
        assert first.tolist() == draw(sequences, np.random.default_rng(3)).symbols.tolist()
        assert first.tolist() != draw(sequences, np.random.default_rng(4)).symbols.tolist() or draw is permute_runs
    assert sequences.symbols.tolist() == before.tolist()


def test_runs_are_dealt_out_whole():
    sequences = Sequences.of([[0], [1, 1], [2, 2, 2]], group=[0, 0, 1])
    orders = {tuple(permute_runs(sequences, np.random.default_rng(seed)).symbols.tolist()) for seed in range(60)}
    assert len(orders) == 6
    assert permute_runs(sequences, np.random.default_rng(0)).group.tolist() == [0, 0, 1]


@pytest.mark.parametrize("runs", [[], [[]], [[MISSING]], [[-1]]])
def test_nothing_to_reorder(runs):
    sequences = Sequences.of(runs)
    for draw in (shuffle_order, draw_markov_surrogate, permute_runs):
        assert draw(sequences, np.random.default_rng(0)).symbols.tolist() == sequences.symbols.tolist()
