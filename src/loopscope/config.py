"""Experiment files: which networks, prompts, seeds, length and embedding models; TOML first, YAML and JSON as well."""

import json
import tomllib
from collections import Counter
from collections.abc import Iterable
from difflib import get_close_matches
from hashlib import blake2b
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails

from loopscope.errors import ConfigError
from loopscope.types import fault_of_text

Name = Annotated[str, Field(min_length=1, max_length=200)]
Seed = Annotated[int, Field(ge=0, lt=2**63, strict=True)]
MAX_LENGTH = 10_000_000
MAX_RUNS = 100_000


def nearest(name: str, known: Iterable[str]) -> str:
    """Say which known name is nearest to one that is unknown, as the end of a sentence.

    >>> nearest("Pictogram", ["Describe", "Pictograms"])
    '; did you mean "Pictograms"?'
    >>> nearest("qqq", ["Describe", "Pictograms"])
    '; known: Describe, Pictograms'
    """
    names = sorted(known)
    by_lower = {each.lower(): each for each in names}
    close = get_close_matches(name.lower(), by_lower, n=1)
    if close:
        return f'; did you mean "{by_lower[close[0]]}"?'
    return f"; known: {', '.join(names)}" if names else ""


class ExperimentConfig(BaseModel):
    """What is to be performed: every network with every prompt and every seed.

    Attributes
    ----------
    networks
        Cycles of generator names: the output of one is the input of the next, wrapping round. The first takes text.
    prompts
        The texts that runs start from.
    seeds
        One run for each: an integer in [0, 2**63) is used by every invocation of the run; null draws fresh randomness.
    num_runs
        How many runs with fresh randomness of each network and prompt, beside those of ``seeds``.
    embedding_models
        Names of the embedders; each embeds the outputs of the type it takes.
    max_length
        How many invocations a run has at most.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    networks: tuple[tuple[Name, ...], ...] = Field(min_length=1)
    prompts: tuple[str, ...] = Field(min_length=1)
    seeds: tuple[Seed | None, ...] = ()
    num_runs: int = Field(default=0, ge=0, le=MAX_RUNS, strict=True)
    embedding_models: tuple[Name, ...] = ()
    max_length: int = Field(ge=1, le=MAX_LENGTH, strict=True)

    @field_validator("networks")
    @classmethod
    def _networks_have_generators(cls, networks: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
        for number, network in enumerate(networks, 1):
            if not network:
                raise ValueError(f"network {number} is empty; expected at least one generator")
        _refuse_duplicates("network", ["→".join(network) for network in networks])
        return networks

    @field_validator("prompts")
    @classmethod
    def _prompts_differ(cls, prompts: tuple[str, ...]) -> tuple[str, ...]:
        for number, prompt in enumerate(prompts, 1):
            if not prompt.strip():
                raise ValueError(f"prompt {number} is {prompt!r}; expected a text that is not blank")
            if fault := fault_of_text(prompt):
                raise ValueError(f"prompt {number} is {prompt!r}: {fault}")
        _refuse_duplicates("prompt", [" ".join(prompt.split()) for prompt in prompts])
        return prompts

    @field_validator("seeds")
    @classmethod
    def _seeds_differ(cls, seeds: tuple[int | None, ...]) -> tuple[int | None, ...]:
        _refuse_duplicates("seed", [seed for seed in seeds if seed is not None])
        return seeds

    @field_validator("embedding_models")
    @classmethod
    def _embedding_models_differ(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        _refuse_duplicates("embedding model", names)
        return names

    @model_validator(mode="after")
    def _some_run(self) -> "ExperimentConfig":
        if not self.run_seeds:
            raise ValueError(
                "found neither seeds nor num_runs; expected such as num_runs = 4 (fresh randomness) or seeds = [1]"
            )
        return self

    @property
    def run_seeds(self) -> tuple[int | None, ...]:
        """The seed of each run of one network and prompt; null where it draws fresh randomness."""
        return (None,) * self.num_runs + self.seeds

    @property
    def content_hash(self) -> str:
        """BLAKE2b-128 of the content, in hexadecimal: equal for experiments that say the same."""
        content = json.dumps(self.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
        return blake2b(content.encode(), digest_size=16).hexdigest()

    @classmethod
    def from_dict(cls, content: dict[str, Any], source: str = "the experiment") -> "ExperimentConfig":
        """Check a plain dictionary.

        Raises
        ------
        ConfigError
            Saying, for each fault, the value found, what was expected and the nearest known key.
        """
        try:
            return cls.model_validate(content)
        except ValidationError as error:
            found = error.errors(include_url=False)
            # A list with a wrong item is also said to be too short: the item's own fault says more.
            faults = "\n".join(
                f"  {_fault(dict(each))}"
                for each in found
                if not (each["type"] == "too_short" and any(_is_within(other, each) for other in found))
            )
            raise ConfigError(f"{source} cannot be performed:\n{faults}") from error


def load_experiment_config(path: str | Path) -> ExperimentConfig:
    """Read an experiment file: TOML, YAML or JSON, by its suffix.

    Raises
    ------
    ConfigError
        If there is no such file, it is not of a known kind, cannot be parsed, or is not an experiment.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ConfigError(f"found no file {path}; expected an experiment file (.toml, .yaml or .json)") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}; expected an experiment file in UTF-8") from error
    content = _parse(text, path)
    if not isinstance(content, dict):
        raise ConfigError(f"{path} holds a {type(content).__name__}; expected keys such as networks, prompts, num_runs")
    return ExperimentConfig.from_dict(content, str(path))


def _parse(text: str, path: Path) -> Any:
    suffix = path.suffix.lower()
    try:
        if suffix == ".toml":
            return tomllib.loads(text)
        if suffix == ".json":
            return json.loads(text)
        if suffix in {".yaml", ".yml"}:
            import yaml

            try:
                return yaml.safe_load(text)
            except yaml.YAMLError as error:
                raise ValueError(str(error)) from error
    except ValueError as error:
        raise ConfigError(f"{path} is not {suffix[1:].upper()}: {error}") from error
    raise ConfigError(f"{path} ends in {suffix or 'nothing'}; expected .toml, .yaml or .json")


def _refuse_duplicates(what: str, values: Iterable[object]) -> None:
    repeated = [value for value, count in Counter(values).items() if count > 1]
    if repeated:
        raise ValueError(f"{what} {repeated[0]!r} stands there more than once; expected each {what} once")


def _is_within(inner: ErrorDetails, outer: ErrorDetails) -> bool:
    return inner is not outer and inner["loc"][: len(outer["loc"])] == outer["loc"]


def _fault(error: dict[str, Any]) -> str:
    """One fault of a validation, in one sentence."""
    where = ".".join(str(part) for part in error["loc"] if part not in {"int", "constrained-int", "function-after"})
    if error["type"] == "extra_forbidden":
        return f'unknown key "{where}"{nearest(where, ExperimentConfig.model_fields)}'
    if error["type"] == "missing":
        return f'the key "{where}" is missing; expected it with a value'
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    if where.startswith("networks") and isinstance(error["input"], str):
        return f'{where} = {error["input"]!r}; networks is a list of cycles: networks = [["Pictograms", "Describe"]]'
    message = (
        (error["msg"][0].lower() + error["msg"][1:]).replace("tuple", "list").replace(" after validation, not 0", "")
    )
    return f"{where} = {error['input']!r}: {message}"
