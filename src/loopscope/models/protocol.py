"""What a generator and an embedder are: the seam at which models are added.

A model is a class. Its class attributes say what it takes and gives, so that it can be listed and checked without
being loaded; making an instance, with no arguments, loads it. Importing its module must be light: a heavy library is
imported in ``__init__``.
"""

from collections.abc import Sequence
from typing import ClassVar, Protocol, TypeVar, runtime_checkable

from loopscope.types import Output, OutputType, Vectors

Input = TypeVar("Input", bound=Output, contravariant=True)
Given = TypeVar("Given", bound=Output, covariant=True)


@runtime_checkable
class Generator(Protocol[Input, Given]):
    """A model that turns a text or a picture into a text or a picture.

    Attributes
    ----------
    name
        The name it goes by in experiment files, unique among generators and embedders.
    takes, gives
        The types of its input and of its output.
    deterministic
        Whether output ``i`` depends on ``inputs[i]`` and ``seeds[i]`` alone: not on the batch, the process or the time.
    device
        Where it computes, such as ``"cpu"`` or ``"cuda:0"``.
    """

    name: ClassVar[str]
    takes: ClassVar[OutputType]
    gives: ClassVar[OutputType]
    deterministic: ClassVar[bool]
    device: str

    @classmethod
    def missing(cls) -> str | None:
        """Tell what is missing before it can be loaded, and what to type; None when it is ready."""

    def generate(self, inputs: Sequence[Input], seeds: Sequence[int]) -> Sequence[Given]:
        """Give one output for each input.

        Parameters
        ----------
        inputs
            Texts or RGB pictures, as ``takes`` says.
        seeds
            One integer in [0, 2**63) for each input: all the randomness the output may use.

        Returns
        -------
        Sequence
            One text or RGB picture for each input, in their order.
        """


@runtime_checkable
class Embedder(Protocol[Input]):
    """A model that turns texts or pictures into unit vectors.

    Attributes
    ----------
    name
        The name it goes by in experiment files, unique among generators and embedders.
    takes
        The type of its input.
    dimension
        The length of its vectors.
    deterministic
        Whether vector ``i`` depends on ``inputs[i]`` alone: not on the batch, the process or the time.
    device
        Where it computes, such as ``"cpu"`` or ``"cuda:0"``.
    """

    name: ClassVar[str]
    takes: ClassVar[OutputType]
    dimension: ClassVar[int]
    deterministic: ClassVar[bool]
    device: str

    @classmethod
    def missing(cls) -> str | None:
        """Tell what is missing before it can be loaded, and what to type; None when it is ready."""

    def embed(self, inputs: Sequence[Input]) -> Vectors:
        """Give one vector for each input.

        Parameters
        ----------
        inputs
            Texts or RGB pictures, as ``takes`` says.

        Returns
        -------
        numpy.ndarray
            Shape (n, dimension), float32, C order, rows of unit length in the order of the inputs.
        """
