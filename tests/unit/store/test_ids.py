"""From the first digits of a public id to its row."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from loopscope.errors import NotFoundError
from loopscope.schemas import ClusteringResult, Experiment, Run
from loopscope.store.connection import Store
from loopscope.store.ids import resolve_uuid

UUIDS = [
    UUID("0688868050550750978308736376930f"),
    UUID("06888680505507e09783087363769318"),
    UUID("f0000000000000000000000000000000"),
]


@pytest.fixture
def store(sqlite_store: Store) -> Store:
    with sqlite_store.transaction() as session:
        for key, uuid in enumerate(UUIDS, start=1):
            session.add(Experiment(id=key, uuid=uuid, config={}, config_hash="", created_at=datetime.now(UTC)))
    return sqlite_store


@pytest.mark.parametrize(
    ("prefix", "key"),
    [
        ("f", 3),
        ("F", 3),
        ("068886805055075", 1),
        ("06888680-5055-07e", 2),
        ("06888680505507E", 2),
        (str(UUIDS[0]), 1),
        (UUIDS[1].hex, 2),
        (" f000 ", 3),
    ],
)
def test_a_unique_prefix_is_enough(store: Store, prefix: str, key: int) -> None:
    with store.session() as session:
        assert resolve_uuid(session, Experiment, prefix) == key


@pytest.mark.parametrize("prefix", ["0", "0688868050550", "06888680-5055-0"])
def test_several_are_listed(store: Store, prefix: str) -> None:
    with store.session() as session, pytest.raises(NotFoundError) as caught:
        resolve_uuid(session, Experiment, prefix)
    assert f"{UUIDS[0]}, {UUIDS[1]}; expected more digits" in str(caught.value)
    assert str(UUIDS[2]) not in str(caught.value)


def test_none_names_the_newest_and_the_command(store: Store) -> None:
    with store.session() as session, pytest.raises(NotFoundError) as caught:
        resolve_uuid(session, Experiment, "abc")
    assert str(caught.value) == (
        f"no experiment has an id that begins with 'abc'; the newest of 3 are {UUIDS[2]}, {UUIDS[1]}, {UUIDS[0]}; "
        "see all: loopscope experiment list"
    )


def test_none_at_all_says_so(store: Store) -> None:
    with store.session() as session, pytest.raises(NotFoundError, match="begins with 'a'; there is no run yet"):
        resolve_uuid(session, Run, "a")


@pytest.mark.parametrize("prefix", ["", "-", "xyz", "0" * 33, "%", "0_"])
def test_what_is_no_id_is_refused(store: Store, prefix: str) -> None:
    with store.session() as session, pytest.raises(NotFoundError, match=r"is no clustering result id; .* cluster"):
        resolve_uuid(session, ClusteringResult, prefix)
