"""The frames of a comparison: the scores of two clustering results, and what goes from which cluster into which."""

from collections.abc import Iterable
from typing import Any

import polars as pl
from sqlalchemy.orm import Session

from loopscope.clustering.trust.comparison import Agreement, ClusterMatch, compare_clusterings
from loopscope.data_prep.cache import cached
from loopscope.data_prep.columns import Column, conform, schema_of
from loopscope.data_prep.estimates import ESTIMATE_COLUMNS, estimate_values
from loopscope.data_prep.pairing import Pairing, load_pairing
from loopscope.statistics.estimate import Estimate
from loopscope.statistics.resampling import Runs

RESULTS = (
    Column("a", pl.Int64, "the clustering result A"),
    Column("b", pl.Int64, "the clustering result B"),
)
COLUMNS = (
    *RESULTS,
    Column("a_embedding_model", pl.String, "whose embeddings A clustered"),
    Column("b_embedding_model", pl.String, "whose embeddings B clustered"),
    Column("pairing", pl.String, "same output, or caption with the picture it describes"),
    Column("n", pl.Int64, "how many embeddings the row compares"),
    Column("measure", pl.String, "ari, ami or jaccard"),
    Column("outliers", pl.String, "of ari and ami: a group of their own, or left out"),
    Column("side", pl.String, "of jaccard: a or b, whose cluster it is"),
    Column("cluster_id", pl.Int64, "of jaccard: its number"),
    Column("cluster_label", pl.String, "its medoid's text or caption"),
    Column("best_cluster_id", pl.Int64, "the cluster of the other side that it is most like; null where none is"),
    Column("best_cluster_label", pl.String, "that one's medoid"),
    Column("best_size", pl.Int64, "how many compared embeddings that one has"),
    Column("shared", pl.Int64, "how many are in both"),
    Column("ari", pl.Float64, "the estimate, where it is the adjusted Rand index"),
    Column("ami", pl.Float64, "the estimate, where it is adjusted mutual information"),
    Column("jaccard", pl.Float64, "the estimate, where it is a Jaccard index"),
    *ESTIMATE_COLUMNS,
)
FLOW_COLUMNS = (
    *RESULTS,
    Column("a_cluster_id", pl.Int64, "the number in A; -1 for outliers, null where A has no cluster of it"),
    Column("a_cluster_label", pl.String, "its medoid's text or caption in A"),
    Column("a_status", pl.String, "member, outlier, not sampled, added later or no counterpart"),
    Column("b_cluster_id", pl.Int64, "the number in B"),
    Column("b_cluster_label", pl.String, "its medoid's text or caption in B"),
    Column("b_status", pl.String, "the status in B"),
    Column("count", pl.Int64, "how many embeddings"),
    Column("share", pl.Float64, "of all that A or B clustered"),
    Column("n_runs", pl.Int64, "from how many runs"),
)


@cached
def load_cluster_comparison_df(session: Session, a: int, b: int, **settings: int) -> pl.DataFrame:
    """Load one row for each score of two results: ARI and AMI, then each cluster's Jaccard index, A's and B's.

    Parameters
    ----------
    a, b
        The ``clustering_result_id`` of each.
    settings
        ``draws``, ``permutations`` and ``seed`` of :func:`loopscope.clustering.trust.comparison.compare_clusterings`.

    Returns
    -------
    polars.DataFrame
        With the columns ``COLUMNS``.

    Raises
    ------
    NotFoundError
        When there is no such result, or they have no embedding in common.
    """
    return compare_pairs(load_pairing(session, a, b), **settings)


def load_cluster_flows_df(session: Session, a: int, b: int) -> pl.DataFrame:
    """Load one row for each cluster of A and cluster of B that share embeddings, with the columns ``FLOW_COLUMNS``.

    What only one of them clustered is there too, by its status in the other.

    Raises
    ------
    NotFoundError
        When there is no such result, or they have no embedding in common.
    """
    return count_flows(load_pairing(session, a, b))


def compare_pairs(pairing: Pairing, **settings: int) -> pl.DataFrame:
    """Compare what :func:`load_pairing` gave; see :func:`load_cluster_comparison_df`."""
    compared = pairing.compared
    groups = compared.select(pl.struct("network", "initial_prompt").rank("dense")).to_series()
    runs = Runs.of(compared["run_id"].to_numpy(), groups.to_numpy())
    found = compare_clusterings(
        compared["a_cluster_id"].to_numpy(), compared["b_cluster_id"].to_numpy(), runs, **settings
    )
    rows = [
        *_agreement_rows(found.with_outliers, "a group of their own"),
        *_agreement_rows(found.without_outliers, "left out"),
        *_match_rows(found.matches_of_a, "a", _labels(compared, "a"), _labels(compared, "b")),
        *_match_rows(found.matches_of_b, "b", _labels(compared, "b"), _labels(compared, "a")),
    ]
    every = {
        "a": pairing.a["clustering_result_id"][0],
        "b": pairing.b["clustering_result_id"][0],
        "a_embedding_model": pairing.a["embedding_model"][0],
        "b_embedding_model": pairing.b["embedding_model"][0],
        "pairing": pairing.how,
    }
    return pl.DataFrame([every | row for row in rows], schema=schema_of(COLUMNS))


def count_flows(pairing: Pairing) -> pl.DataFrame:
    """Count what :func:`load_pairing` gave; see :func:`load_cluster_flows_df`."""
    names = [f"{side}_{name}" for side in "ab" for name in ("cluster_id", "status")]
    flows = (
        pairing.pairs.group_by(names)
        .agg(
            pl.first("a_cluster_label", "b_cluster_label"),
            count=pl.len(),
            n_runs=pl.col("run_id").n_unique(),
        )
        .with_columns(
            share=pl.col("count") / pairing.pairs.height,
            a=pl.lit(pairing.a["clustering_result_id"][0]),
            b=pl.lit(pairing.b["clustering_result_id"][0]),
        )
        .sort(names, nulls_last=True)
    )
    return conform(flows, FLOW_COLUMNS)


def _agreement_rows(agreement: Agreement, outliers: str) -> Iterable[dict[str, Any]]:
    for measure, estimate in (("ari", agreement.ari), ("ami", agreement.ami)):
        yield _row(measure, estimate) | {"n": agreement.n, "outliers": outliers}


def _match_rows(
    matches: Iterable[ClusterMatch], side: str, labels: dict[int, str], other_labels: dict[int, str]
) -> Iterable[dict[str, Any]]:
    for match in matches:
        yield _row("jaccard", match.jaccard) | {
            "n": match.size,
            "side": side,
            "cluster_id": match.cluster,
            "cluster_label": labels[match.cluster],
            "best_cluster_id": match.best,
            "best_cluster_label": None if match.best is None else other_labels[match.best],
            "best_size": match.best_size,
            "shared": match.shared,
        }


def _row(measure: str, estimate: Estimate) -> dict[str, Any]:
    values = estimate_values(estimate)
    return {"measure": measure, measure: values["estimate"], **values}


def _labels(compared: pl.DataFrame, side: str) -> dict[int, str]:
    return dict(compared.select(f"{side}_cluster_id", f"{side}_cluster_label").unique(f"{side}_cluster_id").iter_rows())
