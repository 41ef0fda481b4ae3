"""What sets of clusters are never left, on how much evidence, and whether a chain's numbers may rest on it."""

from dataclasses import dataclass

import polars as pl

from loopscope.datavis.wording import count_of
from loopscope.export.report.numbers import listed, share

FEWEST_RUNS = 3
SMALLEST_SHARE = 0.5
MOST_NAMED = 5
"""Of more clusters in a class than these, or more closed classes, their number is told."""
OUTLIERS = -1


@dataclass(frozen=True)
class ClosedClass:
    """A set of states that no run was seen to leave.

    Attributes
    ----------
    states
        Its clusters, ascending; −1 for the outliers.
    n_runs
        In how many runs a transition begins in it.
    n_transitions
        How many transitions begin in it.
    """

    states: tuple[int, ...]
    n_runs: int
    n_transitions: int


@dataclass(frozen=True)
class Classes:
    """The communicating classes of one network's transitions.

    Attributes
    ----------
    n_states
        How many states there are.
    n_unknown
        Of how many nothing is known of what follows, since every run that came to one ended there.
    n_classes
        How many classes the others make.
    n_transitions
        How many transitions there are.
    closed
        Those classes that are closed, by decreasing number of transitions.
    """

    n_states: int
    n_unknown: int
    n_classes: int
    n_transitions: int
    closed: tuple[ClosedClass, ...]

    @classmethod
    def of(cls, transitions: pl.DataFrame) -> "Classes":
        """Gather them from the rows of a network in the frame of transitions."""
        states = transitions.filter(pl.col("from_cluster").is_not_null()).unique("from_cluster").sort("from_cluster")
        known = states.filter(pl.col("class").is_not_null())
        closed = known.filter("closed").group_by("class", "class_runs", "class_count").agg("from_cluster")
        return cls(
            n_states=states.height,
            n_unknown=states.height - known.height,
            n_classes=known["class"].n_unique(),
            n_transitions=int(transitions["count"].sum()),
            closed=tuple(
                ClosedClass(tuple(row["from_cluster"]), row["class_runs"], row["class_count"])
                for row in closed.sort("class").iter_rows(named=True)
            ),
        )

    @property
    def is_supported(self) -> bool:
        """Whether one class is closed, is seen in runs enough, and holds half of all transitions at least.

        The entropy rate, the gap and the irreversibility are those of the one closed class, however little was seen
        of it: a single run that ends in a cluster of its own makes them nothing at all.
        """
        if len(self.closed) != 1:
            return False
        [one] = self.closed
        return one.n_runs >= FEWEST_RUNS and one.n_transitions >= SMALLEST_SHARE * self.n_transitions


def say_classes(classes: Classes) -> str:
    """Say which sets of clusters are never left, from the sentence's second word on.

    Examples
    --------
    >>> say_classes(Classes(3, 0, 1, 40, (ClosedClass((-1, 0, 1), 5, 40),)))
    'every cluster leads to every other: the 3 states, outliers being one, make one class'
    >>> say_classes(Classes(9, 0, 2, 400, (ClosedClass((6,), 1, 12),)))
    'no set of clusters is closed on good evidence: the only one never left, cluster 6, was seen in 1 run (12 of 400 \
transitions)'
    >>> say_classes(Classes(3, 0, 2, 40, (ClosedClass((1, 2), 4, 30),)))
    'one set of clusters is never left: clusters 1 and 2, seen in 4 runs (75 % of 40 transitions)'
    """
    if not classes.closed:
        return "no step is seen to follow another"
    if len(classes.closed) > 1:
        told = [f"{name_states(one.states)} in {_say_support(one, classes)}" for one in classes.closed[:MOST_NAMED]]
        more = len(classes.closed) - len(told)
        told += [f"{more} more"] if more else []
        return (
            f"{len(classes.closed)} sets of clusters are never left, so that where a run goes depends on where it "
            f"began: {listed(told)}"
        )
    [one] = classes.closed
    if classes.n_classes == 1 and not classes.n_unknown:
        return _say_all(classes, one)
    if not classes.is_supported:
        which = f"the only one never left, {name_states(one.states)}, was seen in {_say_support(one, classes)}"
        return f"no set of clusters is closed on good evidence: {which}"
    runs, held = count_of(one.n_runs, "run"), share(one.n_transitions / classes.n_transitions)
    of = count_of(classes.n_transitions, "transition")
    return f"one set of clusters is never left: {name_states(one.states)}, seen in {runs} ({held} of {of})"


def _say_all(classes: Classes, one: ClosedClass) -> str:
    few = f", seen in {count_of(one.n_runs, 'run')} only" if one.n_runs < FEWEST_RUNS else ""
    if classes.n_states == 1:
        return f"there is one state only, {name_states(one.states)}, which is never left{few}"
    outliers = ", outliers being one," if OUTLIERS in one.states else ""
    return f"every cluster leads to every other: the {classes.n_states} states{outliers} make one class{few}"


def _say_support(one: ClosedClass, classes: Classes) -> str:
    transitions = f"{one.n_transitions:,} of {count_of(classes.n_transitions, 'transition')}"
    return f"{count_of(one.n_runs, 'run')} ({transitions})"


def name_states(states: tuple[int, ...]) -> str:
    """Name states as a sentence does.

    Examples
    --------
    >>> name_states((6,)), name_states((-1, 2, 3)), name_states((-1,)), name_states((0, 1, 2, 3, 4, 5))
    ('cluster 6', 'clusters 2, 3 and outliers', 'outliers', '6 clusters')
    """
    clusters = [str(state) for state in states if state != OUTLIERS]
    outliers = ["outliers"] if OUTLIERS in states else []
    if len(clusters) > MOST_NAMED:
        return listed([f"{len(clusters)} clusters", *outliers])
    named = listed(clusters + outliers)
    return f"cluster{'s' if len(clusters) > 1 else ''} {named}" if clusters else named


def say_commonest(transitions: pl.DataFrame) -> str | None:
    """Say which other cluster a run goes to most often, from which one; None where no run goes to another."""
    changes = transitions.filter(pl.col("to_cluster") != pl.col("from_cluster")).sort(
        "count", "from_cluster", "to_cluster", descending=[True, False, False]
    )
    if changes.is_empty():
        return None
    row = changes.row(0, named=True)
    origin, target = (name_states((row[name],)) for name in ("from_cluster", "to_cluster"))
    return (
        f"the commonest change is from {origin} to {target}: {count_of(row['count'], 'time')}, "
        f"{share(row['probability'])} of the transitions that begin there"
    )
