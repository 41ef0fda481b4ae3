"""Recoverability against Gaussians whose overlap is known."""

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.neighbors import NearestCentroid

from loopscope.dynamics.divergence import Cohort, Step
from loopscope.dynamics.recoverability import (
    FOLDS,
    Recoverability,
    classify_by_fold,
    estimate_recoverability,
    measure_recoverability,
)


def one_network(prompt: np.ndarray) -> Cohort:
    return Cohort(np.zeros(len(prompt), dtype=np.int64), np.asarray(prompt, dtype=np.int64))


def approaching(
    ratio: float, *, apart: float = 4.0, runs: int = 400, steps: int = 20, dimension: int = 1
) -> list[Step]:
    """Two prompts whose means are ratio^t apart, with unit variance."""
    random = np.random.default_rng(0)
    side = np.repeat([-1.0, 1.0], runs)
    found = []
    for t in range(steps):
        at = random.normal(size=(2 * runs, dimension))
        at[:, 0] += side * apart / 2 * ratio**t
        found.append((at, np.ones(2 * runs, dtype=bool)))
    return found


def test_two_gaussians_are_told_as_well_as_they_can_be() -> None:
    """The best there is: Φ(ρ^t δ / 2σ)."""
    curve = measure_recoverability(approaching(0.8), one_network(np.repeat([0, 1], 400)), nulls=19)
    best = norm.cdf(4 / 2 * 0.8 ** np.arange(20))
    assert np.abs(curve.accuracy - best).max() < 0.05
    assert (curve.chance == 0.5).all()
    found = estimate_recoverability(curve)
    assert found.accuracy_first.null_p == 0.05
    assert found.decay_time.lower < found.decay_time.estimate < found.decay_time.upper
    assert found.accuracy_first.lower < best[0] < found.accuracy_first.upper


def test_accuracy_that_decays_exponentially_has_its_decay_time() -> None:
    t = np.arange(30)
    curve = 0.25 + 0.7 * np.exp(-t / 4)
    known = Recoverability(
        t, curve, np.tile(curve, (9, 1)), np.full((19, 30), 0.25), np.full(30, 20), np.full(30, 4), "bootstrap"
    )
    assert estimate_recoverability(known).decay_time.estimate == pytest.approx(4, rel=1e-3)


def test_the_classifier_is_that_of_scikit_learn_with_the_run_left_out() -> None:
    random = np.random.default_rng(1)
    label = random.integers(3, size=40)
    points = random.normal(size=(40, 6)) + label[:, None] * np.array([1.0, 0, 0, 0, 0, 0])
    told = classify_by_fold(points, label)
    fold = np.empty(40, dtype=int)
    for each in range(3):
        fold[label == each] = np.arange((label == each).sum()) % FOLDS
    for number in range(FOLDS):
        here = fold == number
        found = NearestCentroid().fit(points[~here], label[~here]).predict(points[here])
        assert (told[here] == (found == label[here])).all()


def test_it_is_linear_discriminant_analysis_with_one_variance() -> None:
    """With a spherical covariance and equal priors the discriminant is the nearest mean."""
    random = np.random.default_rng(2)
    label = np.repeat([0, 1, 2], 100)
    centres = random.normal(size=(3, 4)) * 2
    points = centres[label] + random.normal(size=(300, 4))
    spherical = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=1.0).fit(points, label)
    assert np.mean(NearestCentroid().fit(points, label).predict(points) == spherical.predict(points)) > 0.98


def test_balanced_accuracy_counts_every_prompt_alike() -> None:
    """Thirty runs of one prompt in one place are told, and two of another on either side of it are not."""
    at = np.append(np.zeros(30), [-5.0, 6.0])[:, None]
    curve = measure_recoverability(
        [(at, np.ones(32, dtype=bool))], one_network(np.repeat([0, 1], [30, 2])), draws=10, nulls=9
    )
    assert curve.accuracy[0] == 0.5


def test_a_run_does_not_help_to_tell_itself() -> None:
    """Each run is in a place of its own in many dimensions: only its own steps could tell it."""
    random = np.random.default_rng(3)
    at = random.normal(size=(40, 1000))
    curve = measure_recoverability([(at, np.ones(40, dtype=bool))], one_network(np.arange(40) % 4), nulls=19)
    assert 0 < curve.accuracy[0] < 0.5
    assert curve.null.mean() == pytest.approx(0.25, abs=0.03)


def test_prompts_with_one_known_run_are_left_out() -> None:
    at = np.array([[0.0], [0.1], [9.0], [9.1], [50.0]])
    steps = [(at, np.ones(5, dtype=bool)), (at, np.array([True, True, True, False, True]))]
    curve = measure_recoverability(steps, one_network(np.array([0, 0, 1, 1, 2])), nulls=9)
    assert curve.accuracy[0] == 1
    assert (curve.n_runs[0], curve.n_prompts[0]) == (4, 2)
    assert np.isnan(curve.accuracy[1])
    assert np.isnan(curve.chance[1])


def test_runs_are_drawn_within_their_network_too() -> None:
    cohort = Cohort(network=np.array([0, 0, 1, 1]), prompt=np.array([0, 1, 0, 1]))
    at = np.array([[0.0], [5.0], [0.1], [5.1]])
    curve = measure_recoverability([(at, np.ones(4, dtype=bool))], cohort, nulls=3)
    assert curve.described == "bootstrap over runs, one for each network and prompt"
    assert curve.accuracy.tolist() == [1.0]


def test_a_prompt_of_which_no_run_was_drawn_is_not_one_that_is_never_told() -> None:
    prompt = np.repeat([0, 1], 6)
    known = np.array([True, True, *[False] * 4, *[True] * 6])
    curve = measure_recoverability([(10.0 * prompt[:, None], known)], one_network(prompt), nulls=3)
    assert curve.accuracy.tolist() == [1.0]
    assert (curve.draws == 1).all()


def test_what_cannot_be_told_says_why() -> None:
    random = np.random.default_rng(4)
    known = np.ones(20, dtype=bool)
    prompt = np.repeat([0, 1], 10)
    alone = measure_recoverability([(random.normal(size=(20, 3)), known)] * 6, one_network(np.arange(20)), nulls=9)
    assert estimate_recoverability(alone).accuracy_first.reason == "fewer than two prompts have two runs"
    noise = [(random.normal(size=(20, 3)), known) for _ in range(8)]
    found = estimate_recoverability(measure_recoverability(noise, one_network(prompt), nulls=39))
    assert found.decay_time.reason == "the prompt cannot be told even at the first step"
    stays = [(prompt[:, None] * 9.0, known)] * 8
    found = estimate_recoverability(measure_recoverability(stays, one_network(prompt), nulls=39))
    assert found.accuracy_last.estimate == 1
    assert found.decay_time.reason == "accuracy does not fall within 8 steps"
    found = estimate_recoverability(measure_recoverability(stays[:3], one_network(prompt), nulls=39))
    assert "only 3 steps" in found.decay_time.reason
