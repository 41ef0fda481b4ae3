"""The labels of every run as sequences: holes, what came later, and runs that have none."""

from typing import Any

from loopscope.data_prep.label_sequences import load_label_sequences
from loopscope.dynamics.sequences import MISSING
from loopscope.store.clusterings import save_clustering
from loopscope.store.connection import Store


def test_a_step_without_an_assignment_is_a_hole(filled: Store, clustering: Any) -> None:
    with filled.transaction() as session:
        result = save_clustering(session, clustering({1: 0, 5: -1, 7: 1, 9: 1, 12: 0, 13: 0}, [1, 7], model_id=2))
    with filled.session() as session:
        labels = load_label_sequences(session, result.id)
    assert labels.runs["run_id"].to_list() == [1, 2, 3]
    assert [run.tolist() for run in labels.sequences] == [[0, MISSING, -1], [1, 1], [0, 0]]
    assert labels.embedding_id.tolist() == [1, -1, 5, 7, 9, 12, 13]
    assert labels.sequence_number.tolist() == [0, -1, 4, 0, 2, 0, 1]
    assert labels.keys["output_type"] == "image"


def test_downsampled_steps_follow_one_another(filled: Store, clustering: Any) -> None:
    with filled.transaction() as session:
        every_second = clustering({1: 0, 5: 1, 7: 1, 11: 1}, [1, 5], model_id=2, downsample=2)
        result = save_clustering(session, every_second)
    with filled.session() as session:
        labels = load_label_sequences(session, result.id)
    assert [run.tolist() for run in labels.sequences] == [[0, 1], [1, 1]]


def test_runs_are_grouped_by_what_is_asked_for(filled: Store) -> None:
    with filled.session() as session:
        labels = load_label_sequences(session, 1)
        other = load_label_sequences(session, 1, experiment_id=2)
    groups = {
        values["initial_prompt"]: [run.tolist() for run in part] for values, part in labels.groups(["initial_prompt"])
    }
    assert groups == {"a fox": [[0, 0, -1]], "a lake": [[1, -1]]}
    assert [values for values, _ in labels.groups([])] == [{"steps_per_loop": 1}]
    assert other.sequences.n_runs == 0
    assert list(other.groups([])) == []
