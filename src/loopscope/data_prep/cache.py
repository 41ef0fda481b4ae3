"""An optional cache of computed frames: Parquet files named by all that went into them, so that none can be stale.

A loader reads its inputs, then hands them to a function that computes; that function is marked ``@cached``. Inside
``with cached_in(folder):`` it looks first whether the same was computed before. Its key is a digest of the function's
name, of every argument (arrays and frames by their content), of the package's code that could change the result, and
of the versions of the libraries that compute. So there is nothing to invalidate; a folder may be deleted at any time.
"""

import logging
import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, wraps
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from inspect import signature
from io import BytesIO
from pathlib import Path
from typing import ParamSpec

import polars as pl

from loopscope.data_prep.content import SIZE, digest_content
from loopscope.files import write_whole

logger = logging.getLogger(__name__)

Parameters = ParamSpec("Parameters")

CODE = ("clustering", "data_prep", "dynamics", "statistics", "store", "topology", "types.py")
"""The parts of the package that could change what is computed from the same content."""
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


def cached(compute: Callable[Parameters, pl.DataFrame]) -> Callable[Parameters, pl.DataFrame]:
    """Mark a function that computes a frame from its arguments alone, all of them as `digest_content` takes them."""
    name = f"{compute.__module__}.{compute.__qualname__}"
    parameters = signature(compute)

    @wraps(compute)
    def compute_or_read(*args: Parameters.args, **kwargs: Parameters.kwargs) -> pl.DataFrame:
        current = _CURRENT.get()
        if current is None:
            return compute(*args, **kwargs)
        bound = parameters.bind(*args, **kwargs)
        bound.apply_defaults()
        return current.frame(name, bound.arguments, lambda: compute(*args, **kwargs))

    return compute_or_read


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
