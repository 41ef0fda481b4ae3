"""What a sweep advises, of made-up frames."""

import polars as pl

from loopscope.data_prep.parameter_sweep import choose_setting, outlier_share_by


def sweep(rows):
    names = ("min_cluster_size", "n_clusters", "outlier_share", "largest_cluster", "ari_to_smaller_size")
    frame = pl.DataFrame([dict(zip(names, row, strict=True)) for row in rows], infer_schema_length=None)
    return frame.with_columns(
        ari_to_neighbour=pl.col("ari_to_smaller_size").fill_null(1.0), ari_to_smaller_epsilon=pl.lit(None, pl.Float64)
    )


def test_the_fewest_outliers_are_chosen_among_settings_that_agree_and_tell_something():
    frame = sweep(
        [
            (2, 90, 0.05, 0.1, None),
            (5, 9, 0.1, 0.2, 0.5),
            (10, 8, 0.4, 0.2, 0.95),
            (20, 8, 0.2, 0.2, 0.85),
            (40, 2, 0.0, 0.9, 0.99),
            (80, 1, 0.0, 1.0, 0.99),
        ]
    )
    assert choose_setting(frame)["min_cluster_size"] == 20
    assert choose_setting(frame.head(2))["min_cluster_size"] == 5, "the one that agrees most"
    assert choose_setting(frame.tail(2))["min_cluster_size"] == 40, "several clusters at least"
    assert choose_setting(frame.tail(1)) is None


def test_means_are_over_all_else():
    frame = pl.DataFrame({"min_samples": [5, 2, 5, 2], "outlier_share": [0.6, 0.1, 0.4, 0.3]})
    assert outlier_share_by(frame, "min_samples").rows() == [(2, 0.2), (5, 0.5)]
