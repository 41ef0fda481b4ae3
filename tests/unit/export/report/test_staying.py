"""What the report says of stays and of returns."""

import polars as pl

from loopscope.export.report.sections.staying import say_gaps, say_returns, say_stays

ESTIMATE = {"lower": 4.3, "upper": 7.4, "null_lower": 1.4, "null_upper": 1.8, "n_durations": 21, "n_censored": 4}


def make_means():
    known = [
        ESTIMATE | {"cluster_id": at, "estimate": 5.7, "null_mean": 1.5, "null_p": 0.01, "reason": None}
        for at in (0, 1)
    ]
    by_chance = known[0] | {"cluster_id": 2, "null_p": 0.5}
    shorter = known[0] | {"cluster_id": 3, "estimate": 1.1, "null_p": 0.01}
    never_left = dict.fromkeys(known[0]) | {"cluster_id": 4, "reason": "no stay is seen to end"}
    return pl.DataFrame([*known, by_chance, shorter, never_left])


def test_the_mean_minds_stays_that_are_cut_off():
    said = say_stays(make_means(), 1, 5)
    assert said[0].startswith(
        "In cluster 1, where most steps are, a stay lasts 5.7 [4.3, 7.4] steps on average (4 of 21"
    )
    assert "shuffled order gives 1.5 [1.4, 1.8], p = 0.01" in said[0]


def test_a_cluster_that_is_missing_has_a_reason():
    said = say_stays(make_means(), 0, 6)[1]
    assert said.startswith("In 2 of 6 clusters a stay is longer")
    assert (
        "nothing is known of 2 (cluster 4: no stay is seen to end; 1 cluster without an output of these runs)" in said
    )
    assert "nothing is known" not in say_stays(make_means().filter(pl.col("cluster_id") < 4), 0, 4)[1]


def test_where_the_largest_has_no_mean_it_is_not_told():
    assert len(say_stays(make_means(), 4, 5)) == 1


def test_returns_are_those_that_are_seen():
    inside = pl.DataFrame({"right_censored": [False, False, True]})
    returns = pl.DataFrame({"cluster_id": [0, 0, 0, -1], "censored": [False, False, True, False], "gap": [1, 4, 9, 3]})
    assert "in 1 of 2 cases (50.0 %)" in say_returns(inside, returns)
    assert say_returns(inside.filter("right_censored"), returns) == "No cluster is ever left."


def test_gaps_are_the_estimates_with_their_intervals():
    row = ESTIMATE | {"cluster_id": 3, "estimate": 5.7, "reason": None}
    mean = row | {"quantity": "mean (Kaplan-Meier)", "null": None, "null_mean": None, "null_p": None}
    bursts = row | {"quantity": "dispersion", "null": "S", "null_mean": 2.0, "null_p": 0.01}
    said = say_gaps(pl.DataFrame([mean, bursts]))
    assert said[0].startswith("From a step in cluster 3 to the next in it are 5.7 [4.3, 7.4] steps on average or more")
    assert "is 5.7 [4.3, 7.4]; shuffled order gives 2 [1.4, 1.8], p = 0.01" in said[1]
    assert say_gaps(pl.DataFrame([mean | {"reason": "never left"}])) == []
