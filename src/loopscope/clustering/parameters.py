"""The parameters of a clustering: what may be set, within which bounds, and what they are where they are not set."""

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, ValidationError

from loopscope.config import nearest
from loopscope.errors import ClusteringError

Repeats: TypeAlias = Literal["collapse", "count"]
Metric: TypeAlias = Literal["cosine", "euclidean"]
Medoid: TypeAlias = Literal["unweighted", "weighted", "nearest_to_mean"]


class Parameters(BaseModel):
    """The parameters of one algorithm; each field is one of them, with its bounds and its default."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def complete(parameters: type[Parameters], algorithm: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Check the settings that were given, and add the defaults of the others.

    Parameters
    ----------
    parameters
        What the algorithm takes.
    algorithm
        Its name, for messages.
    settings
        The values that were given, by name.

    Raises
    ------
    ClusteringError
        When a setting is unknown (with the nearest that is known) or out of its bounds.
    """
    try:
        return parameters.model_validate(dict(settings)).model_dump()
    except ValidationError as error:
        faults = [_fault(dict(each), algorithm, parameters) for each in error.errors(include_url=False)]
        raise ClusteringError("; ".join(faults)) from error


def _fault(error: dict[str, Any], algorithm: str, parameters: type[Parameters]) -> str:
    name = ".".join(map(str, error["loc"]))
    if error["type"] == "extra_forbidden":
        return f'{algorithm} has no parameter "{name}"{nearest(name, parameters.model_fields)}'
    expected = error["msg"].removeprefix("Input should be ")
    return f"{name} is {error['input']!r}; expected {expected}"
