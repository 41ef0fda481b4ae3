"""What an experiment would make, and how long that would take, told before anything runs."""

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from loopscope.config import ExperimentConfig
from loopscope.engine.checking import check_models, output_types
from loopscope.models.registry import Registry
from loopscope.schemas import Embedding, EmbeddingModel, Invocation
from loopscope.store.connection import Store
from loopscope.store.experiments import ExperimentCounts, count_experiment, find_experiment
from loopscope.types import OutputType

RECENT = 10_000


@dataclass(frozen=True)
class PlannedModel:
    """What one model would do.

    Attributes
    ----------
    name
        The model.
    kind
        ``"generator"`` or ``"embedder"``.
    calls
        Invocations or embeddings, at most: a run that finds a cycle stops before its full length.
    seconds
        Mean time of one in the past; None where there is none to tell from.
    missing
        What it lacks before it can be loaded, and what to type; None when it is ready.
    """

    name: str
    kind: str
    calls: int
    seconds: float | None
    missing: str | None

    @property
    def expected(self) -> float | None:
        """Seconds of all its calls; None where the past does not tell."""
        return None if self.seconds is None else self.calls * self.seconds


@dataclass(frozen=True)
class Plan:
    """What an experiment would make: runs, and each model's work.

    Attributes
    ----------
    there
        How much of an experiment of the same content is in the database; None if it holds none.
    """

    runs: int
    models: tuple[PlannedModel, ...]
    there: ExperimentCounts | None = None

    @property
    def invocations(self) -> int:
        """Invocations, at most."""
        return sum(model.calls for model in self.models if model.kind == "generator")

    @property
    def embeddings(self) -> int:
        """Embeddings of outputs and of initial prompts, at most."""
        return sum(model.calls for model in self.models if model.kind == "embedder")

    @property
    def seconds(self) -> float | None:
        """The time expected; None if the past does not tell for every model."""
        times = [model.expected for model in self.models if model.expected is not None]
        return sum(times) if len(times) == len(self.models) else None


def plan_experiment(config: ExperimentConfig, registry: Registry, store: Store | None = None) -> Plan:
    """Count what an experiment would make, and expect its time from past invocations of its models.

    Parameters
    ----------
    store
        The database whose past is looked at; None if there is none yet.

    Raises
    ------
    ConfigError
        If it could not be performed with the models there are.
    """
    check_models(config, registry)
    runs_of_network = len(config.prompts) * len(config.run_seeds)
    invocations: Counter[str] = Counter()
    outputs: Counter[OutputType] = Counter()
    for network in config.networks:
        types = output_types(network, registry)
        for position, (name, gives) in enumerate(zip(network, types, strict=True)):
            calls = len(range(position, config.max_length, len(network))) * runs_of_network
            invocations[name] += calls
            outputs[gives] += calls
    runs = runs_of_network * len(config.networks)
    embeddings = {name: outputs[registry.embedder(name).takes] for name in config.embedding_models}
    for name in config.embedding_models:
        embeddings[name] += runs if registry.embedder(name).takes is OutputType.TEXT else 0
    past, there = {}, None
    if store is not None:
        with store.session() as session:
            experiment_id = find_experiment(session, config)
            there = None if experiment_id is None else count_experiment(session, experiment_id)
            past = {name: _seconds_of_generator(session, name) for name in invocations}
            past |= {name: _seconds_of_embedder(session, name) for name in embeddings}
    return Plan(
        runs,
        tuple(
            PlannedModel(name, kind, calls, past.get(name), registry.entry(name).missing)
            for kind, counts in (("generator", invocations), ("embedder", embeddings))
            for name, calls in counts.items()
        ),
        there,
    )


def _seconds_of_generator(session: Session, name: str) -> float | None:
    recent = select(Invocation.seconds).where(Invocation.model == name).order_by(Invocation.id.desc()).limit(RECENT)
    return session.scalar(select(func.avg(recent.subquery().c.seconds)))


def _seconds_of_embedder(session: Session, name: str) -> float | None:
    recent = (
        select(Embedding.seconds)
        .join(EmbeddingModel)
        .where(EmbeddingModel.name == name)
        .order_by(Embedding.id.desc())
        .limit(RECENT)
    )
    return session.scalar(select(func.avg(recent.subquery().c.seconds)))
