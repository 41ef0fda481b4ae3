"""What follows what."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from loopscope.data_prep.transitions import load_transitions_df
from loopscope.datavis.occupancy import plot_occupancy
from loopscope.datavis.transition_graph import plot_transition_graph
from loopscope.datavis.transition_matrix import plot_transition_matrix
from loopscope.datavis.wording import count_of
from loopscope.export.report.about import About
from loopscope.export.report.answer import Answer, Download, Figure, Section
from loopscope.export.report.numbers import against_null, with_interval
from loopscope.export.report.saying import say_each, say_reasons


def answer_following(about: About) -> Answer:
    """Say how many closed classes there are, how predictable the next cluster is, and whether time has a direction."""
    chains = about.frame("markov_chains")
    entropy = _rows(chains, "h_bits", "S")
    direction = _rows(chains, "ep_bits", "R")
    said = say_each(entropy, _say_entropy)
    said += say_each(
        direction,
        lambda row: (
            f"its irreversibility is {with_interval(row)} bits a step; "
            + against_null(row, "turning loops round by chance")
        ),
    )
    said += _say_classes(chains)
    result_id = about.result["clustering_result_id"]
    with about.store.session() as session:
        transitions = load_transitions_df(session, result_id, about.experiment_id, by=())
    first = said[0] if said else ""
    figures = (
        Figure(plot_transition_matrix(transitions), f"Matrix of transition probabilities between clusters. {first}"),
        Figure(plot_transition_graph(transitions), "Graph: arrows for the commonest transitions between clusters."),
        Figure(
            plot_occupancy(about.frame("occupancy")), "Streams: the share of each cluster over the tenths of the runs."
        ),
    )
    names = ("transitions", "markov_chains", "markov_order", "chapman_kolmogorov", "occupancy")
    downloads = tuple(Download(name, about.frame(name)) for name in names)
    return Answer(tuple(said), figures, downloads, tuple(say_reasons(chains, "quantity", "network")))


def _rows(chains: pl.DataFrame, quantity: str, null: str) -> list[dict[str, Any]]:
    return chains.filter(pl.col("quantity") == quantity, pl.col("null") == null).to_dicts()


def _say_entropy(row: Mapping[str, Any]) -> str:
    return f"the next cluster is uncertain by {with_interval(row)} bits; {against_null(row, 'shuffled order')}"


def _say_classes(chains: pl.DataFrame) -> list[str]:
    said = []
    for row in chains.unique("network", maintain_order=True).iter_rows(named=True):
        if row["n_closed"] is None:
            continue
        closed = count_of(row["n_closed"], "closed class", "closed classes")
        lasting = "which is never left" if row["n_closed"] == 1 else "none of which is ever left"
        said.append(
            f"The {count_of(row['n_states'], 'state')} of {row['network']} make "
            f"{count_of(row['n_classes'], 'communicating class', 'communicating classes')}, with {closed}, {lasting}."
        )
    return said[:4]


SECTION = Section("following", "What follows what?", answer_following)
