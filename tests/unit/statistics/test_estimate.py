"""What an estimate says of draws that have no value, or are of one run."""

import numpy as np

from loopscope.statistics.estimate import make_estimate


def test_one_run_has_no_interval_and_a_null_without_values_is_said():
    one = make_estimate(0.5, [0.4, 0.5, 0.6], [np.nan, 0.1], n_runs=1, method="bootstrap")
    assert np.isnan(one.lower)
    assert np.isnan(one.upper)
    assert one.method == "bootstrap; no interval: it comes from one run; a value in 1 of 2 draws from the null"
    assert make_estimate(0.5, [], [], n_runs=1, method="bootstrap").method == "bootstrap"
