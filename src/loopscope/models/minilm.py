"""MiniLM: sentence embeddings of all-MiniLM-L6-v2, computed in numpy.

Equal to sentence-transformers within 1e-6, without torch. The weights stand in a package of their own
(``loopscope model install MiniLM``).

A vector must not depend on the batch it was computed in, but the last bits of a BLAS matrix product depend on the
number of rows, and on the place of a row among them (kernels take rows by 12 or 16 and the remainder by others). So no
product here ever mixes texts: texts of equal token count are stacked, ``(n, tokens, in) @ (in, out)``, which numpy
computes as n products of one shape, with each token at the same place in its product. There is no padding, so no mask
either. BLAS also splits a product by its number of threads; it is held to one, and the cores work on different texts
instead. Across processor types the last bits still differ, as they do for every BLAS.
"""

import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from typing import ClassVar, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from loopscope.errors import ModelError
from loopscope.models.installation import PACKAGED_WEIGHTS
from loopscope.types import OutputType, Vectors

Array = npt.NDArray[np.float32]

MAX_TOKENS = 256
HEADS = 12
LAYERS = 6
DIMENSION = 384
# Small enough for the widest array of a stack (1536 columns) to stay in the cache, and for the cores to share a batch.
STACK_TOKENS = 128


class MiniLM:
    """Sentence embeddings by all-MiniLM-L6-v2 (Wang et al. 2020, arXiv:2002.10957; Apache-2.0).

    A text of more than 256 tokens is embedded by its first 256. The empty text has a vector too.
    """

    name: ClassVar[str] = "MiniLM"
    takes: ClassVar[OutputType] = OutputType.TEXT
    dimension: ClassVar[int] = DIMENSION
    deterministic: ClassVar[bool] = True

    # The limit on BLAS threads holds for the whole process: two overlapping limits could leave it in place for ever.
    _blas_lock: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self) -> None:
        from safetensors import safe_open
        from threadpoolctl import ThreadpoolController
        from tokenizers import Tokenizer

        path = PACKAGED_WEIGHTS[self.name].find()
        if path is None:
            raise ModelError(f"{self.name} cannot be loaded: {self.missing()}")
        self.device = "cpu"
        self._tokenizer = Tokenizer.from_file(str(path.with_name("tokenizer.json")))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MAX_TOKENS)
        with safe_open(path, framework="numpy") as file:
            names = file.keys()  # the file is no mapping: it cannot be iterated over
            self._encoder = _Encoder.of({name: file.get_tensor(name) for name in names})
        self._threads = ThreadpoolController()

    @classmethod
    def missing(cls) -> str | None:
        """Tell whether the weights are there, by their presence and length alone."""
        if PACKAGED_WEIGHTS[cls.name].find() is None:
            return f"its weights are not installed; type: loopscope model install {cls.name}"
        return None

    def embed(self, inputs: Sequence[str]) -> Vectors:
        """Give the unit vector of each text.

        Parameters
        ----------
        inputs
            Texts of any length, the empty one included.

        Returns
        -------
        numpy.ndarray
            Shape (n, 384), float32, C order, rows of unit length in the order of the inputs.
        """
        vectors = np.empty((len(inputs), DIMENSION), np.float32)
        tokens = [encoding.ids for encoding in self._tokenizer.encode_batch([text.strip() for text in inputs])]
        stacks = list(_stacks([len(ids) for ids in tokens]))

        def fill(rows: list[int]) -> None:
            vectors[rows] = self._encoder(np.array([tokens[row] for row in rows]))

        with self._blas_lock, self._threads.limit(limits=1, user_api="blas"):
            if len(stacks) < 2:
                for rows in stacks:
                    fill(rows)
            else:
                with ThreadPoolExecutor(min(len(stacks), os.cpu_count() or 1)) as pool:
                    list(pool.map(fill, stacks))
        return vectors


def _stacks(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Group the numbers of the texts by equal token count, longest first, in stacks of bounded size."""
    order = sorted(range(len(lengths)), key=lambda row: -lengths[row])
    for length, group in groupby(order, key=lambda row: lengths[row]):
        rows = list(group)
        size = max(1, STACK_TOKENS // length)
        for start in range(0, len(rows), size):
            yield rows[start : start + size]


class _Linear(NamedTuple):
    """An affine map: weight (out, in), bias (out,)."""

    weight: Array
    bias: Array

    def __call__(self, x: Array) -> Array:
        y: Array = np.matmul(x, self.weight.T)
        y += self.bias
        return y


class _LayerNorm(NamedTuple):
    """Layer normalisation over the last axis: gain and bias (384,)."""

    gain: Array
    bias: Array

    def __call__(self, x: Array) -> Array:
        x = x - x.mean(axis=-1, keepdims=True)
        variance = np.square(x).mean(axis=-1, keepdims=True)
        x /= np.sqrt(variance + np.float32(1e-12))
        x *= self.gain
        x += self.bias
        return x


class _Layer(NamedTuple):
    """One transformer layer, normalised after each of its two residual branches."""

    query_key_value: _Linear
    attention: _Linear
    attention_norm: _LayerNorm
    expand: _Linear
    contract: _Linear
    output_norm: _LayerNorm

    @classmethod
    def of(cls, weights: dict[str, Array], number: int) -> Self:
        def get(name: str) -> tuple[Array, Array]:
            prefix = f"encoder.layer.{number}.{name}"
            return weights[f"{prefix}.weight"], weights[f"{prefix}.bias"]

        projections = [get(f"attention.self.{name}") for name in ("query", "key", "value")]
        return cls(
            _Linear(np.concatenate([w for w, _ in projections]), np.concatenate([b for _, b in projections])),
            _Linear(*get("attention.output.dense")),
            _LayerNorm(*get("attention.output.LayerNorm")),
            _Linear(*get("intermediate.dense")),
            _Linear(*get("output.dense")),
            _LayerNorm(*get("output.LayerNorm")),
        )

    def __call__(self, x: Array) -> Array:
        x = self.attention_norm(x + self.attention(self._attend(x)))
        return self.output_norm(x + self.contract(_gelu(self.expand(x))))

    def _attend(self, x: Array) -> Array:
        """Mix the tokens of each text: (n, tokens, 384) to the same shape."""
        n, tokens, _ = x.shape
        split = self.query_key_value(x).reshape(n, tokens, 3, HEADS, DIMENSION // HEADS)
        query, key, value = np.ascontiguousarray(split.transpose(2, 0, 3, 1, 4))
        query *= np.float32((DIMENSION // HEADS) ** -0.5)
        share = np.matmul(query, key.swapaxes(-1, -2))
        share -= share.max(axis=-1, keepdims=True)
        np.exp(share, out=share)
        share /= share.sum(axis=-1, keepdims=True)
        mixed: Array = np.matmul(share, value).swapaxes(1, 2).reshape(n, tokens, DIMENSION)
        return mixed


class _Encoder(NamedTuple):
    """From token numbers to unit vectors."""

    words: Array
    positions: Array
    norm: _LayerNorm
    layers: tuple[_Layer, ...]

    @classmethod
    def of(cls, weights: dict[str, Array]) -> Self:
        def get(name: str) -> Array:
            return weights[f"embeddings.{name}"]

        return cls(
            get("word_embeddings.weight"),
            # Every token of a single text is of type 0.
            get("position_embeddings.weight") + get("token_type_embeddings.weight")[0],
            _LayerNorm(get("LayerNorm.weight"), get("LayerNorm.bias")),
            tuple(_Layer.of(weights, number) for number in range(LAYERS)),
        )

    def __call__(self, ids: npt.NDArray[np.int64]) -> Array:
        """Give the unit vectors (n, 384) of n texts of equal token count, ids (n, tokens)."""
        x = self.norm(self.words[ids] + self.positions[: ids.shape[1]])
        for layer in self.layers:
            x = layer(x)
        mean: Array = x.mean(axis=1)
        mean /= np.sqrt(np.square(mean).sum(axis=1, keepdims=True))
        return mean


def _gelu(x: Array) -> Array:
    from scipy.special import erf

    y: Array = erf(x * np.float32(0.5**0.5))
    y += np.float32(1)
    y *= x
    y *= np.float32(0.5)
    return y
