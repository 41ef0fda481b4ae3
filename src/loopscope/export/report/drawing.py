"""Charts as markup that stands in a page: SVG where it is small, else a picture inside the page's own text."""

import re
from base64 import b64encode
from html import escape
from io import BytesIO, StringIO
from typing import Any, Final
from xml.etree import ElementTree

from PIL import Image

LARGEST_SVG: Final = 400_000
"""Letters: a chart of more is drawn as PNG."""
PNG_SCALE: Final = 2
SVG: Final = "http://www.w3.org/2000/svg"
XLINK: Final = "http://www.w3.org/1999/xlink"
_UNUSED: Final = ("role", "class", "pointer-events", "cursor")
_EMPTY_PATHS: Final = ("", "M0,0h0v0h0Z")


def draw_markup(chart: Any, *, name: str, alt: str) -> str:
    """Draw a chart as markup.

    Parameters
    ----------
    chart
        What a ``plot_*`` function gives, or a picture.
    name
        Tells the ids inside it from those of other charts of the page.
    alt
        What it shows.
    """
    if isinstance(chart, Image.Image):
        return embed_picture(chart, alt)
    text = StringIO()
    chart.save(text, format="svg")
    svg = text.getvalue()
    if len(svg) > LARGEST_SVG:
        file = BytesIO()
        chart.save(file, format="png", scale_factor=PNG_SCALE)
        file.seek(0)
        return embed_picture(Image.open(file), alt, scale=PNG_SCALE)
    return slim_svg(svg, name=name, alt=alt)


def embed_picture(picture: Image.Image, alt: str, *, scale: int = 1, photograph: bool = False) -> str:
    """Write a picture as an ``img`` that needs no other file: PNG of at most 256 colours, or JPEG of a photograph.

    Parameters
    ----------
    scale
        Pixels of the picture for one of the page.
    photograph
        Whether it has more colours than a chart.
    """
    file = BytesIO()
    if photograph:
        picture.convert("RGB").save(file, "JPEG", quality=82, optimize=True)
    else:
        picture.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
    data = b64encode(file.getvalue()).decode()
    kind = "jpeg" if photograph else "png"
    width, height = (round(side / scale) for side in picture.size)
    return f'<img src="data:image/{kind};base64,{data}" width="{width}" height="{height}" alt="{escape(alt)}">'


def slim_svg(svg: str, *, name: str, alt: str) -> str:
    """Rewrite an SVG for the middle of a page.

    It shrinks with the page, tells what it shows, has ids of its own, and is without what only a program that reads
    the chart aloud mark by mark would use.

    Parameters
    ----------
    svg
        As Vega writes it.
    name, alt
        As of :func:`draw_markup`.
    """
    ElementTree.register_namespace("", SVG)
    ElementTree.register_namespace("xlink", XLINK)
    root = ElementTree.fromstring(svg)  # noqa: S314 (our own, drawn just before)
    _drop_empty_paths(root)
    for element in root.iter():
        for attribute in [each for each in element.attrib if each in _UNUSED or each.startswith("aria-")]:
            del element.attrib[attribute]
    width = float(root.attrib.pop("width"))
    root.attrib.pop("height")
    root.attrib |= {"role": "img", "aria-label": alt, "style": f"max-width: {width:.0f}px"}
    markup = ElementTree.tostring(root, encoding="unicode")
    return _name_ids(markup, name)


def _name_ids(markup: str, name: str) -> str:
    """Name the ids of an SVG after its chart, and count them anew: Vega goes on counting from chart to chart."""
    found = dict.fromkeys(re.findall(r'\bid="([^"]+)"', markup))
    names = {old: f"{name}-{number}" for number, old in enumerate(found)}
    markup = re.sub(r'\bid="([^"]+)"', lambda match: f'id="{names[match[1]]}"', markup)
    return re.sub(r"url\(#([^)]+)\)", lambda match: f"url(#{names.get(match[1], match[1])})", markup)


def _drop_empty_paths(parent: ElementTree.Element) -> None:
    for child in list(parent):
        if child.tag == f"{{{SVG}}}path" and child.get("d", "") in _EMPTY_PATHS:
            parent.remove(child)
        else:
            _drop_empty_paths(child)
