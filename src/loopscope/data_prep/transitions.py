"""The frame of transitions: which cluster leads to which, how likely, and in which class of the chain it is."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import polars as pl
from sqlalchemy.orm import Session

from loopscope.data_prep.cache import cached
from loopscope.data_prep.cluster_names import label_columns, load_cluster_names
from loopscope.data_prep.columns import Column, schema_of
from loopscope.data_prep.estimates import ESTIMATE_COLUMNS, estimate_values
from loopscope.data_prep.label_sequences import load_label_sequences
from loopscope.dynamics.chain_estimates import DRAWS, NULLS
from loopscope.dynamics.transition_estimates import TransitionEstimates, estimate_transitions

LAG = Column("lag", pl.Int64, "after how many steps; a step is an output that was embedded and sampled")
MILESTONING = Column("milestoning", pl.Boolean, "whether the last cluster visited stands in the place of outliers")
NULL = Column("null", pl.String, "S: steps shuffled within each run; M1: first-order Markov surrogates of each run")
TRANSITION_COLUMNS = (
    LAG,
    MILESTONING,
    NULL,
    Column("group_runs", pl.Int64, "how many runs the group has"),
    Column("from_cluster", pl.Int64, "the cluster that is left; -1 for outliers; null where no run is in one"),
    Column("from_label", pl.String, "its medoid's text or caption"),
    Column("to_cluster", pl.Int64, "the cluster that follows; null where nothing is known to"),
    Column("to_label", pl.String, "its medoid's text or caption"),
    Column("count", pl.Int64, "how often it follows"),
    Column("probability", pl.Float64, "the estimate: the share of the transitions that begin in from_cluster"),
    Column("class", pl.Int64, "the communicating class of from_cluster, from 0 by transitions; null if never left"),
    Column("closed", pl.Boolean, "whether no transition leaves this class"),
    Column("class_count", pl.Int64, "how many transitions begin in this class"),
    Column("class_runs", pl.Int64, "in how many runs"),
    Column("pi", pl.Float64, "from_cluster in the stationary law of its closed class; 0 if transient"),
    *ESTIMATE_COLUMNS,
)
COLUMNS = label_columns(("network",), TRANSITION_COLUMNS)


@cached
def load_transitions_df(
    session: Session,
    clustering_result_id: int,
    experiment_id: int | None = None,
    *,
    by: Sequence[str] = ("network",),
    lag: int = 1,
    milestoning: bool = False,
    draws: int = DRAWS,
    nulls: int = NULLS,
    seed: int = 0,
) -> pl.DataFrame:
    """Load one row for each group of runs and pair of clusters of which one was seen to follow the other.

    A cluster in which every run that reached it ended has one row too, with the reason why nothing follows, and so has
    a group without any cluster: with milestoning, one whose steps are all outliers.

    Parameters
    ----------
    clustering_result_id
        The result whose clusters are meant.
    experiment_id
        The experiment whose runs are meant; by default all that have a clustered output.
    by
        What runs are grouped by: any of network, initial_prompt, seed.
    lag
        After how many steps.
    milestoning
        Whether the last cluster visited stands in the place of outliers; otherwise they are a state.
    draws, nulls, seed
        How often runs are resampled, how many surrogates are drawn (S at lag 1, M1 from lag 2 on), and from which
        randomness.

    Returns
    -------
    polars.DataFrame
        With the columns ``LABEL_KEYS``, those of ``by`` and ``TRANSITION_COLUMNS``.

    Raises
    ------
    NotFoundError
        When there is no such result or experiment, or runs cannot be grouped so.
    ValueError
        When the lag is below 1.
    """
    columns = label_columns(by, TRANSITION_COLUMNS)
    labels = load_label_sequences(session, clustering_result_id, experiment_id)
    names = load_cluster_names(session, clustering_result_id)
    rows: list[dict[str, Any]] = []
    for values, sequences in labels.groups(by):
        found = estimate_transitions(sequences, lag=lag, milestoning=milestoning, draws=draws, nulls=nulls, seed=seed)
        every = labels.keys | values | {"lag": lag, "milestoning": milestoning, "null": "S" if lag == 1 else "M1"}
        every["group_runs"] = sequences.n_runs
        rows += [every | row for row in _list_pairs(found, names)]
    return pl.DataFrame(rows, schema=schema_of(columns), orient="row")


def _list_pairs(found: TransitionEstimates, names: dict[int | None, str | None]) -> Iterator[dict[str, Any]]:
    places = {state: place for place, state in enumerate(found.states.tolist())}
    chain = found.chain
    beginning = chain.counts.sum(axis=1)
    in_class = [int(beginning[chain.classes == number].sum()) for number in range(len(chain.closed))]
    for pair in found.pairs:
        place = None if pair.origin is None else places[pair.origin]
        number = -1 if place is None else int(chain.classes[place])
        pi = np.nan if place is None else float(chain.stationary[place])
        values = estimate_values(pair.probability)
        yield {
            "from_cluster": pair.origin,
            "from_label": names[pair.origin],
            "to_cluster": pair.target,
            "to_label": names[pair.target],
            "count": pair.count,
            "probability": values["estimate"],
            "class": number if number >= 0 else None,
            "closed": bool(chain.closed[number]) if number >= 0 else None,
            "class_count": in_class[number] if number >= 0 else None,
            "class_runs": int(found.class_runs[number]) if number >= 0 else None,
            "pi": None if np.isnan(pi) else pi,
            **values,
        }
