"""Charts of persistence diagrams."""

from typing import Any

from loopscope.cli.chart.choice import Choice

NULLS = 99
NULLS_OF_A_RUN = 19
"""Enough for a grey band around each run's own bars."""


def draw_persistence(choice: Choice) -> Any:
    """Draw the persistence diagram of each group of runs."""
    from loopscope.data_prep import load_persistence_diagrams_df, load_persistence_entropy_df
    from loopscope.data_prep.affordable_nulls import choose_nulls
    from loopscope.datavis.persistence_diagram import plot_persistence_diagram

    model, experiment_id = choice.one_model, choice.experiment_id
    with choice.store.session() as session:
        bars = load_persistence_diagrams_df(session, model, experiment_id)
        nulls = choose_nulls(bars, NULLS_OF_A_RUN)
        null = load_persistence_entropy_df(session, model, experiment_id, nulls=nulls) if nulls else None
    return plot_persistence_diagram(bars, by=choice.grouping or ("network",), null=null)


def draw_barcode(choice: Choice) -> Any:
    """Draw the bars of one run."""
    from loopscope.data_prep import load_persistence_diagrams_df
    from loopscope.datavis.barcode import plot_barcode

    with choice.store.session() as session:
        bars = load_persistence_diagrams_df(session, choice.one_model, run_id=choice.run_id)
    return plot_barcode(choice.named(bars))


def draw_entropy(choice: Choice) -> Any:
    """Draw the persistence entropy of every run, group by group."""
    from loopscope.data_prep import (
        load_persistence_diagrams_df,
        load_persistence_entropy_df,
        load_persistence_entropy_estimates_df,
    )
    from loopscope.data_prep.affordable_nulls import choose_nulls
    from loopscope.datavis.persistence_entropy import plot_persistence_entropy

    model, experiment_id, by = choice.one_model, choice.experiment_id, choice.grouping or ("network",)
    with choice.store.session() as session:
        nulls = choose_nulls(load_persistence_diagrams_df(session, model, experiment_id), NULLS)
        runs = load_persistence_entropy_df(session, model, experiment_id)
        estimates = load_persistence_entropy_estimates_df(session, model, experiment_id, by=by, nulls=nulls)
    return plot_persistence_entropy(runs, estimates)


def draw_diagram_distances(choice: Choice) -> Any:
    """Draw how far the diagrams of runs are from one another."""
    from loopscope.data_prep import load_diagram_distances_df, load_diagram_distances_estimates_df
    from loopscope.datavis.diagram_distances import plot_diagram_distances

    model, experiment_id, by = choice.one_model, choice.experiment_id, choice.grouping or ("network",)
    with choice.store.session() as session:
        pairs = load_diagram_distances_df(session, model, experiment_id)
        estimates = load_diagram_distances_estimates_df(session, model, experiment_id, by=by)
    return plot_diagram_distances(pairs, estimates, by=by[0])
