"""Quantities and rows by their words, as a sentence names what the columns of a frame abbreviate."""

import re
from collections.abc import Sequence
from typing import Any, Final

QUANTITIES: Final = {
    "tau": "relaxation time",
    "exponent": "early exponent",
    "d2_first": "distance at the first step",
    "d2_last": "distance over the last quarter",
    "d2_0": "start of the fitted relaxation",
    "d2_inf": "plateau of the fitted relaxation",
    "r2": "share that the fit explains",
    "accuracy_first": "recoverability of the prompt at the first step",
    "accuracy_last": "recoverability of the prompt at the last steps",
    "decay_time": "decay time of recoverability",
    "rr": "recurrence rate",
    "det": "determinism",
    "l": "mean length of diagonal lines",
    "l_max": "longest diagonal line",
    "entr": "entropy of the lengths of diagonal lines",
    "lam": "laminarity",
    "tt": "trapping time",
    "entropy": "persistence entropy",
    "n_bars": "number of bars",
    "total_persistence": "total persistence",
    "largest_persistence": "longest bar",
    "prompt_bits": "bits that the prompt tells of the last cluster",
    "gap": "spectral gap",
    "timescale": "slowest timescale",
    "t_mix": "mixing time",
    "h_bits": "entropy rate",
    "ep_bits": "irreversibility",
    "ck": "Chapman-Kolmogorov test",
    "memory_bits": "memory beyond one step",
    "order": "order of the chain",
    "transit_share": "share of outliers between clusters",
    "n_effective": "effective number of clusters",
    "n_effective_at_end": "effective number of clusters at the end",
    "drift_from_prompt": "drift from the prompt",
    "drift_from_start": "drift from the first output",
}
"""Words of quantities; one that is not here is named as it is, with spaces."""
ROWS: Final = {
    "cluster_id": "cluster {}",
    "period": "period {}",
    "window": "sliding window of {} steps",
    "pairs": "{} pairs",
    "dimension": "bars of dimension {}",
}
"""How a value of a column that holds numbers, or half a name, is called."""
OUTLIERS: Final = -1
NUMBER: Final = re.compile(r"(?<![\w.])\d+(?:,\d{3})*(?:\.\d+)?(?!\w)")


def name_value(column: str, value: Any) -> str:
    """Name a value of a column in words.

    Examples
    --------
    >>> name_value("quantity", "tau"), name_value("cluster_id", 6), name_value("network", "A→B")
    ('relaxation time', 'cluster 6', 'A→B')
    >>> name_value("cluster_id", -1), name_value("measure", "some_other")
    ('outliers', 'some other')
    """
    if column in ("quantity", "measure"):
        return QUANTITIES.get(str(value), str(value).replace("_", " "))
    if column == "cluster_id" and value == OUTLIERS:
        return "outliers"
    return count_in(ROWS.get(column, "{}").format(value))


def count_in(text: str) -> str:
    """Make singular what there is one of.

    Examples
    --------
    >>> count_in("only 1 steps; it needs 21 steps, and 1 embeddings of 1 runs")
    'only 1 step; it needs 21 steps, and 1 embedding of 1 run'
    """
    return re.sub(r"(?<![\d.,])1 (step|embedding|run|prompt|output|cluster|point)s\b", r"1 \1", text)


def merge(texts: Sequence[str]) -> str:
    """Write texts that differ in numbers alone as one, each number that differs as a range.

    Examples
    --------
    >>> merge(["no run has two steps that are 7 apart", "no run has two steps that are 10 apart"])
    'no run has two steps that are 7 to 10 apart'
    """
    found = [NUMBER.findall(text) for text in texts]
    ranges = (
        numbers[0] if len(set(numbers)) == 1 else f"{min(numbers, key=_value)} to {max(numbers, key=_value)}"
        for numbers in zip(*found, strict=True)
    )
    return NUMBER.sub(lambda _: next(ranges), texts[0])


def pattern_of(text: str) -> str:
    """Give what is left of a text without its numbers: the same for texts that `merge` takes."""
    return NUMBER.sub("#", text)


def _value(number: str) -> float:
    return float(number.replace(",", ""))
