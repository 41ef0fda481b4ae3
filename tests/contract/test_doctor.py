"""Each fault that the doctor knows is planted alone in a sound database and found alone, on SQLite and PostgreSQL."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import delete, func, insert, make_url, select, update
from sqlalchemy.orm import Session

from loopscope.config import ExperimentConfig
from loopscope.engine.clustering import cluster_embeddings
from loopscope.engine.doctor.examining import examine
from loopscope.engine.doctor.fault import Fault
from loopscope.engine.doctor.mending import mend
from loopscope.engine.performing import perform_experiment
from loopscope.models import fakes
from loopscope.models.registry import Registry
from loopscope.schemas import (
    Base,
    Cluster,
    ClusteringResult,
    Embedding,
    EmbeddingCluster,
    EmbeddingModel,
    EmbeddingVector,
    Experiment,
    Invocation,
    LaterAssignment,
    PersistenceDiagram,
    Picture,
    PromptEmbedding,
    Run,
)
from loopscope.store.clusterings import NewClustering, save_clustering
from loopscope.store.connection import Store, open_store

NOW = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
NETWORKS = (("FakePainter", "FakeDescriber"), ("FakeText",))
EMBEDDERS = ("FakeTextEmbedder", "FakeImageEmbedder")


class Breaks(fakes.FakeText):
    """Fails on every call, so that its runs end as failed."""

    name = "Breaks"

    def generate(self, inputs, seeds):
        raise RuntimeError("the lamp is broken")


REGISTRY = Registry.of(
    fakes.FakeText,
    fakes.FakePainter,
    fakes.FakeDescriber,
    fakes.FakeTextEmbedder,
    fakes.FakeImageEmbedder,
    Breaks,
)


def make_sound(location: str) -> None:
    """Make a database of every kind of row: ended, cyclic and failed runs, clusterings, and what came after them."""
    with pytest.MonkeyPatch.context() as patch, open_store(location, create=True) as store:
        patch.setattr("loopscope.engine.performing.new_streams", lambda: count(100))
        first = perform(store, NETWORKS, prompts=("a fox", "the rain"), seeds=(1, 4), num_runs=1, max_length=24)
        perform(store, (("Breaks",), ("FakeText",)), prompts=("a door",), seeds=(2,), max_length=4)
        for model in EMBEDDERS:
            cluster(store, model)
            cluster(store, model, downsample=2, medoid="weighted")
            cluster(store, model, experiment_ids=[first], without_prompts=["the rain"], medoid="nearest_to_mean")
        perform(store, (("FakeText",),), prompts=("a later fox",), seeds=(3,), max_length=6)
        with store.transaction() as session:
            add_imported(session)
            add_layers(session)
            add_later_assignments(session)
            add_diagram(session)


def perform(store: Store, networks: tuple[tuple[str, ...], ...], **settings: Any) -> int:
    config = ExperimentConfig(networks=networks, embedding_models=EMBEDDERS, **settings)
    return perform_experiment(config, store, registry=REGISTRY).experiment_id


def cluster(store: Store, model: str, **settings: Any) -> None:
    sizes = {"min_cluster_size": 3, "min_samples": 2, "epsilon": 0.0, "allow_single_cluster": False}
    cluster_embeddings(store, model, **sizes, **settings)


def add_imported(session: Session) -> None:
    """Add a result as an import makes it: no probabilities, no properties, no outliers, medoids by other rules."""
    result = first_result(session)
    fitted = select(EmbeddingCluster.embedding_id).where(EmbeddingCluster.clustering_result_id == result.id)
    embedding_ids = np.array(session.scalars(fitted.order_by(EmbeddingCluster.embedding_id)).all()[:9], dtype=np.int64)
    save_clustering(
        session,
        NewClustering(
            embedding_model_id=result.embedding_model_id,
            algorithm="hdbscan",
            parameters={},
            downsample=1,
            selection={},
            counts={},
            versions={},
            last_embedding_id=result.last_embedding_id,
            started_at=NOW,
            finished_at=NOW,
            embedding_ids=embedding_ids,
            labels=np.repeat(np.array([0, 1], dtype=np.int64), (5, 4)),
            medoid_embedding_ids=embedding_ids[[4, 8]],
            properties=[{}, {}],
            origin={"file": "old.sqlite"},
        ),
    )


def add_layers(session: Session) -> None:
    """Say of two results of one model that they are layers of one clustering."""
    group = uuid4()
    for layer, result in enumerate(results_of(session)[1:3]):
        result.layer, result.layer_group = layer, group


def add_later_assignments(session: Session) -> None:
    """Assign each embedding that came after the first result: one to a cluster, the others as outliers."""
    result = first_result(session)
    later = select(Embedding.id).where(Embedding.embedding_model_id == result.embedding_model_id)
    ids = session.scalars(later.where(Embedding.id > result.last_embedding_id).order_by(Embedding.id)).all()
    keys = [first_cluster(session).id] + [None] * (len(ids) - 1)
    session.add_all(later_assignment(result, *each) for each in zip(ids, keys, strict=True))


def later_assignment(result: ClusteringResult, embedding_id: int, cluster_key: int | None) -> LaterAssignment:
    return LaterAssignment(
        clustering_result_id=result.id,
        embedding_id=embedding_id,
        cluster_id=cluster_key,
        embedding_model_id=result.embedding_model_id,
        probability=0.0 if cluster_key is None else 0.5,
        assigned_at=NOW,
    )


def add_diagram(session: Session) -> None:
    session.add(
        PersistenceDiagram(
            run_id=1,
            embedding_model_id=1,
            dimension=0,
            n_unique=2,
            points=np.array([[0, 0.5], [0, np.inf]], dtype="<f8").tobytes(),
            started_at=NOW,
            finished_at=NOW,
        )
    )


@pytest.fixture(scope="module")
def sqlite_sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sound") / "sound.db"
    make_sound(str(path))
    return path


@pytest.fixture(scope="module")
def postgres_sound(postgres_url: str) -> Iterator[str]:
    with postgres_database(postgres_url) as url:
        make_sound(url)
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def sound(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A copy of the sound database, open."""
    if request.param == "sqlite":
        shutil.copyfile(request.getfixturevalue("sqlite_sound"), tmp_path / "copy.db")
        with open_store(tmp_path / "copy.db") as store:
            yield store
        return
    template = make_url(request.getfixturevalue("postgres_sound")).database
    with postgres_database(request.getfixturevalue("postgres_url"), template or "") as url, open_store(url) as store:
        yield store


@contextmanager
def postgres_database(server_url: str, template: str = "template0") -> Iterator[str]:
    """Make a database on the server, and drop it at the end."""
    import psycopg

    server = make_url(server_url).set(drivername="postgresql").render_as_string(hide_password=False)
    name = f"loopscope_test_{uuid4().hex}"
    with closing(psycopg.connect(server, autocommit=True)) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')  # type: ignore[call-overload]
        try:
            yield make_url(server_url).set(database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(f'DROP DATABASE "{name}"')  # type: ignore[call-overload]


def results_of(session: Session, model: str = "FakeTextEmbedder") -> list[ClusteringResult]:
    """The results of a model: of all, of every other with weighted medoids, of one prompt."""
    of_model = select(EmbeddingModel.id).where(EmbeddingModel.name == model)
    query = select(ClusteringResult).where(ClusteringResult.embedding_model_id.in_(of_model))
    return list(session.scalars(query.order_by(ClusteringResult.id)))


def first_result(session: Session) -> ClusteringResult:
    return results_of(session)[0]


def first_cluster(session: Session, result: ClusteringResult | None = None, number: int = 0) -> Cluster:
    result = result or first_result(session)
    return session.scalars(
        select(Cluster).where(Cluster.clustering_result_id == result.id, Cluster.cluster_id == number)
    ).one()


def members_of(session: Session, cluster: Cluster) -> list[int]:
    """The embeddings of a cluster but its medoid, in no wise remarkable ones last."""
    fitted = select(EmbeddingCluster.embedding_id).where(EmbeddingCluster.cluster_id == cluster.id)
    return list(session.scalars(fitted.where(EmbeddingCluster.embedding_id != cluster.medoid_embedding_id)))


def run_of(session: Session, *conditions: Any) -> Run:
    return session.scalars(select(Run).where(*conditions).order_by(Run.id)).first() or pytest.fail("no such run")


def invocation_of(session: Session, run: Run, sequence_number: int) -> Invocation:
    query = select(Invocation).where(Invocation.run_id == run.id, Invocation.sequence_number == sequence_number)
    return session.scalars(query).one()


def length_of(session: Session, run: Run) -> int:
    return session.scalar(select(func.count()).where(Invocation.run_id == run.id)) or 0


def set_vector(session: Session, embedding_id: int, change: Callable[[np.ndarray], np.ndarray]) -> None:
    row = session.get_one(EmbeddingVector, embedding_id)
    row.vector = change(np.frombuffer(row.vector, dtype="<f4")).astype("<f4").tobytes()


def unclustered_embedding(session: Session) -> int:
    """An embedding that takes part in no clustering."""
    return session.scalars(select(func.max(Embedding.id))).one()


@dataclass(frozen=True)
class Planting:
    """A way to spoil a sound database, and what is to be told of it."""

    make: Callable[[Session], None]
    table: str
    found: str
    expected: str
    fixable: bool


PLANTINGS: list[Planting] = []


def planted(table: str, found: str, expected: str, *, fixable: bool = False) -> Callable[..., Callable[..., None]]:
    def add(make: Callable[[Session], None]) -> Callable[[Session], None]:
        PLANTINGS.insert(0, Planting(make, table, found, expected, fixable))
        return make

    return add


@planted("experiment", "config_hash 0000", "the hash of its config", fixable=True)
def another_config_hash(session: Session) -> None:
    session.execute(update(Experiment).where(Experiment.id == 1).values(config_hash="0" * 32))


@planted("experiment", "no run", "a run for each network, prompt and seed")
def an_experiment_without_runs(session: Session) -> None:
    config = ExperimentConfig(networks=(("FakeText",),), prompts=("a",), seeds=(1,), max_length=2)
    session.add(
        Experiment(config=config.model_dump(mode="json"), config_hash=config.content_hash, created_at=NOW, uuid=uuid4())
    )


@planted("experiment", "in config: ", "a config that can be performed")
def a_config_that_says_nothing(session: Session) -> None:
    session.execute(update(Experiment).where(Experiment.id == 1).values(config={"n": 1}))


@planted("experiment", "no run of the number 1", "without a gap")
def a_gap_in_the_numbers_of_runs(session: Session) -> None:
    session.execute(update(Run).where(Run.experiment_id == 1, Run.number == 1).values(number=100))


@planted("experiment", '0 runs of network FakeText, prompt "a later fox" and seed 3', "1, as its config says")
@planted("run", "a run of network FakeText", "one that its config asks for")
def a_run_of_another_seed(session: Session) -> None:
    session.execute(update(Run).where(Run.initial_prompt == "a later fox").values(seed=99))


@planted("run", "max_length 50", "6, as the config of its experiment says")
@planted("run", "stop_reason length", "no stop_reason for 6 of 50 invocations", fixable=True)
def a_run_of_another_length(session: Session) -> None:
    session.execute(update(Run).where(Run.initial_prompt == "a later fox").values(max_length=50))


@planted("run", "no stop_reason", "stop_reason length for 24 of 24 invocations", fixable=True)
def a_whole_run_that_is_not_marked(session: Session) -> None:
    run_of(session, Run.stop_reason == "length", Run.seed.is_(None)).stop_reason = None


@planted("run", "no stop_reason", "stop_reason cycle with period", fixable=True)
def a_cycle_that_is_not_marked(session: Session) -> None:
    run = run_of(session, Run.stop_reason == "cycle")
    run.stop_reason, run.period = None, None


@planted("run", "with period 90", "stop_reason cycle with period", fixable=True)
def a_cycle_of_another_period(session: Session) -> None:
    run_of(session, Run.stop_reason == "cycle").period = 90


@planted("run", "stop_reason cycle with period 2", "stop_reason length for 24 of 24", fixable=True)
def a_cycle_without_a_repeat(session: Session) -> None:
    run = run_of(session, Run.stop_reason == "length", Run.seed.is_(None))
    run.stop_reason, run.period = "cycle", 2


@planted("run", "stop_reason length", "no stop_reason for 23 of 24 invocations", fixable=True)
def a_run_marked_whole_that_is_not(session: Session) -> None:
    run = run_of(session, Run.stop_reason == "length", Run.seed.is_(None), Run.initial_prompt == "the rain")
    last = invocation_of(session, run, 23)
    in_results = select(EmbeddingCluster.embedding_id)
    embeddings = session.scalars(select(Embedding.id).where(Embedding.invocation_id == last.id)).all()
    if session.scalars(in_results.where(EmbeddingCluster.embedding_id.in_(embeddings))).first() is not None:
        # An unfitted copy of the run is shortened instead.
        run, last = copy_run(session, run, length=23)
    assert length_of(session, run) == 23


def copy_run(session: Session, run: Run, length: int) -> tuple[Run, Invocation]:
    """Make of a run's experiment another of the same content, whose one run of that kind is shorter."""
    config = ExperimentConfig(networks=(("FakeText",),), prompts=("b",), num_runs=1, max_length=run.max_length)
    experiment = Experiment(
        uuid=uuid4(), config=config.model_dump(mode="json"), config_hash=config.content_hash, created_at=NOW
    )
    session.add(experiment)
    session.flush()
    copy = Run(
        uuid=uuid4(),
        experiment_id=experiment.id,
        number=0,
        network=["FakeText"],
        initial_prompt="b",
        stream=5,
        max_length=run.max_length,
        stop_reason="length",
    )
    session.add(copy)
    session.flush()
    before: Invocation | None = None
    for number in range(length):
        before = add_text(session, copy, number, before)
    assert before is not None
    return copy, before


def add_text(session: Session, run: Run, number: int, before: Invocation | None) -> Invocation:
    from loopscope.store.outputs import prepare_output
    from loopscope.types import OutputType

    said = f"text {number}"
    added = Invocation(
        run_id=run.id,
        sequence_number=number,
        model=run.network[number % len(run.network)],
        input_invocation_id=before.id if before else None,
        output_type="text",
        output_text=said,
        output_hash=prepare_output(said, OutputType.TEXT).hash,
        attempts=1,
        seconds=0.5,
        started_at=NOW,
        finished_at=NOW,
    )
    session.add(added)
    session.flush()
    return added


@planted("run", "7 invocations", "at most its max_length 6")
def more_invocations_than_the_length(session: Session) -> None:
    run = run_of(session, Run.initial_prompt == "a later fox")
    add_text(session, run, 6, invocation_of(session, run, 5))


@planted("run", "stop_reason failed", "stop_reason length for 6 of 6 invocations")
def a_whole_run_that_failed(session: Session) -> None:
    run = run_of(session, Run.initial_prompt == "a later fox")
    run.stop_reason, run.failure = "failed", "the lamp is broken"


@planted("invocation", "10 before it in its run", "sequence number 99 before it")
def a_gap_in_sequence_numbers(session: Session) -> None:
    run, last = copy_run(session, run_of(session, Run.max_length == 24), length=12)
    run.stop_reason = None
    last.sequence_number = 100


@planted("invocation", "input_invocation_id", "the invocation before it in its run")
def an_input_out_of_turn(session: Session) -> None:
    run = run_of(session, Run.network.is_not(None), Run.stop_reason == "length")
    third = invocation_of(session, run, 3)
    third.input_invocation_id = invocation_of(session, run, 0).id


@planted("invocation", "model FakePainter", "FakeDescriber, whose turn it was in FakePainter→FakeDescriber")
def a_generator_out_of_turn(session: Session) -> None:
    first = session.scalars(select(Invocation).where(Invocation.model == "FakeDescriber").order_by(Invocation.id))
    first.first().model = "FakePainter"  # type: ignore[union-attr]


@planted("invocation", "output_hash", "the hash of its text")
def a_text_that_was_changed(session: Session) -> None:
    session.execute(
        update(Invocation)
        .where(Invocation.id == select(func.max(Invocation.id)).scalar_subquery())
        .values(output_text="another")
    )


def any_picture(session: Session) -> Picture:
    return session.scalars(select(Picture).order_by(Picture.id)).first() or pytest.fail("no picture")


@planted("picture", "data that do not decode: UnidentifiedImageError", "a picture")
def a_picture_that_is_none(session: Session) -> None:
    any_picture(session).data = b"no picture"


@planted("picture", "data that do not decode", "a picture")
def a_picture_that_is_cut_short(session: Session) -> None:
    picture = any_picture(session)
    picture.data = picture.data[: len(picture.data) // 2]


@planted("picture", "width 17", "width 16, as its data say", fixable=True)
def a_picture_of_another_size(session: Session) -> None:
    any_picture(session).width = 17


@planted("picture", "media_type image/png", "media_type image/webp, as its data say", fixable=True)
def a_picture_of_another_type(session: Session) -> None:
    any_picture(session).media_type = "image/png"


@planted("invocation", "output_hash", "the hash of its picture")
def a_picture_that_was_changed(session: Session) -> None:
    picture, file = any_picture(session), BytesIO()
    Image.new("RGB", (16, 16), "navy").save(file, "WEBP", lossless=True)
    picture.data = file.getvalue()


@planted("picture", "no invocation whose output it is", "one", fixable=True)
def an_orphan_picture(session: Session) -> None:
    session.add(Picture(media_type="image/webp", width=16, height=16, data=any_picture(session).data))


@planted("embedding", "a vector of 100 bytes", "104 bytes, for 26 dimensions")
def a_vector_that_is_too_short(session: Session) -> None:
    embedding_id = members_of(session, first_cluster(session))[-1]
    set_vector(session, embedding_id, lambda vector: vector[:-1])


@planted("embedding", "NaN or infinity", "finite numbers")
def a_vector_with_nan(session: Session) -> None:
    set_vector(session, members_of(session, first_cluster(session))[-1], lambda vector: vector * np.nan)


@planted("embedding", "a vector of length 2", "1")
def a_vector_that_is_too_long(session: Session) -> None:
    set_vector(session, members_of(session, first_cluster(session))[-1], lambda vector: vector * 2)


@planted("embedding", "no vector", "one")
def an_embedding_without_a_vector(session: Session) -> None:
    session.execute(delete(EmbeddingVector).where(EmbeddingVector.embedding_id == unclustered_embedding(session)))


@planted("embedding", "an output of type image", "text, which FakeTextEmbedder takes")
def an_embedding_of_the_wrong_type(session: Session) -> None:
    embedding = session.get_one(Embedding, unclustered_embedding(session))
    taken = select(Embedding.invocation_id).where(Embedding.embedding_model_id == embedding.embedding_model_id)
    pictures = select(Invocation.id).where(Invocation.output_type == "image", Invocation.id.not_in(taken))
    session.execute(delete(LaterAssignment).where(LaterAssignment.embedding_id == embedding.id))
    embedding.invocation_id = session.scalars(pictures).first() or 0


@planted("prompt_embedding", "a vector of 8 bytes", "104 bytes, for 26 dimensions")
def a_prompt_s_vector_that_is_too_short(session: Session) -> None:
    session.execute(update(PromptEmbedding).where(PromptEmbedding.run_id == 1).values(vector=b"12345678"))


@planted("prompt_embedding", "a prompt by a model that takes an image", "none")
def a_prompt_s_embedding_by_a_model_of_pictures(session: Session) -> None:
    key = session.scalars(select(EmbeddingModel.id).where(EmbeddingModel.takes == "image")).one()
    vector = np.array([1, 0, 0], dtype="<f4").tobytes()
    session.add(PromptEmbedding(run_id=1, embedding_model_id=key, vector=vector))


@planted("run", "no embedding of its initial prompt by FakeTextEmbedder", "as the other runs of its experiment have")
def a_prompt_that_is_not_embedded(session: Session) -> None:
    session.execute(delete(PromptEmbedding).where(PromptEmbedding.run_id == 1))


@planted("persistence_diagram", "points of 31 bytes", "16 for each point")
def a_diagram_that_is_cut_short(session: Session) -> None:
    diagram = session.scalars(select(PersistenceDiagram)).one()
    diagram.points = diagram.points[:-1]


@planted("persistence_diagram", "1 points that die before they are born", "finite births")
def a_diagram_that_dies_early(session: Session) -> None:
    diagram = session.scalars(select(PersistenceDiagram)).one()
    diagram.points = np.array([[0, 0.5], [2, 1]], dtype="<f8").tobytes()


@planted("cluster", "size 9999", "the number of its assignments", fixable=True)
def a_cluster_of_another_size(session: Session) -> None:
    first_cluster(session).size = 9999


@planted("cluster", "an outlier cluster without outliers", "none", fixable=True)
def an_outlier_cluster_without_outliers(session: Session) -> None:
    for result in session.scalars(select(ClusteringResult)):
        clusters = select(Cluster).where(Cluster.clustering_result_id == result.id, Cluster.cluster_id == -1)
        if session.scalars(clusters).first() is None:
            session.add(Cluster(clustering_result_id=result.id, cluster_id=-1, size=1, properties={}))
            return
    pytest.fail("every result has outliers")


@planted("clustering_result", "no cluster of the number 1", "without a gap")
def a_gap_in_the_numbers_of_clusters(session: Session) -> None:
    numbers = session.scalars(
        select(Cluster).where(Cluster.clustering_result_id == first_result(session).id, Cluster.cluster_id > 0)
    ).all()
    for cluster in sorted(numbers, key=lambda cluster: -cluster.cluster_id):
        cluster.cluster_id += 1
        session.flush()


@planted("clustering_result", "cluster 0 with", "numbers by decreasing size")
def clusters_in_another_order(session: Session) -> None:
    one, two = first_cluster(session), first_cluster(session, number=1)
    one.cluster_id = 1000
    session.flush()
    two.cluster_id = 0
    session.flush()
    one.cluster_id = 1


def spoil_medoid(session: Session, result: ClusteringResult) -> None:
    cluster = first_cluster(session, result)
    vectors = dict(session.execute(select(EmbeddingVector.embedding_id, EmbeddingVector.vector)).all())
    true = vectors[cluster.medoid_embedding_id]
    cluster.medoid_embedding_id = next(each for each in members_of(session, cluster) if vectors[each] != true)


@planted("cluster", "medoid_embedding_id", "the unweighted medoid of its members")
def another_medoid(session: Session) -> None:
    spoil_medoid(session, first_result(session))


@planted("cluster", "medoid_embedding_id", "the weighted medoid of its members")
def another_weighted_medoid(session: Session) -> None:
    spoil_medoid(session, results_of(session)[1])


@planted("cluster", "medoid_embedding_id", "the nearest_to_mean medoid of its members")
def another_medoid_by_the_mean(session: Session) -> None:
    spoil_medoid(session, results_of(session)[2])


@planted("cluster", "medoid_embedding_id", "the unweighted medoid of its members")
def a_later_repeat_of_the_medoid(session: Session) -> None:
    vectors = dict(session.execute(select(EmbeddingVector.embedding_id, EmbeddingVector.vector)).all())
    for result in (first_result(session), results_of(session, "FakeImageEmbedder")[0]):
        for cluster in session.scalars(select(Cluster).where(Cluster.clustering_result_id == result.id)):
            repeats = [
                each
                for each in members_of(session, cluster)
                if vectors[each] == vectors.get(cluster.medoid_embedding_id)
            ]
            if repeats:
                cluster.medoid_embedding_id = repeats[0]
                return
    pytest.fail("no medoid is repeated")


def set_property(session: Session, name: str, value: Any, number: int = 0) -> None:
    cluster = first_cluster(session, number=number)
    assert name in cluster.properties
    cluster.properties = {**cluster.properties, name: value}


for name, value in {
    "radius": 1.75,
    "mean_distance": 0.001,
    "epsilon": 0.875,
    "distinct_outputs": 1000,
    "runs": 1001,
    "prompts": 1002,
}.items():

    def another_property(session: Session, name: str = name, value: float = value) -> None:
        set_property(session, name, value)

    another_property.__name__ = f"another_{name}"
    planted("cluster", f"{name} {value}", "as measured", fixable=True)(another_property)


@planted("cluster", "runs 1003", "as measured", fixable=True)
def another_number_of_runs_of_the_outliers(session: Session) -> None:
    set_property(session, "runs", 1003, number=-1)


for name in ("candidates", "sampled", "distinct"):

    def another_count(session: Session, name: str = name) -> None:
        result = results_of(session)[1]
        result.counts = {**result.counts, name: 9999}

    another_count.__name__ = f"another_count_{name}"
    planted("clustering_result", f"{name} 9999 in counts", "as counted", fixable=True)(another_count)


@planted("clustering_result", "1 embeddings of its selection without an assignment", "an assignment for each")
def an_embedding_of_the_selection_that_was_lost(session: Session) -> None:
    result, cluster = first_result(session), first_cluster(session, number=-1)
    lost = select(func.max(EmbeddingCluster.embedding_id)).where(EmbeddingCluster.cluster_id == cluster.id)
    session.execute(
        delete(EmbeddingCluster).where(
            EmbeddingCluster.clustering_result_id == result.id,
            EmbeddingCluster.embedding_id == session.scalar(lost),
        )
    )
    forget_what_follows(session, result, cluster, -1)


@planted("clustering_result", "1 assigned embeddings that its selection leaves out", "of its selection only")
def an_embedding_that_the_selection_leaves_out(session: Session) -> None:
    result = results_of(session)[1]
    cluster = first_cluster(session, result, number=-1)
    fitted = select(EmbeddingCluster.embedding_id).where(EmbeddingCluster.clustering_result_id == result.id)
    left_out = (
        select(Embedding.id)
        .where(Embedding.embedding_model_id == result.embedding_model_id, Embedding.id.not_in(fitted))
        .where(Embedding.id <= result.last_embedding_id)
    )
    add_assignment(session, result, cluster, session.scalars(left_out).first() or 0)
    forget_what_follows(session, result, cluster, 1)


@planted("clustering_result", "among the fitted ones", "up to last_embedding_id")
def a_fitted_embedding_that_came_later(session: Session) -> None:
    result, cluster = first_result(session), first_cluster(session, number=-1)
    session.execute(delete(LaterAssignment))
    add_assignment(session, result, cluster, unclustered_embedding(session))
    forget_what_follows(session, result, cluster, 1)


def add_assignment(session: Session, result: ClusteringResult, cluster: Cluster, embedding_id: int) -> None:
    session.execute(
        insert(EmbeddingCluster).values(
            clustering_result_id=result.id,
            embedding_id=embedding_id,
            cluster_id=cluster.id,
            embedding_model_id=result.embedding_model_id,
            probability=0,
        )
    )


def forget_what_follows(session: Session, result: ClusteringResult, cluster: Cluster, change: int) -> None:
    """Let sizes agree and nothing else be recorded that would follow from another number of outliers."""
    cluster.size += change
    cluster.properties = {}
    result.counts = {}


@planted("embedding_cluster", "probability 0.5 of an outlier", "0")
def an_outlier_with_a_probability(session: Session) -> None:
    outliers = first_cluster(session, number=-1)
    one = select(func.min(EmbeddingCluster.embedding_id)).where(EmbeddingCluster.cluster_id == outliers.id)
    session.execute(
        update(EmbeddingCluster)
        .where(EmbeddingCluster.cluster_id == outliers.id, EmbeddingCluster.embedding_id == session.scalar(one))
        .values(probability=0.5)
    )


@planted("clustering_result", "1 of ", "a probability of each, or of none")
def an_assignment_without_a_probability(session: Session) -> None:
    cluster = first_cluster(session)
    session.execute(
        update(EmbeddingCluster)
        .where(EmbeddingCluster.cluster_id == cluster.id)
        .where(EmbeddingCluster.embedding_id == members_of(session, cluster)[0])
        .values(probability=None)
    )


@planted("clustering_result", "the layers 0, 2", "without a gap")
def a_gap_in_layers(session: Session) -> None:
    session.execute(update(ClusteringResult).where(ClusteringResult.layer == 1).values(layer=2))


@planted("clustering_result", "layers of different models", "layers of one clustering")
def layers_of_two_algorithms(session: Session) -> None:
    session.execute(update(ClusteringResult).where(ClusteringResult.layer == 1).values(algorithm="optics"))


@planted("later_assignment", "of an embedding that is fitted", "the fitted one only", fixable=True)
def a_later_assignment_of_a_fitted_embedding(session: Session) -> None:
    cluster = first_cluster(session)
    session.add(later_assignment(first_result(session), members_of(session, cluster)[0], cluster.id))


@planted("later_assignment", "that was there when the result was made", "newer than its last_embedding_id")
def a_later_assignment_of_an_earlier_embedding(session: Session) -> None:
    result = results_of(session)[1]
    fitted = select(EmbeddingCluster.embedding_id).where(EmbeddingCluster.clustering_result_id == result.id)
    earlier = select(func.min(Embedding.id)).where(
        Embedding.embedding_model_id == result.embedding_model_id, Embedding.id.not_in(fitted)
    )
    session.add(later_assignment(result, session.scalar(earlier) or 0, None))


@planted("later_assignment", "the outlier cluster", "no cluster for an outlier", fixable=True)
def a_later_assignment_to_the_outlier_cluster(session: Session) -> None:
    later = session.scalars(select(LaterAssignment).where(LaterAssignment.cluster_id.is_(None)))
    (later.first() or pytest.fail("nothing was assigned later")).cluster_id = first_cluster(session, number=-1).id


def plantings() -> Iterator[Any]:
    """Each way to spoil, once, with all that is to be told of it."""
    for make in dict.fromkeys(planting.make for planting in reversed(PLANTINGS)):
        told = [planting for planting in PLANTINGS if planting.make is make]
        yield pytest.param(make, told, id=make.__name__)


def contents(store: Store) -> dict[str, list[Any]]:
    """Every row of every table."""
    with store.session() as session:
        return {
            table.name: sorted(session.execute(select(table)).all(), key=str) for table in Base.metadata.sorted_tables
        }


def told(faults: list[Fault]) -> list[str]:
    return [f"{fault.table} {dict(fault.row)}: found {fault.found}; expected {fault.expected}" for fault in faults]


def test_a_sound_database_has_every_kind_of_row_and_no_fault(sound: Store) -> None:
    rows = contents(sound)
    assert all(rows.values()), [name for name, there in rows.items() if not there]
    assert {row.stop_reason for row in rows["run"]} == {"length", "cycle", "failed"}
    assert {row.cluster_id for row in rows["cluster"]} >= {-1, 0, 1}
    assert told(examine(sound, registry=REGISTRY)) == []
    assert contents(sound) == rows


@pytest.mark.parametrize(("make", "expected"), list(plantings()))
def test_a_planted_fault_is_found_alone(
    sound: Store, make: Callable[[Session], None], expected: list[Planting]
) -> None:
    before = contents(sound)
    with sound.transaction() as session:
        make(session)
    spoilt = contents(sound)
    assert spoilt != before
    faults = examine(sound, registry=REGISTRY)
    assert len(faults) == len(expected), told(faults)
    for fault, planting in zip(faults, expected, strict=True):
        assert fault.table == planting.table
        assert planting.found in fault.found
        assert planting.expected in fault.expected
        assert fault.fixable == planting.fixable
    mended = mend(sound, faults)
    assert mended == [fault for fault in faults if fault.fixable]
    if mended:
        assert told(examine(sound, registry=REGISTRY)) == told([fault for fault in faults if not fault.fixable])
    else:
        assert contents(sound) == spoilt
