"""Settings of HDBSCAN tried over a grid: known answers, and one linking for many cuts."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from loopscope.clustering import hdbscan
from loopscope.clustering.tree.cutting import cut
from loopscope.clustering.tree.linkage import link
from loopscope.clustering.trust import sweep
from loopscope.clustering.trust.sweep import Grid, sweep_settings
from loopscope.errors import ClusteringError
from loopscope.statistics.resampling import Runs

N_RUNS = 20


def unit(points):
    return (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)


def motifs(repeated=0.0, seed=0):
    """Six motifs, each visited by every run; a share of the steps repeats the step before exactly."""
    random = np.random.default_rng(seed)
    centres = unit(random.standard_normal((6, 12)))
    which = np.tile(np.repeat(np.arange(6), 10), N_RUNS)
    vectors = unit(centres[which] + 0.03 * random.standard_normal((len(which), 12)))
    for row in np.flatnonzero((random.random(len(which)) < repeated) & (np.arange(len(which)) % 10 > 0)):
        vectors[row] = vectors[row - 1]
    return vectors, Runs.of(np.repeat(np.arange(N_RUNS), 60)), which


def test_clean_motifs_have_no_outliers_at_any_sensible_setting():
    vectors, runs, _ = motifs()
    grid = Grid((10, 20, 40), (0.0, 0.2), (5,))
    for setting in sweep_settings(vectors, runs, grid, allow_single_cluster=False):
        assert setting.n_clusters == 6
        assert setting.outlier_share.estimate < 0.02
        assert setting.largest_cluster == pytest.approx(1 / 6, abs=0.02)
        if setting.min_cluster_size > 10:
            assert setting.ari_to_smaller_size > 0.97


def test_counted_repeats_make_outliers_that_collapsed_ones_do_not():
    """The trap: with repeats counted, each run that stays put is a dense region of its own."""
    vectors, runs, _ = motifs(repeated=0.5)
    grid = Grid((5,), (0.0,), (5,))
    (collapsed,) = sweep_settings(vectors, runs, grid, allow_single_cluster=False)
    (counted,) = sweep_settings(vectors, runs, grid, repeats="count", allow_single_cluster=False)
    assert (collapsed.n_clusters, collapsed.outlier_share.estimate < 0.05) == (6, True)
    assert counted.n_clusters > 6
    assert counted.outlier_share.lower > 0.3


def test_settings_are_those_of_single_clusterings_in_order():
    vectors, runs, _ = motifs(repeated=0.2)
    grid = Grid((30, 5), (0.4, 0.1), (8, 3))
    found = sweep_settings(vectors, runs, grid, allow_single_cluster=False)
    assert [(each.min_samples, each.min_cluster_size, each.epsilon) for each in found] == [
        (samples, size, epsilon) for samples in (3, 8) for size in (5, 30) for epsilon in (0.1, 0.4)
    ]
    for each in found:
        alone = hdbscan(
            vectors,
            min_cluster_size=each.min_cluster_size,
            min_samples=each.min_samples,
            epsilon=each.epsilon,
            allow_single_cluster=False,
        )
        assert each.n_clusters == len(alone.medoid_indices)
        assert each.outlier_share.estimate == pytest.approx((alone.labels == -1).mean())
        sizes = np.bincount(alone.labels[alone.labels >= 0], minlength=1)
        assert each.largest_cluster == pytest.approx(sizes.max() / len(vectors))


def test_agreement_is_with_the_next_smaller_setting_of_each_axis():
    vectors = unit(np.random.default_rng(0).standard_normal((400, 3)))  # no motifs, so that every setting differs
    runs = Runs.of(np.repeat(np.arange(20), 20))
    sizes, epsilons = (2, 6, 20), (0.0, 0.15, 0.25)
    found = sweep_settings(vectors, runs, Grid(sizes, epsilons, (4,)), allow_single_cluster=False)
    by_setting = {(each.min_cluster_size, each.epsilon): each for each in found}
    linkage = link(vectors, min_samples=4)
    labels = {
        (size, epsilon): cut(linkage, min_cluster_size=size, epsilon=epsilon, allow_single_cluster=False).labels
        for size in sizes
        for epsilon in epsilons
    }
    for row, size in enumerate(sizes):
        for column, epsilon in enumerate(epsilons):
            each = by_setting[size, epsilon]
            pairs = (
                (each.ari_to_smaller_size, (sizes[row - 1], epsilon) if row else None),
                (each.ari_to_smaller_epsilon, (size, epsilons[column - 1]) if column else None),
            )
            for index, neighbour in pairs:
                if neighbour is None:
                    assert np.isnan(index)
                else:
                    assert index == pytest.approx(adjusted_rand_score(labels[neighbour], labels[size, epsilon]))
            known = [index for index, neighbour in pairs if neighbour]
            assert each.ari_to_neighbour == min(known) if known else np.isnan(each.ari_to_neighbour)


def test_vectors_are_linked_once_for_each_min_samples(monkeypatch):
    calls = []

    def counted(*arguments, **settings):
        calls.append(settings["min_samples"])
        return link(*arguments, **settings)

    monkeypatch.setattr(sweep, "link", counted)
    vectors, runs, _ = motifs()
    told = []
    grid = Grid((5, 10, 20), (0.0, 0.1, 0.2), (3, 6))
    sweep_settings(vectors, runs, grid, clouds=1, told=lambda: told.append(1))
    assert calls == [3, 3, 6, 6]
    assert len(told) == len(grid) + 4 == 22


def test_noise_has_more_outliers_than_motifs():
    vectors, runs, _ = motifs()
    grid = Grid((20,), (0.0,), (5,))
    (setting,) = sweep_settings(vectors, runs, grid, allow_single_cluster=False, clouds=3)
    share = setting.outlier_share
    assert share.null_mean > 0.4 > share.upper
    assert share.null_p == 0.25
    assert "3 Gaussian clouds" in share.method
    (alone,) = sweep_settings(vectors, runs, grid, allow_single_cluster=False)
    assert np.isnan([alone.outlier_share.null_mean, alone.outlier_share.null_p]).all()


def test_one_cloud_gives_no_p():
    vectors, runs, _ = motifs()
    (setting,) = sweep_settings(vectors, runs, Grid((20,), (0.0,), (5,)), clouds=1)
    assert np.isfinite(setting.outlier_share.null_mean)
    assert np.isnan(setting.outlier_share.null_p)
    assert "too few for a p" in setting.outlier_share.method


def test_impossible_grids_are_refused_before_anything_is_linked(monkeypatch):
    monkeypatch.setattr(sweep, "link", None)
    vectors, runs, _ = motifs()
    with pytest.raises(ClusteringError, match="found no setting"):
        sweep_settings(vectors, runs, Grid((), (0.1,), (5,)))
    with pytest.raises(ClusteringError, match="min_cluster_size up to 100000, but there are 1200 distinct"):
        sweep_settings(vectors, runs, Grid((5, 100_000), (0.1,), (5,)))
    with pytest.raises(ClusteringError, match="min_samples up to 2000"):
        sweep_settings(vectors, runs, Grid((5,), (0.1,), (5, 2000)))
    with pytest.raises(ClusteringError, match="epsilon is 3"):
        sweep_settings(vectors, runs, Grid((5,), (0.1, 3.0), (5,)))
    with pytest.raises(ClusteringError, match="1200 equal embeddings"):
        sweep_settings(np.repeat(vectors[:1], 1200, axis=0), runs, Grid((5,), (0.1,), (5,)))
