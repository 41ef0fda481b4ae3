"""Clusterings compared, doubted and explained from a database, on SQLite and on PostgreSQL alike."""

from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import adjusted_rand_score
from sqlalchemy import func, insert, select

from loopscope.data_prep.cluster_comparison import (
    COLUMNS,
    FLOW_COLUMNS,
    load_cluster_comparison_df,
    load_cluster_flows_df,
)
from loopscope.data_prep.cluster_stability import COLUMNS as STABILITY_COLUMNS
from loopscope.data_prep.cluster_stability import load_cluster_stability_df
from loopscope.data_prep.columns import schema_of
from loopscope.data_prep.outlier_diagnostics import COLUMNS as DIAGNOSTIC_COLUMNS
from loopscope.data_prep.outlier_diagnostics import load_outlier_diagnostics_df
from loopscope.data_prep.pairing import load_pairing
from loopscope.data_prep.parameter_sweep import COLUMNS as SWEEP_COLUMNS
from loopscope.data_prep.parameter_sweep import explain_outlier_share, load_parameter_sweep_df
from loopscope.engine.clustering import cluster_embeddings
from loopscope.engine.stability import reclusterer
from loopscope.engine.trajectories import load_stored_clustering, load_trajectories
from loopscope.errors import ClusteringError, NotFoundError
from loopscope.schemas import (
    Base,
    ClusteringResult,
    Embedding,
    EmbeddingModel,
    EmbeddingVector,
    Experiment,
    Invocation,
    Picture,
    Run,
)
from loopscope.statistics.resampling import Runs
from loopscope.store.clusterings import save_clustering
from loopscope.store.connection import Store

NOW = datetime(2026, 5, 4, tzinfo=UTC)
RUNS, STEPS = 12, 24
SETTINGS = {"min_cluster_size": 8, "min_samples": 3, "epsilon": 0.0, "allow_single_cluster": False}


def unit(points):
    return (points / np.linalg.norm(points, axis=-1, keepdims=True)).astype(np.float32)


def add_motifs(store: Store) -> None:
    """Twelve runs of pictures described, in four motifs: by ``Texts``, by its ``Twin``, and of ``Pictures``.

    Every sixth step of a run, another one in each, is far from all motifs, and its text is long.
    """
    random = np.random.default_rng(0)
    centres = unit(np.eye(64)[4] + 0.4 * np.eye(64)[:4])
    rows: dict[type[Base], list[dict[str, object]]] = {
        Run: [], Picture: [], Invocation: [], Embedding: [], EmbeddingVector: []
    }  # fmt: skip
    for run in range(1, RUNS + 1):
        network = ["Paint" if run % 2 else "Sketch", "Describe"]
        told = {"number": run, "network": network, "seed": run, "max_length": 2 * STEPS}
        rows[Run].append({"id": run, "experiment_id": 1, "initial_prompt": f"prompt {run % 3}", **told})
        for step in range(2 * STEPS):
            key, motif, stray = len(rows[Invocation]) + 1, (step // 2 + run) % 4, (step // 2 + run) % 6 == 5
            rows[Invocation].append(invocation(key, run, step, network[step % 2], stray))
            if step % 2 == 0:
                rows[Picture].append({"id": key, "media_type": "image/png", "width": 8, "height": 8, "data": b"p"})
            for model in (3,) if step % 2 == 0 else (1, 2):
                noise = random.standard_normal(64)
                vector = unit(noise if stray else centres[motif] + 0.02 * noise)
                number = 10_000 - len(rows[Embedding])  # ids need not be in the order of steps
                rows[Embedding].append(
                    {"id": number, "invocation_id": key, "embedding_model_id": model, "seconds": 0.0}
                )
                rows[EmbeddingVector].append({"embedding_id": number, "vector": vector.astype("<f4").tobytes()})
    with store.transaction() as session:
        session.add(Experiment(id=1, config={}, config_hash="", created_at=NOW))
        for key, (name, takes) in enumerate((("Texts", "text"), ("Twin", "text"), ("Pictures", "image")), start=1):
            session.add(EmbeddingModel(id=key, name=name, takes=takes, dimension=64))
        session.flush()
        for table, values in rows.items():
            session.execute(insert(table), values)


def invocation(key: int, run: int, step: int, model: str, stray: bool) -> dict[str, object]:
    picture, text = step % 2 == 0, f"text {key % 7}" + ", and so on and on" * stray
    return {
        "id": key,
        "run_id": run,
        "sequence_number": step,
        "model": model,
        "input_invocation_id": key - 1 if step else None,
        "output_type": "image" if picture else "text",
        "output_text": None if picture else text,
        "picture_id": key if picture else None,
        "output_hash": f"{key:032x}" if picture else text[:32],
        "attempts": 1,
        "seconds": 0.0,
        "started_at": NOW,
        "finished_at": NOW,
    }


@pytest.fixture
def motifs(store: Store) -> Store:
    add_motifs(store)
    return store


def scores(frame: pl.DataFrame) -> dict[tuple[str, str], dict]:
    return {(row["measure"], row["outliers"]): row for row in frame.filter(pl.col("measure") != "jaccard").to_dicts()}


def compare(store: Store, a: int, b: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    with store.session() as session:
        comparison = load_cluster_comparison_df(session, a, b, draws=50, permutations=20)
        return comparison, load_cluster_flows_df(session, a, b)


def test_a_result_compared_with_itself_agrees(motifs: Store) -> None:
    result = cluster_embeddings(motifs, "Texts", **SETTINGS).clustering_result_id
    comparison, flows = compare(motifs, result, result)
    assert (comparison.schema, flows.schema) == (schema_of(COLUMNS), schema_of(FLOW_COLUMNS))
    for row in scores(comparison).values():
        assert (row["estimate"], row["lower"], row["upper"]) == pytest.approx((1, 1, 1))
        assert (row["n_runs"], row["pairing"]) == (RUNS, "same output")
        assert row[row["measure"]] == row["estimate"]
    jaccard = comparison.filter(pl.col("measure") == "jaccard")
    assert jaccard["side"].to_list() == ["a"] * 4 + ["b"] * 4
    assert jaccard["cluster_id"].to_list() == jaccard["best_cluster_id"].to_list() == [0, 1, 2, 3] * 2
    assert jaccard["cluster_label"].equals(jaccard["best_cluster_label"])
    assert flows["a_cluster_id"].equals(flows["b_cluster_id"])
    assert flows["count"].sum() == RUNS * STEPS
    assert flows["share"].sum() == pytest.approx(1)


def test_two_embedding_models_are_joined_by_the_output(motifs: Store) -> None:
    a, b = (cluster_embeddings(motifs, model, **SETTINGS).clustering_result_id for model in ("Texts", "Twin"))
    comparison, flows = compare(motifs, a, b)
    found = scores(comparison)
    assert found["ari", "left out"]["estimate"] == 1.0
    assert found["ari", "left out"]["null_p"] < 0.1
    assert 0.5 < found["ari", "a group of their own"]["estimate"] <= 1.0
    assert found["ari", "a group of their own"]["n"] == RUNS * STEPS
    assert set(comparison["a_embedding_model"]) == {"Texts"}
    assert set(comparison["b_embedding_model"]) == {"Twin"}
    assert set(flows["a_status"]) <= {"member", "outlier"}


def test_a_caption_is_compared_with_the_picture_that_it_describes(motifs: Store) -> None:
    texts, pictures = (
        cluster_embeddings(motifs, model, **SETTINGS).clustering_result_id for model in ("Texts", "Pictures")
    )
    for a, b in ((texts, pictures), (pictures, texts)):
        comparison, flows = compare(motifs, a, b)
        assert set(comparison["pairing"]) == {"caption with the picture it describes"}
        assert scores(comparison)["ari", "left out"]["estimate"] == 1.0
        assert flows["count"].sum() == RUNS * STEPS
    with motifs.session() as session:
        pairs = load_pairing(session, texts, pictures).pairs
    assert pairs["run_id"].n_unique() == RUNS


def test_downsamplings_are_compared_where_they_meet(motifs: Store) -> None:
    whole = cluster_embeddings(motifs, "Texts", **SETTINGS).clustering_result_id
    third = cluster_embeddings(motifs, "Texts", downsample=3, **SETTINGS).clustering_result_id
    half = cluster_embeddings(motifs, "Twin", downsample=2, **SETTINGS).clustering_result_id
    comparison, flows = compare(motifs, whole, third)
    assert scores(comparison)["ari", "a group of their own"]["n"] == RUNS * STEPS // 3
    alone = flows.filter(pl.col("b_cluster_id").is_null())
    assert set(alone["b_status"]) == {"not sampled"}
    assert alone["count"].sum() == RUNS * STEPS * 2 // 3
    comparison, flows = compare(motifs, third, half)
    assert scores(comparison)["ari", "a group of their own"]["n"] == RUNS * STEPS // 6
    assert flows["count"].sum() == RUNS * STEPS * (1 / 3 + 1 / 2 - 1 / 6)


def test_what_came_later_and_what_has_no_counterpart_is_counted(motifs: Store, clustering) -> None:
    with motifs.session() as session:
        ids = session.scalars(
            select(Embedding.id).where(Embedding.embedding_model_id == 1).order_by(Embedding.id)
        ).all()
        twins = session.scalars(
            select(Embedding.id).where(Embedding.embedding_model_id == 2).order_by(Embedding.id)
        ).all()
    some = clustering(dict.fromkeys(ids[:20], 0), [ids[0]], last=ids[19])
    other = clustering(dict.fromkeys(twins[10:40], 0), [twins[10]], model_id=2, last=twins[-1])
    with motifs.transaction() as session:
        a, b = save_clustering(session, some).id, save_clustering(session, other).id
        session.delete(session.get_one(EmbeddingVector, twins[3]))
        session.delete(session.get_one(Embedding, twins[3]))
    _, flows = compare(motifs, a, b)
    counts = {(row["a_status"], row["b_status"]): row["count"] for row in flows.to_dicts()}
    assert counts == {
        ("member", "member"): 10,
        ("member", "not sampled"): 9,
        ("member", "no counterpart"): 1,
        ("added later", "member"): 20,
    }


def test_results_with_nothing_in_common_are_refused(motifs: Store, clustering) -> None:
    with motifs.session() as session:
        ids = session.scalars(
            select(Embedding.id).where(Embedding.embedding_model_id == 1).order_by(Embedding.id)
        ).all()
    with motifs.transaction() as session:
        one = save_clustering(session, clustering(dict.fromkeys(ids[:5], 0), [ids[0]], last=ids[-1])).id
        other = save_clustering(session, clustering(dict.fromkeys(ids[5:9], 0), [ids[5]], last=ids[-1])).id
    with motifs.session() as session, pytest.raises(NotFoundError, match="no output that both clusterings hold"):
        load_pairing(session, one, other)
    with motifs.session() as session, pytest.raises(NotFoundError, match="there is no clustering result 99"):
        load_pairing(session, one, 99)


def test_stored_clusterings_come_with_their_vectors_and_runs(motifs: Store) -> None:
    result = cluster_embeddings(motifs, "Texts", downsample=2, **SETTINGS).clustering_result_id
    stored = load_stored_clustering(motifs, result)
    again = load_trajectories(motifs, "Texts", downsample=2)
    assert np.array_equal(stored.trajectories.vectors, again.vectors)
    assert np.array_equal(stored.trajectories.index.embedding_id, again.index.embedding_id)
    assert stored.trajectories.runs.n_runs == RUNS
    assert len(np.unique(stored.trajectories.runs.group)) == 6, "three prompts in two networks"
    assert np.array_equal(stored.trajectories.runs.run, Runs.of(again.index.run_id).run)
    assert np.bincount(stored.labels + 1)[1:].tolist() == sorted(np.bincount(stored.labels + 1)[1:], reverse=True)
    for label in range(4):
        members = stored.trajectories.vectors[stored.labels == label]
        assert (members @ members.T).min() > 0.9, "a label belongs to its vector"
    assert adjusted_rand_score(stored.labels, reclusterer(stored)(stored.trajectories.vectors)) == 1.0
    with pytest.raises(NotFoundError):
        load_stored_clustering(motifs, 99)


def test_motifs_in_a_database_are_stable(motifs: Store) -> None:
    result = cluster_embeddings(motifs, "Texts", **SETTINGS).clustering_result_id
    frame = load_cluster_stability_df(motifs, result, resamples=6, clouds=2)
    assert frame.schema == schema_of(STABILITY_COLUMNS)
    assert frame["cluster_id"].to_list() == [0, 1, 2, 3]
    assert frame["jaccard"].min() > 0.9
    assert set(frame["verdict"]) == {"stable"}
    assert frame["n_runs"].to_list() == [RUNS] * 4
    assert frame.equals(load_cluster_stability_df(motifs, result, resamples=6, clouds=2))


def test_the_stability_of_another_algorithm_is_by_that_algorithm(motifs: Store) -> None:
    result = cluster_embeddings(motifs, "Texts", algorithm="optics", downsample=3, min_cluster_size=8, min_samples=3)
    frame = load_cluster_stability_df(motifs, result.clustering_result_id, resamples=2, clouds=0)
    assert set(frame["algorithm"]) == {"optics"}
    assert frame["jaccard"].max() > 0.9
    assert frame["null_p"].is_null().all()


def test_a_result_without_clusters_or_of_an_unknown_algorithm_is_refused(motifs: Store, clustering) -> None:
    with motifs.session() as session:
        ids = session.scalars(
            select(Embedding.id).where(Embedding.embedding_model_id == 1).order_by(Embedding.id)
        ).all()
    with motifs.transaction() as session:
        none = save_clustering(session, clustering(dict.fromkeys(ids, -1), last=ids[-1])).id
        unknown = clustering(dict.fromkeys(ids, 0), [ids[0]], last=ids[-1], algorithm="hdbscn")
        unknown_id = save_clustering(session, unknown).id
    with pytest.raises(ClusteringError, match="has no clusters"):
        load_cluster_stability_df(motifs, none)
    with pytest.raises(ClusteringError, match='found no clustering algorithm "hdbscn"; did you mean "hdbscan"'):
        load_cluster_stability_df(motifs, unknown_id)


def test_a_vector_that_is_no_number_is_refused_and_no_verdict_given(motifs: Store) -> None:
    result = cluster_embeddings(motifs, "Texts", **SETTINGS).clustering_result_id
    broken = np.full(64, np.nan, dtype="<f4").tobytes()
    with motifs.transaction() as session:
        first = session.scalars(select(Embedding.id).where(Embedding.embedding_model_id == 1)).first()
        session.get_one(EmbeddingVector, first).vector = broken
    with pytest.raises(ClusteringError, match="has length nan; expected unit vectors"):
        load_cluster_stability_df(motifs, result, resamples=2, clouds=0)


def test_subsamples_that_are_too_small_have_no_clusters_and_nothing_else_is_forgiven(motifs: Store) -> None:
    by_hdbscan = cluster_embeddings(motifs, "Texts", **SETTINGS).clustering_result_id
    settings = {"min_cluster_size": 8, "min_samples": 3}
    by_optics = cluster_embeddings(motifs, "Texts", algorithm="optics", **settings).clustering_result_id
    for result in (by_hdbscan, by_optics):
        stored = load_stored_clustering(motifs, result)
        again, vectors = reclusterer(stored), stored.trajectories.vectors
        assert again(vectors[:7]).tolist() == [-1] * 7
        assert again(np.repeat(vectors[:1], 20, axis=0)).tolist() == [-1] * 20
        assert len(again(vectors[:8])) == 8
        with pytest.raises(ClusteringError, match="expected unit vectors"):
            again(2 * vectors)
        frame = load_cluster_stability_df(motifs, result, resamples=2, share=0.01, clouds=0)
        assert frame["jaccard"].drop_nulls().len(), "one run is a subsample"


def test_a_sweep_stores_nothing_and_explains_the_outliers(motifs: Store) -> None:
    grid = {"min_cluster_sizes": (8, 60), "epsilons": (0.0, 0.5, 1.5), "min_samples": (3,)}
    frame = load_parameter_sweep_df(motifs, "Texts", **grid, allow_single_cluster=False, downsample=2)
    assert frame.schema == schema_of(SWEEP_COLUMNS)
    assert frame.height == 6
    assert set(frame["n"]) == {RUNS * STEPS // 2}
    first = frame.row(0, named=True)
    assert (first["n_clusters"], first["ari_to_neighbour"], first["null_p"]) == (4, None, None)
    assert 0.05 < first["lower"] <= first["outlier_share"] <= first["upper"] < 0.3
    explained = explain_outlier_share(frame)
    assert set(explained) == {"epsilon", "min_cluster_size"}
    assert all(0 <= share <= 1 for share in explained.values())
    with motifs.session() as session:
        assert session.scalar(select(func.count()).select_from(ClusteringResult)) == 0
    with pytest.raises(ClusteringError, match='found no embeddings by "Txts"'):
        load_parameter_sweep_df(motifs, "Txts", **grid)
    with pytest.raises(ClusteringError, match="downsample is 0"):
        load_parameter_sweep_df(motifs, "Texts", **grid, downsample=0)
    chosen = load_parameter_sweep_df(motifs, "Texts", min_cluster_sizes=(8,), epsilons=(0.0,), experiment_ids=[1])
    assert chosen["min_samples"].to_list() == [2, 5, 10], "the default of a clustering, and what explains outliers"
    fewer = load_parameter_sweep_df(motifs, "Texts", **grid, without_prompts=["prompt 1"])
    assert (set(fewer["n"]), set(fewer["n_runs"])) == ({RUNS * STEPS * 2 // 3}, {RUNS * 2 // 3})
    with pytest.raises(ClusteringError, match='did you mean "prompt '):
        load_parameter_sweep_df(motifs, "Texts", **grid, without_prompts=["prompt"])


def test_outliers_are_explained_by_what_is_known_of_them(motifs: Store) -> None:
    result = cluster_embeddings(motifs, "Texts", **SETTINGS).clustering_result_id
    frame = load_outlier_diagnostics_df(motifs, result)
    assert frame.schema == schema_of(DIAGNOSTIC_COLUMNS)
    whole, separation = frame.row(0, named=True), frame.row(1, named=True)
    assert whole["share"] == pytest.approx(1 / 6, abs=0.02)
    assert separation["estimate"] > 0.99
    assert separation["null_p"] < 0.02
    lengths = frame.filter(pl.col("parameter") == "caption length")
    assert lengths.filter(pl.col("kind") == "share")["share"].to_list() == pytest.approx([0, 1], abs=0.02)
    effect = lengths.filter(pl.col("kind") == "coefficient").row(0, named=True)
    assert effect["coefficient"] == effect["estimate"] > effect["lower"] > 0
    parameters = {"all", "neighbour distance", "min_cluster_size", "caption length", "sequence number", "repeats"}
    assert set(frame["parameter"]) == parameters | {"network", "model"}
    sizes = frame.filter(pl.col("parameter") == "min_cluster_size")
    assert "8" in sizes["value"].to_list()
    assert sizes["null_mean"].mean() > sizes["share"].mean()
    pictures = cluster_embeddings(motifs, "Pictures", **SETTINGS).clustering_result_id
    found = load_outlier_diagnostics_df(motifs, pictures, clouds=0)
    assert "caption length" not in set(found["parameter"])
    assert set(found.filter(pl.col("parameter") == "model")["value"].drop_nulls()) == {"Paint", "Sketch"}
