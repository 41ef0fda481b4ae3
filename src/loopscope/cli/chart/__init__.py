"""``loopscope chart``: every chart by its name."""

from loopscope.cli.chart.app import draw_chart

__all__ = ["draw_chart"]
