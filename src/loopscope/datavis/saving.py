"""The one place that writes a chart to a file."""

import json
import os
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any, Final

import altair as alt
from PIL import Image

from loopscope.errors import ChartError
from loopscope.files import write_whole

CHART_SUFFIXES: Final = (".html", ".png", ".svg", ".pdf")
PICTURE_SUFFIXES: Final = (".png",)
PNG_SCALE: Final = 2
"""Pixels of the file for one pixel of the chart."""


def save_chart(chart: alt.TopLevelMixin | Image.Image, path: str | os.PathLike[str]) -> Path:
    """Write a chart to a file, in the format that its suffix names.

    Parameters
    ----------
    chart
        What a `plot_*` function gives, or the picture of a `draw_*` function.
    path
        A chart goes to ``.html`` (self-contained: opens without a network), ``.png`` (at twice the size), ``.svg`` or
        ``.pdf``, a picture to ``.png``. Folders are made as needed. The file appears whole or not at all.

    Returns
    -------
    pathlib.Path
        Where it is.

    Raises
    ------
    ChartError
        If the suffix is not one of these.
    """
    path = Path(path)
    suffixes = PICTURE_SUFFIXES if isinstance(chart, Image.Image) else CHART_SUFFIXES
    suffix = path.suffix.lower()
    if suffix not in suffixes:
        raise ChartError(
            f"Cannot write {path.name}: its suffix is {path.suffix or 'missing'}, "
            f"expected {' or '.join(suffixes)}. Try {path.with_suffix(suffixes[0]).name}."
        )
    data = _encode_picture(chart) if isinstance(chart, Image.Image) else _encode_chart(chart, suffix)
    return write_whole(path, data)


class ScriptSafeEncoder(json.JSONEncoder):
    """JSON that can stand inside a script element: a caption that says ``</script>`` does not end it."""

    def encode(self, o: Any) -> str:
        """Encode, with every ``<`` as an escape; outside its strings JSON has none."""
        return super().encode(o).replace("<", "\\u003c")


def _encode_picture(picture: Image.Image) -> bytes:
    file = BytesIO()
    picture.save(file, "PNG", optimize=True)
    return file.getvalue()


def _encode_chart(chart: Any, suffix: str) -> bytes:
    if suffix == ".html":
        # On a canvas: an element of SVG for each of 300,000 rectangles would hold up the browser.
        embedding = {"renderer": "canvas"}
        page: str = chart.to_html(inline=True, embed_options=embedding, json_kwds={"cls": ScriptSafeEncoder})
        return page.encode()
    if suffix == ".svg":
        text = StringIO()
        chart.save(text, format="svg")
        return text.getvalue().encode()
    file = BytesIO()
    chart.save(file, format=suffix[1:], **({"scale_factor": PNG_SCALE} if suffix == ".png" else {}))
    return file.getvalue()
