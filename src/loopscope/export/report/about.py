"""The experiment and the clustering that a report is about, and the frames that its sections share."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import polars as pl

from loopscope.config import ExperimentConfig
from loopscope.data_prep.clustering_results import load_clustering_results_df
from loopscope.data_prep.experiments import load_experiments_df
from loopscope.data_prep.medoids import load_medoids_df
from loopscope.data_prep.public_ids import add_public_ids
from loopscope.data_prep.registry import Subject, find_frame
from loopscope.datavis.subject import name_run
from loopscope.errors import NotFoundError
from loopscope.store.connection import Store
from loopscope.store.experiments import load_config

NO_CLUSTERING = "no clustering result holds an output of this experiment; make one: loopscope cluster perform MODEL"


@dataclass(frozen=True)
class About:
    """What a report is about. Its frames are loaded when they are first asked for.

    Attributes
    ----------
    store
        The database, read only.
    experiment_id
        The experiment.
    clustering_result_id
        The clustering result whose labels are followed; None where the experiment has none.
    """

    store: Store
    experiment_id: int
    clustering_result_id: int | None = None
    _frames: dict[str, pl.DataFrame] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def experiment(self) -> Mapping[str, Any]:
        """Its row of the frame of experiments."""
        with self.store.session() as session:
            frame = load_experiments_df(session)
        return frame.row(by_predicate=pl.col("experiment_id") == self.experiment_id, named=True)

    @cached_property
    def config(self) -> ExperimentConfig:
        """What was asked for."""
        with self.store.session() as session:
            return load_config(session, self.experiment_id)

    @cached_property
    def result(self) -> Mapping[str, Any]:
        """The row of the clustering result.

        Raises
        ------
        NotFoundError
            When there is none.
        """
        if self.clustering_result_id is None:
            raise NotFoundError(NO_CLUSTERING)
        with self.store.session() as session:
            return load_clustering_results_df(session, self.clustering_result_id).row(0, named=True)

    @cached_property
    def medoids(self) -> pl.DataFrame:
        """The clusters with the pictures of their medoids.

        Raises
        ------
        NotFoundError
            When there is no clustering result.
        """
        result_id = self.result["clustering_result_id"]
        with self.store.session() as session:
            return load_medoids_df(session, result_id, include_pictures=True)

    @property
    def embedding_models(self) -> tuple[str, ...]:
        """Those that the experiment names."""
        return self.config.embedding_models

    @cached_property
    def model(self) -> str:
        """The embedding model in whose space vectors are followed: that of the clustering, else the first.

        Raises
        ------
        NotFoundError
            When the experiment has none.
        """
        if self.clustering_result_id is not None:
            return str(self.result["embedding_model"])
        if not self.embedding_models:
            raise NotFoundError("no output of this experiment is embedded: it names no embedding_models")
        return self.embedding_models[0]

    @property
    def subject(self) -> Subject:
        """What every registered frame is of."""
        return Subject(self.experiment_id, self.clustering_result_id, self.embedding_models)

    def frame(self, name: str) -> pl.DataFrame:
        """Load a registered frame of this experiment, once.

        Raises
        ------
        LoopscopeError
            When it cannot be loaded.
        """
        if name not in self._frames:
            self._frames[name] = find_frame(name).load_of(self.store, self.subject)
        return self._frames[name]

    def of_model(self, name: str) -> pl.DataFrame:
        """Load a registered frame, of that embedding model alone.

        Raises
        ------
        LoopscopeError
            When it cannot be loaded.
        """
        key = f"{name} by {self.model}"
        if key not in self._frames:
            subject = replace(self.subject, embedding_models=(self.model,))
            self._frames[key] = find_frame(name).load_of(self.store, subject)
        return self._frames[key]

    def named(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Add the public ids of runs and of the clustering result, which a reader of a chart can type."""
        with self.store.session() as session:
            return add_public_ids(session, frame)

    def name_run(self, run_id: int) -> str:
        """Name a run as a person types it."""
        return name_run(self.named(pl.DataFrame({"run_id": [run_id]})).row(0, named=True))
