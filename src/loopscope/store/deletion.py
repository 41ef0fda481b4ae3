"""Deleting an experiment, alone or with the clusterings that its embeddings take part in."""

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from loopscope.errors import StoreError
from loopscope.schemas import ClusteringResult, Embedding, EmbeddingCluster, Experiment, Invocation, Picture, Run


def find_clusterings_of_experiment(session: Session, experiment_id: int) -> list[ClusteringResult]:
    """Find the clustering results that embeddings of an experiment were fitted in, oldest first."""
    takes_part = (
        select(EmbeddingCluster.clustering_result_id)
        .join(Embedding, Embedding.id == EmbeddingCluster.embedding_id)
        .join(Invocation, Invocation.id == Embedding.invocation_id)
        .join(Run, Run.id == Invocation.run_id)
        .where(Run.experiment_id == experiment_id)
    )
    return list(
        session.scalars(
            select(ClusteringResult).where(ClusteringResult.id.in_(takes_part)).order_by(ClusteringResult.id)
        )
    )


def refuse_clustered(results: Sequence[ClusteringResult]) -> None:
    """Refuse to delete an experiment that takes part in these results.

    Raises
    ------
    StoreError
        If there are any; with their names.
    """
    if results:
        named = ", ".join(result.uuid.hex[:8] for result in results)
        raise StoreError(
            f"embeddings of this experiment take part in {len(results)} clustering results ({named}); nothing was "
            "deleted: look at one with loopscope cluster show ID; to delete them with the experiment, add "
            "--with-clusterings"
        )


def delete_experiment(session: Session, experiment_id: int, *, with_clusterings: bool = False) -> None:
    """Delete an experiment with its runs, invocations, pictures and embeddings.

    Its embeddings that were assigned to other results later leave those as they are.

    Parameters
    ----------
    with_clusterings
        Whether to delete the clustering results that its embeddings take part in as well.

    Raises
    ------
    StoreError
        If its embeddings take part in clustering results, and those are not to be deleted; nothing is deleted then.
    """
    results = find_clusterings_of_experiment(session, experiment_id)
    if not with_clusterings:
        refuse_clustered(results)
    session.execute(delete(ClusteringResult).where(ClusteringResult.id.in_([result.id for result in results])))
    pictures = list(
        session.scalars(
            select(Invocation.picture_id)
            .join(Run)
            .where(Run.experiment_id == experiment_id, Invocation.picture_id.is_not(None))
        )
    )
    session.execute(delete(Experiment).where(Experiment.id == experiment_id))
    for start in range(0, len(pictures), 500):
        session.execute(delete(Picture).where(Picture.id.in_(pictures[start : start + 500])))
