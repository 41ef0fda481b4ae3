"""The models there are, by name: the built-in ones and those that other packages add by entry points.

A package adds a model by naming its class in the entry point group ``loopscope.generators`` or
``loopscope.embedders``; Loopscope's own are added in the same way. One that cannot be imported, or is not a model, is
listed with its error and hinders nobody else.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from typing import Any, Literal

from loopscope.config import nearest
from loopscope.errors import ModelError
from loopscope.models.protocol import Embedder, Generator
from loopscope.types import OutputType

Kind = Literal["generator", "embedder"]
GROUPS: dict[str, Kind] = {"loopscope.generators": "generator", "loopscope.embedders": "embedder"}
ATTRIBUTES: dict[Kind, tuple[str, ...]] = {
    "generator": ("name", "takes", "gives", "deterministic", "missing", "generate"),
    "embedder": ("name", "takes", "dimension", "deterministic", "missing", "embed"),
}


@dataclass(frozen=True)
class ModelEntry:
    """A model that is known by name.

    Attributes
    ----------
    name
        Its name in experiment files.
    kind
        ``"generator"`` or ``"embedder"``.
    package
        The distribution that brought it.
    model
        Its class; None for a broken plugin.
    error
        Why a broken plugin is broken; None for a sound one.
    """

    name: str
    kind: Kind
    package: str
    model: type[Any] | None
    error: str | None = None

    @property
    def missing(self) -> str | None:
        """What is missing before it can be loaded, and what to type; None when it is ready."""
        if self.model is None:
            return f"the plugin is broken: {self.error}"
        try:
            said: str | None = self.model.missing()
        except Exception as error:  # noqa: BLE001 - whatever a plugin raises is listed, never fatal
            return f"the plugin is broken: {type(error).__name__}: {error}"
        return said

    @property
    def takes(self) -> OutputType | None:
        """The type of its input; None for a broken plugin."""
        return self.model.takes if self.model is not None else None

    @property
    def gives(self) -> OutputType | None:
        """The type of a generator's output; None for an embedder or a broken plugin."""
        return self.model.gives if self.model is not None and self.kind == "generator" else None


class Registry:
    """Models by name.

    Parameters
    ----------
    entries
        The models; the first of a name is the one it names, a later one is broken.
    """

    def __init__(self, entries: Iterable[ModelEntry]) -> None:
        self.entries: list[ModelEntry] = []
        self._by_name: dict[str, ModelEntry] = {}
        for entry in entries:
            first = self._by_name.setdefault(entry.name, entry)
            if first is not entry:
                clash = f"its name is already taken by the {first.kind} of {first.package}; expected another name"
                entry = ModelEntry(entry.name, entry.kind, entry.package, None, clash)
            self.entries.append(entry)

    @classmethod
    def of(cls, *models: type[Any]) -> "Registry":
        """Make a registry of model classes at hand, as tests do."""
        return cls(
            _entry(getattr(model, "name", model.__name__), _kind(model), "this process", model) for model in models
        )

    @classmethod
    def installed(cls) -> "Registry":
        """Find the models of every installed package."""
        return _installed()

    def generator(self, name: str) -> type[Generator[Any, Any]]:
        """Return the generator of that name.

        Raises
        ------
        ModelError
            If there is none, or it is broken; with the nearest known name.
        """
        return self._find(name, "generator")

    def embedder(self, name: str) -> type[Embedder[Any]]:
        """Return the embedder of that name.

        Raises
        ------
        ModelError
            If there is none, or it is broken; with the nearest known name.
        """
        return self._find(name, "embedder")

    def entry(self, name: str) -> ModelEntry:
        """Return the entry of that name, sound or broken.

        Raises
        ------
        ModelError
            If there is none; with the nearest known name.
        """
        if name not in self._by_name:
            raise ModelError(f'found no model "{name}"{nearest(name, self._by_name)}')
        return self._by_name[name]

    def _find(self, name: str, kind: Kind) -> type[Any]:
        entry = self._by_name.get(name)
        if entry is None or entry.kind != kind:
            known = [each.name for each in self.entries if each.kind == kind and each.model]
            found = f'found no {kind} "{name}"' if entry is None else f'"{name}" is an {entry.kind}, not an {kind}'
            raise ModelError(found.replace("an generator", "a generator") + nearest(name, known))
        if entry.model is None:
            raise ModelError(f'the {kind} "{name}" of {entry.package} is broken: {entry.error}')
        return entry.model


@cache
def _installed() -> Registry:
    entries = []
    for group, kind in GROUPS.items():
        for point in sorted(entry_points(group=group), key=lambda point: (not _is_own(point), point.name)):
            package = point.dist.name if point.dist else "an unknown package"
            try:
                model = point.load()
            except Exception as error:  # noqa: BLE001 - whatever a plugin raises at import is listed, never fatal
                entries.append(ModelEntry(point.name, kind, package, None, f"{type(error).__name__}: {error}"))
            else:
                entries.append(_entry(point.name, kind, package, model))
    return Registry(entries)


def _is_own(point: Any) -> bool:
    return point.dist is not None and point.dist.name == "loopscope"


def _kind(model: type[Any]) -> Kind:
    return "generator" if hasattr(model, "generate") else "embedder"


def _entry(name: str, kind: Kind, package: str, model: type[Any]) -> ModelEntry:
    if not isinstance(model, type):
        return ModelEntry(name, kind, package, None, f"it is {type(model).__name__}; expected a class")
    lacking = [attribute for attribute in ATTRIBUTES[kind] if not hasattr(model, attribute)]
    if lacking:
        return ModelEntry(
            name,
            kind,
            package,
            None,
            f"it lacks {', '.join(lacking)}; see loopscope.models.protocol.{kind.capitalize()}",
        )
    types = [model.takes, model.gives] if kind == "generator" else [model.takes]
    if not all(isinstance(each, OutputType) for each in types):
        return ModelEntry(name, kind, package, None, f"it takes or gives {types}; expected members of OutputType")
    if model.name != name:
        return ModelEntry(name, kind, package, None, f'its class says its name is "{model.name}"; expected "{name}"')
    return ModelEntry(name, kind, package, model)
