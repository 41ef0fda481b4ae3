import numpy as np
import pytest

from loopscope.dynamics.durations import DISPERSION, MEAN, MEDIAN
from loopscope.dynamics.dwell_times import estimate_dwell_times, find_durations, find_stays
from loopscope.dynamics.sequences import MISSING, Sequences

CHAIN = np.array([[0.90, 0.08, 0.02], [0.06, 0.90, 0.04], [0.01, 0.09, 0.90]])
"""Each state is left with probability 0.1, whatever has been: stays have a mean of 10."""


def simulate(chain, runs, steps, random, start=None):
    """Shape (runs, steps), from the stationary law."""
    values, vectors = np.linalg.eig(chain.T)
    law = np.real(vectors[:, np.argmax(np.real(values))])
    state = random.choice(len(chain), size=runs, p=law / law.sum()) if start is None else np.full(runs, start)
    path = np.empty((runs, steps), dtype=np.int64)
    for step in range(steps):
        path[:, step] = state
        state = (random.random(runs)[:, None] > chain.cumsum(axis=1)[state]).sum(axis=1)
    return path


def find(estimates, symbol, quantity, null="S"):
    (found,) = [each for each in estimates if (each.symbol, each.quantity, each.null) == (symbol, quantity, null)]
    return found


def renew(draw_length, n_runs, steps, random):
    """Runs that go round through 0, 1, 2, staying for lengths that are drawn."""
    runs = []
    for _ in range(n_runs):
        lengths = [draw_length(random) for _ in range(steps)]
        runs.append(np.repeat(np.arange(steps) % 3, lengths)[:steps])
    return runs


def test_the_mean_is_ten_from_runs_of_twelve_steps():
    """What is seen to end within so few steps is short: the mean of the lengths as they are is biased."""
    sequences = Sequences.of(list(simulate(CHAIN, 4_000, 12, np.random.default_rng(1))))
    stays = find_stays(sequences)
    naive = stays.length[stays.symbol == 0].mean()
    ended = stays.length[(stays.symbol == 0) & ~stays.right_censored].mean()
    mean = find(estimate_dwell_times(sequences, nulls=1), 0, MEAN).estimate
    assert naive < 6.5
    assert ended < 5
    assert abs(mean.estimate - 10) < 0.5
    assert mean.lower < 10 < mean.upper


def test_dispersion_is_one_for_geometric_stays_however_many_are_censored():
    random = np.random.default_rng(2)
    for steps in (12, 40, 400):
        sequences = Sequences.of(list(simulate(CHAIN, 40_000 // steps, steps, random)))
        assert find(estimate_dwell_times(sequences, nulls=1), 0, DISPERSION).estimate.estimate == pytest.approx(
            1, abs=0.1
        )


def test_dispersion_tells_regular_from_uneven_stays_and_a_chain_of_first_order_does_not():
    random = np.random.default_rng(3)
    regular = Sequences.of(renew(lambda _: 5, 30, 100, random))
    uneven = Sequences.of(renew(lambda r: 1 if r.random() < 0.8 else 20, 30, 100, random))
    assert find(estimate_dwell_times(regular), 0, DISPERSION, "M1").estimate.estimate < 0.1
    for sequences in (regular, uneven):
        assert find(estimate_dwell_times(sequences), 0, DISPERSION, "M1").estimate.null_p == 0.01
        assert find(estimate_dwell_times(sequences), 0, DISPERSION, "M1").estimate.null_mean == pytest.approx(
            1, abs=0.4
        )
    assert find(estimate_dwell_times(uneven), 0, DISPERSION, "M1").estimate.estimate > 2


def test_dispersion_is_the_variance_over_the_geometric_one_where_nothing_is_censored():
    lengths = [1, 2, 3, 4, 7, 1, 1, 9]
    run = [9]
    for length in lengths:
        run += [0] * length + [9]
    mean, variance = np.mean(lengths), np.var(lengths)
    found = estimate_dwell_times(Sequences.of([run]), nulls=0)
    # without surrogates there is still a row for each null
    assert find(found, 0, DISPERSION, "M1").estimate.estimate == pytest.approx(variance / (mean * (mean - 1)))
    assert find(found, 0, MEAN).estimate.estimate == pytest.approx(mean)


def test_the_median_is_that_of_the_stays_that_were_seen_to_begin():
    runs = [[8, 0, 0, 8], [8, 0, 0, 0, 8], [0, 0, 0, 0, 0, 0, 8], [8, 0, 0, 0, 0, 8]]
    assert find(estimate_dwell_times(Sequences.of(runs), nulls=0), 0, MEDIAN).estimate.estimate == 3


def test_the_transitions_fix_the_mean_so_that_m1_is_not_asked():
    found = estimate_dwell_times(Sequences.of([[0, 0, 1, 0, 1, 1]] * 3), nulls=9)
    assert {(each.quantity, each.null) for each in found} == {
        (MEAN, "S"),
        (MEDIAN, "S"),
        (MEDIAN, "M1"),
        (DISPERSION, "S"),
        (DISPERSION, "M1"),
    }


def test_lengths_sum_to_the_steps_and_what_is_missing_cuts():
    stays = find_stays(Sequences.of([[0, 0, MISSING, 0, -1, -1], [MISSING, 2], []]))
    assert stays.length.tolist() == [2, 1, 2, 1]
    assert stays.symbol.tolist() == [0, 0, -1, 2]
    assert stays.place.tolist() == [0, 3, 4, 7]
    assert stays.left_censored.tolist() == [True, True, False, True]
    assert stays.right_censored.tolist() == [True, False, True, True]
    assert stays.run.tolist() == [0, 0, 0, 1]


def test_counts_of_surrogates_are_those_of_the_durations_that_are_found():
    from loopscope.dynamics.timing import count_stays

    random = np.random.default_rng(4)
    sequences = Sequences.of([random.integers(-2, 3, random.integers(0, 30)) for _ in range(60)])
    counts = np.zeros((4, 4, 40), dtype=np.int64)
    count_stays(sequences.symbols, sequences.starts, MISSING, np.array([0, 1, 2, 3]), counts)
    found = find_durations(sequences)
    for number, kept in enumerate((found.ended, ~found.ended, found.ended & found.whole, ~found.ended & found.whole)):
        expected = np.zeros((4, 40), dtype=np.int64)
        np.add.at(expected, (found.symbol[kept] + 1, found.trials[kept]), 1)
        assert counts[number].tolist() == expected.tolist()


@pytest.mark.parametrize(
    ("runs", "symbol", "quantity", "reason"),
    [
        ([[0, 0, 0], [0, 0]], 0, MEAN, "never left"),
        ([[0, 1, 0, 0, 0]], 0, MEDIAN, "half of the stays last longer"),
        ([[0, 0, 1]], 0, MEDIAN, "of none of the stays was the beginning seen"),
        ([[1, 0, 1, 0, 0, 1]], 0, DISPERSION, "of 2 of the stays both beginning and end were seen; 3 are needed"),
        ([[1, 0, 1, 0, 1, 0, 1]], 0, DISPERSION, "of one step"),
    ],
)
def test_where_there_is_nothing_to_estimate_it_says_why(runs, symbol, quantity, reason):
    found = estimate_dwell_times(Sequences.of(runs), nulls=5)
    assert reason in find(found, symbol, quantity).estimate.reason
    assert all(np.isnan(each.estimate.estimate) == (each.estimate.reason is not None) for each in found)


def test_a_cluster_that_one_run_has_has_no_interval():
    found = estimate_dwell_times(Sequences.of([[0, 3, 3, 0, 3], [0, 0, 1, 0]]), nulls=5)
    mean = find(found, 3, MEAN).estimate
    assert mean.n_runs == 1
    assert np.isnan(mean.lower)
    assert mean.method.startswith("no interval: one run has it; null S")


def test_all_outliers_are_one_state():
    (first, *_) = estimate_dwell_times(Sequences.of([[-1, -1], [-1]]), nulls=2)
    assert (first.symbol, first.n_durations, first.n_censored) == (-1, 2, 2)
    assert first.estimate.reason


def test_a_null_without_a_value_is_said():
    """In shuffled order hardly ever three of the stays are seen from beginning to end: so p is of few surrogates."""
    runs = Sequences.of([[0, 2, 2, 0], [0, 2, 0], [0, 2, 0]])
    found = find(estimate_dwell_times(runs, draws=5, nulls=40), 2, DISPERSION, "S").estimate
    assert 0 < found.estimate < 1
    assert "a value in 0 of 40 draws from the null" in found.method
    assert np.isnan(found.null_p)
