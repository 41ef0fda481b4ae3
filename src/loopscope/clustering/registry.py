"""The clustering algorithms there are, by name: the built-in ones and those that other packages add.

A package adds one by naming its class in the entry point group ``loopscope.clusterers``; Loopscope's own are added in
the same way. One that cannot be imported, or is not a clusterer, is listed with its error and hinders nobody else.
"""

from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from loopscope.clustering.protocol import Clusterer
from loopscope.config import nearest
from loopscope.errors import ClusteringError

GROUP = "loopscope.clusterers"
MEMBERS = ("name", "libraries", "missing", "resolve", "cluster")


@dataclass(frozen=True)
class ClustererEntry:
    """A clustering algorithm that is known by name.

    Attributes
    ----------
    name
        Its name on the command line and in results.
    package
        The distribution that brought it.
    clusterer
        Its class; None for a broken one.
    error
        Why it is broken; None for a sound one.
    """

    name: str
    package: str
    clusterer: type[Clusterer] | None
    error: str | None = None

    @property
    def missing(self) -> str | None:
        """What is missing before it can be used; None when it is ready."""
        return f"it is broken: {self.error}" if self.clusterer is None else self.clusterer.missing()

    @property
    def defaults(self) -> dict[str, Any]:
        """Its parameters for few embeddings; those that depend on how many there are have their least value."""
        return {} if self.clusterer is None else self.clusterer.resolve({}, 0)


@cache
def installed_clusterers() -> dict[str, ClustererEntry]:
    """Find the algorithms of every installed package; of two with one name, Loopscope's own or the first is it."""
    found: dict[str, ClustererEntry] = {}
    for point in sorted(entry_points(group=GROUP), key=lambda point: (_package(point) != "loopscope", point.name)):
        found.setdefault(point.name, _entry(point))
    return found


def find_clusterer(name: str) -> type[Clusterer]:
    """Return the algorithm of that name, ready to be used.

    Raises
    ------
    ClusteringError
        If there is none (with the nearest known name), it is broken, or something must be installed first.
    """
    entries = installed_clusterers()
    if name not in entries:
        raise ClusteringError(f'found no clustering algorithm "{name}"{nearest(name, entries)}')
    entry = entries[name]
    if entry.clusterer is None or entry.missing:
        raise ClusteringError(f'the clustering algorithm "{name}" of {entry.package} cannot be used: {entry.missing}')
    return entry.clusterer


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist else "an unknown package"


def _entry(point: EntryPoint) -> ClustererEntry:
    try:
        clusterer = point.load()
    except Exception as error:  # noqa: BLE001 - whatever a plugin raises at import is listed, never fatal
        return ClustererEntry(point.name, _package(point), None, f"{type(error).__name__}: {error}")
    lacking = [member for member in MEMBERS if not hasattr(clusterer, member)]
    if lacking:
        said = f"it lacks {', '.join(lacking)}; see loopscope.clustering.protocol.Clusterer"
        return ClustererEntry(point.name, _package(point), None, said)
    if clusterer.name != point.name:
        said = f'its class says its name is "{clusterer.name}"; expected "{point.name}"'
        return ClustererEntry(point.name, _package(point), None, said)
    return ClustererEntry(point.name, _package(point), clusterer)
