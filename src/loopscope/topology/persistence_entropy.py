"""What the bars of one dimension tell in a few numbers: how many, how long, and how evenly long."""

from dataclasses import dataclass

import numpy as np

from loopscope.topology.diagrams import Numbers

NO_BARS = "no bar that ends"
ONE_BAR = "one bar that ends: its entropy is 0 and cannot be normalised by ln 1"


@dataclass(frozen=True)
class BarSummary:
    """The bars of one dimension of a diagram; bars that never end are counted apart and are in no other number.

    Attributes
    ----------
    entropy
        The persistence entropy, normalised to [0, 1]: 1 where all bars are equally long, small where few long ones
        stand out; NaN with fewer than two bars.
    n_bars
        How many bars end.
    n_essential
        How many never do.
    total_persistence, largest_persistence
        The sum of their lengths and the greatest, in distance; 0 where there is none.
    reason
        Why there is no entropy; None where there is one.
    """

    entropy: float
    n_bars: int
    n_essential: int
    total_persistence: float
    largest_persistence: float
    reason: str | None = None


def summarise_bars(points: Numbers) -> BarSummary:
    """Summarise the bars of one dimension.

    Parameters
    ----------
    points
        Shape (number of bars, 2): birth and death.

    Returns
    -------
    BarSummary
        With the entropy E = −Σ p ln p / ln n, where p is the share of a bar in the length of all n that end
        (Chintakunta et al. 2015, doi:10.1016/j.patcog.2014.06.023).

    Examples
    --------
    >>> summarise_bars(np.array([[0, 1.0], [0, 1.0], [0, np.inf]])).entropy
    1.0
    >>> summarise_bars(np.array([[0, np.inf]])).reason
    'no bar that ends'
    """
    ends = np.isfinite(points[:, 1])
    lengths = points[ends, 1] - points[ends, 0]
    lengths = lengths[lengths > 0]
    n_essential = int((~ends).sum())
    if len(lengths) < 2:
        total = float(lengths.sum())
        return BarSummary(np.nan, len(lengths), n_essential, total, total, ONE_BAR if len(lengths) else NO_BARS)
    share = lengths / lengths.sum()
    entropy = min(float(-(share * np.log(share)).sum() / np.log(len(share))), 1.0)
    return BarSummary(entropy, len(lengths), n_essential, float(lengths.sum()), float(lengths.max()))
