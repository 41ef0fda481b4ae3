"""An optional cache of computed frames: Parquet files named by all that went into them, so that none can be stale.

A loader that takes long is marked ``@cached``. Inside ``with cached_in(folder):`` it looks first whether the same was
computed before. Its key is a digest of its name, of every argument, of all that the database holds of the experiment,
the clustering result and the embedding models that it is asked for (`digest_stored`: the rows and vectors themselves,
not their ids alone), of the package's code that could change the result, and of the versions of the libraries that
compute. So there is nothing to invalidate; a folder may be deleted at any time.
"""

import logging
import platform
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, wraps
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from inspect import Parameter, Signature, signature
from io import BytesIO
from pathlib import Path
from typing import Any, ParamSpec

import polars as pl
from sqlalchemy.orm import Session

from loopscope.data_prep.clustering_results import load_clustering_results_df
from loopscope.data_prep.content import SIZE, digest_content
from loopscope.data_prep.keys import load_embedding_models
from loopscope.data_prep.stored_content import digest_stored
from loopscope.files import write_whole
from loopscope.store.connection import Store

logger = logging.getLogger(__name__)

Parameters = ParamSpec("Parameters")

CODE = ("clustering", "data_prep", "dynamics", "statistics", "store", "topology", "types.py")
"""The parts of the package that could change what is computed from the same content."""
_RESULTS = ("clustering_result_id", "a", "b")
_MODELS = ("embedding_model", "vectors_of")
_SAY_NOTHING = ("progress",)
LIBRARIES = ("gudhi", "numba", "numpy", "polars", "pot", "ruptures", "scikit-learn", "scipy")


@dataclass(frozen=True)
class FrameCache:
    """A folder of computed frames; threads and processes may share it.

    A file is named ``NAME-KEY-DIGEST.parquet``: what was computed, of what, and the digest of the file's own bytes, by
    which a damaged one is known. It is an ordinary Parquet file.

    Attributes
    ----------
    folder
        Made when the first frame is kept.
    """

    folder: Path

    def frame(self, name: str, content: object, compute: Callable[[], pl.DataFrame]) -> pl.DataFrame:
        """Give the frame that was computed under this name from this content, else compute and keep it.

        A file that cannot be read, or is not what was written, is computed again; one that cannot be written is done
        without. The log tells of both.

        Parameters
        ----------
        name
            Of the computation; a different computation must have a different name.
        content
            All that the frame depends on, as `digest_content` takes it.
        compute
            Gives the frame.
        """
        stem = f"{name.rpartition('.')[2].strip('_')}-{digest_content(name, content, digest_code())}"
        found = self._read(stem)
        if found is not None:
            logger.debug("%s was computed before: %s", name, self.folder / stem)
            return found
        frame = compute()
        self._write(stem, frame)
        return frame

    def _read(self, stem: str) -> pl.DataFrame | None:
        for path in sorted(self.folder.glob(f"{stem}-*.parquet")):
            try:
                data = path.read_bytes()
                if path.name == _file_name(stem, data):
                    return pl.read_parquet(BytesIO(data))
                fault = "its bytes are not those that were written"
            except (OSError, pl.exceptions.PolarsError) as error:
                fault = str(error)
            logger.warning("the cached frame %s is damaged (%s) and is computed again", path, fault)
            with suppress(OSError):  # where nothing can be deleted, it is told of again
                path.unlink()
        return None

    def _write(self, stem: str, frame: pl.DataFrame) -> None:
        buffer = BytesIO()
        try:
            frame.write_parquet(buffer)
            data = buffer.getvalue()
            write_whole(self.folder / _file_name(stem, data), data)
        except (OSError, pl.exceptions.PolarsError) as error:
            logger.warning("%s is not kept in the cache %s: %s", stem.partition("-")[0], self.folder, error)


_CURRENT: ContextVar[FrameCache | None] = ContextVar("frame cache", default=None)


@contextmanager
def cached_in(folder: Path | None) -> Iterator[None]:
    """Let every ``@cached`` function look into this folder first, and keep there what it computes.

    Holds for what this thread does inside; None for no cache.
    """
    token = _CURRENT.set(None if folder is None else FrameCache(folder))
    try:
        yield
    finally:
        _CURRENT.reset(token)


def cached(load: Callable[Parameters, pl.DataFrame]) -> Callable[Parameters, pl.DataFrame]:
    """Mark a ``load_*_df`` that takes long.

    Its first parameter is a session or a store; what it reads of the database is told by the names of the others:
    ``experiment_id``, ``clustering_result_id`` (or ``a`` and ``b``), ``embedding_model`` (None for all models).
    """
    name = f"{load.__module__}.{load.__qualname__}"
    parameters = signature(load)

    @wraps(load)
    def load_or_read(*args: Parameters.args, **kwargs: Parameters.kwargs) -> pl.DataFrame:
        current = _CURRENT.get()
        if current is None:
            return load(*args, **kwargs)
        bound = parameters.bind(*args, **kwargs)
        bound.apply_defaults()
        (_, source), *others = bound.arguments.items()
        told = _without_names_of_groups(dict(others), parameters)
        content = {"told": told, "stored": _digest_what_is_read(source, told)}
        return current.frame(name, content, lambda: load(*args, **kwargs))

    return load_or_read


def _without_names_of_groups(arguments: dict[str, Any], parameters: Signature) -> dict[str, Any]:
    """Give arguments by their own names, those of ``**settings`` too, without what changes nothing."""
    told: dict[str, Any] = {}
    for name, value in arguments.items():
        told |= value if parameters.parameters[name].kind is Parameter.VAR_KEYWORD else {name: value}
    return {name: value for name, value in told.items() if name not in _SAY_NOTHING}


def _digest_what_is_read(source: Session | Store, told: Mapping[str, Any]) -> str:
    """Digest what the database holds of what a loader is asked for; one that takes a store reads vectors as well."""
    results = [told[name] for name in _RESULTS if told.get(name) is not None]
    if isinstance(source, Session):
        models = _models_told(source, told)
        return digest_stored(source, told.get("experiment_id"), clustering_result_ids=results, embedding_models=models)
    with source.session() as session:
        clustered = [load_clustering_results_df(session, result)["embedding_model"][0] for result in results]
        models = [*_models_told(session, told), *clustered]
        return digest_stored(session, told.get("experiment_id"), clustering_result_ids=results, embedding_models=models)


def _models_told(session: Session, told: Mapping[str, Any]) -> list[str]:
    if told.get("embedding_model", "") is None:
        return load_embedding_models(session)["embedding_model"].to_list()
    return [told[name] for name in _MODELS if told.get(name) is not None]


@cache
def digest_code() -> str:
    """Digest the code that computes: the package's own, the libraries it leans on, Python and the machine's kind."""
    digest = blake2b(digest_size=SIZE)
    root = Path(str(files("loopscope")))
    for part in CODE:
        for path in sorted((root / part).rglob("*.py")) if (root / part).is_dir() else [root / part]:
            digest.update(f"{path.relative_to(root).as_posix()}:{blake2b(path.read_bytes()).hexdigest()}\n".encode())
    for library in LIBRARIES:
        digest.update(f"{library}={_version(library)}\n".encode())
    digest.update(f"python={platform.python_version()} {platform.machine()}".encode())
    return digest.hexdigest()


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "none"


def _file_name(stem: str, data: bytes) -> str:
    return f"{stem}-{blake2b(data, digest_size=SIZE).hexdigest()}.parquet"
