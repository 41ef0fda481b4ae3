"""One frame as data: its name, loader, columns and grain, what it needs, and how it is loaded of a subject."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from inspect import Parameter, getdoc, signature
from typing import Any

import polars as pl

from loopscope.data_prep.columns import Column
from loopscope.errors import NotFoundError
from loopscope.store.connection import Store

Loader = Callable[..., pl.DataFrame]


@dataclass(frozen=True)
class Subject:
    """What frames are to be of; what is None is not restricted, or is not there.

    Attributes
    ----------
    experiment_id, clustering_result_id, run_id
        The one that is meant.
    embedding_models
        Those that are meant.
    compared_with
        The clustering result with which that one is compared.
    """

    experiment_id: int | None = None
    clustering_result_id: int | None = None
    embedding_models: tuple[str, ...] = ()
    run_id: int | None = None
    compared_with: int | None = None


ARGUMENTS = {
    "experiment_id": "experiment_id",
    "clustering_result_id": "clustering_result_id",
    "a": "clustering_result_id",
    "b": "compared_with",
    "run_id": "run_id",
}
"""Which part of a subject a parameter of a loader is given; ``embedding_model`` is given one of several."""

LACKING = {
    "clustering_result_id": "there is no clustering result; make one: loopscope cluster perform MODEL",
    "compared_with": "no second clustering was named: --compare ID",
    "embedding_model": "there is no embedding model: the experiment names no embedding_models",
    "experiment_id": "there is no experiment; perform one: loopscope experiment perform FILE",
    "run_id": "no run is named; name one: --run ID",
}
"""Why a frame cannot be loaded where its subject lacks something."""


@dataclass(frozen=True)
class Frame:
    """One frame.

    Attributes
    ----------
    name
        As it is called in files, and typed.
    load
        Its ``load_*_df``.
    columns
        What it has; a column ``parameters`` may have more fields than are declared.
    filters
        Whether rows of other experiments are left out after loading, since its loader takes no experiment.
    ignores
        What of its subject it is not restricted to.
    requires
        What its subject must have although the loader does not insist.
    settings
        Further arguments of the loader.
    """

    name: str
    load: Loader
    columns: tuple[Column, ...]
    filters: bool = False
    ignores: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def grain(self) -> str:
        """What one row is, from the first sentence of its loader: ``one row for each …``."""
        first = " ".join((getdoc(self.load) or "").split("\n\n")[0].split())
        said = first.partition(" ")[2].partition(";")[0].removesuffix(".")
        return re.sub(r",? with the columns ``\w+``$", "", said)

    @property
    def needs(self) -> tuple[str, ...]:
        """What its subject must have, by the names of ``LACKING``."""
        named = (*ARGUMENTS, "embedding_model")
        required = [name for name, each in self._parameters.items() if name in named and each.default is each.empty]
        return (*(ARGUMENTS.get(name, name) for name in required), *self.requires)

    def load_of(self, store: Store, subject: Subject) -> pl.DataFrame:
        """Load it; one that needs an embedding model is loaded of each.

        Raises
        ------
        NotFoundError
            When the subject lacks what it needs.
        LoopscopeError
            When it cannot be computed.
        """
        told = {name: getattr(subject, part) for name, part in ARGUMENTS.items() if part not in self.ignores}
        told = {name: value for name, value in told.items() if name in self._parameters}
        for name, need in ARGUMENTS.items():
            if need in self.needs and told.get(name, subject) is None:
                raise NotFoundError(LACKING[need])
        if "embedding_model" not in self._parameters:
            return self._load(store, subject, told)
        models = subject.embedding_models
        if "embedding_model" not in self.needs and len(models) != 1:
            return self._load(store, subject, told)
        if not models:
            raise NotFoundError(LACKING["embedding_model"])
        return pl.concat([self._load(store, subject, {**told, "embedding_model": model}) for model in models])

    def _load(self, store: Store, subject: Subject, told: Mapping[str, Any]) -> pl.DataFrame:
        if "store" in self._parameters:
            return self.load(store, **told, **self.settings)
        with store.session() as session:
            frame = self.load(session, **told, **self.settings)
        if self.filters and subject.experiment_id is not None:
            return frame.filter(pl.col("experiment_id") == subject.experiment_id)
        return frame

    @property
    def _parameters(self) -> Mapping[str, Parameter]:
        return signature(self.load).parameters
