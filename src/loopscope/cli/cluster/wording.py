"""How a clustering result is told in words; what was not recorded says so."""

import json
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

from loopscope.cli.output import counted, duration

NOT_RECORDED = "not recorded"
USUAL = {"allow_single_cluster": False, "repeats": "collapse", "metric": "cosine", "medoid": "unweighted"}
PHASES = ("load", "compute", "describe", "save")


def say_settings(settings: Mapping[str, object]) -> str:
    """Say parameters that are set, such as ``epsilon 0.4, metric cosine``."""
    return ", ".join(f"{name} {value}" for name, value in settings.items() if value is not None)


def say_differences(settings: Mapping[str, object]) -> str:
    """Say the parameters but for those that are as they usually are: what tells one result from another."""
    return say_settings({name: value for name, value in settings.items() if USUAL.get(name) != value})


def say_experiments(result: Mapping[str, Any]) -> str:
    """Say in short of which experiments the embeddings are, and how many prompts were left out."""
    left_out = result["without_prompts"] or ()
    without = f" without {counted(len(left_out), 'prompt')}" if left_out else ""
    return ", ".join(uuid[:8] for uuid in result["experiments"] or ["all"]) + without


def say_selection(result: Mapping[str, Any]) -> str:
    """Say which embeddings were meant: of which experiments, without which prompts."""
    chosen = result["experiments"]
    meant = "all experiments" if chosen is None else f"experiments {', '.join(uuid[:8] for uuid in chosen)}"
    if not result["without_prompts"]:
        return meant
    return f"{meant}, without the prompts {', '.join(map(repr, result['without_prompts']))}"


def say_embeddings(result: Mapping[str, Any]) -> str:
    """Say how many embeddings were candidates, how many were clustered, how many of them are distinct or outliers."""
    clustered = result["n_members"] + result["n_outliers"]
    candidates = result["n_candidates"]
    of = "" if candidates in (None, clustered) else f" of {candidates:,} candidates"
    distinct = f"{NOT_RECORDED} how many are" if result["n_distinct"] is None else f"{result['n_distinct']:,}"
    return f"{counted(clustered, 'embedding')}{of}, {distinct} distinct; {counted(result['n_outliers'], 'outlier')}"


def say_durations(result: Mapping[str, Any]) -> str:
    """Say how long each phase took."""
    known = {phase: result[f"seconds_{phase}"] for phase in PHASES}
    told = ", ".join(f"{phase} {duration(seconds)}" for phase, seconds in known.items() if seconds is not None)
    return told or NOT_RECORDED


def say_layer(result: Mapping[str, Any], results: Sequence[Mapping[str, Any]]) -> str | None:
    """Say which layer of how many a result is, such as ``1 of 3``, counted from 0 for the finest; None if of none."""
    if result["layer_group"] is None:
        return None
    return f"{result['layer']} of {sum(each['layer_group'] == result['layer_group'] for each in results)}"


def say_origin(result: Mapping[str, Any]) -> str | None:
    """Say where an imported result came from; None for one that was computed here."""
    if result["origin"] is None:
        return None
    origin = json.loads(result["origin"])
    file = origin.pop("file", None)
    rest = say_settings({name.replace("_", " "): value for name, value in origin.items() if value not in (0, [])})
    return "imported" + (f" from {PurePath(str(file)).name}" if file else "") + (f" ({rest})" if rest else "")


def order_by_layer(results: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Put the layers of one group together, the finest first, where the first of them stood."""
    first: dict[str, int] = {}
    for position, result in enumerate(results):
        if result["layer_group"] is not None:
            first.setdefault(result["layer_group"], position)
    keys = [(first.get(result["layer_group"] or "", n), result["layer"] or 0) for n, result in enumerate(results)]
    return [results[n] for n in sorted(range(len(results)), key=keys.__getitem__)]
