"""A database that an earlier Loopscope left is brought up to date and read: one saved for each revision."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text

from loopscope.data_prep import load_clusters_df, load_embeddings_df, load_medoids_df
from loopscope.store.connection import open_store
from loopscope.store.revision import HEAD, REVISIONS
from loopscope.store.upgrade import upgrade_store

SAVED = Path(__file__).with_name("saved")


def test_every_revision_was_saved() -> None:
    assert {path.stem for path in SAVED.glob("*.sql")} == set(REVISIONS)


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_saved_database_is_upgraded_and_read(revision: str, tmp_path: Path) -> None:
    path = tmp_path / "saved.db"
    saved = sqlite3.connect(path)
    saved.executescript((SAVED / f"{revision}.sql").read_text())
    saved.close()
    upgrade = upgrade_store(path)
    assert (upgrade.before, upgrade.after) == (revision, HEAD)
    with open_store(path) as store, store.session() as session:
        assert session.execute(text("PRAGMA foreign_key_check")).all() == []
        assert session.execute(text("PRAGMA integrity_check")).scalar() == "ok"
        assert session.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        clusters = load_clusters_df(session)
        vectors = load_embeddings_df(session, "TextModel", include_vectors=True)
        medoids = load_medoids_df(session, include_pictures=True)
    assert clusters.select("embedding_id", "cluster_id", "cluster_label").rows() == [
        (2, 0, "text 2"),
        (4, 0, "text 2"),
        (6, -1, "OUTLIER"),
        (8, 1, "text 8"),
        (10, -1, "OUTLIER"),
    ]
    assert vectors["vector"].to_list()[2] == [0, 1, 0, 0]
    assert medoids["picture"].to_list() == [None, b"picture 1", b"picture 7"]
