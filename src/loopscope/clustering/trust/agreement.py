"""How far two partitions agree: the adjusted Rand index and adjusted mutual information, of many weightings at once.

Both are functions of how often each pair of labels occurs, which is what resampling runs changes. scikit-learn computes
them of one pair of label vectors at a time, and its expected mutual information takes as many steps as the sizes of all
pairs of clusters together; here 500 weightings of 140,000 embeddings take about a second.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

DENSE = 4_000_000
"""Up to so many pairs of labels are counted in one array, more are sorted."""
EXACT_SIZES = 32
GRID_RATIO = 1.08
"""The expected mutual information is interpolated between sizes that grow by this ratio, from EXACT_SIZES on."""
STANDARD_DEVIATIONS = 9.0
TERMS = 4_000_000


@dataclass(frozen=True)
class Cells:
    """The pairs of labels that occur among n embeddings.

    Attributes
    ----------
    a, b
        Shape (cells,), int64: the two labels of each pair.
    n_a, n_b
        How many different labels there may be.
    counts
        Shape (cells, weightings), float64: how often each occurs.
    """

    a: Integers
    b: Integers
    n_a: int
    n_b: int
    counts: Floats

    @property
    def sizes_a(self) -> Floats:
        """How often each first label occurs: shape (n_a, weightings)."""
        return _sum_by(self.a, self.n_a, self.counts)

    @property
    def sizes_b(self) -> Floats:
        """How often each second label occurs: shape (n_b, weightings)."""
        return _sum_by(self.b, self.n_b, self.counts)

    @property
    def totals(self) -> Floats:
        """How many embeddings there are: shape (weightings,)."""
        total: Floats = self.counts.sum(axis=0)
        return total

    def weighted(self, counts: Floats) -> "Cells":
        """Let the same pairs occur so often instead."""
        return Cells(self.a, self.b, self.n_a, self.n_b, counts)

    def take(self, kept: npt.NDArray[np.bool_]) -> "Cells":
        """Keep the pairs where this is true."""
        return Cells(self.a[kept], self.b[kept], self.n_a, self.n_b, self.counts[kept])


def count_cells(a: Integers, b: Integers, n_a: int, n_b: int) -> Cells:
    """Count the pairs of labels.

    Parameters
    ----------
    a, b
        Shape (n,), int64, from 0 to below n_a and n_b.

    Examples
    --------
    >>> cells = count_cells(np.array([0, 0, 1]), np.array([1, 1, 0]), 2, 2)
    >>> cells.a.tolist(), cells.b.tolist(), cells.counts.tolist()
    ([0, 1], [1, 0], [[2.0], [1.0]])
    """
    codes = a * n_b + b
    if n_a * n_b <= DENSE:
        counts = np.bincount(codes, minlength=n_a * n_b)
        present = np.flatnonzero(counts)
        counts = counts[present]
    else:
        present, counts = np.unique(codes, return_counts=True)
    return Cells(present // n_b, present % n_b, n_a, n_b, counts[:, None].astype(np.float64))


def adjusted_rand(cells: Cells) -> Floats:
    """Compute the adjusted Rand index (Hubert and Arabie 1985, doi:10.1007/BF01908075) of each weighting.

    Returns
    -------
    numpy.ndarray
        Shape (weightings,): 1 for equal partitions, 0 on average for unrelated ones; NaN where nothing is compared.

    Examples
    --------
    >>> adjusted_rand(count_cells(np.array([0, 0, 1, 1]), np.array([1, 1, 0, 0]), 2, 2)).tolist()
    [1.0]
    """
    together, in_a, in_b = (_pairs(sizes).sum(axis=0) for sizes in (cells.counts, cells.sizes_a, cells.sizes_b))
    every = _pairs(cells.totals)
    with np.errstate(invalid="ignore", divide="ignore"):
        expected = in_a * in_b / every
        found = (together - expected) / ((in_a + in_b) / 2 - expected)
    trivial = (together == in_a) & (together == in_b)
    return np.where(cells.totals == 0, np.nan, np.where(trivial, 1.0, found))


class AdjustedMutualInformation:
    """Adjusted mutual information of partitions of n embeddings (Vinh et al. 2010, JMLR 11, 2837).

    What chance would give is computed exactly where that is asked for, else interpolated between sizes of clusters,
    which changes the result by less than 1e-3. Weightings that come to another number of embeddings are scaled to n:
    agreement is adjusted for chance among as many as there are.

    Parameters
    ----------
    n
        How many embeddings.
    largest
        The size of the largest cluster that will be asked about.
    """

    def __init__(self, n: int, largest: int) -> None:
        self.n = n
        beyond = EXACT_SIZES * GRID_RATIO ** np.arange(1, 400)
        sizes = np.concatenate([np.arange(EXACT_SIZES + 1), np.round(beyond)])
        enough = int(np.searchsorted(sizes, min(largest, n))) + 1
        self._sizes = np.minimum(sizes[:enough], n).astype(np.int64)
        self._expected = expected_mutual_information(self._sizes, self._sizes, n)

    def __call__(self, cells: Cells, *, exact: bool = False) -> Floats:
        """Compute it for each weighting: shape (weightings,), 1 for equal partitions; NaN where nothing is compared."""
        totals = cells.totals
        with np.errstate(invalid="ignore", divide="ignore"):
            shares_a, shares_b = cells.sizes_a / totals, cells.sizes_b / totals
            entropy_a, entropy_b, joint = (_entropy(each) for each in (shares_a, shares_b, cells.counts / totals))
            expected = self._expect_exactly(cells) if exact else self._interpolate(shares_a, shares_b)
            mutual = entropy_a + entropy_b - joint
            found = (mutual - expected) / ((entropy_a + entropy_b) / 2 - expected)
        one_each = (cells.counts > 0).sum(axis=0)
        trivial = ((shares_a > 0).sum(axis=0) == one_each) & ((shares_b > 0).sum(axis=0) == one_each)
        return np.where(totals == 0, np.nan, np.where(trivial, 1.0, found))

    def _expect_exactly(self, cells: Cells) -> Floats:
        expected = np.zeros(cells.counts.shape[1])
        sizes_a, sizes_b = cells.sizes_a, cells.sizes_b
        for weighting in range(len(expected)):
            a, n_a = np.unique(sizes_a[:, weighting].astype(np.int64), return_counts=True)
            b, n_b = np.unique(sizes_b[:, weighting].astype(np.int64), return_counts=True)
            total = int(cells.totals[weighting])
            expected[weighting] = n_a @ expected_mutual_information(a, b, total) @ n_b
        return expected

    def _interpolate(self, shares_a: Floats, shares_b: Floats) -> Floats:
        on_grid = self._place(shares_a), self._place(shares_b)
        expected: Floats = np.einsum("iw,ij,jw->w", on_grid[0], self._expected, on_grid[1], optimize=True)
        return expected

    def _place(self, shares: Floats) -> Floats:
        """Count the clusters at each size of the grid, one between two sizes as parts of both."""
        sizes = np.nan_to_num(shares * self.n)
        after = np.clip(np.searchsorted(self._sizes, sizes, side="right"), 1, len(self._sizes) - 1)
        low, high = self._sizes[after - 1], self._sizes[after]
        part = np.clip((sizes - low) / (high - low), 0, 1)
        placed = np.zeros((len(self._sizes), shares.shape[1]))
        weighting = np.broadcast_to(np.arange(shares.shape[1]), shares.shape)
        np.add.at(placed, (after - 1, weighting), 1 - part)
        np.add.at(placed, (after, weighting), part)
        return placed


def expected_mutual_information(sizes_a: Integers, sizes_b: Integers, n: int) -> Floats:
    """Compute what each pair of clusters adds to the mutual information of partitions that are made by chance.

    Parameters
    ----------
    sizes_a, sizes_b
        Shape (k,) and (l,), int64, from 0 to n.
    n
        How many embeddings are partitioned.

    Returns
    -------
    numpy.ndarray
        Shape (k, l), in nats: Σ over the hypergeometric law of the overlap m of m/n ln(n m / a b). Overlaps further
        than nine standard deviations from their mean are left out.

    Examples
    --------
    >>> float(round(expected_mutual_information(np.array([2]), np.array([2]), 4)[0, 0], 4))
    0.0578
    """
    from scipy.special import gammaln

    if n == 0:
        return np.zeros((len(sizes_a), len(sizes_b)))
    logarithms = gammaln(np.arange(n + 2) + 1.0)
    a, b = (each.ravel() for each in np.meshgrid(sizes_a, sizes_b, indexing="ij"))
    spread = STANDARD_DEVIATIONS * np.sqrt(a * b * ((n - a) / n) * ((n - b) / n) / max(n - 1, 1)) + STANDARD_DEVIATIONS
    first = np.maximum.reduce([np.ones(len(a)), a + b - n, np.floor(a * b / n - spread)]).astype(np.int64)
    last = np.minimum.reduce([a, b, np.ceil(a * b / n + spread)]).astype(np.int64)
    lengths = np.maximum(last - first + 1, 0)
    expected = np.zeros(len(a))
    ends = np.cumsum(lengths)
    start = 0
    while start < len(a):  # as many pairs at once as fit into the memory set aside
        before = ends[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, before + TERMS, side="right")))
        part = slice(start, stop)
        expected[part] = _sum_terms(a[part], b[part], first[part], lengths[part], n, logarithms)
        start = stop
    return expected.reshape(len(sizes_a), len(sizes_b))


def _sum_terms(a: Integers, b: Integers, first: Integers, lengths: Integers, n: int, logarithms: Floats) -> Floats:
    pair = np.repeat(np.arange(len(a)), lengths)
    within = np.arange(len(pair)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    overlap, a_here, b_here = first[pair] + within, a[pair], b[pair]
    fixed = logarithms[a] + logarithms[b] + logarithms[n - a] + logarithms[n - b] - logarithms[n]
    probability = np.exp(
        fixed[pair]
        - logarithms[overlap]
        - logarithms[a_here - overlap]
        - logarithms[b_here - overlap]
        - logarithms[n - a_here - b_here + overlap]
    )
    terms = overlap / n * (np.log(n * overlap.astype(np.float64)) - np.log(a_here.astype(np.float64) * b_here))
    sums: Floats = np.bincount(pair, weights=terms * probability, minlength=len(a)).astype(np.float64)
    return sums


def _pairs(sizes: Floats) -> Floats:
    pairs: Floats = sizes * (sizes - 1) / 2
    return pairs


def _entropy(shares: Floats) -> Floats:
    from scipy.special import xlogy

    entropy: Floats = -xlogy(shares, shares).sum(axis=0)
    return entropy


def _sum_by(labels: Integers, n_labels: int, counts: Floats) -> Floats:
    from scipy.sparse import csr_array

    gather = csr_array((np.ones(len(labels)), (labels, np.arange(len(labels)))), shape=(n_labels, len(labels)))
    sums: Floats = gather @ counts
    return sums
