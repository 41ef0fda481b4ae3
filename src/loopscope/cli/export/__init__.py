"""``loopscope export``: files out of a database."""

from loopscope.cli.export import frames
from loopscope.cli.export.app import app

__all__ = ["app", "frames"]
