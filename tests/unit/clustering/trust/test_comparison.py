"""Two clusterings of the same embeddings compared."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

from loopscope.clustering.trust.comparison import compare_clusterings
from loopscope.errors import ClusteringError
from loopscope.statistics.resampling import Runs

RUN = np.repeat(np.arange(12), 20)
RUNS = Runs.of(RUN, RUN % 3)


def _labels(seed=0, clusters=5):
    return np.random.default_rng(seed).integers(-1, clusters, len(RUN))


def _noisy(labels, share, seed=1):
    random = np.random.default_rng(seed)
    return np.where(random.random(len(labels)) < share, random.integers(-1, 5, len(labels)), labels)


def test_a_clustering_agrees_with_itself_and_with_itself_renumbered():
    labels = _labels()
    for other in (labels, np.where(labels < 0, -1, 4 - labels)):
        found = compare_clusterings(labels, other, RUNS)
        for agreement in (found.with_outliers, found.without_outliers):
            for score in (agreement.ari, agreement.ami):
                assert (score.estimate, score.lower, score.upper) == pytest.approx((1, 1, 1))
                assert abs(score.null_mean) < 0.05
                assert score.null_p < 0.01
        assert [match.jaccard.estimate for match in found.matches_of_a + found.matches_of_b] == [1.0] * 10
    assert [match.best for match in found.matches_of_a] == [4, 3, 2, 1, 0]


def test_scores_with_outliers_and_of_what_is_in_clusters_of_both():
    a, b = _labels(), _noisy(_labels(), 0.4)
    found = compare_clusterings(a, b, RUNS)
    inside = (a >= 0) & (b >= 0)
    assert (found.with_outliers.n, found.without_outliers.n) == (len(a), inside.sum())
    for agreement, one, other in ((found.with_outliers, a, b), (found.without_outliers, a[inside], b[inside])):
        assert agreement.ari.estimate == pytest.approx(adjusted_rand_score(one, other))
        assert agreement.ami.estimate == pytest.approx(adjusted_mutual_info_score(one, other), abs=1e-9)
        for score in (agreement.ari, agreement.ami):
            assert 0 < score.lower < score.estimate < score.upper < 1
            assert score.n_runs == 12


def test_clusters_are_matched_by_what_they_share():
    a = np.array([0] * 6 + [1] * 4 + [2] * 2 + [-1] * 2)
    b = np.array([1] * 4 + [-1] * 2 + [0] * 4 + [-1] * 2 + [0] * 2)
    found = compare_clusterings(a, b, Runs.of(np.arange(14) % 2))
    seen = [(m.cluster, m.size, m.best, m.best_size, m.shared, m.jaccard.estimate) for m in found.matches_of_a]
    assert seen == [(0, 6, 1, 4, 4, 4 / 6), (1, 4, 0, 6, 4, 4 / 6), (2, 2, None, 0, 0, 0.0)]
    assert [(m.cluster, m.best) for m in found.matches_of_b] == [(0, 1), (1, 0)]


def test_the_best_match_is_the_one_of_the_largest_index():
    a, b = _labels(), _noisy(_labels(), 0.8)
    for match in compare_clusterings(a, b, RUNS, draws=2, permutations=0).matches_of_a:
        indices = [((a == match.cluster) & (b == k)).sum() / ((a == match.cluster) | (b == k)).sum() for k in range(5)]
        assert match.best == np.argmax(indices)
        assert match.jaccard.estimate == pytest.approx(max(indices))


def test_unrelated_clusterings_are_told_from_alike_ones_by_the_null():
    unrelated = compare_clusterings(_labels(0), _labels(9), RUNS).with_outliers.ari
    assert abs(unrelated.estimate) < 0.05
    assert unrelated.null_p > 0.05
    assert unrelated.lower < 0 < unrelated.upper


def test_what_each_run_does_for_itself_is_no_agreement_of_steps_by_chance():
    """Each run in one cluster of its own in both: the null keeps runs together, and so says how little that tells."""
    a = RUN
    found = compare_clusterings(a, (RUN + 3) % 12, RUNS)
    assert found.with_outliers.ari.null_mean > 0.9
    assert found.with_outliers.ari.null_p == 1.0


def test_the_same_seed_gives_the_same_and_one_run_gives_no_interval():
    a, b = _labels(), _noisy(_labels(), 0.4)
    assert compare_clusterings(a, b, RUNS) == compare_clusterings(a, b, RUNS)
    score = compare_clusterings(a, b, Runs.of(np.zeros(len(a)))).with_outliers.ari
    assert np.isnan([score.lower, score.upper, score.null_mean, score.null_p]).all()
    assert score.method == "no interval and no null: one run"


def test_nothing_in_clusters_of_both_gives_no_score():
    a, b = np.array([0, 0, -1, -1]), np.array([-1, -1, 0, 0])
    found = compare_clusterings(a, b, Runs.of([0, 1, 0, 1]))
    assert found.without_outliers.n == 0
    assert np.isnan(found.without_outliers.ari.estimate)
    assert np.isnan(found.without_outliers.ami.estimate)
    assert found.with_outliers.ari.estimate == adjusted_rand_score(a, b)


def test_arrays_that_do_not_fit_are_refused():
    with pytest.raises(ClusteringError, match="found 2 labels in A, 3 in B and 2 runs"):
        compare_clusterings(np.zeros(2, int), np.zeros(3, int), Runs.of([0, 1]))
    with pytest.raises(ClusteringError, match="at least 1"):
        compare_clusterings(np.zeros(0, int), np.zeros(0, int), Runs.of([]))
