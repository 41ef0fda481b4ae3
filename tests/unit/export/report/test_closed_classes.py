"""What is said of closed classes, and when the numbers of a chain may stand on them."""

import polars as pl
import pytest

from loopscope.export.report.closed_classes import Classes, ClosedClass, name_states, say_classes, say_commonest


def make_transitions(rows):
    """Rows of origin, target, count, class, closed, transitions and runs of the class."""
    names = ("from_cluster", "to_cluster", "count", "class", "closed", "class_count", "class_runs")
    frame = pl.DataFrame(rows, schema=names, orient="row").with_columns(pl.col("closed").cast(pl.Boolean))
    return frame.with_columns(probability=pl.col("count") / pl.col("count").sum().over("from_cluster"))


ONE_RUN_ENDS_THERE = make_transitions(
    [
        (-1, 0, 100, 0, False, 388, 25),
        (0, -1, 90, 0, False, 388, 25),
        (0, 0, 197, 0, False, 388, 25),
        (0, 6, 1, 0, False, 388, 25),
        (6, 6, 12, 1, True, 12, 1),
    ]
)


def test_a_class_that_one_run_never_left_is_not_good_evidence():
    found = Classes.of(ONE_RUN_ENDS_THERE)
    assert not found.is_supported
    said = say_classes(found)
    assert said.startswith("no set of clusters is closed on good evidence")
    assert "cluster 6, was seen in 1 run (12 of 400 transitions)" in said


def test_all_in_one_class_is_no_tautology():
    rows = [(-1, 0, 5, 0, True, 20, 4), (0, -1, 5, 0, True, 20, 4), (0, 0, 10, 0, True, 20, 4)]
    found = Classes.of(make_transitions(rows))
    assert found.is_supported
    assert say_classes(found) == "every cluster leads to every other: the 2 states, outliers being one, make one class"


@pytest.mark.parametrize(("runs", "count", "supported"), [(3, 50, True), (2, 99, False), (30, 49, False)])
def test_support_is_runs_and_transitions(runs, count, supported):
    assert Classes(3, 0, 2, 100, (ClosedClass((1,), runs, count),)).is_supported == supported


def test_several_closed_classes_support_nothing_together():
    closed = (ClosedClass((1,), 9, 90), ClosedClass((2,), 1, 10))
    found = Classes(3, 0, 2, 100, closed)
    assert not found.is_supported
    said = say_classes(found)
    assert "2 sets of clusters are never left" in said
    assert "cluster 1 in 9 runs (90 of 100 transitions) and cluster 2 in 1 run (10 of 100 transitions)" in said


def test_a_cluster_in_which_runs_end_is_not_said_to_lead_anywhere():
    rows = [(0, 0, 5, 0, True, 6, 4), (0, 1, 1, 0, True, 6, 4), (1, None, 0, None, None, None, None)]
    found = Classes.of(make_transitions(rows))
    assert (found.n_states, found.n_unknown) == (2, 1)
    assert "every other" not in say_classes(found)


def test_where_nothing_follows_nothing_is_said_to():
    found = Classes.of(make_transitions([(0, None, 0, None, None, None, None)]))
    assert found.closed == ()
    assert say_classes(found) == "no step is seen to follow another"
    assert say_commonest(make_transitions([(0, 0, 5, 0, True, 5, 1)])) is None


def test_the_commonest_change_is_no_stay():
    said = say_commonest(ONE_RUN_ENDS_THERE)
    assert said == (
        "the commonest change is from outliers to cluster 0: 100 times, 100 % of the transitions that begin there"
    )
    assert name_states((-1, 0)) == "cluster 0 and outliers"
