"""Charts of embeddings, with no clustering between."""

from typing import Any, cast

from loopscope.cli.chart.choice import Choice


def draw_drift(choice: Choice) -> Any:
    """Draw how far runs are from their prompt or start."""
    import polars as pl

    from loopscope.data_prep import load_drift_df
    from loopscope.datavis.drift import Since, plot_drift

    since = choice.since or "prompt"
    with choice.store.session() as session:
        drift = load_drift_df(session, choice.model, choice.experiment_id)
    if choice.model is None and since == "prompt":
        drift = drift.filter(pl.col("drift_from_prompt").is_not_null())
    return plot_drift(drift, since=cast("Since", since))
