"""Every frame there is, as data.

Whoever goes through all frames (the export, the report, the tests) goes through ``FRAMES``; a new frame is one more
entry here.
"""

from collections.abc import Sequence

import polars as pl
from sqlalchemy.orm import Session

from loopscope.data_prep import (
    absorption,
    basins,
    change_points,
    cluster_comparison,
    cluster_outputs,
    cluster_properties,
    cluster_stability,
    clustering_results,
    clusters,
    diagram_distances,
    divergence,
    drift,
    dwell_times,
    embeddings,
    experiments,
    invocation_durations,
    invocations,
    markov_chains,
    medoids,
    milestones,
    motifs,
    near_cycles,
    occupancy,
    outlier_diagnostics,
    parameter_sweep,
    persistence_diagrams,
    persistence_entropy,
    recoverability,
    recurrence,
    return_times,
    runs,
    sliding_windows,
    transitions,
)
from loopscope.data_prep.columns import NETWORK, Column
from loopscope.data_prep.duration_estimates import ESTIMATE_KEYS as DURATION_KEYS
from loopscope.data_prep.estimates import ESTIMATE_COLUMNS
from loopscope.data_prep.frame import Frame, Subject
from loopscope.store.connection import Store

__all__ = ["FRAMES", "Frame", "Subject", "find_frame"]


def _by_network(keys: Sequence[Column], others: Sequence[Column] = ESTIMATE_COLUMNS) -> tuple[Column, ...]:
    """Give the columns of a frame of estimates as it is by default: of each network."""
    return (*keys, NETWORK, *others)


def _by_network_after(columns: Sequence[Column], place: int) -> tuple[Column, ...]:
    """Give the same of columns that hold both, the network after so many of them."""
    return _by_network(columns[:place], columns[place:])


def _load_sweep(store: Store, embedding_model: str, experiment_id: int | None = None) -> pl.DataFrame:
    """Load one row for each setting of a grid."""
    chosen = None if experiment_id is None else [experiment_id]
    return parameter_sweep.load_parameter_sweep_df(store, embedding_model, experiment_ids=chosen)


def _load_near_cycles(session: Session, embedding_model: str, experiment_id: int | None = None) -> pl.DataFrame:
    """Load one row for each group of runs and period, of vectors."""
    return near_cycles.load_near_cycles_df(session, experiment_id, vectors_of=embedding_model)


RESULT = ("clustering_result_id",)

RECORDED: tuple[Frame, ...] = (
    Frame("experiments", experiments.load_experiments_df, experiments.COLUMNS, filters=True),
    Frame("runs", runs.load_runs_df, runs.COLUMNS),
    Frame("invocations", invocations.load_invocations_df, invocations.COLUMNS),
    Frame("invocation_durations", invocation_durations.load_invocation_durations_df, invocation_durations.COLUMNS),
    Frame("embeddings", embeddings.load_embeddings_df, embeddings.COLUMNS),
)
"""What was performed."""

CLUSTERED: tuple[Frame, ...] = (
    Frame(
        "clustering_results",
        clustering_results.load_clustering_results_df,
        clustering_results.COLUMNS,
        ignores=RESULT,
    ),
    Frame(
        "clusters", clusters.load_clusters_df, clusters.COLUMNS, filters=True, settings={"include_unclustered": True}
    ),
    Frame("cluster_outputs", cluster_outputs.load_cluster_outputs_df, cluster_outputs.COLUMNS, filters=True),
    Frame("cluster_properties", cluster_properties.load_cluster_properties_df, cluster_properties.COLUMNS),
    Frame("medoids", medoids.load_medoids_df, medoids.COLUMNS),
    Frame("cluster_stability", cluster_stability.load_cluster_stability_df, cluster_stability.COLUMNS),
    Frame("outlier_diagnostics", outlier_diagnostics.load_outlier_diagnostics_df, outlier_diagnostics.COLUMNS),
    Frame("parameter_sweep", _load_sweep, parameter_sweep.COLUMNS),
    Frame("cluster_comparison", cluster_comparison.load_cluster_comparison_df, cluster_comparison.COLUMNS),
    Frame("cluster_flows", cluster_comparison.load_cluster_flows_df, cluster_comparison.FLOW_COLUMNS),
)
"""Clusters, and how far they can be trusted."""

SETTLING: tuple[Frame, ...] = (
    Frame("absorption", absorption.load_absorption_df, absorption.COLUMNS, ignores=RESULT),
    Frame(
        "absorption_estimates",
        absorption.load_absorption_estimates_df,
        _by_network(absorption.ESTIMATE_KEYS),
        ignores=RESULT,
    ),
    Frame("survival", absorption.load_survival_df, _by_network(absorption.SURVIVAL_KEYS), ignores=RESULT),
    Frame("cluster_absorption", absorption.load_absorption_df, absorption.COLUMNS, requires=RESULT),
    Frame(
        "cluster_absorption_estimates",
        absorption.load_absorption_estimates_df,
        _by_network(absorption.ESTIMATE_KEYS),
        requires=RESULT,
    ),
    Frame("cluster_survival", absorption.load_survival_df, _by_network(absorption.SURVIVAL_KEYS), requires=RESULT),
    Frame("near_cycles", near_cycles.load_near_cycles_df, _by_network(near_cycles.KEYS), ignores=RESULT),
    Frame("cluster_near_cycles", near_cycles.load_near_cycles_df, _by_network(near_cycles.KEYS), requires=RESULT),
    Frame("vector_near_cycles", _load_near_cycles, _by_network(near_cycles.KEYS)),
    Frame("dwell_times", dwell_times.load_dwell_times_df, dwell_times.COLUMNS),
    Frame("dwell_time_estimates", dwell_times.load_dwell_time_estimates_df, _by_network(DURATION_KEYS)),
    Frame("return_times", return_times.load_return_times_df, return_times.COLUMNS),
    Frame("return_time_estimates", return_times.load_return_time_estimates_df, _by_network(DURATION_KEYS)),
)
"""Whether runs get stuck, how long they stay, and when they come back."""

FOLLOWING: tuple[Frame, ...] = (
    Frame("transitions", transitions.load_transitions_df, transitions.COLUMNS),
    Frame("markov_chains", markov_chains.load_markov_chains_df, markov_chains.COLUMNS),
    Frame("chapman_kolmogorov", markov_chains.load_chapman_kolmogorov_df, markov_chains.CHAPMAN_KOLMOGOROV),
    Frame("markov_order", markov_chains.load_markov_order_df, markov_chains.ORDER),
    Frame("milestones", milestones.load_milestones_df, milestones.COLUMNS),
    Frame("occupancy", occupancy.load_occupancy_df, occupancy.COLUMNS),
    Frame("motifs", motifs.load_motifs_df, motifs.COLUMNS),
    Frame("basins", basins.load_basins_df, basins.COLUMNS),
    Frame("basin_estimates", basins.load_basin_estimates_df, basins.ESTIMATES),
)
"""What follows what, and where runs are."""

VECTORS: tuple[Frame, ...] = (
    Frame("drift", drift.load_drift_df, drift.COLUMNS),
    Frame("drift_estimates", drift.load_drift_estimates_df, _by_network_after(drift.ESTIMATES_COLUMNS, 2)),
    Frame("divergence", divergence.load_divergence_df, _by_network_after(divergence.COLUMNS, 2)),
    Frame(
        "divergence_estimates",
        divergence.load_divergence_estimates_df,
        _by_network_after(divergence.ESTIMATES_COLUMNS, 2),
    ),
    Frame("recoverability", recoverability.load_recoverability_df, _by_network_after(recoverability.COLUMNS, 2)),
    Frame(
        "recoverability_estimates",
        recoverability.load_recoverability_estimates_df,
        _by_network_after(recoverability.ESTIMATES_COLUMNS, 2),
    ),
    Frame("recurrence", recurrence.load_recurrence_df, recurrence.COLUMNS),
    Frame(
        "recurrence_estimates",
        recurrence.load_recurrence_estimates_df,
        _by_network_after(recurrence.ESTIMATES_COLUMNS, 2),
    ),
    Frame("recurrence_pairs", recurrence.load_recurrence_pairs_df, recurrence.PAIR_COLUMNS),
    Frame("change_points", change_points.load_change_points_df, change_points.COLUMNS),
)
"""The same in the space of an embedding model, with no clustering between."""

SHAPES: tuple[Frame, ...] = (
    Frame("persistence_diagrams", persistence_diagrams.load_persistence_diagrams_df, persistence_diagrams.COLUMNS),
    Frame("persistence_entropy", persistence_entropy.load_persistence_entropy_df, persistence_entropy.COLUMNS),
    Frame(
        "persistence_entropy_estimates",
        persistence_entropy.load_persistence_entropy_estimates_df,
        _by_network_after(persistence_entropy.ESTIMATES_COLUMNS, 2),
    ),
    Frame("diagram_distances", diagram_distances.load_diagram_distances_df, diagram_distances.COLUMNS),
    Frame(
        "diagram_distances_estimates",
        diagram_distances.load_diagram_distances_estimates_df,
        diagram_distances.ESTIMATES_COLUMNS,
    ),
    Frame("sliding_window", sliding_windows.load_sliding_window_df, sliding_windows.COLUMNS),
    Frame(
        "sliding_window_estimates",
        sliding_windows.load_sliding_window_estimates_df,
        _by_network_after(sliding_windows.ESTIMATES_COLUMNS, 2),
    ),
)
"""The shape of what runs go through."""

FRAMES: tuple[Frame, ...] = (*RECORDED, *CLUSTERED, *SETTLING, *FOLLOWING, *VECTORS, *SHAPES)
"""In the order in which a reader would ask."""


def find_frame(name: str) -> Frame:
    """Find a frame by its name.

    >>> find_frame("runs").grain
    'one row for each run, in the order of ``run_id``'
    """
    return next(frame for frame in FRAMES if frame.name == name)
