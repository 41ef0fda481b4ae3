"""Questions about clusterings that the real engine made, asked of frames and in SQL, against answers row by row."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl
import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from loopscope.config import ExperimentConfig
from loopscope.data_prep import (
    load_cluster_outputs_df,
    load_cluster_properties_df,
    load_clustering_results_df,
    load_clusters_df,
    load_medoids_df,
)
from loopscope.engine.clustering import cluster_embeddings
from loopscope.engine.performing import perform_experiment
from loopscope.models.fakes import FakeDescriber, FakeImageEmbedder, FakePainter, FakeTextEmbedder
from loopscope.models.registry import Registry
from loopscope.schemas import (
    Cluster,
    ClusteringResult,
    Embedding,
    EmbeddingCluster,
    Invocation,
    LaterAssignment,
    Picture,
    Run,
)
from loopscope.store.clusterings import NewClustering, save_clustering
from loopscope.store.connection import Store

SETTINGS: dict[str, Any] = {"min_cluster_size": 2, "min_samples": 2, "epsilon": 0.0, "allow_single_cluster": False}
REGISTRY = Registry.of(FakePainter, FakeDescriber, FakeTextEmbedder, FakeImageEmbedder)


@pytest.fixture
def answered(store: Store) -> Store:
    """Five results of two models, and embeddings that came later, two of which are assigned to the first result.

    1 texts, 2 pictures, 3 every second text, 4 texts without probabilities and properties as an older version left
    them, 5 all embeddings there are in the end, none of which came later.
    """
    perform(store, prompts=("a fox", "the rain"), max_length=12)
    cluster_embeddings(store, "FakeTextEmbedder", **SETTINGS)
    cluster_embeddings(store, "FakeImageEmbedder", **SETTINGS)
    cluster_embeddings(store, "FakeTextEmbedder", downsample=2, **SETTINGS)
    with store.transaction() as session:
        save_clustering(session, old_clustering(session))
    perform(store, prompts=("the sea",), max_length=5)
    cluster_embeddings(store, "FakeTextEmbedder", **SETTINGS)
    with store.transaction() as session:
        assign_two(session)
    return store


def perform(store: Store, prompts: tuple[str, ...], max_length: int) -> None:
    config = ExperimentConfig(
        networks=(("FakePainter", "FakeDescriber"),),
        prompts=prompts,
        seeds=(1, 2, 3),
        embedding_models=("FakeTextEmbedder", "FakeImageEmbedder"),
        max_length=max_length,
    )
    assert perform_experiment(config, store, registry=REGISTRY).complete


def old_clustering(session: Session) -> NewClustering:
    found = session.execute(
        select(EmbeddingCluster.embedding_id, Cluster.cluster_id, EmbeddingCluster.embedding_model_id)
        .join(Cluster, Cluster.id == EmbeddingCluster.cluster_id)
        .where(EmbeddingCluster.clustering_result_id == 1)
    ).all()
    medoids = session.scalars(
        select(Cluster.medoid_embedding_id)
        .where(Cluster.clustering_result_id == 1, Cluster.cluster_id >= 0)
        .order_by(Cluster.cluster_id)
    ).all()
    now = datetime.now(UTC)
    return NewClustering(
        embedding_model_id=found[0][2],
        algorithm="hdbscan",
        parameters={},
        downsample=1,
        selection={"experiments": None},
        counts={},
        versions={},
        last_embedding_id=max(row[0] for row in found),
        started_at=now,
        finished_at=now,
        embedding_ids=np.array([row[0] for row in found]),
        labels=np.array([row[1] for row in found]),
        medoid_embedding_ids=np.array(medoids),
        properties=[{} for _ in medoids],
    )


def assign_two(session: Session) -> None:
    result = session.get_one(ClusteringResult, 1)
    later = session.scalars(
        select(Embedding.id)
        .where(Embedding.id > result.last_embedding_id, Embedding.embedding_model_id == result.embedding_model_id)
        .order_by(Embedding.id)
    ).all()
    cluster = session.scalars(
        select(Cluster.id).where(Cluster.clustering_result_id == 1, Cluster.cluster_id == 1)
    ).one()
    for embedding_id, cluster_id, probability in ((later[0], cluster, 0.75), (later[-1], None, 0.0)):
        session.execute(
            insert(LaterAssignment).values(
                clustering_result_id=1,
                embedding_id=embedding_id,
                cluster_id=cluster_id,
                embedding_model_id=result.embedding_model_id,
                probability=probability,
                assigned_at=datetime.now(UTC),
            )
        )


def places(session: Session) -> Iterator[tuple[int, int, str, int | None, float | None, int | None, float | None]]:
    """Say where each embedding stands in each result of its model, one query at a time."""
    for result in session.scalars(select(ClusteringResult).order_by(ClusteringResult.id)).all():
        for embedding in session.scalars(
            select(Embedding)
            .join(Invocation, Invocation.id == Embedding.invocation_id)
            .where(Embedding.embedding_model_id == result.embedding_model_id)
            .order_by(Invocation.run_id, Invocation.sequence_number)
        ).all():
            key = {"clustering_result_id": result.id, "embedding_id": embedding.id}
            fitted, later = session.get(EmbeddingCluster, key), session.get(LaterAssignment, key)
            if fitted is not None:
                number = session.get_one(Cluster, fitted.cluster_id).cluster_id
                status = "outlier" if number == -1 else "member"
                yield (result.id, embedding.id, status, number, fitted.probability, None, None)
                continue
            status = "added later" if embedding.id > result.last_embedding_id else "not sampled"
            if later is None:
                yield (result.id, embedding.id, status, None, None, None, None)
            else:
                number = -1 if later.cluster_id is None else session.get_one(Cluster, later.cluster_id).cluster_id
                yield (result.id, embedding.id, status, None, None, number, later.probability)


PLACE = ["clustering_result_id", "embedding_id", "status", "cluster_id", "probability"]
LATER = ["later_cluster_id", "later_probability"]


def test_every_embedding_stands_where_the_rows_say(answered: Store) -> None:
    with answered.session() as session:
        expected = list(places(session))
        frame = load_clusters_df(session, include_unclustered=True)
        fitted = load_clusters_df(session)
        outputs = load_cluster_outputs_df(session)
        members = load_cluster_outputs_df(session, 1, cluster_id=0)
        later = load_cluster_outputs_df(session, 1, status="added later")
        run = load_cluster_outputs_df(session, 3, run_id=2)
        texts = {row.id: (row.output_type, row.output_text) for row in session.scalars(select(Invocation))}
    assert frame.select(PLACE + LATER).rows() == expected
    assert outputs.select(PLACE + LATER).rows() == expected
    assert fitted.select(PLACE).rows() == [row[:5] for row in expected if row[3] is not None]
    statuses = {result: {row[2] for row in expected if row[0] == result} for result in (1, 2, 3, 5)}
    assert statuses[1] == {"member", "outlier", "added later"}
    assert statuses[3] == {"member", "outlier", "added later", "not sampled"}
    assert statuses[5] == {"member", "outlier"}
    assert sum(row[5] is not None for row in expected) == 2
    assert all(row[4] is None for row in expected if row[0] == 4)
    assert all(row[4] is not None for row in expected if row[0] != 4 and row[3] is not None)
    for row in outputs.iter_rows(named=True):
        assert (row["output_type"], row["output_text"]) == texts[row["invocation_id"]]
    assert members["embedding_id"].to_list() == [row[1] for row in expected if row[0] == 1 and row[3] == 0]
    assert later["embedding_id"].to_list() == [row[1] for row in expected if row[0] == 1 and row[2] == "added later"]
    assert run.height == 6
    assert run["run_id"].unique().to_list() == [2]
    assert run["status"].to_list()[1::2] == ["not sampled"] * 3


def test_sizes_runs_and_prompts_count_the_fitted_ones_alone(answered: Store) -> None:
    with answered.session() as session:
        fitted = load_clusters_df(session)
        properties = load_cluster_properties_df(session)
        medoids = load_medoids_df(session)
    counted = (
        fitted.group_by("clustering_result_id", "cluster_id")
        .agg(pl.len(), runs=pl.col("run_id").n_unique(), prompts=pl.col("initial_prompt").n_unique())
        .sort("clustering_result_id", "cluster_id")
        .rows()
    )
    keys = ("clustering_result_id", "cluster_id", "cluster_size", "n_runs", "n_prompts")
    assert properties.select(keys).rows() == counted
    assert medoids.select(keys).rows() == counted


def test_properties_are_those_that_the_rows_hold(answered: Store) -> None:
    with answered.session() as session:
        frame = load_cluster_properties_df(session)
        rows = session.scalars(select(Cluster).order_by(Cluster.clustering_result_id, Cluster.cluster_id)).all()
        results = load_clustering_results_df(session)
    for row, told in zip(rows, frame.to_dicts(), strict=True):
        for name in ("radius", "mean_distance", "persistence", "lambda_birth", "lambda_death", "distinct_outputs"):
            assert told[name] == row.properties.get(name), name
        assert told["cluster_epsilon"] == row.properties.get("epsilon")
        assert told["other"] is None
        assert (told["radius"] is None) == (row.cluster_id == -1 or row.clustering_result_id == 4)
    known = ["n_sampled", "n_distinct", "seconds_load", "seconds_compute", "seconds_save", "loopscope_version"]
    assert results.select(pl.col(known).is_null().sum()).row(0) == (1,) * 6
    assert results["output_type"].to_list() == ["text", "image", "text", "text", "text"]
    assert results["n_sampled"].to_list() == [36, 36, 18, None, 42]


def test_a_medoid_leads_to_its_text_and_its_picture(answered: Store) -> None:
    with answered.session() as session:
        frame = load_medoids_df(session, include_pictures=True).filter(pl.col("cluster_id") >= 0)
        assert set(frame["output_type"]) == {"text", "image"}
        for row in frame.iter_rows(named=True):
            embedding = session.get_one(Embedding, row["medoid_embedding_id"])
            medoid = session.get_one(Invocation, embedding.invocation_id)
            assert (row["medoid_invocation_id"], row["run_id"]) == (medoid.id, medoid.run_id)
            assert row["run_uuid"] == str(session.get_one(Run, medoid.run_id).uuid)
            around = {
                each.sequence_number - medoid.sequence_number: each
                for each in session.scalars(select(Invocation).where(Invocation.run_id == medoid.run_id))
            }
            companion = around.get(-1 if medoid.output_type == "text" else 1)
            assert row["companion_invocation_id"] == (companion and companion.id)
            picture = medoid if medoid.output_type == "image" else around[-1]
            assert row["picture"] == session.get_one(Picture, picture.picture_id).data
            after = around.get(1)
            painted = after is not None and after.output_type == "image"
            assert row["next_picture"] == (session.get_one(Picture, after.picture_id).data if painted else None)
            if medoid.output_type == "image":
                assert row["source_text"] == (around[-1].output_text if -1 in around else row["initial_prompt"])
                assert row["next_text"] == (after and after.output_text)


@pytest.fixture
def ask(answered: Store, pytestconfig: pytest.Config) -> Callable[..., list[Any]]:
    """Ask a query of the database page, by the words it begins with, of this result and run, as it is printed."""
    page = (pytestconfig.rootpath / "docs/database.md").read_text()
    queries = dict(re.findall(r"\*\*([^*]*)\*\*(?:(?!\*\*).)*?```sql\n(.*?)```", page, flags=re.DOTALL))
    assert len(queries) == page.count("```sql") == 8

    def answer(title: str, result_id: int = 1, run_id: int = 1, cluster_id: int = 3) -> list[Any]:
        [query] = [query for each, query in queries.items() if each.startswith(title)]
        with answered.session() as session:
            uuids = (session.get_one(ClusteringResult, result_id).uuid, session.get_one(Run, run_id).uuid)
            for printed, uuid in zip(("97c69dad", "25a0f50d"), uuids, strict=True):
                query = query.replace(printed, uuid.hex[:8])
            query = query.replace("c.cluster_id = 3", f"c.cluster_id = {cluster_id}")
            driver: Any = session.connection().connection.driver_connection
            return [tuple(row) for row in driver.cursor().execute(query)]

    return answer


def test_the_queries_of_the_database_page_tell_what_the_frames_tell(answered: Store, ask: Any) -> None:
    with answered.session() as session:
        runs = session.scalar(select(func.count()).select_from(Run)) or 0
        clusters = load_cluster_outputs_df(session)
        medoids = load_medoids_df(session, include_pictures=True).filter(pl.col("cluster_id") >= 0)
        properties = load_cluster_properties_df(session)
        results = load_clustering_results_df(session)
    columns = ["sequence_number", *PLACE[2:], *LATER]
    for result_id in (1, 2, 3, 4, 5):
        of_result = clusters.filter(pl.col("clustering_result_id") == result_id)
        for run_id in range(1, runs + 1):
            expected = of_result.filter(pl.col("run_id") == run_id).select(columns).rows()
            assert ask("Where each output of a run stands", result_id, run_id) == expected
        for number in (-1, 0, 1):
            expected = of_result.filter(pl.col("cluster_id") == number)
            expected = expected.select("initial_prompt", "sequence_number", "output_text", "probability").rows()
            assert ask("The members of a cluster", result_id, cluster_id=number) == expected
        own = medoids.filter(pl.col("clustering_result_id") == result_id)
        found = [(*row[:3], bytes(row[4])) for row in ask("The text and the picture", result_id)]
        caption = pl.coalesce("medoid_text", "next_text")
        assert found == own.select("cluster_id", "cluster_size", caption, "picture").rows()
        by_property = properties.filter((pl.col("clustering_result_id") == result_id) & (pl.col("persistence") > 0.01))
        names = ("cluster_id", "cluster_size", "radius", "persistence", "distinct_outputs")
        assert sorted(ask("The clusters of a result", result_id)) == sorted(by_property.select(names).rows())
    assert len(ask("The outputs of a run")) == 12
    assert ask("What there is of each run") == []
    made = ask("How each result was made")
    names = ("embedding_model", "algorithm", "epsilon", "downsample", "n_candidates", "n_distinct", "n_clusters")
    assert [(*row[1:3], row[5], row[6], *row[8:10], row[11]) for row in made] == results.select(names).rows()
    all_medoids = medoids.sort("medoid_embedding_id", "clustering_result_id", "cluster_id").to_dicts()
    expected = []
    for row in all_medoids:
        own, other = row["medoid_invocation_id"], row["companion_invocation_id"]
        pair = (own, other) if row["output_type"] == "text" else (other, own)
        expected.append((row["medoid_embedding_id"], row["cluster_id"], row["cluster_size"], *pair))
    assert [(row[0], *row[2:]) for row in ask("Every embedding that is a medoid")] == expected


def test_the_engine_records_what_the_frames_read(answered: Store) -> None:
    with answered.session() as session:
        names = {name for properties in session.scalars(select(Cluster.properties)) for name in properties}
        durations = session.scalars(select(ClusteringResult.durations).where(ClusteringResult.id == 1)).one()
    counts, measures = {"distinct_outputs", "runs", "prompts"}, {"radius", "mean_distance", "persistence"}
    assert names == counts | measures | {"lambda_birth", "lambda_death", "epsilon"}
    assert set(durations or ()) == {"load", "prepare", "compute", "describe", "save"}
