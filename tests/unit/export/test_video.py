from itertools import pairwise

import pytest

from loopscope.export.shown_runs import ShownRun
from loopscope.export.video import VideoSettings, _cut, _fit_grid, _paginate
from loopscope.types import OutputType


def run(number, prompt="a fox", network="A→B"):
    return ShownRun(number, f"{number:032x}", network, prompt, None, 4, "full length", (OutputType.IMAGE,))


@pytest.mark.parametrize("sizes", [[20], [21], [40], [5] * 5, [7, 7, 7], [1] * 45, [25, 1], [3, 30, 3], [1]])
def test_pages_hold_every_run_once_and_are_no_fuller_than_asked(sizes):
    runs = [run(n, f"prompt {prompt}") for prompt, size in enumerate(sizes) for n in range(size)]
    cuts = _cut(runs, 20, by_network=True)
    assert (cuts[0], cuts[-1]) == (0, len(runs))
    assert all(0 < after - before <= 20 for before, after in pairwise(cuts))
    assert len(cuts) - 1 == -(-len(runs) // 20)


def test_the_runs_of_a_prompt_stay_together_where_that_will_do():
    runs = [run(n, f"prompt {prompt}") for prompt in range(5) for n in range(5)]
    assert _cut(runs, 20, by_network=True) in ([0, 10, 25], [0, 15, 25])


def test_the_runs_of_one_prompt_are_cut_evenly():
    assert _cut([run(n) for n in range(25)], 20, by_network=True) == [0, 12, 25]


@pytest.mark.parametrize(("tiles", "grid"), [(20, (5, 4)), (1, (1, 1)), (6, (3, 2)), (5, (3, 2)), (12, (4, 3))])
def test_a_page_has_as_large_tiles_as_it_can(tiles, grid):
    assert _fit_grid(tiles, VideoSettings()) == grid


def test_a_grid_is_never_larger_than_asked():
    for tiles in range(1, 21):
        columns, rows = _fit_grid(tiles, VideoSettings())
        assert columns <= 5
        assert rows <= 4
        assert columns * rows >= tiles


def test_each_network_or_prompt_has_a_title_of_its_own():
    runs = [run(n, prompt, network) for n, (network, prompt) in enumerate([("A→B", "a"), ("A→B", "b"), ("B→A", "b")])]
    by_network = list(_paginate(runs, VideoSettings()))
    assert [(page.heading, page.lines) for page in by_network] == [("A → B", ["“a”", "“b”"]), ("B → A", ["“b”"])]
    by_prompt = list(_paginate(runs, VideoSettings(by="prompt")))
    assert [page.heading for page in by_prompt] == ["“a”", "“b”"]
    assert by_prompt[1].lines == ["A → B", "B → A"]
