"""Vectors come out of storage as they went in, bit by bit."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from loopscope.store.vectors import decode_vectors, encode_vectors

shapes = st.tuples(st.integers(0, 20), st.integers(1, 50))
vectors = arrays(np.float32, shapes, elements=st.floats(width=32))


@given(vectors)
def test_vectors_round_trip(array: np.ndarray) -> None:
    decoded = decode_vectors(encode_vectors(array), array.shape[1])
    assert decoded.shape == array.shape
    assert decoded.astype("<f4").tobytes() == array.tobytes()


@given(vectors)
def test_a_view_is_stored_as_its_rows(array: np.ndarray) -> None:
    """Every second row backwards, and columns first in memory: what is stored is the values, not the memory."""
    for view in (array[::-2], np.asfortranarray(array)):
        decoded = decode_vectors(encode_vectors(view), array.shape[1])
        np.testing.assert_array_equal(decoded, view)
