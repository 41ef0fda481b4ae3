"""Charts of embeddings, with no clustering between."""

from typing import Any, cast

from loopscope.cli.chart.choice import Choice


def draw_drift(choice: Choice) -> Any:
    """Draw how far runs are from their prompt or start."""
    import polars as pl

    from loopscope.data_prep import load_drift_df
    from loopscope.datavis.drift import Since, plot_drift

    since = choice.since or "prompt"
    model = choice.one_model if since == "start" else choice.model
    with choice.store.session() as session:
        drift = load_drift_df(session, model, choice.experiment_id)
    if choice.model is None and since == "prompt":
        drift = drift.filter(pl.col("drift_from_prompt").is_not_null())
    return plot_drift(drift, since=cast("Since", since))


def draw_divergence(choice: Choice) -> Any:
    """Draw how far apart runs are at each step."""
    from loopscope.data_prep import load_divergence_df, load_divergence_estimates_df
    from loopscope.datavis.divergence import plot_divergence

    by = choice.grouping or ("network",)
    with choice.store.session() as session:
        found = load_divergence_df(session, choice.one_model, choice.experiment_id, by=by)
        return plot_divergence(
            found, load_divergence_estimates_df(session, choice.one_model, choice.experiment_id, by=by)
        )


def draw_recoverability(choice: Choice) -> Any:
    """Draw how well the prompt can be told from the embedding, step by step."""
    from loopscope.data_prep import load_recoverability_df, load_recoverability_estimates_df
    from loopscope.datavis.recoverability import plot_recoverability

    with choice.store.session() as session:
        found = load_recoverability_df(session, choice.one_model, choice.experiment_id)
        return plot_recoverability(
            found, load_recoverability_estimates_df(session, choice.one_model, choice.experiment_id)
        )


def draw_recurrence(choice: Choice) -> Any:
    """Draw which steps of a run recur."""
    from loopscope.data_prep import load_recurrence_df, load_recurrence_pairs_df
    from loopscope.datavis.recurrence import plot_recurrence

    with choice.store.session() as session:
        pairs = load_recurrence_pairs_df(session, choice.one_model, choice.run_id)
        measures = load_recurrence_df(session, choice.one_model, choice.experiment_of_run)
    return plot_recurrence(choice.named(pairs), measures)


def draw_change_points(choice: Choice) -> Any:
    """Draw at which steps a run changes."""
    import polars as pl

    from loopscope.data_prep import load_change_points_df, load_drift_df
    from loopscope.datavis.change_points import plot_change_points

    with choice.store.session() as session:
        found = load_change_points_df(session, choice.one_model, choice.experiment_of_run)
        drift = load_drift_df(session, choice.one_model, choice.experiment_of_run)
    chosen = pl.col("run_id") == choice.run_id
    return plot_change_points(choice.named(found.filter(chosen)), drift.filter(chosen))
