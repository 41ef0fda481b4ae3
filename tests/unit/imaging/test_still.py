import itertools

import pytest

from loopscope.imaging.still import Still, choose_evenly, find_spans
from loopscope.types import OutputType

IMAGE, TEXT = OutputType.IMAGE, OutputType.TEXT


@pytest.mark.parametrize(
    ("types", "expected"),
    [
        ([IMAGE, TEXT], [(0, 1), (2, 3), (4, 5), (6, 6)]),
        ([TEXT, IMAGE], [(0, 0), (1, 2), (3, 4), (5, 6)]),
        ([IMAGE], [(n, n) for n in range(7)]),
        ([TEXT], [(n, n) for n in range(7)]),
        ([IMAGE, TEXT, TEXT], [(0, 1), (2, 2), (3, 4), (5, 5), (6, 6)]),
        ([IMAGE, IMAGE, TEXT], [(0, 0), (1, 2), (3, 3), (4, 5), (6, 6)]),
    ],
)
def test_a_text_goes_with_the_picture_before_it(types, expected):
    assert find_spans(types, 7) == expected


def test_a_run_without_outputs_has_no_stills():
    assert find_spans([IMAGE, TEXT], 0) == []


@pytest.mark.parametrize("length", [0, 1, 2, 7, 60, 1000])
@pytest.mark.parametrize("most", [1, 2, 3, 10, 64])
def test_what_is_chosen_evenly(length, most):
    chosen = choose_evenly(length, most)
    assert len(chosen) == min(length, most)
    assert chosen == sorted(set(chosen))
    if length and most > 1:
        assert (chosen[0], chosen[-1]) == (0, length - 1)
    gaps = {after - before for before, after in itertools.pairwise(chosen)}
    assert not gaps or max(gaps) - min(gaps) <= 1


def test_what_a_clustering_says_nothing_of_is_told_from_no_clustering():
    assert Still(0, 0, colour="#eeeeee").cluster == "not clustered"
    assert Still(0, 0).cluster == ""
