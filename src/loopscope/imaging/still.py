"""What is shown of a run at one place: a picture with the text that describes it, or either alone."""

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from loopscope.types import OUTLIER, OutputType


@dataclass(frozen=True)
class Still:
    """One picture of a trajectory, or one text, or a picture with the text that was made from it.

    Attributes
    ----------
    first, last
        The sequence numbers of what is shown: the same twice where it is one output.
    picture
        RGB; None where a text is all there is.
    caption
        The text; None where a picture is all there is.
    colour
        ``#rrggbb`` of its cluster; None where no clustering is shown.
    cluster_id
        The number of its cluster; None where the clustering says nothing of it.
    """

    first: int
    last: int
    picture: Image.Image | None = None
    caption: str | None = None
    colour: str | None = None
    cluster_id: int | None = None

    @property
    def numbers(self) -> str:
        """The sequence numbers, as they are written.

        Examples
        --------
        >>> Still(4, 5).numbers, Still(7, 7).numbers
        ('4–5', '7')
        """
        return str(self.first) if self.first == self.last else f"{self.first}–{self.last}"

    @property
    def cluster(self) -> str:
        """Its cluster in words; empty where no clustering is shown.

        Examples
        --------
        >>> Still(0, 0, colour="#0072b2", cluster_id=3).cluster, Still(0, 0, colour="#bdbdbd", cluster_id=-1).cluster
        ('cluster 3', 'outlier')
        """
        if self.colour is None:
            return ""
        if self.cluster_id is None:
            return "not clustered"
        return "outlier" if self.cluster_id == OUTLIER else f"cluster {self.cluster_id}"


def find_spans(types: Sequence[OutputType], length: int) -> list[tuple[int, int]]:
    """Find what belongs together in a run: a text that directly follows a picture describes it.

    Parameters
    ----------
    types
        What the models of the network give, in their order: the network wraps round.
    length
        How many outputs the run has.

    Returns
    -------
    list of (int, int)
        First and last sequence number of each still, in order; together they cover every output once.

    Examples
    --------
    >>> find_spans([OutputType.IMAGE, OutputType.TEXT], 5)
    [(0, 1), (2, 3), (4, 4)]
    >>> find_spans([OutputType.TEXT], 3)
    [(0, 0), (1, 1), (2, 2)]
    """
    spans: list[tuple[int, int]] = []
    previous = None
    for number in range(length):
        current = types[number % len(types)]
        if current is OutputType.TEXT and previous is OutputType.IMAGE:
            spans[-1] = (number - 1, number)
        else:
            spans.append((number, number))
        previous = current
    return spans


def choose_evenly(length: int, most: int) -> list[int]:
    """Choose positions evenly, the first and the last among them.

    Parameters
    ----------
    length
        How many there are to choose from.
    most
        How many are wanted at most, at least 1.

    Examples
    --------
    >>> choose_evenly(30, 4), choose_evenly(3, 10), choose_evenly(30, 1), choose_evenly(0, 4)
    ([0, 10, 19, 29], [0, 1, 2], [0], [])
    """
    if length <= most:
        return list(range(length))
    if most == 1:
        return [0]
    return [(2 * place * (length - 1) + most - 1) // (2 * (most - 1)) for place in range(most)]
