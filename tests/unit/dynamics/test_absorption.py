from itertools import count

import numpy as np
import pytest

from loopscope.dynamics.absorption import continue_cycles, find_absorption
from loopscope.dynamics.sequences import MISSING, Sequences


def absorb(run, recurring=0):
    found = find_absorption(Sequences.of([run]), np.array([recurring]))
    return int(found.period[0]), int(found.onset[0])


def search(run):
    """The definition, word by word."""
    for period in range(1, len(run) // 2 + 1):
        for onset in range(len(run) - 2 * period + 1):
            if all(run[t + period] == run[t] for t in range(onset, len(run) - period)):
                return period, onset
    return 0, -1


def iterate(step, x, n):
    run = []
    for _ in range(n):
        run.append(x)
        x = step(x)
    return run


def test_an_iterated_map_is_absorbed_where_it_first_comes_back():
    """x² + 1 mod 91, from every start."""
    for start in range(91):
        first_seen, x = {}, start
        for t in count():
            if x in first_seen:
                break
            first_seen[x] = t
            x = (x * x + 1) % 91
        run = iterate(lambda x: (x * x + 1) % 91, start, 60)
        assert absorb(run) == (t - first_seen[x], first_seen[x])


def test_it_is_the_definition_for_thousands_of_short_runs():
    random = np.random.default_rng(0)
    runs = [random.integers(0, random.integers(1, 4), random.integers(0, 15)).tolist() for _ in range(3_000)]
    found = find_absorption(Sequences.of(runs))
    assert [(p, o) for p, o in zip(found.period.tolist(), found.onset.tolist(), strict=True)] == list(map(search, runs))
    assert {0, 1, 2, 3} <= set(found.period.tolist())


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        ([0, 1, 2, 2], (1, 2)),
        ([0, 1, 2], (0, -1)),
        ([7], (0, -1)),
        ([], (0, -1)),
        ([1, 2, 1], (0, -1)),
        ([1, 2, 1, 2], (2, 0)),
        ([9, 1, 2, 3, 1, 2, 3, 1], (3, 1)),
        ([-1, -1, -1], (1, 0)),
        ([3, MISSING, 3], (0, -1)),
        ([3, 3, MISSING, 3, 3], (1, 3)),
        ([3, 3, MISSING], (0, -1)),
        ([MISSING, MISSING, MISSING], (0, -1)),
    ],
    ids=str,
)
def test_two_periods_have_to_be_seen(run, expected):
    assert absorb(run) == expected


def test_a_long_run_takes_a_time_in_proportion():
    run = np.zeros(200_000, dtype=np.int64)  # an almost constant run is what a search by pairs is slowest on
    run[100_000] = 1
    assert absorb(run) == (1, 100_001)
    block = np.append(np.zeros(49_999, dtype=np.int64), 1)
    assert absorb(np.tile(block, 4)) == (50_000, 0)


@pytest.mark.parametrize(
    ("run", "recurring", "expected"),
    [
        ([5, 0, 1, 2, 0], 3, (3, 1)),  # the cycle 0, 1, 2 was seen once
        ([5, 0, 1, 2], 3, (3, 1)),
        ([5, 6, 4], 1, (1, 2)),
        ([5, 4, 4], 1, (1, 1)),
        ([8, 3, 4, 3, 4], 4, (2, 1)),  # what recurs holds its cycle twice
        ([0, 0, 1, 0, 0, 1, 0, 0], 3, (3, 0)),  # its last two steps are equal, yet it is at no fixed point
        ([2, 9, 2], 2, (2, 0)),
        ([5, 0, 1, 0], 3, (3, 1)),  # 0, 1, 0, 0, 1, 0, …: two does not go into three
    ],
    ids=str,
)
def test_a_proved_cycle_need_be_seen_once_only(run, recurring, expected):
    assert absorb(run, recurring) == expected


def test_a_proved_cycle_is_what_would_have_been_seen():
    """Stopped as soon as it is in a state of before, a run tells the same as one that goes on."""
    for start in range(91):
        run = iterate(lambda x: (x * x + 1) % 91, start, 60)
        stop = next(n for n in range(2, 60) if run[n - 1] in run[: n - 1])
        seen_before = run.index(run[stop - 1])
        assert absorb(run[:stop], recurring=stop - 1 - seen_before) == absorb(run)


def test_cycles_go_on_until_two_periods_are_seen():
    sequences = Sequences.of([[5, 0, 1, 2, 0], [1, 2, 3], [0, 0, 0]], group=[0, 1, 1])
    found = find_absorption(sequences, np.array([3, 0, 0]))
    continued = continue_cycles(sequences, found)
    assert [run.tolist() for run in continued] == [[5, 0, 1, 2, 0, 1, 2], [1, 2, 3], [0, 0, 0]]
    assert find_absorption(continued).period.tolist() == found.period.tolist()
    assert continued.group.tolist() == [0, 1, 1]
    assert continue_cycles(continued, find_absorption(continued)) is continued


def test_a_censored_run_counts_up_to_the_last_onset_that_could_be_seen():
    found = find_absorption(Sequences.of([[0, 1, 2, 3], [0, 1, 1], [4]]))
    assert found.time.tolist() == [2, 1, 0]
    assert found.judged.tolist() == [True, True, False]


def test_what_does_not_end_with_two_known_steps_is_not_judged():
    runs = Sequences.of([[0, 1], [0, 1, MISSING], [0, 1, MISSING, 1], [MISSING, 1, 1], [], [2], [MISSING]])
    found = find_absorption(runs, np.array([0, 0, 0, 0, 0, 1, 0]))
    assert found.tail.tolist() == [2, 0, 1, 2, 0, 1, 0]
    assert found.judged.tolist() == [True, False, False, True, False, True, False]
    assert found.take([3, 5]).judged.tolist() == [True, True]
