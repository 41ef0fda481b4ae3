"""Every registered frame has exactly the columns that it declares, on SQLite and on PostgreSQL alike."""

import polars as pl
import pytest

from loopscope import data_prep
from loopscope.data_prep.registry import FRAMES, Subject, find_frame
from loopscope.errors import ClusteringError, NotFoundError
from loopscope.store.clusterings import save_clustering

NAMES = [frame.name for frame in FRAMES]
LIMITED = {"cluster_stability": {"resamples": 2, "clouds": 1}, "outlier_diagnostics": {}, "parameter_sweep": {}}


@pytest.fixture
def two_results(filled, clustering):
    with filled.transaction() as session:
        save_clustering(session, clustering({2: 0, 4: 1, 6: 1, 8: 1, 10: -1}, [2, 8]))
    return filled


@pytest.mark.parametrize("name", NAMES)
def test_a_frame_is_what_is_declared(two_results, name):
    frame = find_frame(name)
    subject = Subject(1, 1, ("TextModel", "ImageModel"), 1, compared_with=2)
    try:
        loaded = frame.load_of(two_results, subject)
    except ClusteringError:
        assert name in LIMITED  # five embeddings are too few to be clustered again
        return
    assert loaded.columns == [column.name for column in frame.columns]
    declared = {column.name: column.dtype for column in frame.columns if column.name != "parameters"}
    assert {column: loaded.schema[column] for column in declared} == declared
    if {"estimate", "reason"} <= declared.keys():
        assert loaded.filter(pl.col("estimate").is_null() == pl.col("reason").is_null()).is_empty()


def test_names_and_columns_are_told_apart_and_every_one_means_something():
    assert len(set(NAMES)) == len(NAMES)
    for frame in FRAMES:
        names = [column.name for column in frame.columns]
        assert len(set(names)) == len(names), frame.name
        assert all(column.meaning for column in frame.columns), frame.name
        assert frame.grain.startswith("one row for each "), frame.name


def test_every_public_loader_is_registered():
    registered = {frame.load.__name__ for frame in FRAMES} | {"load_parameter_sweep_df"}
    assert set(data_prep.__all__) <= registered


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("medoids", None),
        ("transitions", "there is no clustering result; make one"),
        ("cluster_absorption", "there is no clustering result; make one"),
        ("cluster_comparison", "there is no clustering result; make one"),
        ("divergence", "there is no embedding model"),
    ],
)
def test_what_a_subject_lacks_is_said(filled, name, said):
    if said is None:
        assert find_frame(name).load_of(filled, Subject()).height == 3
        return
    with pytest.raises(NotFoundError, match=said):
        find_frame(name).load_of(filled, Subject(1))


def test_a_frame_that_needs_a_model_is_loaded_of_each(filled):
    both = find_frame("divergence").load_of(filled, Subject(1, embedding_models=("TextModel", "ImageModel")))
    assert set(both["embedding_model"]) == {"TextModel", "ImageModel"}


def test_rows_of_other_experiments_are_left_out(filled):
    assert set(find_frame("cluster_outputs").load_of(filled, Subject(2, 1))["experiment_id"]) <= {2}
    assert find_frame("experiments").load_of(filled, Subject(2))["experiment_id"].to_list() == [2]
    assert find_frame("clustering_results").load_of(filled, Subject(2, 1)).height == 1
