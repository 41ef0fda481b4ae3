import os

import numpy as np
import polars as pl
import pytest
from PIL import Image

from loopscope.datavis.cluster_sizes import plot_cluster_sizes
from loopscope.datavis.saving import save_chart
from loopscope.errors import ChartError


@pytest.fixture
def chart(medoids_frame):
    return plot_cluster_sizes(medoids_frame(clusters=3))


def test_a_png_opens_at_twice_the_size_and_is_not_blank(chart, tmp_path):
    path = save_chart(chart, tmp_path / "made" / "as" / "needed" / "sizes.png")
    with Image.open(path) as image:
        pixels = np.asarray(image.convert("RGB"))
    assert pixels.shape[1] > 2 * 380
    assert {(0, 114, 178), (189, 189, 189)} <= {
        tuple(map(int, colour)) for colour in np.unique(pixels.reshape(-1, 3), axis=0)
    }


def test_an_html_file_needs_no_network(chart, tmp_path):
    text = save_chart(chart, tmp_path / "sizes.html").read_text()
    assert "cdn.jsdelivr.net" not in text
    assert "<script src=" not in text
    assert '"renderer": "canvas"' in text
    assert "A small olive snow-capped mountain" in text


def test_a_caption_cannot_end_the_script_it_stands_in(medoids_frame, tmp_path):
    frame = medoids_frame(clusters=1).with_columns(cluster_label=pl.lit("</script><script>alert(1)"))
    text = save_chart(plot_cluster_sizes(frame), tmp_path / "sizes.html").read_text()
    assert "</script><script>alert(1)" not in text
    assert r"\u003c/script>\u003cscript>alert(1)" in text


def test_an_svg_has_its_labels_as_text(chart, tmp_path):
    text = save_chart(chart, tmp_path / "sizes.SVG").read_text()
    assert text.startswith("<svg")
    assert "How large the clusters are" in text


def test_a_pdf_is_one(chart, tmp_path):
    assert save_chart(chart, tmp_path / "sizes.pdf").read_bytes().startswith(b"%PDF")


def test_a_picture_is_saved_as_it_is(tmp_path):
    picture = Image.new("RGB", (30, 20), "teal")
    with Image.open(save_chart(picture, tmp_path / "gallery.png")) as saved:
        assert saved.tobytes() == picture.tobytes()


@pytest.mark.parametrize("name", ["sizes.gif", "sizes"])
def test_another_suffix_is_refused(chart, tmp_path, name):
    with pytest.raises(ChartError, match=r"expected \.html or \.png or \.svg or \.pdf\. Try sizes\.html"):
        save_chart(chart, tmp_path / name)


def test_a_picture_goes_to_png_only(tmp_path):
    with pytest.raises(ChartError, match=r"its suffix is \.html, expected \.png\."):
        save_chart(Image.new("RGB", (3, 2)), tmp_path / "gallery.html")


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = save_chart(Image.new("RGB", (3, 2), "teal"), tmp_path / "gallery.png")
    before = path.read_bytes()

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        save_chart(Image.new("RGB", (3, 2), "red"), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_the_file_has_the_usual_permissions(tmp_path):
    ordinary = tmp_path / "ordinary"
    ordinary.touch()
    path = save_chart(Image.new("RGB", (3, 2)), tmp_path / "gallery.png")
    assert path.stat().st_mode == ordinary.stat().st_mode
