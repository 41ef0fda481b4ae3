"""What a file shows, in words: for titles, and for errors where there is nothing to show."""

from sqlalchemy.orm import Session

from loopscope.data_prep import load_clustering_results_df
from loopscope.errors import NotFoundError
from loopscope.export.shown_runs import ShownRun


def describe_clustering(session: Session, clustering_result_id: int | None) -> list[str]:
    """Say whose clusters give the colours; nothing where none do."""
    if clustering_result_id is None:
        return []
    row = load_clustering_results_df(session, clustering_result_id).row(0, named=True)
    what = {"text": "texts", "image": "pictures"}[row["output_type"]]
    return [f"colours: clusters of {what} ({row['embedding_model']}, {row['algorithm']} {row['uuid'][:8]})"]


def require_outputs(runs: list[ShownRun], what: str) -> list[ShownRun]:
    """Refuse to draw nothing.

    Raises
    ------
    NotFoundError
        When there is no run, or none with an output.
    """
    if not runs:
        raise NotFoundError(f"found no output of {what}; go on with its experiment: loopscope experiment resume ID")
    return runs
