"""MiniLM with its real weights: equal to sentence-transformers, and blind to the batch."""

import json
import random
from pathlib import Path

import numpy as np
import pytest

from loopscope.models.minilm import MiniLM
from loopscope.models.protocol import Embedder

REFERENCE = json.loads(Path(__file__).with_name("minilm_reference.json").read_text(encoding="utf-8"))["texts"]
WORDS = ("a painting", "of the", "red", "fox sitting", "beside", "frozen", "lake", "at", "dusk under", "bright", "moon")

pytestmark = pytest.mark.skipif(MiniLM.missing() is not None, reason=str(MiniLM.missing()))


@pytest.fixture(scope="module")
def minilm() -> MiniLM:
    return MiniLM()


def texts_of_many_lengths() -> list[str]:
    generator = random.Random(0)
    return ["", *(" ".join(generator.choices(WORDS, k=generator.randint(1, 60))) for _ in range(70)), "long " * 300]


def test_is_an_embedder_of_unit_vectors(minilm: MiniLM) -> None:
    assert isinstance(minilm, Embedder)
    vectors = minilm.embed(texts_of_many_lengths())
    assert vectors.shape == (72, minilm.dimension)
    assert vectors.dtype == np.float32
    assert vectors.flags.c_contiguous
    np.testing.assert_allclose(np.linalg.norm(vectors.astype(np.float64), axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("case", REFERENCE, ids=lambda case: repr(case["text"][:20]))
def test_equals_sentence_transformers(minilm: MiniLM, case: dict) -> None:
    (vector,) = minilm.embed([case["text"] * case["repeat"]])
    np.testing.assert_allclose(vector[:12], case["first_components"], rtol=0, atol=1e-6)


def test_a_cat_is_nearer_to_a_kitten_than_to_a_truck(minilm: MiniLM) -> None:
    cat, kitten, truck = minilm.embed(["a cat", "a kitten", "a truck"])
    assert cat @ kitten > cat @ truck + 0.2


def test_a_text_is_cut_at_256_tokens(minilm: MiniLM) -> None:
    # 254 words of one token each, and the two tokens that enclose every text.
    full, longer, shorter = minilm.embed(["word " * 254, "word " * 255, "word " * 253])
    assert np.array_equal(full, longer)
    assert not np.array_equal(full, shorter)


def test_no_text_gives_no_vector(minilm: MiniLM) -> None:
    assert minilm.embed([]).shape == (0, 384)


def test_a_vector_does_not_depend_on_its_batch(minilm: MiniLM) -> None:
    texts = texts_of_many_lengths()
    together = minilm.embed(texts)
    assert np.array_equal(np.concatenate([minilm.embed([text]) for text in texts]), together)
    order = np.random.default_rng(0).permutation(len(texts))
    assert np.array_equal(minilm.embed([texts[i] for i in order]), together[order])
    assert np.array_equal(minilm.embed(texts * 3), np.tile(together, (3, 1)))


@pytest.mark.parametrize("threads", [1, 2])
def test_a_vector_does_not_depend_on_the_threads_of_blas(minilm: MiniLM, threads: int) -> None:
    from threadpoolctl import threadpool_limits

    texts = texts_of_many_lengths()[:20]
    expected = minilm.embed(texts)
    with threadpool_limits(threads, user_api="blas"):
        assert np.array_equal(minilm.embed(texts), expected)
