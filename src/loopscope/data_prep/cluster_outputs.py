"""The frame of the outputs behind a clustering result: what each cluster holds, as texts that can be read."""

from collections.abc import Sequence

import polars as pl
from sqlalchemy import select
from sqlalchemy.orm import Session

from loopscope.config import nearest
from loopscope.data_prep.clusters import COLUMNS as CLUSTERS
from loopscope.data_prep.clusters import STATUSES, load_clusters_df
from loopscope.data_prep.columns import OUTPUT_TYPE, Column, conform
from loopscope.data_prep.facts import fetch_frame
from loopscope.data_prep.keys import load_run_uuids, require_cluster, require_clustering_result
from loopscope.errors import NotFoundError
from loopscope.schemas import Invocation

COLUMNS = (
    *CLUSTERS,
    Column("run_uuid", pl.String, "the public id of the run"),
    OUTPUT_TYPE,
    Column("output_text", pl.String, "the text that was embedded; null for a picture"),
)

_AT_A_TIME = 5_000


def load_cluster_outputs_df(
    session: Session,
    clustering_result_id: int | None = None,
    *,
    cluster_id: int | None = None,
    status: str | None = None,
    run_id: int | None = None,
) -> pl.DataFrame:
    """Load one row for each (clustering result, embedding), left out or not, with the output that was embedded.

    Parameters
    ----------
    clustering_result_id
        The result that is meant; by default all.
    cluster_id
        The number of the one cluster that is meant, -1 for the outliers; by default all, and what has none.
    status
        The one status that is meant: ``member``, ``outlier``, ``not sampled`` or ``added later``; by default all. With
        ``added later`` a ``cluster_id`` is that which an embedding was assigned to later.
    run_id
        The one run whose outputs are meant; by default all.

    Returns
    -------
    polars.DataFrame
        With the columns ``COLUMNS``, in the order of result, run and sequence number.

    Raises
    ------
    NotFoundError
        When there is no such result, cluster, status or run.
    """
    if status is not None and status not in STATUSES:
        raise NotFoundError(f'found no status "{status}"{nearest(status, STATUSES)}')
    if clustering_result_id is not None:
        require_clustering_result(session, clustering_result_id)
    if cluster_id is not None:
        require_cluster(session, clustering_result_id, cluster_id)
    clustered = status in ("member", "outlier") or (cluster_id is not None and status is None)
    frame = load_clusters_df(session, clustering_result_id, include_unclustered=not clustered, run_id=run_id)
    number = "later_cluster_id" if status == "added later" else "cluster_id"
    for name, value in ((number, cluster_id), ("status", status)):
        if value is not None:
            frame = frame.filter(pl.col(name) == value)
    frame = frame.join(load_run_uuids(session), on="run_id", maintain_order="left")
    texts = _load_texts(session, frame["invocation_id"].unique().sort().to_list())
    return conform(frame.join(texts, on="invocation_id", maintain_order="left"), COLUMNS)


def _load_texts(session: Session, invocation_ids: Sequence[int]) -> pl.DataFrame:
    schema = {"invocation_id": pl.Int64, "output_type": pl.String, "output_text": pl.String}
    parts = [pl.DataFrame(schema=schema)]
    for start in range(0, len(invocation_ids), _AT_A_TIME):
        statement = select(Invocation.id, Invocation.output_type, Invocation.output_text).where(
            Invocation.id.in_(invocation_ids[start : start + _AT_A_TIME])
        )
        parts.append(fetch_frame(session, statement, schema))
    return pl.concat(parts)
