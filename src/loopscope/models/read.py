"""Read: reads what is printed on a picture, and guesses what it cannot read.

The second half of a game of telephone: the words are found and recognised by RapidOCR on onnxruntime (the extra
``ocr``; its models are inside its wheel and nothing is downloaded), then proofread by
`loopscope.models.proofreading`.
"""

import importlib.util
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from importlib.resources import files
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from PIL import Image

from loopscope.errors import ModelError
from loopscope.models.page_order import Piece, in_reading_order
from loopscope.models.proofreading import Proofreader
from loopscope.types import OutputType

MOST_WORDS = 40
ILLEGIBLE = (
    "an illegible page",
    "a picture without any words on it",
    "a page on which nothing can be read",
    "a sheet of paper with faded ink",
    "some marks that are not words",
)

_PACKAGES = ("rapidocr", "onnxruntime", "symspellpy")


class Read:
    """Read each picture: English words in lower case, 40 at most.

    A picture on which no word can be found, or none but "the", "of" and their like, gives a few words that say so.
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
                "Global.return_word_box": True,
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
        return "the ocr extra is not installed; type: pip install rapidocr onnxruntime symspellpy"

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
        # A lone "of" is no more than "an illegible page" to a reader, and less to whoever goes on from there.
        if not any(self._proofread.is_telling(word) for word in words):
            return str(randomness.choice(ILLEGIBLE))
        return " ".join(words)

    def _recognise(self, picture: Image.Image) -> str:
        """Give what is printed on the picture, in reading order, or "" if nothing is found."""
        # RapidOCR takes arrays in the order of OpenCV: blue, green, red.
        found: Any = self._engine(np.ascontiguousarray(np.asarray(picture.convert("RGB"))[..., ::-1]))
        if found.boxes is None or found.txts is None:
            return ""
        return in_reading_order(
            piece
            for corners, text, words in zip(found.boxes, found.txts, found.word_results, strict=True)
            for piece in _pieces(corners, text, words)
        )


def _pieces(corners: npt.NDArray[np.float32], text: str, words: Sequence[tuple[str, float, Any]]) -> Iterator[Piece]:
    """Give the words of a line, or all of it where RapidOCR takes it letter by letter (for it looks Chinese)."""
    ends = np.asarray(corners)[:, 1]
    height = float(ends.max() - ends.min())
    spelt = [word for word, _, _ in words]
    places = [box for _, _, box in words]
    if spelt != text.split():
        spelt, places = [text], [corners]
    for word, place in zip(spelt, places, strict=True):
        left, top = np.min(place, axis=0)
        right, bottom = np.max(place, axis=0)
        yield Piece(float(left), float(right), float(top + bottom) / 2, height, word)


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
