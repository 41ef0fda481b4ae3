"""The frame of motifs: in how few clusters runs are, and in how few they end."""

from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl
from sqlalchemy.orm import Session

from loopscope.data_prep.cache import cached
from loopscope.data_prep.cluster_names import label_columns
from loopscope.data_prep.columns import Column, schema_of
from loopscope.data_prep.estimates import ESTIMATE_COLUMNS, estimate_values
from loopscope.data_prep.label_sequences import load_label_sequences
from loopscope.dynamics.chain_estimates import DRAWS, NULLS
from loopscope.dynamics.motifs import MotifEstimates, estimate_motifs
from loopscope.statistics.estimate import Estimate

QUANTITIES = {
    "n_effective": "the effective number of clusters of all steps, e^H; outliers are no cluster",
    "n_effective_at_end": "the same of the last step of each run",
    "coverage": "the share of runs that end in one of the top_k clusters where most end",
}
MOTIF_COLUMNS = (
    Column("quantity", pl.String, "; ".join(f"{name}: {meaning}" for name, meaning in QUANTITIES.items())),
    Column("top_k", pl.Int64, "of coverage: by how many clusters; null of others"),
    Column("n_effective", pl.Float64, "the estimate, where it is an effective number"),
    Column("coverage", pl.Float64, "the estimate, where it is a share of runs"),
    *ESTIMATE_COLUMNS,
)
COLUMNS = label_columns(("network",), MOTIF_COLUMNS)


@cached
def load_motifs_df(
    session: Session,
    clustering_result_id: int,
    experiment_id: int | None = None,
    *,
    by: Sequence[str] = ("network",),
    draws: int = DRAWS,
    nulls: int = NULLS,
    seed: int = 0,
) -> pl.DataFrame:
    """Load one row for each group of runs and effective number, and for each number of clusters that cover its ends.

    Parameters
    ----------
    clustering_result_id, experiment_id, by, draws, nulls, seed
        As of :func:`loopscope.data_prep.occupancy.load_occupancy_df`.

    Returns
    -------
    polars.DataFrame
        With the columns ``LABEL_KEYS``, those of ``by`` and ``MOTIF_COLUMNS``.

    Raises
    ------
    NotFoundError
        When there is no such result or experiment, or runs cannot be grouped so.
    """
    columns = label_columns(by, MOTIF_COLUMNS)
    labels = load_label_sequences(session, clustering_result_id, experiment_id)
    groups = list(labels.rows(by))
    members = [rows for _, rows in groups]
    found = estimate_motifs(labels.sequences, members, draws=draws, nulls=nulls, seed=seed)
    rows = [
        labels.keys | values | row
        for (values, _), motifs in zip(groups, found, strict=True)
        for row in _list_quantities(motifs)
    ]
    return pl.DataFrame(rows, schema=schema_of(columns), orient="row")


def _list_quantities(motifs: MotifEstimates) -> Iterator[dict[str, Any]]:
    numbers: dict[str, Estimate] = {
        "n_effective": motifs.n_effective,
        "n_effective_at_end": motifs.n_effective_at_end,
    }
    for quantity, estimate in numbers.items():
        values = estimate_values(estimate)
        yield {"quantity": quantity, "top_k": None, "coverage": None, "n_effective": values["estimate"], **values}
    for k, estimate in enumerate(motifs.coverage, start=1):
        values = estimate_values(estimate)
        yield {"quantity": "coverage", "top_k": k, "n_effective": None, "coverage": values["estimate"], **values}
