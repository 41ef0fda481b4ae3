import numpy as np
import pytest

from loopscope.topology.diagrams import (
    compute_persistence_diagram,
    keep_distinct,
    persistence_of_distances,
)


def circle(n):
    angles = 2 * np.pi * np.arange(n) / n
    return np.column_stack([np.cos(angles), np.sin(angles)])


@pytest.mark.parametrize("n", [9, 60, 99])
def test_points_on_a_circle_have_one_loop(n):
    """Points whose number is a multiple of three: the loop fills up with the equilateral triangle."""
    diagram = compute_persistence_diagram(circle(n))
    np.testing.assert_allclose(diagram.points[1], [[2 * np.sin(np.pi / n), np.sqrt(3)]], rtol=1e-12)
    assert len(diagram.points[0]) == n


def test_repeats_count_once_and_change_no_bar():
    once, thrice = compute_persistence_diagram(circle(60)), compute_persistence_diagram(np.tile(circle(60), (3, 1)))
    assert (thrice.n, thrice.n_unique) == (180, 60)
    for a, b in zip(once.points, thrice.points, strict=True):
        np.testing.assert_array_equal(a, b)


def test_zero_and_minus_zero_are_equal():
    assert compute_persistence_diagram([[1.0, 0.0], [1.0, -0.0]]).n_unique == 1


def test_the_chord_is_taken_between_directions():
    chord = compute_persistence_diagram([[1.0, 0.0], [0.0, 5.0]], max_dimension=0)
    plain = compute_persistence_diagram([[1.0, 0.0], [0.0, 5.0]], max_dimension=0, metric="euclidean")
    assert chord.points[0][0].tolist() == [0, pytest.approx(np.sqrt(2))]
    assert plain.points[0][0].tolist() == [0, pytest.approx(np.sqrt(26))]
    assert (chord.metric, plain.metric) == ("chord", "euclidean")


def test_near_duplicates_keep_their_digits():
    """As float32 vectors that differ in the last bits: a Gram matrix in float32 would give 0 or 3e-4."""
    step = np.float32(1e-6)
    vectors = np.array([[1, 0], [1, step]], dtype=np.float32)
    bars = compute_persistence_diagram(vectors, max_dimension=0).points[0]
    assert bars[0, 1] == pytest.approx(float(step), rel=1e-9)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_few_points_have_components_and_no_loop(n):
    diagram = compute_persistence_diagram(np.eye(3)[:n], max_dimension=2)
    assert len(diagram.points[0]) == n
    assert np.isinf(diagram.points[0]).sum() == 1
    assert [points.shape for points in diagram.points[1:]] == [(0, 2), (0, 2)]
    assert diagram.max_dimension == 2


def test_an_octahedron_is_hollow():
    octahedron = np.concatenate([np.eye(3), -np.eye(3)])
    diagram = compute_persistence_diagram(octahedron, max_dimension=2)
    np.testing.assert_allclose(diagram.points[2], [[np.sqrt(2), 2]])


def test_collapsing_edges_changes_no_bar(monkeypatch):
    from gudhi.sklearn import rips_persistence

    points = np.random.default_rng(0).normal(size=(40, 5))
    collapsed = []
    reduce = rips_persistence.reduce_graph
    monkeypatch.setattr(rips_persistence, "reduce_graph", lambda *given: collapsed.append(given) or reduce(*given))
    with_hollows = compute_persistence_diagram(points, max_dimension=2)
    assert len(collapsed) == 1
    without = compute_persistence_diagram(points, max_dimension=1)
    assert len(collapsed) == 1, "up to dimension 1 collapsing takes many times as long as it saves"
    np.testing.assert_allclose(with_hollows.points[1], without.points[1])


@pytest.mark.parametrize(
    ("vectors", "settings", "said"),
    [
        (np.empty((0, 3)), {}, "expected \\(n, dimension\\) with at least one row"),
        (np.zeros(3), {}, "found vectors of shape \\(3,\\)"),
        ([[1.0, np.nan]], {}, "NaN or infinity"),
        ([[0.0, 0.0]], {}, "length 0"),
        ([[1.0, 0.0]], {"metric": "cosine"}, "found the metric 'cosine'; expected one of chord, euclidean"),
        ([[1.0, 0.0]], {"max_dimension": -1}, "found the dimension -1"),
    ],
)
def test_what_cannot_be_computed_is_refused(vectors, settings, said):
    with pytest.raises(ValueError, match=said):
        compute_persistence_diagram(vectors, **settings)


def test_an_asymmetric_matrix_is_refused():
    """gudhi would run out of memory on one that differs in the last bit only."""
    distances = np.array([[0, 1, 1], [1, 0, 1], [1 + 1e-15, 1, 0]])
    with pytest.raises(ValueError, match="expected a symmetric matrix"):
        persistence_of_distances(distances)


def test_distinct_vectors_stay_in_order():
    given = np.array([[3.0, 1], [0, 2], [3, 1], [-1, 5]])
    assert keep_distinct(given).tolist() == [[3, 1], [0, 2], [-1, 5]]
