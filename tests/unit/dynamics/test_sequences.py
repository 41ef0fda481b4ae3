import numpy as np
import pytest

from loopscope.dynamics.sequences import MISSING, Sequences


def test_runs_keep_their_symbols_and_groups():
    sequences = Sequences.of([[0, -1, 2], [], [MISSING, 1]], ["fox", "lake", "fox"])
    assert [run.tolist() for run in sequences] == [[0, -1, 2], [], [MISSING, 1]]
    assert sequences.run.tolist() == [0, 0, 0, 2, 2]
    assert sequences.group.tolist() == [0, 1, 0]
    assert (sequences.n_symbols, len(sequences), sequences.n_runs) == (3, 5, 3)


def test_a_run_may_be_taken_twice():
    taken = Sequences.of([[0, 1], [2], [3, 3]], [5, 6, 7]).take([2, 0, 2])
    assert [run.tolist() for run in taken] == [[3, 3], [0, 1], [3, 3]]
    assert len(np.unique(taken.group)) == 2


def test_no_run_and_a_wrong_symbol():
    assert Sequences.of([]).n_runs == 0
    assert Sequences.of([]).n_symbols == 0
    with pytest.raises(ValueError, match="found the symbol -3"):
        Sequences.of([[0, -3]])
