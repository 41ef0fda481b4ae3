"""How to read a report: the terms it uses, and the nulls that it compares with."""

READING: dict[str, tuple[tuple[str, str], ...]] = {
    "Numbers": (
        (
            "23 [15, 31]",
            "An estimate and its 95 % interval, from a bootstrap over runs within network and prompt: runs are drawn "
            "again, never single steps, since steps of one run are alike.",
        ),
        (
            "p = 0.01",
            "The share of draws from a null that are at least as extreme, the estimate counted as one: with 99 draws "
            "it cannot be smaller than 0.01.",
        ),
        (
            "one-sided p",
            "p counts draws that are as extreme in the one direction that is asked about: as large for a loop or "
            "determinism, as small for a distance from what is one's own. A p near 1 says that the estimate lies on "
            "the other side of the null, and a sentence then says so.",
        ),
    ),
    "Nulls": (
        ("shuffled order", "S: the steps of each run in random order. What is in a run stays; when it comes does not."),
        (
            "Markov surrogate",
            "M1: a sequence of which each step depends only on the one before, as often as in the run.",
        ),
        ("dealt out", "P: what runs hold is dealt out to other runs, so that a run has nothing to do with its prompt."),
        ("Gaussian cloud", "G: as many points of the same mean and covariance, without clusters or loops."),
    ),
    "Terms": (
        ("network", "A cycle of models; the output of one is the input of the next."),
        ("run", "One network, one initial prompt, one seed; or fresh randomness at every step."),
        (
            "step",
            "Two things, and each axis says which. The sequence number counts all invocations of a run from 0. Where "
            "outputs of one type are compared, the step counts these alone, from 0: in a network of two models every "
            "second invocation is one.",
        ),
        (
            "cluster, medoid",
            "Outputs that are alike; the medoid is the member nearest to all others, and stands for it.",
        ),
        ("outlier", "An output that is in no cluster. Outliers are a state of their own, never left out."),
        ("absorbed", "From some step on, the onset, a run repeats exactly: at a fixed point or in a cycle."),
        ("dwell time", "For how many steps a run stays in a cluster."),
        ("return time", "After how many steps it is there again."),
        ("basin", "The cluster that a run ends in."),
        (
            "drift",
            "1 − cosine to the prompt or the first output: 0 the same direction. Outputs that have nothing to do with "
            "each other are not at 1, since models crowd their embeddings together: how far those of other prompts "
            "are is the dashed line.",
        ),
        ("censored", "Cut off by the end of the run: a stay that was still going on is at least so long."),
    ),
}
"""By heading, terms with what they mean."""
