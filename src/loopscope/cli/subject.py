"""Which experiment, clustering result and embedding models a command is about, from what was typed."""

from typing import TYPE_CHECKING

from loopscope.cli.ids import resolve
from loopscope.cli.output import counted, say
from loopscope.errors import NotFoundError

if TYPE_CHECKING:
    from loopscope.store.connection import Store


def choose_experiment(store: "Store", prefix: str | None) -> int | None:
    """Find the experiment that was named; None where none was."""
    from loopscope.schemas import Experiment

    return resolve(store, Experiment, prefix) if prefix else None


def choose_result(
    store: "Store",
    prefix: str | None,
    *,
    model: str | None = None,
    experiment_id: int | None = None,
    doing: str = "drawing",
) -> int:
    """Find the clustering result that was named, by default the newest, and say which that is.

    Parameters
    ----------
    model
        The embedding model whose newest result is meant; by default any.
    experiment_id
        The experiment of which the newest result must hold some output; by default any.
    doing
        What is done with it, for the message.

    Raises
    ------
    NotFoundError
        When there is none.
    """
    from loopscope.schemas import ClusteringResult

    if prefix is not None:
        return resolve(store, ClusteringResult, prefix)
    results = _list_results(store, model, experiment_id)
    if not results:
        of = "" if experiment_id is None else " of this experiment"
        raise NotFoundError(f"found no clustering result{of}; make one: loopscope cluster perform {model or 'MODEL'}")
    key, uuid, by = results[-1]
    chosen = "" if len(results) == 1 else "; choose another with --clustering ID"
    say(f"{doing} the newest of {counted(len(results), 'clustering result')}: {uuid[:8]} ({by}){chosen}")
    return key


def find_newest_result(store: "Store", experiment_id: int | None) -> int | None:
    """Find the newest clustering result that holds some output of an experiment; None where there is none."""
    results = _list_results(store, None, experiment_id)
    return results[-1][0] if results else None


def find_newest_model(store: "Store", experiment_id: int | None) -> str | None:
    """Find the embedding model of that result; None where there is none."""
    results = _list_results(store, None, experiment_id)
    return results[-1][2] if results else None


def _list_results(store: "Store", model: str | None, experiment_id: int | None) -> list[tuple[int, str, str]]:
    import polars as pl

    from loopscope.data_prep import load_clustering_results_df
    from loopscope.store.deletion import find_clusterings_of_experiment

    with store.session() as session:
        results = load_clustering_results_df(session)
        if experiment_id is not None:
            held = [result.id for result in find_clusterings_of_experiment(session, experiment_id)]
            results = results.filter(pl.col("clustering_result_id").is_in(held))
    if model is not None:
        results = results.filter(pl.col("embedding_model") == model)
    return list(results.select("clustering_result_id", "uuid", "embedding_model").iter_rows())
