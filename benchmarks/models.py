"""How fast the built-in models are."""

import tempfile
from pathlib import Path

from figure import Figure, timer
from loopscope.config import ExperimentConfig
from loopscope.engine.demo import PROMPTS
from loopscope.engine.performing import perform_experiment
from loopscope.models.colour_layout import ColourLayout
from loopscope.models.minilm import MiniLM
from loopscope.models.pictograms import Pictograms
from loopscope.store.connection import open_store

SENTENCE = "painting red fox sitting beside frozen lake dusk while two old men playing chess in park under moon"


def measure() -> list[Figure]:
    """Measure the loop of the painter and the describer as the engine performs it, and the embedders."""
    words = SENTENCE.split()
    texts = [" ".join(words[(i * 7 + j * 3) % len(words)] for j in range(20)) for i in range(512)]
    pictures = Pictograms().generate(PROMPTS * 20, list(range(100)))
    minilm, layout = MiniLM(), ColourLayout()
    minilm.embed(texts[:8])
    layout.embed(pictures[:2])
    with timer() as embedding:
        minilm.embed(texts)
    with timer() as describing:
        layout.embed(pictures)
    return [
        Figure("Pictograms → Describe: invocations", _loop(), "/s", at_least=60),
        Figure("MiniLM: twenty-word texts", len(texts) / embedding.seconds, "/s", at_least=120),
        Figure("ColourLayout: pictures", len(pictures) / describing.seconds, "/s"),
    ]


def _loop() -> float:
    config = ExperimentConfig(networks=(("Pictograms", "Describe"),), prompts=PROMPTS, num_runs=5, max_length=20)
    with tempfile.TemporaryDirectory() as folder, open_store(Path(folder) / "loop.db", create=True) as store:
        with timer() as taken:
            done = perform_experiment(config, store)
        return done.counts.invocations / taken.seconds
