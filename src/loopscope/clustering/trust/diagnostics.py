"""What makes embeddings outliers: how far their neighbours are, and what else they have in common."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from loopscope.errors import ClusteringError
from loopscope.statistics.estimate import Estimate, make_estimate
from loopscope.statistics.logistic import fit_logistic
from loopscope.statistics.resampling import Runs, permute_across_runs, resample_runs, shuffle_within_runs

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]

FEW_VALUES = 6
"""A number with so many different values has a bin for each, one with more has fifths."""


@dataclass(frozen=True)
class Factor:
    """One thing that being an outlier may depend on.

    Attributes
    ----------
    name
        What it is.
    values
        Shape (n,), float64: a number for each embedding; of categories the position in ``categories``.
    categories
        The names of the categories; empty for a number.
    doublings
        Whether the number is counted in doublings: bins and coefficient are of its logarithm to base 2.
    along_run
        Whether it is a position in the run. Outliers permuted across runs keep their position, so the null is S: the
        order of steps shuffled within each run.
    """

    name: str
    values: Floats
    categories: tuple[str, ...] = ()
    doublings: bool = False
    along_run: bool = False


@dataclass(frozen=True)
class OutlierShare:
    """The share of outliers among the embeddings with one value of a factor, or values in one range."""

    factor: str
    value: str
    n: int
    share: Estimate


@dataclass(frozen=True)
class OutlierEffect:
    """How being an outlier depends on a factor, all others being equal.

    Attributes
    ----------
    factor, value
        The factor; of categories, the one that is meant.
    unit
        What the coefficient is for: one standard deviation or one doubling more, or this category instead of another.
    coefficient
        The change of the logarithm of the odds of being an outlier.
    """

    factor: str
    value: str | None
    unit: str
    coefficient: Estimate


@dataclass(frozen=True)
class OutlierDiagnosis:
    """Shares by each factor, and the effect of each.

    Attributes
    ----------
    shares
        By factor and value.
    effects
        Of those factors that differ among the embeddings and do not follow from those before them; none where all or
        no embeddings are outliers.
    """

    shares: tuple[OutlierShare, ...]
    effects: tuple[OutlierEffect, ...]


def diagnose_outliers(
    outlier: Flags, factors: Sequence[Factor], runs: Runs, *, draws: int = 200, permutations: int = 100, seed: int = 0
) -> OutlierDiagnosis:
    """Find on what being an outlier depends.

    The effects are the coefficients of one logistic regression on all factors, with a ridge penalty of 1/2.

    Parameters
    ----------
    outlier
        Shape (n,): whether each embedding is an outlier.
    factors
        Each with n values.
    runs
        Which run each embedding is of.
    draws
        How often the runs are drawn for the intervals.
    permutations
        How often the outliers are permuted across runs, and shuffled within them, for the null.
    seed
        The same seed gives the same numbers.

    Raises
    ------
    ClusteringError
        When the numbers of embeddings do not fit, or there are none.
    """
    if not len(outlier) or any(len(factor.values) != len(outlier) for factor in factors):
        raise ClusteringError(
            f"found {len(outlier)} embeddings; expected at least 1, and as many values of each factor"
        )
    weights = resample_runs(runs, draws, seed)
    nulls = {along: tuple(_permuted(outlier, runs, permutations, seed, along)) for along in (False, True)}
    drawing = _Drawing(runs, weights, nulls, permutations)
    shares = [share for factor in factors for share in _shares(outlier, factor, drawing)]
    effects = _effects(outlier, factors, drawing)
    return OutlierDiagnosis(tuple(shares), tuple(effects))


def separate_by_distance(
    outlier: Flags, distance: Floats, runs: Runs, *, draws: int = 200, permutations: int = 100, seed: int = 0
) -> Estimate:
    """Tell how well the distance to the k-th neighbour tells outliers from members.

    Parameters
    ----------
    outlier
        Shape (n,): whether each embedding is an outlier.
    distance
        Shape (n,): that of its k-th neighbour.
    runs, draws, permutations, seed
        As for :func:`diagnose_outliers`.

    Returns
    -------
    Estimate
        The probability that an outlier's neighbour is further away than a member's (the area under the ROC curve): 1
        where every outlier's is, 1/2 where it tells nothing; NaN without outliers or without members.

    Examples
    --------
    >>> flags, distance = np.array([False, False, True, True]), np.array([0.1, 0.3, 0.3, 0.9])
    >>> separate_by_distance(flags, distance, Runs.of([0, 1, 0, 1])).estimate
    0.875
    """
    weights = resample_runs(runs, draws, seed)
    _, rank = np.unique(distance, return_inverse=True)
    once = np.ones(len(outlier))
    drawn = [_area(outlier, rank, each[runs.run].astype(np.float64)) for each in weights]
    null = [_area(each, rank, once) for each in _permuted(outlier, runs, permutations, seed)]
    method = _say_method(runs, draws, permutations)
    return make_estimate(
        _area(outlier, rank, once), drawn, null, n_runs=runs.n_runs, method=method, extreme="far", bounds=(0, 1)
    )


@dataclass(frozen=True)
class _Drawing:
    """The draws of the runs, and the outliers as they are where the null holds: P, and S along the run."""

    runs: Runs
    weights: Integers
    nulls: Mapping[bool, Sequence[Flags]]
    permutations: int

    def method(self, along_run: bool) -> str:
        return _say_method(self.runs, len(self.weights), self.permutations, along_run)


def _say_method(runs: Runs, draws: int, permutations: int, along_run: bool = False) -> str:
    if runs.n_runs < 2 and not along_run:
        return "no interval and no null: one run"
    null = "null S: order of steps shuffled" if along_run else "null P: outliers permuted across runs"
    return f"{runs.described} ({draws} draws); {null} ({permutations} times)"


def _permuted(outlier: Flags, runs: Runs, permutations: int, seed: int, along_run: bool = False) -> Iterator[Flags]:
    random = np.random.default_rng((seed, 1))
    reorder = shuffle_within_runs if along_run else permute_across_runs
    for _ in range(permutations if runs.n_runs > 1 or along_run else 0):
        yield outlier[reorder(runs, random)]


def _area(outlier: Flags, rank: Integers, weights: Floats) -> float:
    of_outliers, of_members = (np.bincount(rank, weights=weights * flags) for flags in (outlier, ~outlier))
    outliers, members = of_outliers.sum(), of_members.sum()
    if not outliers or not members:
        return float("nan")
    return float(of_outliers @ (np.cumsum(of_members) - of_members / 2) / (outliers * members))


def _shares(outlier: Flags, factor: Factor, drawing: _Drawing) -> Iterator[OutlierShare]:
    runs, weights, null = drawing.runs, drawing.weights, drawing.nulls[factor.along_run]
    names, bins = _bin(factor)
    n_bins = len(names)
    sizes = np.bincount(bins, minlength=n_bins)
    by_run = [
        np.bincount(runs.run * n_bins + bins, weights=flags, minlength=runs.n_runs * n_bins).reshape(-1, n_bins)
        for flags in (outlier, np.ones(len(outlier)))
    ]
    with np.errstate(invalid="ignore"):
        drawn = (weights @ by_run[0]) / (weights @ by_run[1])
        found, *chance = (np.bincount(bins, weights=each, minlength=n_bins) / sizes for each in (outlier, *null))
    for number in np.flatnonzero(sizes):
        estimate = make_estimate(
            float(found[number]),
            drawn[:, number],
            [float(each[number]) for each in chance],
            n_runs=int((by_run[1][:, number] > 0).sum()),
            method=drawing.method(factor.along_run),
            extreme="far",
            bounds=(0, 1),
        )
        yield OutlierShare(factor.name, names[number], int(sizes[number]), estimate)


def _bin(factor: Factor) -> tuple[list[str], Integers]:
    """Put values into bins: categories as they are, doublings, single values if they are few, else fifths."""
    values = factor.values
    if factor.categories:
        return list(factor.categories), values.astype(np.int64)
    if factor.doublings:
        return _name_doublings(np.floor(np.log2(values)).astype(np.int64))
    different = np.unique(values)
    if len(different) <= FEW_VALUES:
        return [f"{value:.4g}" for value in different], np.searchsorted(different, values)
    inner = np.unique(np.quantile(values, [0.2, 0.4, 0.6, 0.8]))
    bins = np.searchsorted(inner, values, side="left")  # a value on an edge is below it
    kept, bins = np.unique(bins, return_inverse=True)
    names = [f"{values[bins == number].min():.3g} to {values[bins == number].max():.3g}" for number in range(len(kept))]
    return names, bins.astype(np.int64)


def _name_doublings(exponents: Integers) -> tuple[list[str], Integers]:
    last = int(exponents.max())
    names = [f"{2**exponent} to {2 ** (exponent + 1) - 1}" if exponent else "1" for exponent in range(last + 1)]
    return names, exponents


def _effects(outlier: Flags, factors: Sequence[Factor], drawing: _Drawing) -> Iterator[OutlierEffect]:
    if outlier.all() or not outlier.any():
        return
    columns = _independent(list(_columns(factors)))
    if not columns:
        return
    design = np.stack([np.ones(len(outlier)), *(column.values for column in columns)], axis=1)
    once = np.ones(len(outlier))
    found = fit_logistic(design, outlier, once)
    runs = drawing.runs
    drawn = [fit_logistic(design, outlier, each[runs.run].astype(np.float64), found) for each in drawing.weights]
    chance = {
        along: [fit_logistic(design, each, once) for each in drawing.nulls[along]]
        for along in {column.along_run for column in columns}
    }
    for number, column in enumerate(columns, start=1):
        estimate = make_estimate(
            float(found[number]),
            [float(each[number]) for each in drawn],
            [float(each[number]) for each in chance[column.along_run]],
            n_runs=runs.n_runs,
            method=drawing.method(column.along_run),
            extreme="far",
        )
        yield OutlierEffect(column.factor, column.value, column.unit, estimate)


@dataclass(frozen=True)
class _Column:
    """One column of the regression, centred."""

    factor: str
    value: str | None
    unit: str
    values: Floats
    along_run: bool


def _columns(factors: Sequence[Factor]) -> Iterator[_Column]:
    for factor in factors:
        if factor.categories:
            codes = factor.values.astype(np.int64)
            counts = np.bincount(codes, minlength=len(factor.categories))
            commonest = int(counts.argmax())
            for code in np.flatnonzero(counts):
                if code != commonest:
                    flags = (codes == code).astype(np.float64)
                    unit = f"instead of {factor.categories[commonest]}"
                    yield _Column(factor.name, factor.categories[code], unit, flags - flags.mean(), factor.along_run)
        elif factor.doublings:
            doublings = np.log2(factor.values)
            yield _Column(factor.name, None, "each doubling", doublings - doublings.mean(), factor.along_run)
        else:
            spread = float(factor.values.std())
            scaled = (factor.values - factor.values.mean()) / (spread or 1.0)
            yield _Column(factor.name, None, f"each {spread:.3g} more", scaled, factor.along_run)


def _independent(columns: Sequence[_Column]) -> list[_Column]:
    """Leave out columns that do not differ or follow from those before them."""
    kept: list[_Column] = []
    basis: list[Floats] = []
    for column in columns:
        rest = column.values.copy()
        for direction in basis:
            rest -= direction * (direction @ rest)
        length = float(np.linalg.norm(rest))
        if length > 1e-6 * float(np.linalg.norm(column.values)):
            kept.append(column)
            basis.append(rest / length)
    return kept
