import numpy as np
import pytest

from loopscope.dynamics.dealing import deal_runs
from loopscope.dynamics.motifs import estimate_motifs
from loopscope.dynamics.occupancy import count_occupancy, measure_coverage, measure_effective_number
from loopscope.dynamics.occupancy_estimates import estimate_occupancy
from loopscope.dynamics.sequences import MISSING, Sequences

SETTINGS = {"draws": 50, "nulls": 39}


def test_every_known_step_is_in_one_part_and_one_state():
    runs = Sequences.of([[0] * 25 + [-1] * 25, [1, MISSING, 2], []])
    occupancy = count_occupancy(runs)
    assert occupancy.counts.sum(axis=(1, 2)).tolist() == [50, 2, 0]
    assert occupancy.counts[0].sum(axis=1).tolist() == [5] * 10
    assert occupancy.counts[0, :, 1].tolist() == [5] * 5 + [0] * 5
    assert [np.flatnonzero(occupancy.counts[1, :, state]).tolist() for state in (2, 3)] == [[0], [6]]


def test_the_effective_number_of_uniform_clusters_is_their_number():
    assert measure_effective_number(np.full((3, 7), 4.0)) == pytest.approx([7] * 3)
    assert measure_effective_number(np.array([9.0, 0, 0])) == 1
    assert np.isnan(measure_effective_number(np.zeros(3)))
    share = np.array([0.7, 0.2, 0.1])
    assert measure_effective_number(share * 50) == pytest.approx(np.exp(-(share * np.log(share)).sum()))


def test_coverage_is_of_all_runs_and_rises():
    assert measure_coverage(np.array([1.0, 3.0, 0.0]), 5).tolist() == [0.6, 0.8, 0.8]
    assert np.isnan(measure_coverage(np.zeros(2), 0)).all()


def test_uniform_runs_are_uniform_and_groups_that_differ_differ():
    random = np.random.default_rng(0)
    alike = Sequences.of(list(random.integers(0, 4, (40, 100))))
    groups = [np.arange(20), np.arange(20, 40)]
    for found in estimate_occupancy(alike, groups, **SETTINGS):
        whole = found.shares[0]
        assert [each.estimate for each in whole] == pytest.approx([0.25] * 4, abs=0.03)
        assert all(each.lower < each.estimate < each.upper for each in whole)
        assert sum(each.estimate for each in whole) == pytest.approx(1)
    apart = Sequences.of([*random.integers(0, 2, (20, 100)), *random.integers(1, 4, (20, 100))])
    first = estimate_occupancy(apart, groups, **SETTINGS)[0].shares[0]
    assert [each.null_p for each in first] == [1 / 40] * 4
    assert first[0].null_mean == pytest.approx(0.25, abs=0.05)


def test_one_group_has_no_null_and_short_runs_a_reason():
    [found] = estimate_occupancy(Sequences.of([[0, 1], [1, 1]]), [[0, 1]], **SETTINGS)
    assert np.isnan(found.shares[0][0].null_p)
    assert "one group" in found.shares[0][0].method
    reasons = [part[0].reason for part in found.shares]
    assert [number for number, reason in enumerate(reasons) if reason is None] == [0, 1, 6]
    assert "too short" in reasons[2]


def test_runs_are_dealt_out_whole():
    dealt = deal_runs(6, [[0, 1], [2, 5]], 50, seed=1)
    assert [each.sum(axis=1).tolist() for each in dealt] == [[2] * 50] * 2
    together = dealt[0] + dealt[1]
    assert set(map(tuple, together.tolist())) == {(1, 1, 1, 0, 0, 1)}
    assert len(set(map(tuple, dealt[0].tolist()))) == 6


def test_motifs_of_uniform_ends():
    runs = Sequences.of([[-1, 9, end] for end in [0, 1, 2, 3] * 5])
    [found] = estimate_motifs(runs, [np.arange(20)], **SETTINGS)
    assert found.n_effective_at_end.estimate == pytest.approx(4)
    assert [each.estimate for each in found.coverage] == pytest.approx([0.25, 0.5, 0.75, 1, 1])
    assert found.n_effective.estimate == pytest.approx(np.exp(0.5 * np.log(2) + 0.5 * np.log(8)))


def test_outliers_are_no_motif_but_their_runs_count():
    runs = Sequences.of([[0, 0], [0, -1], [1, -1], [1, MISSING]])
    [found] = estimate_motifs(runs, [np.arange(4)], **SETTINGS)
    assert [each.estimate for each in found.coverage] == [0.25, 0.5]
    assert found.n_effective.estimate == pytest.approx(np.exp(-0.6 * np.log(0.6) - 0.4 * np.log(0.4)))
    [nothing] = estimate_motifs(Sequences.of([[-1], [-1, -1]]), [[0, 1]], **SETTINGS)
    assert "outliers" in nothing.n_effective.reason
    assert nothing.coverage == ()
