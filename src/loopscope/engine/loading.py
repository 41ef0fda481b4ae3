"""Models in memory: each is loaded once, when it is first called."""

from typing import Any, TypeVar

from loopscope.errors import LoopscopeError, ModelError
from loopscope.models.protocol import Embedder, Generator
from loopscope.models.registry import Registry

Model = TypeVar("Model")


class LoadedModels:
    """Loads models by name and keeps them."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self._loaded: dict[str, Any] = {}

    def generator(self, name: str) -> Generator[Any, Any]:
        """Return the generator of that name, loaded.

        Raises
        ------
        ModelError
            If it cannot be loaded.
        """
        return self._load(name, self.registry.generator(name))

    def embedder(self, name: str) -> Embedder[Any]:
        """Return the embedder of that name, loaded.

        Raises
        ------
        ModelError
            If it cannot be loaded.
        """
        return self._load(name, self.registry.embedder(name))

    def _load(self, name: str, model: type[Model]) -> Model:
        if name not in self._loaded:
            try:
                self._loaded[name] = model()
            except LoopscopeError:
                raise
            except Exception as error:
                raise ModelError(f"{name} could not be loaded: {type(error).__name__}: {error}") from error
        loaded: Model = self._loaded[name]
        return loaded
