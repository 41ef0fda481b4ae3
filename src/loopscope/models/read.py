"""Read: reads what is printed on a picture, and guesses what it cannot read.

The second half of a game of telephone: the words are found and recognised by RapidOCR on onnxruntime (the extra
``ocr``; its models are inside its wheel and nothing is downloaded), then proofread by
`loopscope.models.proofreading`.
"""

import importlib.util
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np
from PIL import Image

from loopscope.errors import ModelError
from loopscope.models.proofreading import HIDDEN, Proofreader
from loopscope.types import OutputType

MOST_WORDS = 40
ILLEGIBLE = ("an illegible page", "a page without words", "an empty page", "a faded page")

_PACKAGES = ("rapidocr", "onnxruntime", "symspellpy")


class Read:
    """Read each picture: English words in lower case, 40 at most.

    A picture on which no words can be found gives a few words that say so.
    """

    name: ClassVar[str] = "Read"
    takes: ClassVar[OutputType] = OutputType.IMAGE
    gives: ClassVar[OutputType] = OutputType.TEXT
    deterministic: ClassVar[bool] = True

    def __init__(self) -> None:
        missing = self.missing()
        if missing is not None:
            raise ModelError(f"{self.name} cannot be loaded: {missing}")
        from rapidocr import RapidOCR

        self.device = "cpu"
        self._proofread = Proofreader()
        self._engine = RapidOCR(
            params={
                "Global.log_level": "critical",
                "Global.use_cls": False,  # pages stand upright
                "Global.text_score": 0.3,  # the proofreader makes something of a poor reading
                # A model whose path is given is never downloaded.
                "Det.model_path": str(_bundled("det")),
                "Rec.model_path": str(_bundled("rec")),
                # By default a small picture is enlarged to 736 pixels, which takes four times as long.
                "Det.limit_type": "max",
                "Det.limit_side_len": 736,
                # One thread a picture: sums come out the same on any number of cores, which share the pictures instead.
                "EngineConfig.onnxruntime.intra_op_num_threads": 1,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            }
        )
        # Loads the two models, which RapidOCR would do at the first picture.
        self._recognise(Image.new("RGB", (64, 64), "white"))

    @classmethod
    def missing(cls) -> str | None:
        """Tell whether the packages of the extra are installed, without importing them."""
        if all(importlib.util.find_spec(package) for package in _PACKAGES):
            return None
        return "the ocr extra is not installed; type: pip install 'loopscope[ocr]'"

    def generate(self, inputs: Sequence[Image.Image], seeds: Sequence[int]) -> list[str]:
        """Read each picture.

        Parameters
        ----------
        inputs
            RGB pictures of any size.
        seeds
            One integer in [0, 2**63) for each picture: with what is read, it decides what is guessed.

        Returns
        -------
        list of str
            One text of 1 to 40 words for each picture, in their order.
        """
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            read = list(pool.map(self._recognise, inputs))
        return [self._understand(text, seed) for text, seed in zip(read, seeds, strict=True)]

    def _understand(self, text: str, seed: int) -> str:
        digest = blake2b(text.encode(), digest_size=8).digest()
        randomness = np.random.default_rng([seed, int.from_bytes(digest, "big")])
        words = self._proofread(text, randomness)[:MOST_WORDS]
        return " ".join(words) or str(randomness.choice(ILLEGIBLE))

    def _recognise(self, picture: Image.Image) -> str:
        """Give what is printed on the picture, in reading order, or "" if nothing is found."""
        # RapidOCR takes arrays in the order of OpenCV: blue, green, red.
        found: Any = self._engine(np.ascontiguousarray(np.asarray(picture.convert("RGB"))[..., ::-1]))
        if found.boxes is None or found.txts is None:
            return ""
        pieces = [_Piece.of(corners, text) for corners, text in zip(found.boxes, found.txts, strict=True)]
        return " ".join(_join(line) for line in _lines(pieces))


class _Piece(NamedTuple):
    """A piece of a line: its ends, its middle height, its height, and its text."""

    left: float
    right: float
    middle: float
    height: float
    text: str

    @classmethod
    def of(cls, corners: np.ndarray, text: str) -> "_Piece":
        (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
        return cls(float(left), float(right), float(top + bottom) / 2, float(bottom - top), text)


def _lines(pieces: Sequence[_Piece]) -> list[list[_Piece]]:
    """Gather the pieces that stand side by side, from the top of the page, each line from the left."""
    lines: list[list[_Piece]] = []
    for piece in sorted(pieces, key=lambda piece: piece.middle):
        if lines and piece.middle - lines[-1][-1].middle < 0.5 * min(piece.height, lines[-1][-1].height):
            lines[-1].append(piece)
        else:
            lines.append([piece])
    return [sorted(line) for line in lines]


def _join(line: Sequence[_Piece]) -> str:
    """Join the pieces of a line; a gap wide enough for a word has one that cannot be read."""
    text = line[0].text
    for before, piece in pairwise(line):
        gap = piece.left - before.right
        text += f" {HIDDEN} {piece.text}" if gap > 1.2 * piece.height else f" {piece.text}"
    return text


def _bundled(task: str) -> Path:
    """Find the one model for a task, "det" or "rec", inside the rapidocr package."""
    folder = Path(str(files("rapidocr"))) / "models"
    found = sorted(folder.glob(f"*_{task}_*.onnx"))
    if len(found) != 1:
        raise ModelError(
            f"Read cannot be loaded: {len(found)} models named *_{task}_*.onnx in {folder}, expected 1; "
            "type: pip install --force-reinstall --no-deps 'rapidocr>=3.4'"
        )
    return found[0]
