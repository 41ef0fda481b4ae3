"""Whether an experiment can be performed with the models there are, found out before anything runs."""

from loopscope.config import ExperimentConfig
from loopscope.errors import ConfigError, ModelError
from loopscope.models.registry import Registry
from loopscope.types import OutputType


def check_models(config: ExperimentConfig, registry: Registry) -> None:
    """Refuse unknown models and networks in which an output is not what the next generator takes.

    Raises
    ------
    ConfigError
        Saying the value found, what was expected, and the nearest known name.
    """
    try:
        for network in config.networks:
            _check_network(network, registry)
        for name in config.embedding_models:
            registry.embedder(name)
    except ModelError as error:
        raise ConfigError(f"{error}; type: loopscope model list") from error


def check_ready(config: ExperimentConfig, registry: Registry) -> None:
    """Refuse to begin while a model lacks its weights or its libraries.

    Raises
    ------
    ModelError
        Saying what each lacks and what to type.
    """
    names = sorted({name for network in config.networks for name in network} | set(config.embedding_models))
    missing = [f"{name}: {lack}" for name in names if (lack := registry.entry(name).missing)]
    if missing:
        raise ModelError("; ".join(missing))


def output_types(network: tuple[str, ...], registry: Registry) -> list[OutputType]:
    """Return what each generator of a network gives."""
    return [registry.generator(name).gives for name in network]


def _check_network(network: tuple[str, ...], registry: Registry) -> None:
    generators = [registry.generator(name) for name in network]
    shown = "→".join(network)
    if generators[0].takes is not OutputType.TEXT:
        raise ConfigError(
            f'network {shown} starts with "{network[0]}", which takes an {generators[0].takes}; '
            "expected a generator that takes text, since runs start from a prompt: begin the cycle at another generator"
        )
    for before, after in zip([generators[-1], *generators[:-1]], generators, strict=True):
        if before.gives is not after.takes:
            raise ConfigError(
                f'network {shown}: "{before.name}" gives {before.gives}, and "{after.name}", which follows it in the '
                f"cycle, takes {after.takes}; expected a generator between them that turns {before.gives} into "
                f"{after.takes}"
            )
