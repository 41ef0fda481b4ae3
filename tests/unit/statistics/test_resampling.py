"""Runs drawn again, and labels permuted across runs."""

import numpy as np
import pytest

from loopscope.statistics.estimate import make_estimate
from loopscope.statistics.resampling import Runs, permute_across_runs, resample_runs


def test_runs_are_drawn_within_their_network_and_prompt():
    runs = Runs.of(np.repeat(np.arange(9), 2), np.repeat(list("aaabbbbcd"), 2))
    weights = resample_runs(runs, 200, seed=3)
    assert (weights[:, :3].sum(axis=1) == 3).all()
    assert (weights[:, 3:7].sum(axis=1) == 4).all()
    assert (weights[:, 7:].sum(axis=1) == 2).all()
    assert len(np.unique(weights[:, 7])) == 3, "runs that are alone are drawn from one another"
    assert np.array_equal(weights, resample_runs(runs, 200, seed=3))
    assert not np.array_equal(weights, resample_runs(runs, 200, seed=4))


def test_one_run_cannot_be_drawn_otherwise():
    assert resample_runs(Runs.of([5, 5]), 10, seed=0).shape == (0, 1)


def test_permuting_across_runs_keeps_each_sequence_together():
    runs = Runs.of(np.tile([4, 8, 2], 5))  # the steps of runs are interleaved
    labels = runs.run * 100 + np.repeat(np.arange(5), 3)
    seen = set()
    for seed in range(20):
        moved = labels[permute_across_runs(runs, np.random.default_rng(seed))]
        sequences = [moved[runs.run == run] for run in range(3)]
        assert sorted(moved.tolist()) == sorted(labels.tolist())
        assert all((np.diff(each) == 1).all() for each in sequences)
        seen.add(tuple(int(each[0]) // 100 for each in sequences))
    assert len(seen) == 6


def test_runs_of_any_length_are_permuted():
    runs = Runs.of([0] * 3 + [1] * 5 + [2])
    order = permute_across_runs(runs, np.random.default_rng(1))
    assert sorted(order.tolist()) == list(range(9))


def test_an_interval_is_moved_onto_its_estimate_and_ends_where_it_must():
    draws = np.linspace(0.6, 0.8, 1001)
    found = make_estimate(0.9, draws, [], n_runs=3, method="", bounds=(-1, 1))
    assert (found.lower, found.upper) == pytest.approx((0.805, 0.995))
    assert make_estimate(0.99, draws, [], n_runs=3, method="", bounds=(-1, 1)).upper == 1.0
    assert np.isnan(found.null_p)


def test_a_null_counts_when_it_is_as_large_or_as_far():
    null = np.array([-0.3, -0.2, 0.2, 0.3])
    assert make_estimate(-0.25, [], null, n_runs=2, method="").null_p == 4 / 5
    assert make_estimate(0.25, [], null, n_runs=2, method="").null_p == 2 / 5
    assert make_estimate(0.25, [], null, n_runs=2, method="", extreme="far").null_p == 4 / 5
    assert np.isnan(make_estimate(np.nan, [], null, n_runs=2, method="").null_p)
