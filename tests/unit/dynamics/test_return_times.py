import numpy as np
import pytest

from loopscope.dynamics.durations import AREA, DISPERSION
from loopscope.dynamics.return_times import INVERSE_SHARE, estimate_return_times, find_durations, find_returns
from loopscope.dynamics.sequences import MISSING, Sequences


def simulate(runs, steps, random):
    chain = np.array([[0.90, 0.08, 0.02], [0.06, 0.90, 0.04], [0.01, 0.09, 0.90]])
    values, vectors = np.linalg.eig(chain.T)
    law = np.real(vectors[:, np.argmax(np.real(values))])
    law = law / law.sum()
    state = random.choice(3, size=runs, p=law)
    path = np.empty((runs, steps), dtype=np.int64)
    for step in range(steps):
        path[:, step] = state
        state = (random.random(runs)[:, None] > chain.cumsum(axis=1)[state]).sum(axis=1)
    return path, law


def find(estimates, symbol, quantity, null=None):
    (found,) = [each for each in estimates if (each.symbol, each.quantity, each.null) == (symbol, quantity, null)]
    return found.estimate


@pytest.mark.parametrize(("runs", "steps", "tolerance"), [(20, 20_000, 0.03), (2_000, 150, 0.06)])
def test_the_mean_is_one_over_the_stationary_law(runs, steps, tolerance):
    """Kac. In short runs long gaps are cut, and a mean of the others is far too small."""
    path, law = simulate(runs, steps, np.random.default_rng(0))
    sequences = Sequences.of(list(path))
    found = estimate_return_times(sequences, nulls=0)
    for symbol in range(3):
        assert find(found, symbol, AREA).estimate * law[symbol] == pytest.approx(1, abs=tolerance)
        assert find(found, symbol, INVERSE_SHARE).estimate * law[symbol] == pytest.approx(1, abs=tolerance)
    if steps == 150:
        returns = find_returns(sequences)
        seen = returns.gap[(returns.symbol == 0) & ~returns.censored].mean()
        assert seen * law[0] < 0.8


def test_there_is_a_gap_for_every_known_step():
    returns = find_returns(Sequences.of([[4, -1, 4, MISSING, 4, 4], [4, 0], []]))
    assert returns.symbol.tolist() == [4, -1, 4, 4, 4, 4, 0]
    assert returns.gap.tolist() == [2, 1, 0, 1, 0, 1, 0]
    assert returns.censored.tolist() == [False, True, True, False, True, True, True]
    assert returns.place.tolist() == [0, 1, 2, 4, 5, 6, 7]
    assert returns.run.tolist() == [0, 0, 0, 0, 0, 1, 1]


def test_counts_of_surrogates_are_those_of_the_gaps_that_are_found():
    from loopscope.dynamics.timing import count_returns

    random = np.random.default_rng(4)
    sequences = Sequences.of([random.integers(-2, 3, random.integers(0, 30)) for _ in range(60)])
    counts = np.zeros((4, 4, 40), dtype=np.int64)
    count_returns(sequences.symbols, sequences.starts, MISSING, np.array([0, 1, 2, 3]), counts)
    found = find_durations(sequences)
    for number, kept in enumerate((found.ended, ~found.ended)):
        expected = np.zeros((4, 40), dtype=np.int64)
        np.add.at(expected, (found.symbol[kept] + 1, found.trials[kept]), 1)
        assert counts[number].tolist() == expected.tolist() == counts[number + 2].tolist()


def test_visits_in_bursts_are_more_uneven_than_shuffled_ones():
    run = ([0] * 10 + [1] * 30) * 5
    found = estimate_return_times(Sequences.of([run, run, run]))
    assert find(found, 0, DISPERSION, "S").estimate > 5
    assert find(found, 0, DISPERSION, "S").null_p == 0.01
    assert find(found, 0, DISPERSION, "S").null_mean == pytest.approx(1, abs=0.2)


def test_a_visit_at_regular_intervals_has_no_dispersion():
    found = estimate_return_times(Sequences.of([[0, 1, 2, 3] * 10] * 3))
    assert find(found, 0, DISPERSION, "S").estimate < 0.1
    assert find(found, 0, DISPERSION, "S").null_p <= 0.02


def test_what_never_comes_back_has_a_reason():
    found = estimate_return_times(Sequences.of([[0, 1, 2], [2, 1, 0]]), nulls=3)
    assert find(found, 0, AREA).reason == "never seen to come back"
    assert find(found, 0, INVERSE_SHARE).estimate == 3
    assert all(np.isnan(each.estimate.estimate) == (each.estimate.reason is not None) for each in found)


def test_where_all_steps_are_missing_there_is_a_reason():
    found = estimate_return_times(Sequences.of([[MISSING, MISSING], [MISSING]]), draws=5, nulls=5)
    assert {each.symbol for each in found} == {None}
    assert {each.quantity for each in found} == {AREA, "median", DISPERSION, INVERSE_SHARE}
    assert all("outliers" in each.estimate.reason for each in found)


def test_a_cluster_that_few_runs_visit_may_be_visited_by_none():
    """Some draws do not have these runs: leaving them out would give an upper end that is too low."""
    runs = Sequences.of([[0, 1, 1, 1]] * 2 + [[0, 0, 0, 0]] * 6 + [[MISSING]] * 3)
    shares = estimate_return_times(runs, draws=200, nulls=0)
    one = find(shares, 1, INVERSE_SHARE)
    assert one.estimate == pytest.approx(16 / 3)
    assert np.isnan(one.upper)
    assert one.lower < one.estimate
    assert "no upper end" in one.method
    assert find(shares, 0, INVERSE_SHARE).upper >= find(shares, 0, INVERSE_SHARE).estimate
