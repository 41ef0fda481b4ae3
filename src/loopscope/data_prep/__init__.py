"""From the database to polars frames: one ``load_*_df`` a file, its grain in its docstring, its columns as data."""

from loopscope.data_prep.absorption import load_absorption_df, load_absorption_estimates_df, load_survival_df
from loopscope.data_prep.basins import load_basin_estimates_df, load_basins_df
from loopscope.data_prep.change_points import load_change_points_df
from loopscope.data_prep.cluster_comparison import load_cluster_comparison_df, load_cluster_flows_df
from loopscope.data_prep.cluster_outputs import load_cluster_outputs_df
from loopscope.data_prep.cluster_properties import load_cluster_properties_df
from loopscope.data_prep.cluster_stability import load_cluster_stability_df
from loopscope.data_prep.clustering_results import load_clustering_results_df
from loopscope.data_prep.clusters import load_clusters_df
from loopscope.data_prep.diagram_distances import load_diagram_distances_df, load_diagram_distances_estimates_df
from loopscope.data_prep.divergence import load_divergence_df, load_divergence_estimates_df
from loopscope.data_prep.drift import load_drift_df, load_drift_estimates_df
from loopscope.data_prep.dwell_times import load_dwell_time_estimates_df, load_dwell_times_df
from loopscope.data_prep.embeddings import load_embeddings_df
from loopscope.data_prep.experiments import load_experiments_df
from loopscope.data_prep.invocation_durations import load_invocation_durations_df
from loopscope.data_prep.invocations import load_invocations_df
from loopscope.data_prep.markov_chains import load_chapman_kolmogorov_df, load_markov_chains_df, load_markov_order_df
from loopscope.data_prep.medoids import load_medoids_df
from loopscope.data_prep.milestones import load_milestones_df
from loopscope.data_prep.motifs import load_motifs_df
from loopscope.data_prep.near_cycles import load_near_cycles_df
from loopscope.data_prep.occupancy import load_occupancy_df
from loopscope.data_prep.outlier_diagnostics import load_outlier_diagnostics_df
from loopscope.data_prep.parameter_sweep import load_parameter_sweep_df
from loopscope.data_prep.persistence_diagrams import load_persistence_diagrams_df
from loopscope.data_prep.persistence_entropy import load_persistence_entropy_df, load_persistence_entropy_estimates_df
from loopscope.data_prep.recoverability import load_recoverability_df, load_recoverability_estimates_df
from loopscope.data_prep.recurrence import load_recurrence_df, load_recurrence_estimates_df, load_recurrence_pairs_df
from loopscope.data_prep.return_times import load_return_time_estimates_df, load_return_times_df
from loopscope.data_prep.runs import load_runs_df
from loopscope.data_prep.sliding_windows import load_sliding_window_df, load_sliding_window_estimates_df
from loopscope.data_prep.transitions import load_transitions_df

__all__ = [
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
]
