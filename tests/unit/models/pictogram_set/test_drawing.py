import io

import numpy as np
import pytest

from loopscope.models.pictogram_set.catalogue import load_catalogue
from loopscope.models.pictogram_set.drawing import SIZE, draw, layers
from loopscope.models.pictogram_set.layout import arrange
from loopscope.models.pictogram_set.scene import Scene, Thing

CATALOGUE = load_catalogue()
RELATIONS = ("above", "below", "left", "right", "beside")


def random_scene(rng):
    numbers = rng.choice(len(CATALOGUE.pictograms), int(rng.integers(1, 4)), replace=False)
    things = tuple(
        Thing(int(number), "red", int(rng.integers(1, 8)), float(rng.choice((0.7, 1, 1.2)))) for number in numbers
    )
    return Scene(things, "cream", str(rng.choice(RELATIONS)))


@pytest.mark.parametrize("seed", range(40))
def test_places_stay_on_the_canvas_and_do_not_overlap(seed):
    rng = np.random.default_rng(seed)
    scene = random_scene(rng)
    groups = arrange(scene, SIZE, rng)
    assert [len(group) for group in groups] == [min(thing.count, 6) for thing in scene.things]
    places = [place for group in groups for place in group]
    for number, place in enumerate(places):
        assert place.side >= 15
        assert place.side / 2 <= place.x <= SIZE - place.side / 2
        assert place.side / 2 <= place.y <= SIZE - place.side / 2
        for other in places[:number]:
            apart = max(abs(place.x - other.x), abs(place.y - other.y))
            assert apart >= (place.side + other.side) / 2 + 8


@pytest.mark.parametrize(
    ("relation", "axis", "sign"), [("above", "y", -1), ("below", "y", 1), ("left", "x", -1), ("right", "x", 1)]
)
def test_the_relation_is_kept(relation, axis, sign):
    scene = Scene((Thing(0, "red"), Thing(1, "blue")), "cream", relation)
    for seed in range(10):
        (one,), (other,) = arrange(scene, SIZE, np.random.default_rng(seed))
        assert sign * (getattr(one, axis) - getattr(other, axis)) > 40


def test_an_outline_is_filled_and_a_solid_figure_has_no_lines():
    silhouette, lines = (np.asarray(layer) for layer in layers(CATALOGUE.number["house"]))
    assert silhouette.sum() > 1.5 * lines.sum() > 0
    _, lines = layers(CATALOGUE.number["runner"])
    assert not np.asarray(lines).any()


def test_a_picture_is_small_in_memory_and_on_disk():
    rng = np.random.default_rng(3)
    for _ in range(5):
        picture = draw(random_scene(rng), rng)
        assert (picture.mode, picture.size) == ("RGB", (256, 256))
        file = io.BytesIO()
        picture.save(file, "PNG")
        assert len(file.getvalue()) < 60_000


def test_a_scene_and_its_randomness_decide_the_picture():
    scene = Scene((Thing(5, "red", 2),), "teal")
    first, again, other = (draw(scene, np.random.default_rng(seed)).tobytes() for seed in (1, 1, 2))
    assert first == again != other
