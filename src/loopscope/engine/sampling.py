"""Which embeddings are clustered: the candidates of a selection, and those that downsampling leaves."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from loopscope.config import nearest
from loopscope.engine.clustering_log import ClusteringLog
from loopscope.errors import ClusteringError
from loopscope.schemas import EmbeddingModel, Run
from loopscope.store.connection import Store
from loopscope.store.experiments import load_experiment_uuids
from loopscope.store.vectors import EmbeddingIndex, load_embedding_index, load_vectors
from loopscope.types import Vectors


@dataclass(frozen=True)
class Selection:
    """Which embeddings of a model are meant.

    Attributes
    ----------
    experiment_ids
        The experiments; None for all.
    without_prompts
        Initial prompts whose runs are left out.
    downsample
        Every n-th output of the model's type within each run, by its rank in the run.
    """

    experiment_ids: Sequence[int] | None = None
    without_prompts: Sequence[str] = ()
    downsample: int = 1


@dataclass(frozen=True)
class Sample:
    """The embeddings that a selection gives, in trajectory order.

    Attributes
    ----------
    index
        Which they are.
    vectors
        Shape (n, dimension), float32.
    prompts
        The initial prompt of each run, by its id.
    candidates
        How many embeddings there were before downsampling.
    selection
        The selection as it is recorded.
    """

    index: EmbeddingIndex
    vectors: Vectors
    prompts: dict[int, str]
    candidates: int
    selection: dict[str, Any]


def find_embedding_model(store: Store, name: str) -> EmbeddingModel:
    """Find the embedding model of that name.

    Raises
    ------
    ClusteringError
        When none of its embeddings are there; with the nearest name.
    """
    with store.session() as session:
        models = {model.name: model for model in session.scalars(select(EmbeddingModel))}
    if name not in models:
        known = nearest(name, models) if models else "; no embeddings are there yet: loopscope experiment perform FILE"
        raise ClusteringError(f'found no embeddings by "{name}" in {store.location}{known}')
    return models[name]


def load_sample(store: Store, model: EmbeddingModel, selection: Selection, log: ClusteringLog) -> Sample:
    """Read the embeddings that a selection gives.

    Raises
    ------
    ClusteringError
        When there are none, one of them comes twice (the log lists them), or a vector is not finite.
    """
    with store.session() as session:
        prompts = dict(session.execute(select(Run.id, Run.initial_prompt)).all())
        index = _without_prompts(
            load_embedding_index(session, model.id, selection.experiment_ids), selection.without_prompts, prompts
        )
        if not len(index):
            raise ClusteringError("found no embeddings in this selection; expected some: loopscope experiment list")
        _refuse_duplicates(index, log)
        chosen = index.take(np.flatnonzero(index.rank % selection.downsample == 0))
        if not len(chosen):
            raise ClusteringError(
                f"downsample {selection.downsample} leaves none of {len(index)} embeddings; expected a smaller one"
            )
        vectors = load_vectors(session, model.id, chosen.embedding_id)
        _refuse_not_finite(vectors, chosen)
        recorded = _recorded(session, selection, model)
    return Sample(chosen, vectors, prompts, len(index), recorded)


def _without_prompts(index: EmbeddingIndex, left_out: Sequence[str], prompts: dict[int, str]) -> EmbeddingIndex:
    known = set(prompts.values())
    for prompt in left_out:
        if prompt not in known:
            raise ClusteringError(f'found no run with the initial prompt "{prompt}"{nearest(prompt, known)}')
    if not left_out:
        return index
    runs = [run_id for run_id, prompt in prompts.items() if prompt in left_out]
    return index.take(~np.isin(index.run_id, runs))


def _recorded(session: Session, selection: Selection, model: EmbeddingModel) -> dict[str, Any]:
    chosen = selection.experiment_ids
    return {
        "experiments": None if chosen is None else load_experiment_uuids(session, chosen),
        "without_prompts": sorted(selection.without_prompts),
        "output_type": model.takes,
        "downsample": selection.downsample,
    }


def _refuse_duplicates(index: EmbeddingIndex, log: ClusteringLog) -> None:
    ids, counts = np.unique(index.embedding_id, return_counts=True)
    repeated = ids[counts > 1].tolist()
    if repeated:
        log.say(f"embedding ids that come more than once: {repeated}")
        raise ClusteringError(
            f"found {len(repeated)} embedding ids more than once, such as {repeated[0]}; expected each once: "
            f"nothing was saved, {log.path} lists them"
        )


def _refuse_not_finite(vectors: Vectors, index: EmbeddingIndex) -> None:
    wrong = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
    if len(wrong):
        raise ClusteringError(
            f"the vectors of {len(wrong)} embeddings hold NaN or infinity, the first is embedding "
            f"{index.embedding_id[wrong[0]]}; expected finite ones: see what else is wrong with loopscope doctor"
        )
