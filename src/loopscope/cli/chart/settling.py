"""Charts of whether runs get stuck, how long they stay, and where they end."""

from typing import Any

from loopscope.cli.chart.choice import Choice


def draw_survival(choice: Choice) -> Any:
    """Draw how many runs are not yet absorbed: of exact outputs, or of a clustering result that was named."""
    from loopscope.data_prep import load_survival_df
    from loopscope.datavis.survival import plot_survival

    result_id = choice.result_id if choice.clustering or choice.model else None
    by = choice.grouping or ("network",)
    with choice.store.session() as session:
        found = load_survival_df(session, choice.experiment_id, clustering_result_id=result_id, by=by)
    return plot_survival(choice.named(found))


def draw_dwell_times(choice: Choice) -> Any:
    """Draw how long runs stay in each cluster."""
    from loopscope.data_prep import load_dwell_time_estimates_df, load_dwell_times_df, load_medoids_df
    from loopscope.datavis.dwell_times import plot_dwell_times

    with choice.store.session() as session:
        dwell_times = load_dwell_times_df(session, choice.result_id, choice.experiment_id)
        estimates = load_dwell_time_estimates_df(session, choice.result_id, choice.experiment_id, by=())
        medoids = load_medoids_df(session, choice.result_id)
    return plot_dwell_times(choice.named(dwell_times), estimates, medoids)


def draw_transitions(choice: Choice) -> Any:
    """Draw the probability of each transition."""
    from loopscope.data_prep import load_transitions_df
    from loopscope.datavis.transition_matrix import plot_transition_matrix

    with choice.store.session() as session:
        found = load_transitions_df(session, choice.result_id, choice.experiment_id, by=choice.grouping)
    return plot_transition_matrix(choice.named(found))


def draw_graph(choice: Choice) -> Any:
    """Draw the commonest transitions as a graph."""
    from loopscope.data_prep import load_transitions_df
    from loopscope.datavis.transition_graph import plot_transition_graph

    with choice.store.session() as session:
        found = load_transitions_df(session, choice.result_id, choice.experiment_id, by=choice.grouping)
    return plot_transition_graph(choice.named(found))


def draw_occupancy(choice: Choice) -> Any:
    """Draw the share of each cluster over the tenths of the runs."""
    from loopscope.data_prep import load_occupancy_df
    from loopscope.datavis.occupancy import plot_occupancy

    by = choice.grouping or ("network",)
    with choice.store.session() as session:
        found = load_occupancy_df(session, choice.result_id, choice.experiment_id, by=by)
    return plot_occupancy(choice.named(found))


def draw_coverage(choice: Choice) -> Any:
    """Draw the share of runs that end in the k clusters where most end."""
    from loopscope.data_prep import load_motifs_df
    from loopscope.datavis.motif_coverage import plot_motif_coverage

    by = choice.grouping or ("network",)
    with choice.store.session() as session:
        found = load_motifs_df(session, choice.result_id, choice.experiment_id, by=by)
    return plot_motif_coverage(choice.named(found))


def draw_basins(choice: Choice) -> Any:
    """Draw how many runs of each prompt end in which cluster."""
    from loopscope.data_prep import load_basin_estimates_df, load_basins_df
    from loopscope.datavis.basins import plot_basins

    with choice.store.session() as session:
        basins = load_basins_df(session, choice.result_id, choice.experiment_id)
        estimates = load_basin_estimates_df(session, choice.result_id, choice.experiment_id)
    return plot_basins(choice.named(basins), estimates)
