"""``loopscope cluster``: clusterings performed, shown, compared and deleted."""

from loopscope.cli.cluster import (
    comparing,
    deleting,
    medoids,
    outliers,
    outputs,
    performing,
    showing,
    stability,
    sweeping,
)
from loopscope.cli.cluster.app import app

__all__ = [
    "app",
    "comparing",
    "deleting",
    "medoids",
    "outliers",
    "outputs",
    "performing",
    "showing",
    "stability",
    "sweeping",
]
