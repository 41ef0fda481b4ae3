"""Performing an experiment: invocations, then embeddings; performing it again goes on where it stood."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from loopscope.config import ExperimentConfig
from loopscope.engine.checking import check_models, check_ready
from loopscope.engine.embedding import perform_embeddings
from loopscope.engine.invoking import perform_invocations
from loopscope.engine.loading import LoadedModels
from loopscope.engine.progress import Progress, Silence
from loopscope.engine.randomness import new_streams
from loopscope.errors import StoreConflictError, StoreError
from loopscope.models.registry import Registry
from loopscope.schemas import IMPORTED, Experiment
from loopscope.store.connection import Store
from loopscope.store.embeddings import ensure_embedding_model
from loopscope.store.experiments import (
    ExperimentCounts,
    count_experiment,
    create_experiment,
    find_experiment,
    load_config,
    reopen_failed_runs,
)


@dataclass(frozen=True)
class Performed:
    """What an experiment holds after it was performed.

    Attributes
    ----------
    experiment_id, uuid
        The experiment.
    counts
        Its runs, invocations and embeddings, and of how many runs something failed for good.
    """

    experiment_id: int
    uuid: UUID
    counts: ExperimentCounts

    @property
    def complete(self) -> bool:
        """Whether nothing is left to be done, and nothing failed for good."""
        return self.counts.complete


def perform_experiment(
    config: ExperimentConfig,
    store: Store,
    *,
    registry: Registry | None = None,
    progress: Progress | None = None,
    again: bool = False,
) -> Performed:
    """Perform an experiment; if the store holds one of the same content, go on with that one.

    Parameters
    ----------
    config
        What to perform.
    store
        Where everything goes.
    registry
        The models there are; by default those installed.
    progress
        Told how far it is; by default nobody.
    again
        Whether to begin a new experiment although one of the same content is there.

    Returns
    -------
    Performed
        The experiment's id and UUID, and what it holds now; ``complete`` tells whether all went well.

    Raises
    ------
    ConfigError
        If it cannot be performed with the models there are.
    ModelError
        If a model is not ready, or cannot be loaded.
    StoreError
        If the store cannot be written. What was saved before stays; perform again to go on.
    """
    registry = registry or Registry.installed()
    check_models(config, registry)
    check_ready(config, registry)
    experiment_id = None
    if not again:
        with store.session() as session:
            experiment_id = find_experiment(session, config)
    if experiment_id is None:
        with store.transaction() as session:
            found = None if again else find_experiment(session, config)
            experiment_id = found or create_experiment(session, config, new_streams())
    return resume_experiment(experiment_id, store, registry=registry, progress=progress)


def resume_experiment(
    experiment_id: int, store: Store, *, registry: Registry | None = None, progress: Progress | None = None
) -> Performed:
    """Perform what an experiment in the store has left; what failed is tried again.

    Returns
    -------
    Performed
        As :func:`perform_experiment`.

    Raises
    ------
    NotFoundError
        If there is no such experiment.
    ConfigError, ModelError, StoreError
        As :func:`perform_experiment`.
    """
    registry = registry or Registry.installed()
    progress = progress or Silence()
    with store.session() as session:
        _refuse_imported(session, experiment_id)
        config, uuid = load_config(session, experiment_id), _uuid(session, experiment_id)
        counts = count_experiment(session, experiment_id)
    if counts.complete:
        progress.say(f"experiment {uuid.hex[:8]} is complete already: nothing is left to do")
        return Performed(experiment_id, uuid, counts)
    check_models(config, registry)
    check_ready(config, registry)
    with store.transaction() as session:
        reopen_failed_runs(session, experiment_id)
        for embedder in map(registry.embedder, config.embedding_models):
            ensure_embedding_model(session, embedder.name, embedder.takes, embedder.dimension)
    models = LoadedModels(registry)
    try:
        perform_invocations(store, experiment_id, models, progress)
        perform_embeddings(store, experiment_id, config.embedding_models, models, progress)
    except StoreConflictError as error:
        raise StoreError(
            f"another process is performing experiment {uuid.hex[:8]} in {store.location}; nothing was lost: "
            f"let it finish, then type: loopscope experiment resume {uuid.hex[:8]} {store.place.option}"
        ) from error
    with store.session() as session:
        return Performed(experiment_id, uuid, count_experiment(session, experiment_id))


def _refuse_imported(session: Session, experiment_id: int) -> None:
    experiment = session.get(Experiment, experiment_id)
    if experiment is not None and experiment.config_hash.startswith(IMPORTED):
        raise StoreError(
            f"experiment {experiment.uuid.hex[:8]} was imported from another tool, whose generators are not these; "
            "expected one that was performed here: write an experiment file of your own"
        )


def _uuid(session: Session, experiment_id: int) -> UUID:
    return session.get_one(Experiment, experiment_id).uuid
