"""What follows what."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import polars as pl

from loopscope.data_prep.transitions import load_transitions_df
from loopscope.datavis.occupancy import plot_occupancy
from loopscope.datavis.transition_graph import plot_transition_graph
from loopscope.datavis.transition_matrix import plot_transition_matrix
from loopscope.export.report.about import About
from loopscope.export.report.answer import Answer, Download, Figure, Section
from loopscope.export.report.closed_classes import Classes, say_classes, say_commonest
from loopscope.export.report.numbers import against_null, with_interval
from loopscope.export.report.saying import say_each, say_reasons

Found = TypeVar("Found")
LIKELY = 0.05


def answer_following(about: About) -> Answer:
    """Say what is never left, how predictable the next cluster is, and whether time has a direction, on what support.

    The numbers of a chain are those of its closed class; where little was seen of that, what needs none is told.
    """
    chains, by_network = about.frame("markov_chains"), about.frame("transitions")
    rows = {network: of for (network,), of in by_network.group_by("network", maintain_order=True)}
    classes = {network: Classes.of(of) for network, of in rows.items()}
    supported = {network for network, of in classes.items() if of.is_supported}
    said = say_each(_each(classes, say_classes), _say_text)
    said += say_each(_rows(chains, "h_bits", "S", supported), _say_entropy)
    said += say_each(_rows(chains, "ep_bits", "R", supported), _say_direction)
    others = {network: of for network, of in rows.items() if network not in supported}
    said += say_each(_each(others, say_commonest), _say_text)
    said += say_each(_rows(chains, "memory_bits", "M1", set(rows)), _say_memory)
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


def _rows(chains: pl.DataFrame, quantity: str, null: str, networks: set[str]) -> list[dict[str, Any]]:
    chosen = pl.col("network").is_in(sorted(networks))
    return chains.filter(chosen, pl.col("quantity") == quantity, pl.col("null") == null).to_dicts()


def _each(of: Mapping[str, Found], say: Callable[[Found], str | None]) -> list[dict[str, Any]]:
    """Give what is said of each network as the rows that sentences are made of."""
    return [{"network": network, "estimate": say(found)} for network, found in of.items()]


def _say_text(row: Mapping[str, Any]) -> str:
    return str(row["estimate"])


def _say_entropy(row: Mapping[str, Any]) -> str:
    return f"the next cluster is uncertain by {with_interval(row)} bits; {against_null(row, 'shuffled order')}"


def _say_direction(row: Mapping[str, Any]) -> str:
    null = against_null(row, "turning loops round by chance")
    return f"the irreversibility is {with_interval(row)} bits a step; {null}"


def _say_memory(row: Mapping[str, Any]) -> str:
    """Say whether the cluster before matters; the bits are above 0 by few counts alone, which the null has as well."""
    beyond = row["null_p"] is not None and row["null_p"] <= LIKELY
    whether = (
        "the cluster before the present one matters too" if beyond else "the present cluster may be all that counts"
    )
    adds = "it adds" if beyond else "the one before seems to add"
    return f"{whether}: {adds} {with_interval(row)} bits, where {against_null(row, 'one step of memory')}"


SECTION = Section("following", "What follows what?", answer_following)
