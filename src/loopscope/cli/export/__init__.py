"""``loopscope export``: files out of a database."""

from loopscope.cli.export import filmstrip, frames, images, sheet, video
from loopscope.cli.export.app import app

__all__ = ["app", "filmstrip", "frames", "images", "sheet", "video"]
