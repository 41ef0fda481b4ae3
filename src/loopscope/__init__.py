"""Loopscope runs generative models in loops and shows where they settle.

=================================================  ==================================================================
``load_experiment_config``, ``ExperimentConfig``   what is to be performed: an experiment file, or the same in Python
``open_store``                                     the database: ``with open_store("loops.db", create=True) as store``
``perform_experiment``, ``resume_experiment``      invocations and embeddings; performing again goes on
``cluster_embeddings``                             one more clustering, beside those that are there
``assign_later_embeddings``                        embeddings that came after a clustering, placed beside it
``compute_persistence_diagrams``                   the shape of each run's embeddings; asking again goes on
``load_*_df``                                      polars frames of it all, from ``with store.session() as session``
=================================================  ==================================================================
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from loopscope.config import ExperimentConfig, load_experiment_config
    from loopscope.data_prep import (
        load_absorption_df,
        load_absorption_estimates_df,
        load_basin_estimates_df,
        load_basins_df,
        load_change_points_df,
        load_chapman_kolmogorov_df,
        load_cluster_comparison_df,
        load_cluster_flows_df,
        load_cluster_outputs_df,
        load_cluster_properties_df,
        load_cluster_stability_df,
        load_clustering_results_df,
        load_clusters_df,
        load_diagram_distances_df,
        load_diagram_distances_estimates_df,
        load_divergence_df,
        load_divergence_estimates_df,
        load_drift_df,
        load_drift_estimates_df,
        load_dwell_time_estimates_df,
        load_dwell_times_df,
        load_embeddings_df,
        load_experiments_df,
        load_invocation_durations_df,
        load_invocations_df,
        load_markov_chains_df,
        load_markov_order_df,
        load_medoids_df,
        load_milestones_df,
        load_motifs_df,
        load_near_cycles_df,
        load_occupancy_df,
        load_outlier_diagnostics_df,
        load_parameter_sweep_df,
        load_persistence_diagrams_df,
        load_persistence_entropy_df,
        load_persistence_entropy_estimates_df,
        load_recoverability_df,
        load_recoverability_estimates_df,
        load_recurrence_df,
        load_recurrence_estimates_df,
        load_recurrence_pairs_df,
        load_return_time_estimates_df,
        load_return_times_df,
        load_runs_df,
        load_sliding_window_df,
        load_sliding_window_estimates_df,
        load_survival_df,
        load_transitions_df,
    )
    from loopscope.engine.assigning import assign_later_embeddings
    from loopscope.engine.clustering import cluster_embeddings
    from loopscope.engine.performing import perform_experiment, resume_experiment
    from loopscope.engine.persistence import compute_persistence_diagrams
    from loopscope.store.connection import open_store

_HOMES = {
    "ExperimentConfig": "loopscope.config",
    "assign_later_embeddings": "loopscope.engine.assigning",
    "cluster_embeddings": "loopscope.engine.clustering",
    "compute_persistence_diagrams": "loopscope.engine.persistence",
    "load_absorption_df": "loopscope.data_prep",
    "load_absorption_estimates_df": "loopscope.data_prep",
    "load_basin_estimates_df": "loopscope.data_prep",
    "load_basins_df": "loopscope.data_prep",
    "load_change_points_df": "loopscope.data_prep",
    "load_chapman_kolmogorov_df": "loopscope.data_prep",
    "load_cluster_comparison_df": "loopscope.data_prep",
    "load_cluster_flows_df": "loopscope.data_prep",
    "load_cluster_outputs_df": "loopscope.data_prep",
    "load_cluster_properties_df": "loopscope.data_prep",
    "load_cluster_stability_df": "loopscope.data_prep",
    "load_clustering_results_df": "loopscope.data_prep",
    "load_clusters_df": "loopscope.data_prep",
    "load_diagram_distances_df": "loopscope.data_prep",
    "load_diagram_distances_estimates_df": "loopscope.data_prep",
    "load_divergence_df": "loopscope.data_prep",
    "load_divergence_estimates_df": "loopscope.data_prep",
    "load_drift_df": "loopscope.data_prep",
    "load_drift_estimates_df": "loopscope.data_prep",
    "load_dwell_time_estimates_df": "loopscope.data_prep",
    "load_dwell_times_df": "loopscope.data_prep",
    "load_embeddings_df": "loopscope.data_prep",
    "load_experiment_config": "loopscope.config",
    "load_experiments_df": "loopscope.data_prep",
    "load_invocation_durations_df": "loopscope.data_prep",
    "load_invocations_df": "loopscope.data_prep",
    "load_markov_chains_df": "loopscope.data_prep",
    "load_markov_order_df": "loopscope.data_prep",
    "load_medoids_df": "loopscope.data_prep",
    "load_milestones_df": "loopscope.data_prep",
    "load_motifs_df": "loopscope.data_prep",
    "load_near_cycles_df": "loopscope.data_prep",
    "load_occupancy_df": "loopscope.data_prep",
    "load_outlier_diagnostics_df": "loopscope.data_prep",
    "load_parameter_sweep_df": "loopscope.data_prep",
    "load_persistence_diagrams_df": "loopscope.data_prep",
    "load_persistence_entropy_df": "loopscope.data_prep",
    "load_persistence_entropy_estimates_df": "loopscope.data_prep",
    "load_recoverability_df": "loopscope.data_prep",
    "load_recoverability_estimates_df": "loopscope.data_prep",
    "load_recurrence_df": "loopscope.data_prep",
    "load_recurrence_estimates_df": "loopscope.data_prep",
    "load_recurrence_pairs_df": "loopscope.data_prep",
    "load_return_time_estimates_df": "loopscope.data_prep",
    "load_return_times_df": "loopscope.data_prep",
    "load_runs_df": "loopscope.data_prep",
    "load_sliding_window_df": "loopscope.data_prep",
    "load_sliding_window_estimates_df": "loopscope.data_prep",
    "load_survival_df": "loopscope.data_prep",
    "load_transitions_df": "loopscope.data_prep",
    "open_store": "loopscope.store.connection",
    "perform_experiment": "loopscope.engine.performing",
    "resume_experiment": "loopscope.engine.performing",
}

__all__ = [
    "ExperimentConfig",
    "assign_later_embeddings",
    "cluster_embeddings",
    "compute_persistence_diagrams",
    "load_absorption_df",
    "load_absorption_estimates_df",
    "load_basin_estimates_df",
    "load_basins_df",
    "load_change_points_df",
    "load_chapman_kolmogorov_df",
    "load_cluster_comparison_df",
    "load_cluster_flows_df",
    "load_cluster_outputs_df",
    "load_cluster_properties_df",
    "load_cluster_stability_df",
    "load_clustering_results_df",
    "load_clusters_df",
    "load_diagram_distances_df",
    "load_diagram_distances_estimates_df",
    "load_divergence_df",
    "load_divergence_estimates_df",
    "load_drift_df",
    "load_drift_estimates_df",
    "load_dwell_time_estimates_df",
    "load_dwell_times_df",
    "load_embeddings_df",
    "load_experiment_config",
    "load_experiments_df",
    "load_invocation_durations_df",
    "load_invocations_df",
    "load_markov_chains_df",
    "load_markov_order_df",
    "load_medoids_df",
    "load_milestones_df",
    "load_motifs_df",
    "load_near_cycles_df",
    "load_occupancy_df",
    "load_outlier_diagnostics_df",
    "load_parameter_sweep_df",
    "load_persistence_diagrams_df",
    "load_persistence_entropy_df",
    "load_persistence_entropy_estimates_df",
    "load_recoverability_df",
    "load_recoverability_estimates_df",
    "load_recurrence_df",
    "load_recurrence_estimates_df",
    "load_recurrence_pairs_df",
    "load_return_time_estimates_df",
    "load_return_times_df",
    "load_runs_df",
    "load_sliding_window_df",
    "load_sliding_window_estimates_df",
    "load_survival_df",
    "load_transitions_df",
    "open_store",
    "perform_experiment",
    "resume_experiment",
]


def __getattr__(name: str) -> Any:
    """Import a public name from its home when it is first used."""
    if name == "__version__":
        from importlib.metadata import version

        return version("loopscope")
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    from difflib import get_close_matches

    close = get_close_matches(name, __all__, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    raise AttributeError(f"module 'loopscope' has no attribute {name!r}{hint}")


def __dir__() -> list[str]:
    """List the public names."""
    return sorted(__all__)
