"""The built-in experiment: what ``loopscope demo`` performs, and how its embeddings are clustered."""

from dataclasses import dataclass

from loopscope.config import ExperimentConfig
from loopscope.models.registry import Registry

PROMPTS = (
    "a painting of a red fox sitting beside a frozen lake at dusk",
    "two old men playing chess in the park",
    "a rocket flying over a city at night",
    "a bowl of fruit on a wooden table",
    "the sound of rain on a tin roof",
)
LENGTH = 60


@dataclass(frozen=True)
class DemoClustering:
    """The settings under which the clusters of one embedding model read well on the demo's outputs."""

    embedding_model: str
    min_cluster_size: int
    min_samples: int
    epsilon: float


CLUSTERINGS = (
    DemoClustering("ColourLayout", min_cluster_size=10, min_samples=5, epsilon=0.0),
    DemoClustering("MiniLM", min_cluster_size=10, min_samples=5, epsilon=0.4),
)


def demo_experiment(registry: Registry) -> ExperimentConfig:
    """Return the demo's experiment: with the four-stage network too where its models are ready."""
    networks: list[tuple[str, ...]] = [("Pictograms", "Describe")]
    if registry.entry("Read").missing is None:
        networks.append(("Pictograms", "Describe", "Typeset", "Read"))
    return ExperimentConfig(
        networks=tuple(networks),
        prompts=PROMPTS,
        num_runs=4,
        seeds=(1,),
        embedding_models=("MiniLM", "ColourLayout"),
        max_length=LENGTH,
    )
