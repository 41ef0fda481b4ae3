from importlib import import_module
from inspect import signature

import pytest
from typer.main import get_command

from loopscope.cli.app import app
from loopscope.cli.chart.choice import Choice
from loopscope.cli.chart.table import CHARTS


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.name)
def test_every_chart_has_a_function_that_draws_it_and_options_that_exist(chart):
    module, _, function = chart.drawn_by.partition(":")
    assert list(signature(getattr(import_module(f"loopscope.cli.chart.{module}"), function)).parameters) == ["choice"]
    options = {option.name for option in get_command(app).commands["chart"].params}
    assert set(chart.takes) <= options & set(Choice.__dataclass_fields__)
    assert chart.shows


def test_charts_are_told_apart():
    assert len({chart.name for chart in CHARTS}) == len({chart.drawn_by for chart in CHARTS}) == len(CHARTS)


def test_the_options_that_were_given_are_known():
    assert Choice(None, clustering="3a", by="prompt").given == {"clustering": "3a", "by": "prompt"}
    assert Choice(None, by="prompt").grouping == ("initial_prompt",)
    assert Choice(None).grouping == ()
