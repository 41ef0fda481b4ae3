"""Models that misbehave, in a package of their own as a third party's would be: put this folder on the path."""

import time

import numpy as np
from PIL import Image

from loopscope.models.fakes import FakeText, FakeTextEmbedder


class Slow(FakeText):
    """Takes 20 ms for a batch, so that it can be interrupted."""

    name = "Slow"

    def generate(self, inputs, seeds):
        time.sleep(0.02)
        return super().generate(inputs, seeds)


class FailsSometimes(FakeText):
    """Fails on every second call; the call after it goes well."""

    name = "FailsSometimes"

    def __init__(self):
        self.calls = 0

    def generate(self, inputs, seeds):
        self.calls += 1
        if self.calls % 2:
            raise RuntimeError("the lamp flickered")
        return super().generate(inputs, seeds)


class FailsOnBadInput(FakeText):
    """Fails on a batch that holds the text "bad"; other texts are not to blame."""

    name = "FailsOnBadInput"

    def generate(self, inputs, seeds):
        if "bad" in inputs:
            raise ValueError("found a bad text")
        return super().generate(inputs, seeds)


class FailsAlways(FakeText):
    name = "FailsAlways"

    def generate(self, inputs, seeds):
        raise RuntimeError("the lamp is broken")


class GivesNothing(FakeText):
    name = "GivesNothing"

    def generate(self, inputs, seeds):
        return None


class GivesTooFew(FakeText):
    name = "GivesTooFew"

    def generate(self, inputs, seeds):
        return []


class GivesPictures(FakeText):
    """Promises texts and gives pictures."""

    name = "GivesPictures"

    def generate(self, inputs, seeds):
        return [Image.new("RGB", (4, 4)) for _ in inputs]


class GivesNaN(FakeTextEmbedder):
    """Gives NaN for texts that begin with m."""

    name = "GivesNaN"

    def embed(self, inputs):
        vectors = super().embed(inputs)
        vectors[[text.startswith("m") for text in inputs]] = np.nan
        return vectors


class GivesOtherLength(FakeTextEmbedder):
    name = "GivesOtherLength"

    def embed(self, inputs):
        return super().embed(inputs)[:, :20]
