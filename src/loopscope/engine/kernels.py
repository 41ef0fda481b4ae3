"""The clustering kernels made ready, and that it takes a while told: once on a machine."""

from loopscope.clustering.distances.compiling import compile_kernels, kernels_are_compiled
from loopscope.engine.progress import Progress


def prepare_kernels(progress: Progress) -> None:
    """Compile the kernels if they are not, telling whoever watches."""
    if not kernels_are_compiled():
        progress.say("compiling the clustering kernels, once on this machine")
        compile_kernels()
