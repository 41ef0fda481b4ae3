"""Two clustering results side by side: which embedding of one belongs to which of the other."""

from dataclasses import dataclass

import polars as pl
from sqlalchemy import select
from sqlalchemy.orm import Session

from loopscope.data_prep.clustering_results import load_clustering_results_df
from loopscope.data_prep.clusters import load_clusters_df
from loopscope.data_prep.facts import fetch_frame
from loopscope.data_prep.keys import load_embedding_models
from loopscope.errors import NotFoundError
from loopscope.schemas import Invocation

SAME_OUTPUT = "same output"
CAPTION_WITH_PICTURE = "caption with the picture it describes"
NO_COUNTERPART = "no counterpart"
"""The status in a result of what its embedding model has no embedding of."""
CLUSTERED = ("member", "outlier")


@dataclass(frozen=True)
class Pairing:
    """The embeddings of results A and B, paired.

    Attributes
    ----------
    a, b
        One row each: the two results, as :func:`load_clustering_results_df` gives them.
    how
        ``SAME_OUTPUT`` or ``CAPTION_WITH_PICTURE``.
    pairs
        One row for each output that at least one of the two clustered, in trajectory order: ``run_id, network,
        initial_prompt, sequence_number`` and, after ``a_`` and ``b_``, ``cluster_id, cluster_label, status``. The
        status is as in :func:`load_clusters_df`, or ``NO_COUNTERPART``.
    """

    a: pl.DataFrame
    b: pl.DataFrame
    how: str
    pairs: pl.DataFrame

    @property
    def compared(self) -> pl.DataFrame:
        """The pairs that both results clustered."""
        return self.pairs.filter(pl.col("a_status").is_in(CLUSTERED), pl.col("b_status").is_in(CLUSTERED))


def load_pairing(session: Session, a: int, b: int) -> Pairing:
    """Pair the embeddings of two results.

    Embeddings of one output are a pair; those of a text and of an image model are one where the text describes the
    picture, which is the output that the text's invocation had as its input.

    Parameters
    ----------
    a, b
        The ``clustering_result_id`` of each.

    Raises
    ------
    NotFoundError
        When there is no such result, or they have no embedding in common.
    """
    results = [load_clustering_results_df(session, result) for result in (a, b)]
    types = dict(load_embedding_models(session).select("embedding_model", "output_type").iter_rows())
    takes = [types[result["embedding_model"][0]] for result in results]
    how = SAME_OUTPUT if takes[0] == takes[1] else CAPTION_WITH_PICTURE
    sides = []
    for result, kind in zip((a, b), takes, strict=True):
        side = load_clusters_df(session, result, include_unclustered=True)
        described = how == CAPTION_WITH_PICTURE and kind == "text"
        sides.append(side.join(_load_inputs(session), on="invocation_id") if described else _itself(side))
    pairs = _pair(sides[0], sides[1])
    pairing = Pairing(results[0], results[1], how, pairs)
    if pairing.compared.is_empty():
        raise NotFoundError(_nothing_in_common(pairing))
    return pairing


def _itself(side: pl.DataFrame) -> pl.DataFrame:
    return side.with_columns(paired_by="invocation_id")


def _load_inputs(session: Session) -> pl.DataFrame:
    """Load whose output each text was made from: ``invocation_id, paired_by``, which is null for a prompt."""
    statement = select(Invocation.id, Invocation.input_invocation_id).where(Invocation.output_type == "text")
    return fetch_frame(session, statement, {"invocation_id": pl.Int64, "paired_by": pl.Int64})


def _pair(a: pl.DataFrame, b: pl.DataFrame) -> pl.DataFrame:
    keys = ("run_id", "network", "initial_prompt", "sequence_number")
    told = ("cluster_id", "cluster_label", "status")
    left, right = (
        side.select("paired_by", *(pl.col(name).alias(f"{prefix}_{name}") for name in (*keys, *told)))
        for prefix, side in (("a", a), ("b", b))
    )
    clustered = pl.col("a_status").is_in(CLUSTERED) | pl.col("b_status").is_in(CLUSTERED)
    return (
        left.join(right, on="paired_by", how="full")
        .with_columns(*(pl.coalesce(f"a_{name}", f"b_{name}").alias(name) for name in keys))
        .with_columns(pl.col("a_status", "b_status").fill_null(NO_COUNTERPART))
        .filter(clustered)
        .select(*keys, *(f"{side}_{name}" for side in "ab" for name in told))
        .sort("run_id", "sequence_number", maintain_order=True)
    )


def _nothing_in_common(pairing: Pairing) -> str:
    names = []
    for result in (pairing.a, pairing.b):
        row = result.row(0, named=True)
        names.append(f"{row['uuid'][:8]} ({row['embedding_model']}, {row['n_members'] + row['n_outliers']} embeddings)")
    what = "no output" if pairing.how == SAME_OUTPUT else "no picture with its caption"
    return (
        f"found {what} that both clusterings hold: {names[0]} and {names[1]}; expected two of the same runs, with "
        "downsamplings that meet: loopscope cluster list"
    )
