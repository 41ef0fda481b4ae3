"""The ids that a person types, beside the keys of a frame."""

from uuid import UUID

import polars as pl

from loopscope.data_prep.public_ids import add_public_ids
from loopscope.schemas import ClusteringResult
from loopscope.store.connection import Store


def test_runs_and_the_clustering_result_get_their_public_ids(filled: Store) -> None:
    with filled.session() as session:
        frame = pl.DataFrame({"run_id": [2, 1, 2], "clustering_result_id": [1, 1, 1]})
        named = add_public_ids(session, frame)
        result = str(session.get_one(ClusteringResult, 1).uuid)
    assert named["run_id"].to_list() == [2, 1, 2]
    assert named["run_uuid"].to_list() == [str(UUID(int=number << 124)) for number in (2, 1, 2)]
    assert named["clustering_result_uuid"].to_list() == [result] * 3


def test_what_is_named_or_has_no_key_stays(filled: Store) -> None:
    named = pl.DataFrame({"run_id": [1], "run_uuid": ["mine"]})
    nothing = pl.DataFrame({"step": [0]})
    with filled.session() as session:
        assert add_public_ids(session, named).equals(named)
        assert add_public_ids(session, nothing).equals(nothing)
