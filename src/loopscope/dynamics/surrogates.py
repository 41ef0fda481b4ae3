"""Sequences as they would be without an effect: what an analysis of labels is compared with.

====  ==============================  ==============================================================================
null  function                        which question an analysis answers against it
====  ==============================  ==============================================================================
S     :func:`shuffle_order`           does the order of a run's steps matter at all?
M1    :func:`draw_markov_surrogate`   is there more to the order than which symbol follows which?
P     :func:`permute_runs`            does it matter which run it is, and so which network, prompt and seed?
====  ==============================  ==============================================================================
"""

import numpy as np

from loopscope.dynamics.sequences import MISSING, Sequences


def shuffle_order(sequences: Sequences, random: np.random.Generator) -> Sequences:
    """Shuffle the order of steps within each run: null S.

    Parameters
    ----------
    sequences
        Of any symbols; what is `MISSING` stays at its place.
    random
        Where the order comes from.

    Examples
    --------
    >>> shuffled = shuffle_order(Sequences.of([[0, 1, 2, -2], [3, 3]]), np.random.default_rng(0))
    >>> [run.tolist() for run in shuffled]
    [[2, 0, 1, -2], [3, 3]]
    """
    from loopscope.dynamics.reordering import shuffle_each_run

    symbols = sequences.symbols.copy()
    shuffle_each_run(symbols, sequences.starts, MISSING, random)
    return sequences.replace(symbols)


def draw_markov_surrogate(sequences: Sequences, random: np.random.Generator) -> Sequences:
    """Draw sequences with the same transitions in another order: null M1.

    Within each run, and within each piece of it between steps that are `MISSING`, the first symbol, the last symbol and
    the number of times that each symbol follows each are kept, and of all sequences that have them one is drawn, each
    with the same probability. For a Markov chain of first order these counts are sufficient, so that given them all
    such sequences are equally likely whatever the transition probabilities: the test is exact, with nothing fitted
    (Altschul and Erickson 1985, doi:10.1093/oxfordjournals.molbev.a040370; Kandel, Matias, Unger and Winkler 1996,
    doi:10.1016/S0166-218X(97)81456-4). What depends on these counts alone has no spread under it, and no p-value.

    Parameters
    ----------
    sequences
        Of any symbols; the outlier is one like any other.
    random
        Where the sequences come from.

    Examples
    --------
    >>> surrogate = draw_markov_surrogate(Sequences.of([[0, 1, 0, 0, 2, 1, 2]]), np.random.default_rng(0))
    >>> surrogate.symbols.tolist()
    [0, 0, 1, 2, 1, 0, 2]
    """
    from loopscope.dynamics.reordering import retrace_each_piece

    symbols = sequences.symbols.copy()
    retrace_each_piece(symbols, sequences.starts, MISSING, random)
    return sequences.replace(symbols)


def permute_runs(sequences: Sequences, random: np.random.Generator) -> Sequences:
    """Deal the sequences of runs out to other runs: null P.

    What the runs hold is laid down, run after run in a random order, over the places of all runs in their own order, as
    by :func:`loopscope.statistics.resampling.permute_across_runs`.

    Examples
    --------
    >>> permuted = permute_runs(Sequences.of([[0, 1], [2, 3]]), np.random.default_rng(3))
    >>> [run.tolist() for run in permuted]
    [[2, 3], [0, 1]]
    """
    if not sequences.n_runs:
        return sequences
    runs = list(sequences)
    return sequences.replace(np.concatenate([runs[number] for number in random.permutation(sequences.n_runs)]))
