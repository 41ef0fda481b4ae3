"""What the states of label sequences are called: the text or caption of each cluster's medoid."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from loopscope.data_prep.columns import Column
from loopscope.data_prep.grouping import group_columns
from loopscope.data_prep.label_sequences import LABEL_KEYS, STEPS_PER_LOOP
from loopscope.data_prep.medoids import load_medoids_df


def load_cluster_names(session: Session, clustering_result_id: int) -> dict[int | None, str | None]:
    """Load the label of each cluster of a result by its number; None has none.

    Raises
    ------
    NotFoundError
        When there is no such result.
    """
    medoids = load_medoids_df(session, clustering_result_id)
    return {None: None, **dict(medoids.select("cluster_id", "cluster_label").iter_rows())}


def label_columns(by: Sequence[str], columns: Sequence[Column]) -> tuple[Column, ...]:
    """Give the columns of a frame of label dynamics: the labels that are meant, the groups of runs, and its own.

    Raises
    ------
    NotFoundError
        When runs cannot be grouped so.
    """
    return (*LABEL_KEYS, *group_columns(by), STEPS_PER_LOOP, *columns)
