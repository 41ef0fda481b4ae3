"""What a chart is to be of: the options of the command, and the rows of the database that they name."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from loopscope.cli.ids import resolve
from loopscope.cli.subject import choose_experiment, choose_result, find_newest_model
from loopscope.errors import NotFoundError

if TYPE_CHECKING:
    import polars as pl

    from loopscope.store.connection import Store

GROUPINGS = {"network": "network", "prompt": "initial_prompt"}
"""What ``--by`` says, and the column that is meant."""
MOST_NAMED = 4


@dataclass(frozen=True)
class Choice:
    """The options that were given; None where one was not."""

    store: "Store"
    experiment: str | None = None
    clustering: str | None = None
    model: str | None = None
    by: str | None = None
    run: str | None = None
    since: str | None = None
    sort: str | None = None

    @property
    def given(self) -> dict[str, str]:
        """The options that were given, by their names."""
        options = ("experiment", "clustering", "model", "by", "run", "since", "sort")
        return {name: getattr(self, name) for name in options if getattr(self, name) is not None}

    @cached_property
    def experiment_id(self) -> int | None:
        """The experiment; None where none was named."""
        return choose_experiment(self.store, self.experiment)

    def say_experiments(self) -> None:
        """Say of which experiments a chart is, where none was named and there are several."""
        from sqlalchemy import select

        from loopscope.cli.output import say
        from loopscope.schemas import Experiment

        with self.store.session() as session:
            uuids = [str(uuid)[:8] for uuid in session.scalars(select(Experiment.uuid).order_by(Experiment.id))]
        if self.experiment is None and len(uuids) > 1:
            named = ", ".join(uuids[:MOST_NAMED]) + (", …" if len(uuids) > MOST_NAMED else "")
            say(f"drawing what there is of {len(uuids)} experiments ({named}); choose one with --experiment ID")

    @cached_property
    def result_id(self) -> int:
        """The clustering result; by default the newest, of the model and experiment that were named."""
        return choose_result(self.store, self.clustering, model=self.model, experiment_id=self.experiment_id)

    @cached_property
    def run_id(self) -> int:
        """The run that was named, or the only one there is.

        Raises
        ------
        NotFoundError
            When none was named and there are several, or none.
        """
        from sqlalchemy import select

        from loopscope.schemas import Run

        if self.run is None:
            with self.store.session() as session:
                found = session.scalars(select(Run.id).limit(2)).all()
            if len(found) == 1:
                return found[0]
            raise NotFoundError("this chart is of one run; name it with --run ID: loopscope run list")
        return resolve(self.store, Run, self.run)

    @cached_property
    def experiment_of_run(self) -> int:
        """The experiment that the run is of."""
        from loopscope.schemas import Run

        with self.store.session() as session:
            return session.get_one(Run, self.run_id).experiment_id

    @cached_property
    def one_model(self) -> str:
        """The embedding model: the one that was named, by default that of the newest clustering, or the first."""
        from loopscope.cli.output import say
        from loopscope.data_prep.keys import load_embedding_models

        with self.store.session() as session:
            names = load_embedding_models(session, self.model)["embedding_model"].to_list()
        if not names:
            raise NotFoundError("there are no embeddings; perform an experiment that names embedding_models")
        if len(names) == 1:
            return str(names[0])
        chosen = find_newest_model(self.store, self.experiment_id) or names[0]
        say(f"drawing embeddings by {chosen}; choose others with --model: {', '.join(names)}")
        return chosen

    def named(self, frame: "pl.DataFrame") -> "pl.DataFrame":
        """Add the public ids, which can be typed, of the clustering result and of the runs that a frame has."""
        from loopscope.data_prep.public_ids import add_public_ids

        with self.store.session() as session:
            return add_public_ids(session, frame)

    @property
    def grouping(self) -> tuple[str, ...]:
        """The columns that ``--by`` names; none where it was not given."""
        return () if self.by is None else (GROUPINGS[self.by],)
