"""What transitions, chains, memory, occupancy, motifs and basins cost, with 200 resamples and 99 surrogates each."""

from collections.abc import Callable

import numpy as np

from figure import Figure, timer
from loopscope.dynamics.basin_estimates import estimate_basins
from loopscope.dynamics.basins import find_last_symbols
from loopscope.dynamics.chain_estimates import estimate_chain
from loopscope.dynamics.chapman_kolmogorov import check_chapman_kolmogorov
from loopscope.dynamics.markov_order import estimate_order
from loopscope.dynamics.memory import estimate_memory
from loopscope.dynamics.milestoning import estimate_transit
from loopscope.dynamics.motifs import estimate_motifs
from loopscope.dynamics.occupancy_estimates import estimate_occupancy
from loopscope.dynamics.sequences import Sequences
from loopscope.dynamics.transition_estimates import estimate_transitions

RUNS, STEPS, CLUSTERS, PROMPTS = 1_000, 1_000, 60, 20
STAYING = 0.7
SETTINGS = {"draws": 200, "nulls": 99}


def measure() -> list[Figure]:
    """Measure each analysis by itself, and all of them together, once their kernels are compiled."""
    measure_all(dwell(10, 20))
    figures = measure_all(dwell(RUNS, STEPS))
    name = f"{RUNS:,} runs × {STEPS:,} steps, {CLUSTERS} clusters"
    together = sum(figure.value for figure in figures)
    bootstrap = max(figure.value for figure in figures)
    return [
        *figures,
        Figure(f"transitions and occupancy together, {name}", together, "s", at_most=10),
        Figure("the longest of them, with its bootstrap and nulls", bootstrap, "s", at_most=30),
    ]


def dwell(n_runs: int, steps: int, *, seed: int = 0) -> Sequences:
    """Make runs that stay where they are with a probability of 0.7, else go anywhere; a sixtieth are outliers."""
    random = np.random.default_rng(seed)
    states = random.integers(-1, CLUSTERS - 1, (n_runs, steps))
    stays = random.random((n_runs, steps)) < STAYING
    for step in range(1, steps):
        states[:, step] = np.where(stays[:, step], states[:, step - 1], states[:, step])
    return Sequences.of(list(states), np.arange(n_runs) % PROMPTS)


def measure_all(runs: Sequences) -> list[Figure]:
    """Measure each analysis of transitions and occupancy of these runs."""
    groups = [np.flatnonzero(np.arange(runs.n_runs) % 2 == half) for half in (0, 1)]
    analyses: dict[str, Callable[[], object]] = {
        "transition probabilities": lambda: estimate_transitions(runs, **SETTINGS),
        "numbers of the chain": lambda: estimate_chain(runs, **SETTINGS),
        "Chapman-Kolmogorov at 2 to 5 lags": lambda: check_chapman_kolmogorov(runs, **SETTINGS),
        "memory": lambda: estimate_memory(runs, **SETTINGS),
        "order by runs left out": lambda: estimate_order(runs, draws=SETTINGS["draws"]),
        "share in transit": lambda: estimate_transit(runs, draws=SETTINGS["draws"]),
        "occupancy of two groups": lambda: estimate_occupancy(runs, groups, **SETTINGS),
        "motifs of two groups": lambda: estimate_motifs(runs, groups, **SETTINGS),
        "basins": lambda: estimate_basins(find_last_symbols(runs), runs.group, runs.runs, **SETTINGS),
    }
    figures = []
    for name, analysis in analyses.items():
        with timer() as taken:
            analysis()
        figures.append(Figure(f"transitions: {name}", taken.seconds, "s"))
    return figures
