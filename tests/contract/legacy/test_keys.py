"""Keys that are reserved are given out to nobody else, and never those of rows that are gone."""

from collections.abc import Callable

import pytest
from sqlalchemy import delete

from loopscope.schemas import Embedding, EmbeddingCluster, Picture, Run
from loopscope.store.clusterings import delete_clustering
from loopscope.store.connection import Store
from loopscope.store.legacy.keys import reserve_keys


@pytest.mark.parametrize("number", [0, 1, 5])
def test_reserved_keys_follow_those_that_are_there(store: Store, number: int) -> None:
    with store.transaction() as session:
        first = reserve_keys(session, Picture, number)
        rows = [Picture(id=first + each, media_type="image/png", width=1, height=1, data=b"") for each in range(number)]
        session.add_all(rows)
        session.flush()
        other = Picture(media_type="image/png", width=1, height=1, data=b"")
        session.add(other)
        session.flush()
        assert first == 1
        assert other.id > first + number - 1


def test_the_key_of_an_embedding_that_is_gone_is_not_used_again(
    sqlite_store: Store, fill_store: Callable[[Store], None]
) -> None:
    fill_store(sqlite_store)  # embeddings 1 to 13
    with sqlite_store.transaction() as session:
        delete_clustering(session, 1)
        assert session.query(EmbeddingCluster).count() == 0
        session.execute(delete(Run).where(Run.id == 3))  # with the embeddings 12 and 13
        session.flush()
        assert reserve_keys(session, Embedding, 3) == 14
