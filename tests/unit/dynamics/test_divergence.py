"""Divergence against processes whose relaxation is known."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from loopscope.dynamics.divergence import SAME, Cohort, Step, measure_divergence
from loopscope.dynamics.divergence_estimates import estimate_divergence


def one_network(prompt: np.ndarray) -> Cohort:
    return Cohort(np.zeros(len(prompt), dtype=np.int64), np.asarray(prompt, dtype=np.int64))


def all_known(*steps: np.ndarray) -> list[Step]:
    return [(each, np.ones(len(each), dtype=bool)) for each in steps]


def ornstein_uhlenbeck(
    rate: float, *, runs: int = 40, steps: int = 200, dimension: int = 64, seed: int = 0
) -> list[Step]:
    random = np.random.default_rng(seed)
    at = np.zeros((runs, dimension))
    found = []
    for _ in range(steps):
        found.append(at)
        at = np.exp(-rate) * at + np.sqrt(1 - np.exp(-2 * rate)) * random.normal(size=at.shape)
    return all_known(*found)


def test_an_ornstein_uhlenbeck_process_relaxes_with_half_its_time() -> None:
    """τ = 1/(2θ), D²∞ = 2 d."""
    steps = ornstein_uhlenbeck(0.05)
    same, _ = measure_divergence(steps, one_network(np.zeros(40)), [range(40)])[0]
    found = estimate_divergence(same)
    assert found.tau.estimate == pytest.approx(10, abs=1)
    assert found.tau.lower < 10 < found.tau.upper
    assert found.d2_inf.estimate == pytest.approx(128, abs=3)
    assert found.r2.estimate > 0.95
    assert found.d2_first.estimate == 0
    first = int(np.flatnonzero(found.saturated)[0])
    assert first == pytest.approx(-np.log(0.05) * found.tau.estimate, abs=1)


def test_distances_are_averaged_over_pairs_of_the_kind() -> None:
    random = np.random.default_rng(1)
    at = random.normal(size=(7, 3))
    cohort = Cohort(np.array([0, 0, 0, 0, 1, 1, 1]), np.array([0, 0, 1, 1, 2, 2, 3]))
    same, other = measure_divergence(all_known(at), cohort, [range(7)])[0]
    pairs = list(combinations(range(7), 2))
    of_same = [(a, b) for a, b in pairs if cohort.prompt[a] == cohort.prompt[b]]
    of_other = [(a, b) for a, b in pairs if cohort.network[a] == cohort.network[b] and (a, b) not in of_same]
    for curves, chosen in ((same, of_same), (other, of_other)):
        squared = [((at[a] - at[b]) ** 2).sum() for a, b in chosen]
        assert curves.d2[0] == pytest.approx(np.mean(squared))
        assert curves.mean_log[0] == pytest.approx(np.mean(np.log(squared)) / 2)
        assert curves.n_pairs[0] == len(chosen)


def test_a_bootstrap_by_weights_is_a_bootstrap_by_copies() -> None:
    """Copies of one run are no pair."""
    random = np.random.default_rng(2)
    at = random.normal(size=(6, 4))
    prompt = np.array([0, 0, 0, 1, 1, 1])
    same, _ = measure_divergence(all_known(at), one_network(prompt), [range(6)], draws=50, nulls=1, seed=3)[0]
    from loopscope.statistics.resampling import Runs, resample_runs

    weights = resample_runs(Runs(np.arange(6), prompt), 50, 3)
    for weight, drawn in zip(weights, same.draws[:, 0], strict=True):
        rows = np.repeat(np.arange(6), weight)
        squared = [((at[a] - at[b]) ** 2).sum() for a, b in combinations(rows, 2) if a != b and prompt[a] == prompt[b]]
        assert drawn == pytest.approx(np.mean(squared)) if squared else np.isnan(drawn)


def test_runs_of_one_prompt_that_stay_together_differ_from_the_null() -> None:
    random = np.random.default_rng(3)
    prompt = np.repeat(np.arange(5), 6)
    centres = random.normal(size=(5, 8))
    steps = all_known(*(centres[prompt] + 0.3 * random.normal(size=(30, 8)) for _ in range(6)))
    same, other = measure_divergence(steps, one_network(prompt), [range(30)])[0]
    found = estimate_divergence(same)
    assert found.d2_last.null_p == 0.01
    assert found.d2_last.estimate < found.d2_last.null_lower
    assert estimate_divergence(other).d2_last.null_p == 0.01


def test_a_group_of_one_prompt_has_the_null_of_its_network() -> None:
    """Grouped by prompt, the others' runs stand for chance."""
    random = np.random.default_rng(4)
    prompt = np.repeat([0, 1], 8)
    steps = all_known(*(prompt[:, None] * 3 + random.normal(size=(16, 4)) for _ in range(6)))
    groups = measure_divergence(steps, one_network(prompt), [range(8), range(8, 16)])
    same, other = groups[0]
    assert estimate_divergence(same).d2_last.null_p == 0.01
    assert estimate_divergence(other).d2_last.reason == "no two runs of one network differ in prompt"


def test_prompts_are_never_permuted_across_networks() -> None:
    cohort = Cohort(np.array([0, 0, 0, 1, 1]), np.array([0, 1, 1, 2, 3]))
    dealt = cohort.permute(200, 0)
    assert (cohort.network[dealt] == cohort.network).all()
    assert (np.sort(dealt, axis=1) == np.arange(5)).all()


def test_a_run_that_ends_leaves_its_pairs() -> None:
    at = np.array([[0.0], [1.0], [5.0]])
    steps = [
        (at, np.array([True, True, True])),
        (at, np.array([True, True, False])),
        (at, np.array([True, False, False])),
    ]
    same, _ = measure_divergence(steps, one_network(np.zeros(3)), [range(3)])[0]
    assert same.d2[:2].tolist() == [pytest.approx((1 + 25 + 16) / 3), 1]
    assert np.isnan(same.d2[2])
    assert same.n_pairs.tolist() == [3, 1, 0]
    assert same.n_runs.tolist() == [3, 2, 1]


@pytest.mark.parametrize(
    ("curve", "said"),
    [
        (np.full(40, 3.0), "begin as far apart as they end"),
        (np.arange(40.0), "no plateau within 40 steps"),
        (np.zeros(40), "one and the same point"),
        (np.tile([1.0, 3.0], 20) + np.repeat([0, 1.0], 20), "an exponential explains only"),
        (np.array([0.0, 1.0, 1.5]), "only 3 steps"),
    ],
)
def test_a_curve_without_a_relaxation_time_says_why(curve: np.ndarray, said: str) -> None:
    same, _ = measure_divergence(ornstein_uhlenbeck(0.1, steps=2, runs=4), one_network(np.zeros(4)), [range(4)])[0]
    found = estimate_divergence(
        replace(
            same,
            t=np.arange(len(curve)),
            d2=curve,
            mean_log=np.zeros(len(curve)),
            draws=np.tile(curve, (9, 1)),
            null=np.empty((0, len(curve))),
            n_runs=np.full(len(curve), 4),
            n_pairs=np.full(len(curve), 6),
        )
    )
    assert said in found.tau.reason
    assert np.isnan(found.tau.estimate)
    assert np.isnan(found.fitted).all()
    assert found.d2_first.reason is None
    assert found.saturated.all() == ("begin as far" in said)


def test_a_cohort_without_pairs_says_so() -> None:
    same, other = measure_divergence(ornstein_uhlenbeck(0.1, runs=1, steps=9), one_network(np.zeros(1)), [[0]])[0]
    assert estimate_divergence(same).d2_first.reason == "no two runs of one prompt"
    assert estimate_divergence(other).tau.reason == "no two runs of one network differ in prompt"
    assert same.kind == SAME


def test_generators_that_take_turns_are_kept_apart() -> None:
    near, far = np.zeros((4, 2)), np.arange(8.0).reshape(4, 2)
    same, _ = measure_divergence(all_known(*[near, far] * 4), one_network(np.zeros(4)), [range(4)])[0]
    assert same.of_turn(0, 2).d2.tolist() == [0] * 4
    assert same.of_turn(1, 2).t.tolist() == [1, 3, 5, 7]
    assert (same.of_turn(1, 2).d2 > 0).all()
