"""Makes the arrays that stand beside the catalogue of pictograms: features of their shapes, embeddings of their names.

Not run by users. Needs the weights of MiniLM (``loopscope model install MiniLM``)::

    python tools/make_pictogram_arrays.py

Run it again when the catalogue, the font, the drawing or the features have changed; a test tells.
"""

import sys
from pathlib import Path

import numpy as np

from loopscope.models.minilm import MiniLM
from loopscope.models.pictogram_set.imagination import compute_meanings
from loopscope.models.pictogram_set.recognition import compute_templates

PACKAGE = Path(__file__).parents[1] / "src/loopscope/models/pictogram_set"


def main() -> None:
    """Write ``templates.npz`` and ``meanings.npz``."""
    np.savez_compressed(PACKAGE / "templates.npz", features=compute_templates())
    np.savez_compressed(PACKAGE / "meanings.npz", vectors=compute_meanings(MiniLM()))
    for name in ("templates.npz", "meanings.npz"):
        sys.stdout.write(f"{name}: {(PACKAGE / name).stat().st_size:,} bytes\n")


if __name__ == "__main__":
    main()
