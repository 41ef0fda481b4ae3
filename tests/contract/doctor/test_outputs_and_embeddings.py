"""Pictures, vectors and diagrams that are not what their rows say."""

from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image
from sqlalchemy import delete, select, text, update

from loopscope.schemas import (
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
)
from loopscope.store.clusterings import delete_clustering


def test_a_picture_that_is_none(spoilt: Any) -> None:
    with spoilt.made() as rows:
        rows.any_picture().data = b"no picture"
    spoilt.tells("picture", "data that do not decode: 10 bytes of no known format", "a picture")


def test_a_picture_that_is_cut_short(spoilt: Any) -> None:
    with spoilt.made() as rows:
        picture = rows.any_picture()
        picture.data = picture.data[: len(picture.data) // 2]
    spoilt.tells("picture", "data that do not decode", "a picture")


def test_a_picture_of_another_size(spoilt: Any) -> None:
    with spoilt.made() as rows:
        rows.any_picture().width = 17
    spoilt.tells("picture", "width 17", "width 16, as its data say", fixable=True)


def test_a_picture_of_another_type(spoilt: Any) -> None:
    with spoilt.made() as rows:
        rows.any_picture().media_type = "image/png"
    spoilt.tells("picture", "media_type image/png", "media_type image/webp, as its data say", fixable=True)


def test_the_size_of_a_picture_that_was_changed_is_not_mended(spoilt: Any) -> None:
    with spoilt.made() as rows:
        picture, file = rows.any_picture(), BytesIO()
        Image.new("RGB", (8, 8), "navy").save(file, "WEBP", lossless=True)
        picture.data = file.getvalue()
    spoilt.tells_all(
        spoilt.fault("invocation", "output_hash", "the hash of its picture"),
        spoilt.fault("picture", "width 16, height 16", "width 8, height 8, as its data say"),
    )


def test_an_orphan_picture(spoilt: Any) -> None:
    with spoilt.made() as rows:
        rows.session.add(Picture(media_type="image/webp", width=16, height=16, data=rows.any_picture().data))
    spoilt.tells("picture", "no invocation whose output it is", "an invocation that refers to it", fixable=True)


def test_a_vector_that_is_too_short(spoilt: Any) -> None:
    with spoilt.made() as rows:
        rows.set_vector(rows.unclustered_embedding(), lambda vector: vector[:-1])
    spoilt.tells("embedding", "a vector of 100 bytes", "104 bytes, for 26 dimensions")


def test_a_vector_with_nan(spoilt: Any) -> None:
    with spoilt.made() as rows:
        rows.set_vector(rows.unclustered_embedding(), lambda vector: vector * np.nan)
    spoilt.tells("embedding", "NaN or infinity", "finite numbers")


def test_a_vector_that_is_too_long(spoilt: Any) -> None:
    with spoilt.made() as rows:
        rows.set_vector(rows.unclustered_embedding(), lambda vector: vector * 2)
    spoilt.tells("embedding", "a vector of length 2", "1")


def test_what_is_typed_about_a_vector_brings_it_back(spoilt: Any) -> None:
    with spoilt.made() as rows:
        key = rows.members_of(rows.first_cluster())[-1]
        rows.set_vector(key, lambda vector: vector[:-1])
        query = select(EmbeddingCluster.clustering_result_id).where(EmbeddingCluster.embedding_id == key)
        holders = list(rows.session.scalars(query.order_by(EmbeddingCluster.clustering_result_id)))
        uuids = {result.id: result.uuid.hex[:8] for result in rows.results_of()}
        experiment_id = rows.session.scalars(select(Experiment.id).order_by(Experiment.id)).first()
    *deletes, by_hand, resume = spoilt.examine()[0].command
    assert {each.split()[-1] for each in deletes} <= {uuids[each] for each in holders}
    with spoilt.store.transaction() as session:
        for each in deletes:
            short = each.removeprefix("loopscope cluster delete ")
            delete_clustering(session, next(result_id for result_id, uuid in uuids.items() if uuid == short))
    with spoilt.store.transaction() as session:
        session.execute(text(by_hand.split('"')[1].removeprefix("PRAGMA foreign_keys = ON; ")))
    assert resume.startswith("loopscope experiment resume ")
    spoilt.resume(experiment_id)
    assert spoilt.examine() == []


def test_an_embedding_without_a_vector(spoilt: Any) -> None:
    with spoilt.made() as rows:
        rows.session.execute(
            delete(EmbeddingVector).where(EmbeddingVector.embedding_id == rows.unclustered_embedding())
        )
    spoilt.tells("embedding", "no vector", "one")


def test_an_embedding_of_the_wrong_type(spoilt: Any) -> None:
    with spoilt.made() as rows:
        embedding = rows.session.get_one(Embedding, rows.unclustered_embedding())
        taken = select(Embedding.invocation_id).where(Embedding.embedding_model_id == embedding.embedding_model_id)
        pictures = select(Invocation.id).where(Invocation.output_type == "image", Invocation.id.not_in(taken))
        rows.session.execute(delete(LaterAssignment).where(LaterAssignment.embedding_id == embedding.id))
        embedding.invocation_id = rows.session.scalars(pictures).first() or 0
    spoilt.tells("embedding", "an output of type image", "text, which FakeTextEmbedder takes")


def test_a_prompt_s_vector_that_is_too_short(spoilt: Any) -> None:
    with spoilt.made() as rows:
        rows.session.execute(update(PromptEmbedding).where(PromptEmbedding.run_id == 1).values(vector=b"12345678"))
    spoilt.tells("prompt_embedding", "a vector of 8 bytes", "104 bytes, for 26 dimensions")


def test_a_prompt_s_embedding_by_a_model_of_pictures(spoilt: Any) -> None:
    with spoilt.made() as rows:
        key = rows.session.scalars(select(EmbeddingModel.id).where(EmbeddingModel.takes == "image")).one()
        vector = np.array([1, 0, 0], dtype="<f4").tobytes()
        rows.session.add(PromptEmbedding(run_id=1, embedding_model_id=key, vector=vector))
    spoilt.tells("prompt_embedding", "a prompt by a model that takes an image", "none")


def test_a_diagram_that_is_cut_short(spoilt: Any) -> None:
    with spoilt.made() as rows:
        diagram = rows.session.scalars(select(PersistenceDiagram)).one()
        diagram.points = diagram.points[:-1]
    spoilt.tells("persistence_diagram", "points of 31 bytes", "16 for each point")


def test_a_diagram_that_dies_early(spoilt: Any) -> None:
    with spoilt.made() as rows:
        diagram = rows.session.scalars(select(PersistenceDiagram)).one()
        diagram.points = np.array([[0, 0.5], [2, 1]], dtype="<f8").tobytes()
    spoilt.tells("persistence_diagram", "1 points that die before they are born", "finite births")


def test_a_diagram_of_more_components_than_embeddings(spoilt: Any) -> None:
    with spoilt.made() as rows:
        diagram = rows.session.scalars(select(PersistenceDiagram)).one()
        diagram.points = np.array([[0, 0.5], [0, 0.5], [0, np.inf]], dtype="<f8").tobytes()
    spoilt.tells("persistence_diagram", "3 components of 2 embeddings", "at most 2")


def test_a_diagram_without_a_component_that_never_ends(spoilt: Any) -> None:
    with spoilt.made() as rows:
        diagram = rows.session.scalars(select(PersistenceDiagram)).one()
        diagram.points = np.array([[0, 0.5]], dtype="<f8").tobytes()
    spoilt.tells("persistence_diagram", "0 components that never end", "1")


def test_a_diagram_that_lacks_a_dimension(spoilt: Any) -> None:
    with spoilt.made() as rows:
        rows.session.scalars(select(PersistenceDiagram)).one().max_dimension = 1
    spoilt.tells("persistence_diagram", "1 dimensions", "2: dimensions 0 to 1")


def test_attempts_without_the_failed_ones(spoilt: Any) -> None:
    with spoilt.made() as rows:
        _, last = rows.add_run(length=3, max_length=24, stop_reason=None)
        last.attempts = 3
    spoilt.tells("invocation", "attempts 3 with 0 failed attempts", "at least 2 rows in failed_attempt")
