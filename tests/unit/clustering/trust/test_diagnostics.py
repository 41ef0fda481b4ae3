"""What makes outliers: effects that are there are found, those that are not are told as chance."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from loopscope.clustering.trust.diagnostics import Factor, diagnose_outliers, separate_by_distance
from loopscope.errors import ClusteringError
from loopscope.statistics.logistic import fit_logistic
from loopscope.statistics.resampling import Runs

RANDOM = np.random.default_rng(3)
N = 40 * 50
RUNS = Runs.of(np.repeat(np.arange(40), 50), np.repeat(np.arange(40) % 4, 50))
STEP = np.tile(np.arange(50.0), 40)
LENGTH = RANDOM.integers(20, 90, N).astype(float)
REPEATS = 2.0 ** RANDOM.integers(0, 4, N)
NETWORK = np.repeat(RANDOM.integers(0, 2, 40), 50).astype(float)
FACTORS = (
    Factor("caption length", LENGTH),
    Factor("sequence number", STEP, along_run=True),
    Factor("repeats", REPEATS, doublings=True),
    Factor("network", NETWORK, ("A", "B")),
)


def outliers(odds):
    return np.random.default_rng(8).random(N) < 1 / (1 + np.exp(-odds))


def effects_of(outlier, factors=FACTORS):
    return {each.factor: each for each in diagnose_outliers(outlier, factors, RUNS).effects}


def test_effects_are_found_with_their_size():
    odds = -1 + 0.9 * (LENGTH - LENGTH.mean()) / LENGTH.std() - 0.5 * np.log2(REPEATS) + 1.2 * (NETWORK == 1)
    found = effects_of(outliers(odds))
    sign = 1 if "A" in found["network"].unit else -1
    for name, true in (("caption length", 0.9), ("repeats", -0.5), ("network", 1.2 * sign), ("sequence number", 0.0)):
        estimate = found[name].coefficient
        assert estimate.lower < true < estimate.upper, name
        assert abs(estimate.estimate - true) < 0.3, name
        assert estimate.n_runs == 40
        assert abs(estimate.null_mean) < 0.1
        assert (estimate.null_p < 0.05) == (true != 0), name
    assert "null S" in found["sequence number"].coefficient.method
    assert "null P" in found["network"].coefficient.method


def test_an_effect_along_the_run_is_told_from_a_shuffled_order():
    """Permuted across runs, outliers would keep their step and the effect would seem to be chance."""
    found = effects_of(outliers(-1 + (STEP - 25) / 15))["sequence number"].coefficient
    assert found.estimate == pytest.approx(STEP.std() / 15, abs=0.15)
    assert abs(found.null_mean) < 0.1
    assert found.null_p < 0.05


def test_what_is_of_the_run_alone_has_the_uncertainty_of_runs():
    """Outliers by run: 2,000 steps tell of 40 runs only, and of nothing between two networks."""
    by_run = np.repeat(np.random.default_rng(1).random(40) < 0.4, 50)
    found = effects_of(by_run)["network"].coefficient
    assert found.lower < 0 < found.upper
    assert found.null_p > 0.05


def test_shares_are_those_of_each_value():
    outlier = outliers(-1 + 0.03 * (LENGTH - 55) + (NETWORK == 1))
    shares = {(each.factor, each.value): each for each in diagnose_outliers(outlier, FACTORS, RUNS).shares}
    for code, name in enumerate("AB"):
        assert shares["network", name].share.estimate == pytest.approx(outlier[code == NETWORK].mean())
        assert shares["network", name].n == (code == NETWORK).sum()
    for low, name in ((1, "1"), (2, "2 to 3"), (4, "4 to 7"), (8, "8 to 15")):
        assert shares["repeats", name].share.estimate == pytest.approx(outlier[low == REPEATS].mean())
    fifths = [each for (factor, _), each in shares.items() if factor == "caption length"]
    assert len(fifths) == 5
    assert sum(each.n for each in fifths) == N
    assert sum(each.n * each.share.estimate for each in fifths) == pytest.approx(outlier.sum())
    estimates = [each.share.estimate for each in fifths]
    assert estimates == sorted(estimates)
    assert all(0 <= each.share.lower <= each.share.estimate <= each.share.upper <= 1 for each in shares.values())


def test_what_does_not_differ_or_follows_from_another_has_no_effect():
    factors = (
        *FACTORS[:2],
        Factor("twice the length", 2 * LENGTH + 1),
        Factor("one network", np.zeros(N), ("A",)),
        Factor("constant", np.ones(N)),
    )
    assert set(effects_of(outliers(np.zeros(N)), factors)) == {"caption length", "sequence number"}


@pytest.mark.parametrize("value", [False, True])
def test_all_or_none_being_outliers_has_shares_and_no_effects(value):
    found = diagnose_outliers(np.full(N, value), FACTORS, RUNS)
    assert found.effects == ()
    assert {each.share.estimate for each in found.shares} == {float(value)}


def test_a_property_of_outliers_only_has_a_finite_coefficient():
    outlier = LENGTH > 70
    found = effects_of(outlier, [Factor("long", outlier.astype(float), ("no", "yes"))])["long"].coefficient
    assert np.isfinite([found.estimate, found.lower, found.upper]).all()
    assert abs(found.estimate) > 5


def test_numbers_that_do_not_fit_are_refused():
    with pytest.raises(ClusteringError, match="found 3 embeddings"):
        diagnose_outliers(np.zeros(3, bool), FACTORS, Runs.of([0, 1, 2]))


def test_the_distance_of_neighbours_tells_outliers():
    distance = RANDOM.random(N).round(2)
    outlier = outliers(4 * (distance - 0.8))
    found = separate_by_distance(outlier, distance, RUNS)
    assert found.estimate == pytest.approx(roc_auc_score(outlier, distance))
    assert found.lower < found.estimate < found.upper
    assert (abs(found.null_mean - 0.5) < 0.02, found.null_p < 0.02) == (True, True)
    assert separate_by_distance(distance > 0.7, distance, RUNS).estimate == 1.0
    assert np.isnan(separate_by_distance(np.zeros(N, bool), distance, RUNS).estimate)


def test_logistic_regression_is_that_of_scikit_learn():
    design = np.stack([np.ones(N), (LENGTH - 55) / 20, np.log2(REPEATS) - 1.5], axis=1)
    outcome = outliers(-1 + design[:, 1])
    weights = RANDOM.integers(0, 3, N).astype(float)
    oracle = LogisticRegression(tol=1e-10, max_iter=1000).fit(design[:, 1:], outcome, sample_weight=weights)
    found = fit_logistic(design, outcome, weights)
    assert found == pytest.approx([*oracle.intercept_, *oracle.coef_[0]], abs=1e-4)
    assert fit_logistic(design, outcome, weights, start=np.array([3.0, -2.0, 1.0])) == pytest.approx(found, abs=1e-6)
