import re
from base64 import b64decode
from io import BytesIO
from xml.etree import ElementTree

import altair as alt
import numpy as np
import pytest
from PIL import Image

from loopscope.export.report import drawing
from loopscope.export.report.drawing import draw_markup, embed_picture, slim_svg


@pytest.fixture(scope="module")
def chart():
    values = [{"x": x, "y": x % 3, "name": "a <b> & 'c'"} for x in range(5)]
    marks = alt.Chart(alt.InlineData(values=values)).mark_area(clip=True)
    return marks.encode(x="x:Q", y="y:Q", color=alt.Color("name:N").legend(gradientLength=10))


def test_a_chart_is_markup_that_shrinks_and_says_what_it_shows(chart):
    markup = draw_markup(chart, name="where-0", alt='the "first" & <best>')
    root = ElementTree.fromstring(markup)
    assert root.get("aria-label") == 'the "first" & <best>'
    assert root.get("role") == "img"
    assert "width" not in root.attrib
    assert "height" not in root.attrib
    assert root.get("viewBox")
    assert re.fullmatch(r"max-width: \d+px", root.get("style"))
    assert "a <b> & 'c'" in [element.text for element in root.iter()]
    assert not [each for each in root.iter() if each.get("aria-roledescription") or each.get("class")]


def test_the_ids_of_a_chart_are_its_own_and_the_same_each_time(chart):
    first, again, other = (draw_markup(chart, name=name, alt="x") for name in ("a", "a", "b"))
    ids = re.findall(r'id="([^"]+)"', first)
    assert ids
    assert set(re.findall(r"url\(#([^)]+)\)", first)) <= set(ids)
    assert first == again
    assert not set(ids) & set(re.findall(r'id="([^"]+)"', other))


def test_a_mark_that_names_itself_loses_only_that():
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="5" viewBox="0 0 10 5"><g role="x" aria-label="y">'
    slim = slim_svg(svg + '<path d="M0,0h0v0h0Z"/><path d="M1,1h1"/></g></svg>', name="n", alt="alt")
    assert slim.count("<path") == 1
    assert 'd="M1,1h1"' in slim
    assert slim.count("aria-label") == 1


def test_what_would_be_too_large_is_a_picture(chart, monkeypatch):
    monkeypatch.setattr(drawing, "LARGEST_SVG", 100)
    markup = draw_markup(chart, name="n", alt='a "b"')
    kind, data, width, alt_text = re.fullmatch(
        r'<img src="data:image/(\w+);base64,([^"]+)" width="(\d+)" height="\d+" alt="([^"]*)">', markup
    ).groups()
    assert (kind, alt_text) == ("png", "a &quot;b&quot;")
    assert Image.open(BytesIO(b64decode(data))).width == 2 * int(width)


@pytest.mark.parametrize(("photograph", "kind"), [(True, "JPEG"), (False, "PNG")])
def test_a_picture_looks_the_same_inside_the_page(photograph, kind):
    colours = np.zeros((16, 16, 3), dtype=np.uint8)
    colours[:, 8:] = (200, 30, 60)
    markup = embed_picture(Image.fromarray(colours), "alt", photograph=photograph)
    found = Image.open(BytesIO(b64decode(re.search(r"base64,([^\"]+)", markup)[1])))
    assert found.format == kind
    assert np.abs(np.asarray(found.convert("RGB")).astype(int) - colours).mean() < 5
