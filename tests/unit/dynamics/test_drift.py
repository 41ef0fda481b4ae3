"""Drift against known answers."""

import doctest

import numpy as np
import pytest

from loopscope.dynamics import drift
from loopscope.dynamics.drift import one_minus_cosine


@pytest.mark.parametrize("degrees", [0, 30, 60, 90, 120, 180])
def test_a_rotation_by_a_known_angle(degrees: float) -> None:
    angle = np.radians(degrees)
    turned = np.array([[np.cos(angle), np.sin(angle)]], dtype=np.float32)
    found = one_minus_cosine(np.array([[1, 0]], dtype=np.float32), turned)
    assert found == pytest.approx([1 - np.cos(angle)], abs=1e-7)


def test_length_does_not_matter() -> None:
    assert one_minus_cosine(np.array([[3, 0]], dtype=np.float32), np.array([[0, 7]], dtype=np.float32)) == [1]


def test_near_duplicates_keep_their_digits() -> None:
    """1 − cos of a small angle a is a²/2, which 1 minus a rounded cosine cannot tell from 0."""
    small = np.array([[1, 1e-6]], dtype=np.float32)
    assert one_minus_cosine(np.array([[1, 0]], dtype=np.float32), small) == pytest.approx([5e-13], rel=1e-3)


def test_equal_rows_are_at_exactly_zero() -> None:
    rows = np.random.default_rng(0).standard_normal((50, 384)).astype(np.float32)
    assert not one_minus_cosine(rows, rows.copy()).any()


def test_the_example_in_the_docstring() -> None:
    assert doctest.testmod(drift).failed == 0
