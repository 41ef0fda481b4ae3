"""Clusters that come again when runs are left out: motifs do, those of noise do not."""

import numpy as np
import pytest

from loopscope.clustering.tree.cutting import cut
from loopscope.clustering.tree.linkage import link
from loopscope.clustering.trust.noise import gaussian_cloud
from loopscope.clustering.trust.stability import count_left_in, resample_jaccard, summarise_stability
from loopscope.errors import ClusteringError
from loopscope.statistics.resampling import Runs

RUNS = Runs.of(np.repeat(np.arange(20), 24))


def unit(points):
    return (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)


def motifs(spread=0.03, dimension=12, seed=0):
    """Six motifs, each visited by every run."""
    random = np.random.default_rng(seed)
    centres = unit(random.standard_normal((6, dimension)))
    which = np.tile(np.repeat(np.arange(6), 4), 20)
    return unit(centres[which] + spread * random.standard_normal((len(which), dimension))), which


def recluster(vectors, epsilon=0.0):
    def labels(rows):
        linkage = link(vectors[rows], min_samples=4)
        return cut(linkage, min_cluster_size=10, epsilon=epsilon, allow_single_cluster=False).labels

    return labels


def stability_of(vectors, labels, clouds=3):
    jaccard = resample_jaccard(labels, RUNS, recluster(vectors), resamples=12, share=0.8, seed=1)
    null = []
    for seed in range(clouds):
        again = recluster(gaussian_cloud(vectors, seed))
        null.append(resample_jaccard(again(np.arange(480)), RUNS, again, resamples=4, share=0.8, seed=1))
    return summarise_stability(labels, jaccard, null, n_runs=20, share=0.8)


def test_six_clean_motifs_are_stable():
    vectors, which = motifs()
    found = stability_of(vectors, which)
    assert [each.size for each in found] == [80] * 6
    for each in found:
        assert each.jaccard.estimate > 0.9
        assert each.jaccard.lower > 0.75
        assert each.jaccard.null_p == 1 / 4, "with three clouds there is no smaller one"
        assert each.jaccard.null_mean < 0.6
        assert (each.recovered, each.dissolved, each.verdict) == (1.0, 0.0, "stable")


def test_the_clusters_of_a_gaussian_cloud_are_not_stable():
    cloud = gaussian_cloud(motifs()[0], seed=50)
    labels = recluster(cloud)(np.arange(len(cloud)))
    assert labels.max() >= 1, "noise has clusters too, or this test says nothing"
    found = stability_of(cloud, labels)
    assert np.mean([each.jaccard.estimate for each in found]) < 0.75
    assert min(each.jaccard.null_p for each in found) > 0.05


def test_best_jaccard_is_of_the_embeddings_in_common():
    """Half of cluster 0 is always given to another cluster, cluster 1 is always lost."""
    labels = np.repeat([0, 1], 8)
    runs = Runs.of(np.tile(np.arange(4), 4))

    def again(rows):
        return np.where(rows < 4, 7, np.where(rows < 8, 3, -1))

    found = resample_jaccard(labels, runs, again, resamples=5, share=0.5, seed=0)
    assert found.tolist() == [[0.5] * 5, [0.0] * 5]


def test_a_cluster_of_left_out_runs_is_not_counted():
    labels = np.array([0, 0, 1, 1])
    runs = Runs.of([0, 1, 2, 2])
    seen = resample_jaccard(labels, runs, lambda rows: labels[rows], resamples=30, share=0.4, seed=0)
    assert np.isnan(seen[1]).any()
    assert np.nanmin(seen) == 1.0
    (first, _) = summarise_stability(labels, seen, [], n_runs=3, share=0.4)
    assert first.jaccard.estimate == 1.0
    assert np.isnan(first.jaccard.null_p)
    (never,) = summarise_stability(np.array([0]), np.full((1, 3), np.nan), [np.zeros((0, 3))], n_runs=3, share=0.4)
    assert never.verdict == "not seen"
    assert np.isnan([never.jaccard.estimate, never.jaccard.null_p, never.recovered]).all()


def test_a_cloud_without_clusters_has_a_stability_of_nothing():
    (found,) = summarise_stability(
        np.zeros(4, int), np.full((1, 5), 0.8), [np.zeros((0, 5)), np.full((1, 5), 0.9)], n_runs=2, share=0.5
    )
    assert found.jaccard.null_mean == pytest.approx(0.45)
    assert found.jaccard.null_p == pytest.approx(2 / 3)


def test_each_cloud_counts_once_however_many_clusters_it_has():
    clouds = [np.tile([[0.9], [0.9], [0.1], [0.1]], 5), np.zeros((0, 5)), np.full((1, 5), np.nan)]
    (found,) = summarise_stability(np.zeros(4, int), np.full((1, 5), 0.8), clouds, n_runs=2, share=0.5)
    assert found.jaccard.null_mean == pytest.approx(0.5 / 3)
    assert found.jaccard.null_p == pytest.approx((1 + 0.5) / 4)
    (most,) = summarise_stability(np.zeros(4, int), np.ones((1, 5)), clouds, n_runs=2, share=0.5)
    assert most.jaccard.null_p == 1 / 4


@pytest.mark.parametrize(("jaccard", "verdict"), [(0.75, "stable"), (0.74, "a pattern"), (0.59, "not to be trusted")])
def test_verdicts_follow_hennig(jaccard, verdict):
    (found,) = summarise_stability(np.zeros(4, int), np.full((1, 5), jaccard), [], n_runs=2, share=0.5)
    assert found.verdict.startswith(verdict)


def test_subsamples_are_of_runs_and_by_the_seed():
    _, which = motifs()
    taken = []

    def again(rows):
        taken.append(rows)
        return which[rows]

    resample_jaccard(which, RUNS, again, resamples=3, share=0.8, seed=4)
    resample_jaccard(which, RUNS, again, resamples=3, share=0.8, seed=4)
    assert all(np.array_equal(one, other) for one, other in zip(taken[:3], taken[3:], strict=True))
    assert not np.array_equal(taken[0], taken[1])
    for rows in taken:
        assert len(np.unique(RUNS.run[rows])) == 16
        assert len(rows) == 16 * 24


@pytest.mark.parametrize(("runs", "share"), [(1, 0.8), (5, 1.0), (5, 0.0), (2, 0.9)])
def test_all_or_no_runs_left_in_are_refused(runs, share):
    with pytest.raises(ClusteringError, match="expected some runs to be left out"):
        count_left_in(runs, share)


def test_a_cloud_has_mean_covariance_and_repeats_of_the_data():
    random = np.random.default_rng(2)
    data = (random.standard_normal((4000, 3)) @ np.diag([3.0, 1.0, 0.2]) + [1, 2, 3]).astype(np.float32)
    data = np.concatenate([data, data[100:150]])
    cloud = gaussian_cloud(data, seed=0, unit=False)
    assert np.array_equal(cloud[100:150], cloud[4000:])
    assert cloud.mean(axis=0) == pytest.approx(data.mean(axis=0), abs=0.15)
    assert np.cov(cloud.T) == pytest.approx(np.cov(data.T), abs=0.4)
    assert np.linalg.norm(gaussian_cloud(data, seed=0), axis=1) == pytest.approx(1, abs=1e-6)
    assert not np.array_equal(cloud, gaussian_cloud(data, seed=1, unit=False))
