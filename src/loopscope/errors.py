"""Every error that Loopscope raises on purpose.

::

    LoopscopeError
    ├── ConfigError        an experiment file or a setting is not what was expected
    ├── ModelError         a model is unknown, not installed, or broke its promise
    ├── StoreError         a database cannot be opened, read or written
    │   ├── NoDatabaseError      there is none at this place yet
    │   └── StoreConflictError   a row contradicts those in the database
    ├── NotFoundError      nothing, or more than one thing, answers to an id
    ├── ClusteringError    these vectors cannot be clustered as asked
    │   └── AlreadyClusteredError  the same result is there already
    ├── ChartError         a frame cannot be drawn as asked
    └── ExportError        a file cannot be written as asked

A message gives the value found, what was expected and the next command to type.
"""


class LoopscopeError(Exception):
    """The root: catch it to catch everything that Loopscope raises on purpose."""


class ConfigError(LoopscopeError):
    """An experiment file or a setting is not what was expected."""


class ModelError(LoopscopeError):
    """A model is unknown, not installed, or gave something it does not promise to give."""


class StoreError(LoopscopeError):
    """A database cannot be opened, read or written."""


class NoDatabaseError(StoreError):
    """There is no database at this place yet, or one without any table."""


class StoreConflictError(StoreError):
    """A row contradicts those in the database: a constraint refused it, often because another writer came first."""


class NotFoundError(LoopscopeError):
    """Nothing, or more than one thing, answers to an id."""


class ClusteringError(LoopscopeError):
    """These vectors cannot be clustered as asked."""


class AlreadyClusteredError(ClusteringError):
    """The same algorithm with the same parameters was already performed on the same embeddings.

    Attributes
    ----------
    clustering_result_id
        The result that is there.
    """

    def __init__(self, clustering_result_id: int, message: str) -> None:
        super().__init__(message)
        self.clustering_result_id = clustering_result_id


class ChartError(LoopscopeError):
    """A frame cannot be drawn as asked."""


class ExportError(LoopscopeError):
    """A file cannot be written as asked."""
