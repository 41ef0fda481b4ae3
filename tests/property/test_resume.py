"""An experiment that is interrupted, anywhere and as often as may be, becomes the one that never was."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import polars as pl
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from sqlalchemy import func, select

from loopscope.config import ExperimentConfig
from loopscope.data_prep import load_embeddings_df, load_invocations_df, load_runs_df
from loopscope.engine import embedding, invoking
from loopscope.engine.performing import perform_experiment
from loopscope.engine.progress import Silence
from loopscope.models import fakes
from loopscope.models.registry import Registry
from loopscope.schemas import Embedding, EmbeddingModel, Invocation, Picture, PromptEmbedding
from loopscope.store.connection import Store, open_store

FAKES = (
    fakes.FakeText,
    fakes.FakePainter,
    fakes.FakeDescriber,
    fakes.FakeTextEmbedder,
    fakes.FakeImageEmbedder,
)
CONFIG = ExperimentConfig(
    networks=(("FakePainter", "FakeDescriber"), ("FakeText",)),
    prompts=("a fox", "the rain"),
    seeds=(1, 27),
    num_runs=1,
    embedding_models=("FakeTextEmbedder", "FakeImageEmbedder"),
    max_length=10,
)
# What differs between two performances of one experiment: random ids, those that follow the batches, and the time.
INCIDENTAL = {"uuid", "invocation_id", "input_invocation_id", "picture_id", "embedding_id"}
INCIDENTAL |= {"seconds", "started_at", "finished_at"}


class Interruption(KeyboardInterrupt):
    """As of a person who types Ctrl-C."""


@dataclass
class Fuse(Silence):
    """Interrupts once: in the middle of a call of a model, or after a batch was saved.

    Attributes
    ----------
    left
        How many calls, or batches, go well before.
    when_saved
        Whether it is batches that are counted.
    finished
        How many items were saved.
    """

    left: int
    when_saved: bool
    finished: int = 0

    def advance(self, items: int) -> None:
        self.finished += items
        if self.when_saved:
            self._burn()

    def call(self) -> None:
        if not self.when_saved:
            self._burn()

    def _burn(self) -> None:
        self.left -= 1
        if self.left == -1:
            raise Interruption


def _registry(fuse: Fuse) -> Registry:
    """Give the fakes, whose calls burn the fuse when their work is done and nothing is saved."""

    def watched(model: type[Any]) -> type[Any]:
        method = "generate" if hasattr(model, "generate") else "embed"

        def call(self: Any, *arguments: Any) -> Any:
            results = getattr(model, method)(self, *arguments)
            fuse.call()
            return results

        return type(model.__name__, (model,), {method: call})

    return Registry.of(*map(watched, FAKES))


@contextmanager
def _performing(invocations: int = 64, embeddings: int = 256) -> Iterator[None]:
    """Draw the same streams in every database, and make batches of these sizes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("loopscope.engine.performing.new_streams", lambda: count(100))
        patch.setattr(invoking, "BATCH_SIZE", invocations)
        patch.setattr(embedding, "BATCH_SIZE", embeddings)
        yield


def _contents(store: Store) -> dict[str, pl.DataFrame]:
    """Load all that an experiment made, but what is incidental."""
    with store.session() as session:
        frames = {
            "runs": load_runs_df(session),
            "invocations": load_invocations_df(session),
            "embeddings": load_embeddings_df(session, include_vectors=True),
        }
        pictures = dict(session.execute(select(Picture.id, Picture.data)).all())
        prompts = session.execute(
            select(EmbeddingModel.name, PromptEmbedding.run_id, PromptEmbedding.vector)
            .join_from(PromptEmbedding, EmbeddingModel)
            .order_by(EmbeddingModel.name, PromptEmbedding.run_id)
        ).all()
    invocations = frames["invocations"]
    places = invocations.select("run_id", "sequence_number").rows()
    place_of = dict(zip(invocations["invocation_id"], places, strict=True))
    frames["invocations"] = invocations.with_columns(
        pl.Series("input", [str(place_of.get(each)) for each in invocations["input_invocation_id"]]),
        pl.Series("picture", [pictures.get(each) for each in invocations["picture_id"]], dtype=pl.Binary),
    )
    frames["prompts"] = pl.DataFrame(prompts, schema=["embedding_model", "run_id", "vector"], orient="row")
    return {name: frame.drop(INCIDENTAL & set(frame.columns)) for name, frame in frames.items()}


def _check_equal(contents: dict[str, pl.DataFrame], expected: dict[str, pl.DataFrame]) -> None:
    assert contents.keys() == expected.keys()
    for name, frame in contents.items():
        assert_frame_equal(frame, expected[name])


@contextmanager
def _empty_store(template: Path, folder: Path) -> Iterator[Store]:
    path = folder / f"{uuid4()}.db"
    shutil.copyfile(template, path)
    with open_store(path) as store:
        yield store


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("resume")


@pytest.fixture(scope="module")
def uninterrupted(sqlite_template: Path, folder: Path) -> dict[str, pl.DataFrame]:
    """All that the experiment makes when nothing comes between."""
    with _performing(), _empty_store(sqlite_template, folder) as store:
        assert perform_experiment(CONFIG, store, registry=Registry.of(*FAKES)).complete
        contents = _contents(store)
    assert set(contents["runs"]["stop_reason"]) == {"cycle", "length"}
    assert contents["prompts"].height == contents["runs"].height
    return contents


@settings(max_examples=30)
@given(
    fuses=st.lists(st.builds(Fuse, left=st.integers(0, 45), when_saved=st.booleans()), min_size=1, max_size=3),
    sizes=st.tuples(st.sampled_from((4, 64)), st.sampled_from((3, 256))),
)
def test_an_interrupted_experiment_becomes_the_one_that_never_was(
    sqlite_template: Path,
    folder: Path,
    uninterrupted: dict[str, pl.DataFrame],
    fuses: list[Fuse],
    sizes: tuple[int, int],
) -> None:
    saved = 0
    with _performing(*sizes), _empty_store(sqlite_template, folder) as store:
        for fuse in fuses:
            try:
                perform_experiment(CONFIG, store, registry=_registry(fuse), progress=fuse)
            except Interruption:
                event("interrupted")
            else:
                event("not interrupted")
                assert fuse.left >= 0
            saved += fuse.finished
            assert _count_saved(store) == saved, "no more is lost than the batch in flight"
        assert perform_experiment(CONFIG, store, registry=Registry.of(*FAKES)).complete
        _check_equal(_contents(store), uninterrupted)


def test_an_experiment_interrupted_after_every_batch_comes_to_its_end(
    sqlite_template: Path, folder: Path, uninterrupted: dict[str, pl.DataFrame]
) -> None:
    with _performing(embeddings=5), _empty_store(sqlite_template, folder) as store:
        for _ in range(100):
            fuse = Fuse(left=0, when_saved=True)
            try:
                perform_experiment(CONFIG, store, registry=Registry.of(*FAKES), progress=fuse)
            except Interruption:
                assert fuse.finished > 0
            else:
                break
        assert fuse.finished == 0, "there was nothing left to do"
        _check_equal(_contents(store), uninterrupted)


def _count_saved(store: Store) -> int:
    with store.session() as session:
        counts = [select(func.count()).select_from(table) for table in (Invocation, Embedding, PromptEmbedding)]
        return sum(session.scalars(count).one() for count in counts)
