import itertools

import altair as alt
import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab

from loopscope.datavis.theme import (
    CLUSTER_COLOURS,
    NOT_CLUSTERED_COLOUR,
    OUTLIER_COLOUR,
    apply_theme,
    choose_cluster_colour,
)

# Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB
DICHROMACIES = {
    "normal": np.eye(3),
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def see(colours, vision):
    rgb = np.array([[int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)] for colour in colours])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ np.array(DICHROMACIES[vision]).T, 0, 1)
    return rgb2lab(np.where(seen <= 0.0031308, seen * 12.92, 1.055 * seen ** (1 / 2.4) - 0.055))


def closest_pair(colours, vision):
    lab = see(colours, vision)
    return min(deltaE_ciede2000(one, other) for one, other in itertools.combinations(lab, 2))


def test_sixty_clusters_have_sixty_colours_that_differ():
    assert len(CLUSTER_COLOURS) == 60
    assert closest_pair(CLUSTER_COLOURS, "normal") > 7


@pytest.mark.parametrize("vision", DICHROMACIES)
def test_the_largest_clusters_differ_for_every_eye(vision):
    assert closest_pair(CLUSTER_COLOURS[:12], vision) > 10


def test_the_largest_clusters_have_the_most_distinct_colours():
    assert closest_pair(CLUSTER_COLOURS[:8], "normal") > 2 * closest_pair(CLUSTER_COLOURS, "normal")


@pytest.mark.parametrize("vision", DICHROMACIES)
def test_no_cluster_looks_like_an_outlier_nor_like_nothing(vision):
    greys = see([OUTLIER_COLOUR, NOT_CLUSTERED_COLOUR], vision)
    for colour in see(CLUSTER_COLOURS, vision):
        assert min(deltaE_ciede2000(colour, grey) for grey in greys) > 4


def test_outliers_are_grey_and_what_is_not_clustered_is_lighter():
    assert choose_cluster_colour(-1) == OUTLIER_COLOUR
    assert OUTLIER_COLOUR[1:3] == OUTLIER_COLOUR[3:5] == OUTLIER_COLOUR[5:7]
    assert int(choose_cluster_colour(None)[1:], 16) > int(OUTLIER_COLOUR[1:], 16)


def test_colours_come_round_again():
    assert choose_cluster_colour(60) == choose_cluster_colour(0)


def test_the_theme_leaves_altair_as_it_is():
    before = alt.theme.active
    chart = apply_theme(alt.Chart(alt.InlineData(values=[{"a": 1}])).mark_point())
    assert chart.to_dict()["config"]["font"].startswith("Liberation Sans")
    assert alt.theme.active == before
