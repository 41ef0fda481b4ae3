"""The frames of Markov chains: how fast runs forget, how open the next step is, and whether a chain is enough."""

from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl
from sqlalchemy.orm import Session

from loopscope.data_prep.cache import cached
from loopscope.data_prep.cluster_names import label_columns, load_cluster_names
from loopscope.data_prep.columns import Column, schema_of
from loopscope.data_prep.estimates import ESTIMATE_COLUMNS, estimate_values
from loopscope.data_prep.label_sequences import load_label_sequences
from loopscope.data_prep.transitions import LAG, MILESTONING
from loopscope.dynamics.chain_estimates import DRAWS, NULLS, estimate_chain
from loopscope.dynamics.chapman_kolmogorov import ChapmanKolmogorov, check_chapman_kolmogorov
from loopscope.dynamics.markov_chain import MarkovChain
from loopscope.dynamics.markov_order import estimate_order
from loopscope.dynamics.memory import estimate_memory
from loopscope.dynamics.milestoning import as_asked, estimate_transit
from loopscope.dynamics.sequences import Sequences
from loopscope.dynamics.transitions import count_transitions

QUANTITIES = {
    "gap": "the spectral gap 1 - abs(λ2), from 0 for a chain that never forgets to 1",
    "timescale": "in steps, -lag / ln abs(λ2): over which the slowest process decays",
    "t_mix": "in steps, until the chain is within 1/4 of its stationary law in total variation, from anywhere",
    "h_bits": "the entropy rate, in bits a transition",
    "predictability": "how often the best of all predictors is right at most, by Fano's inequality",
    "ep_bits": "the irreversibility, in bits a transition: 0 for a chain that looks the same backwards",
    "ck": "Chapman-Kolmogorov: the share of runs in the state of two lags before, less what the chain says",
    "memory_bits": "in bits a step, what the cluster before tells of the next one, given the present one",
    "order": "how many clusters back it pays to look, by how well runs left out are foretold",
    "transit_share": "of the steps from the first cluster of a run on, the share of outliers",
}
NULL = Column(
    "null",
    pl.String,
    "S: steps shuffled within each run; M1: first-order Markov surrogates of each run; "
    "R: surrogates with each loop turned round by chance; null where there is none",
)
CHAIN_COLUMNS = (
    LAG,
    MILESTONING,
    Column("quantity", pl.String, "; ".join(f"{name}: {meaning}" for name, meaning in QUANTITIES.items())),
    NULL,
    Column("n_states", pl.Int64, "how many states there are, the outliers being one"),
    Column("n_classes", pl.Int64, "how many communicating classes they make"),
    Column("n_closed", pl.Int64, "how many of these are closed: with more than one the chain is reducible"),
    Column("period", pl.Int64, "of the one closed class: 1 if it is aperiodic; null where there is not one"),
    Column("ck_z", pl.Float64, "of ck, the estimate in standard deviations of its bootstrap; null of others"),
    *ESTIMATE_COLUMNS,
)
COLUMNS = label_columns(("network",), CHAIN_COLUMNS)

CHAPMAN_KOLMOGOROV_COLUMNS = (
    LAG,
    MILESTONING,
    Column("multiple", pl.Int64, "k: transitions over k lags are compared with k transitions over one"),
    Column("cluster", pl.Int64, "the cluster that runs are in again; null for all together, each as often as it is"),
    Column("cluster_label", pl.String, "its medoid's text or caption"),
    Column("observed", pl.Float64, "the share of runs in it that are in it k lags later"),
    Column("predicted", pl.Float64, "what the chain at one lag says"),
    Column("ck_z", pl.Float64, "observed less predicted, in standard deviations of the bootstrap"),
    *ESTIMATE_COLUMNS,
)
"""The estimate is observed less predicted; its null is M1."""
CHAPMAN_KOLMOGOROV = label_columns(("network",), CHAPMAN_KOLMOGOROV_COLUMNS)

ORDER_COLUMNS = (
    MILESTONING,
    Column("order", pl.Int64, "of the chain: how many clusters back it looks"),
    Column("chosen", pl.Boolean, "whether it is the lowest that is about as good as the best"),
    *ESTIMATE_COLUMNS,
)
"""The estimate is the code length of runs left out, in bits a step: the less, the better they are foretold."""
ORDER = label_columns(("network",), ORDER_COLUMNS)


@cached
def load_markov_chains_df(
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
    """Load one row for each group of runs, quantity of its Markov chain and null.

    Memory and order are of single steps, whatever the lag.

    Parameters
    ----------
    clustering_result_id, experiment_id, by, lag, milestoning, draws, nulls, seed
        As of :func:`loopscope.data_prep.transitions.load_transitions_df`.

    Returns
    -------
    polars.DataFrame
        With the columns ``LABEL_KEYS``, those of ``by`` and ``CHAIN_COLUMNS``.

    Raises
    ------
    NotFoundError
        When there is no such result or experiment, or runs cannot be grouped so.
    ValueError
        When the lag is below 1.
    """
    columns = label_columns(by, CHAIN_COLUMNS)
    labels = load_label_sequences(session, clustering_result_id, experiment_id)
    rows: list[dict[str, Any]] = []
    for values, sequences in labels.groups(by):
        every = labels.keys | values | {"milestoning": milestoning}
        settings = {"draws": draws, "nulls": nulls, "seed": seed}
        rows += [every | row for row in _list_quantities(sequences, lag, milestoning, settings)]
    return pl.DataFrame(rows, schema=schema_of(columns), orient="row")


@cached
def load_chapman_kolmogorov_df(
    session: Session,
    clustering_result_id: int,
    experiment_id: int | None = None,
    *,
    by: Sequence[str] = ("network",),
    lag: int = 1,
    multiples: tuple[int, ...] = (2, 3, 4, 5),
    milestoning: bool = False,
    draws: int = DRAWS,
    nulls: int = NULLS,
    seed: int = 0,
) -> pl.DataFrame:
    """Load one row for each group of runs, multiple of the lag and cluster, and for all clusters together.

    Parameters
    ----------
    multiples
        Over how many lags transitions are compared with as many over one, from 2.
    clustering_result_id, experiment_id, by, lag, milestoning, draws, nulls, seed
        As of :func:`loopscope.data_prep.transitions.load_transitions_df`.

    Returns
    -------
    polars.DataFrame
        With the columns ``LABEL_KEYS``, those of ``by`` and ``CHAPMAN_KOLMOGOROV_COLUMNS``.
    """
    columns = label_columns(by, CHAPMAN_KOLMOGOROV_COLUMNS)
    labels = load_label_sequences(session, clustering_result_id, experiment_id)
    names = load_cluster_names(session, clustering_result_id)
    rows: list[dict[str, Any]] = []
    for values, sequences in labels.groups(by):
        every = labels.keys | values | {"lag": lag, "milestoning": milestoning}
        for test in check_chapman_kolmogorov(
            sequences, lag=lag, multiples=multiples, milestoning=milestoning, draws=draws, nulls=nulls, seed=seed
        ):
            rows += [every | row for row in _list_states(test, names)]
    frame = pl.DataFrame(rows, schema=schema_of(columns), orient="row")
    return frame.with_columns(pl.col("observed", "predicted", "ck_z").fill_nan(None))


@cached
def load_markov_order_df(
    session: Session,
    clustering_result_id: int,
    experiment_id: int | None = None,
    *,
    by: Sequence[str] = ("network",),
    milestoning: bool = False,
    draws: int = DRAWS,
    seed: int = 0,
) -> pl.DataFrame:
    """Load one row for each group of runs and order of a chain, from 0 to 3: how well it foretells runs left out.

    Parameters
    ----------
    clustering_result_id, experiment_id, by, milestoning, draws, seed
        As of :func:`loopscope.data_prep.transitions.load_transitions_df`.

    Returns
    -------
    polars.DataFrame
        With the columns ``LABEL_KEYS``, those of ``by`` and ``ORDER_COLUMNS``.
    """
    columns = label_columns(by, ORDER_COLUMNS)
    labels = load_label_sequences(session, clustering_result_id, experiment_id)
    rows: list[dict[str, Any]] = []
    for values, sequences in labels.groups(by):
        found = estimate_order(as_asked(sequences, milestoning=milestoning), draws=draws, seed=seed)
        every = labels.keys | values | {"milestoning": milestoning}
        for order, bits in enumerate(found.bits):
            chosen = None if found.order.reason else order == found.order.estimate
            rows.append(every | {"order": order, "chosen": chosen} | estimate_values(bits))
    return pl.DataFrame(rows, schema=schema_of(columns), orient="row")


def _list_quantities(
    sequences: Sequences, lag: int, milestoning: bool, settings: dict[str, int]
) -> Iterator[dict[str, Any]]:
    prepared = as_asked(sequences, milestoning=milestoning)
    chain = MarkovChain.of(count_transitions(prepared, lag=lag).pooled)
    every = {
        "lag": lag,
        "n_states": len(chain.known),
        "n_classes": len(chain.closed),
        "n_closed": chain.n_closed,
        "period": chain.period if chain.n_closed == 1 else None,
        "ck_z": None,
    }
    for quantity in estimate_chain(sequences, lag=lag, milestoning=milestoning, **settings):
        found = {"quantity": quantity.name, "null": quantity.null}
        yield every | found | estimate_values(quantity.estimate)
    [test] = check_chapman_kolmogorov(sequences, lag=lag, multiples=(2,), milestoning=milestoning, **settings)
    z = None if test.mean_z != test.mean_z else test.mean_z
    yield every | {"quantity": "ck", "null": "M1", "ck_z": z} | estimate_values(test.mean_difference)
    every["lag"] = 1
    memory = estimate_memory(sequences, milestoning=milestoning, **settings)
    yield every | {"quantity": "memory_bits", "null": "M1"} | estimate_values(memory)
    order = estimate_order(prepared, draws=settings["draws"], seed=settings["seed"]).order
    yield every | {"quantity": "order", "null": None} | estimate_values(order)
    transit = estimate_transit(sequences, draws=settings["draws"], seed=settings["seed"])
    yield every | {"quantity": "transit_share", "null": None} | estimate_values(transit)


def _list_states(test: ChapmanKolmogorov, names: dict[int | None, str | None]) -> Iterator[dict[str, Any]]:
    yield {
        "multiple": test.multiple,
        "cluster": None,
        "cluster_label": None,
        "observed": float(test.staying.mean_observed),
        "predicted": float(test.staying.mean_predicted),
        "ck_z": test.mean_z,
        **estimate_values(test.mean_difference),
    }
    for place, state in enumerate(test.states.tolist()):
        yield {
            "multiple": test.multiple,
            "cluster": state,
            "cluster_label": names[state],
            "observed": float(test.staying.observed[place]),
            "predicted": float(test.staying.predicted[place]),
            "ck_z": float(test.z[place]),
            **estimate_values(test.differences[place]),
        }
