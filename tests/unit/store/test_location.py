"""A path or a URL, read once."""

from pathlib import Path

import pytest

from loopscope.errors import StoreError
from loopscope.store.location import parse_location


@pytest.mark.parametrize("location", ["a b.db", Path("a b.db"), "sqlite:///a b.db", "sqlite+pysqlite:///a b.db"])
def test_a_path(location: str | Path) -> None:
    place = parse_location(location)
    assert (place.name, place.path, place.url) == ("a b.db", Path("a b.db"), None)
    assert place.option == "--db 'a b.db'"
    assert place.folder == Path.cwd()


def test_an_absolute_url() -> None:
    assert parse_location("sqlite:////data/x.db").path == Path("/data/x.db")


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg", "postgres"])
def test_postgresql_goes_to_psycopg_and_hides_its_password(scheme: str) -> None:
    place = parse_location(f"{scheme}://me:secret@host:5433/name")
    assert place.name == "postgresql+psycopg://me:***@host:5433/name"
    assert place.url is not None
    assert (place.url.drivername, place.url.password) == ("postgresql+psycopg", "secret")
    assert place.path is None


@pytest.mark.parametrize("location", ["mysql://host/name", "postgresql+psycopg2://host/name", "http://[", "sqlite://"])
def test_another_url_is_refused(location: str) -> None:
    with pytest.raises(StoreError, match="expected a path such as"):
        parse_location(location)


def test_memory_is_no_place_to_keep_anything() -> None:
    with pytest.raises(StoreError, match="a Loopscope database is a file"):
        parse_location(":memory:")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"is a folder; .*loopscope\.db"):
        parse_location(tmp_path)
