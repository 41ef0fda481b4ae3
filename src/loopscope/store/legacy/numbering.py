"""Clusters numbered as they are here, and counted by the outputs, runs and prompts in them."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from loopscope.store.legacy.cluster_lists import StatedCluster
from loopscope.store.legacy.content import Content
from loopscope.store.legacy.identifiers import Integers
from loopscope.store.legacy.medoids import Members, StatedClusters
from loopscope.store.legacy.shapes import Shape
from loopscope.types import OUTLIER


@dataclass(frozen=True)
class Places:
    """Where each embedding comes from, and what it is counted by: shape (embeddings,), int64 each.

    Attributes
    ----------
    trajectory
        Its place in trajectory order: by run, then by sequence number.
    output
        Equal for equal outputs.
    run, prompt
        Of its invocation.
    """

    trajectory: Integers
    output: Integers
    run: Integers
    prompt: Integers


@dataclass(frozen=True)
class Numbered:
    """The clusters of a result with their numbers here.

    Attributes
    ----------
    labels
        Shape (n,), int64: of the members; −1 for an outlier.
    medoids
        Shape (k,), int64: positions of embeddings, by number.
    properties, outlier_properties
        What is known of each cluster, by number, and of the outliers.
    number
        Shape (k,), int64: the number of each cluster in the order that they had before.
    """

    labels: Integers
    medoids: Integers
    properties: list[dict[str, Any]]
    outlier_properties: dict[str, Any]
    number: Integers


def find_places(content: Content) -> Places:
    """Tell where each embedding comes from."""
    invocation = content.embeddings.invocation
    run = np.append(content.invocations.run, -1)[invocation]
    sequence_number = np.append(content.invocations.sequence_number, -1)[invocation]
    trajectory = np.empty(len(invocation), dtype=np.int64)
    trajectory[np.lexsort((sequence_number, run))] = np.arange(len(invocation))
    _, output = np.unique(content.invocations.hashes, return_inverse=True)
    prompts: dict[str, int] = {}
    prompt = [
        -1 if each is None else prompts.setdefault(each.initial_prompt, len(prompts))
        for each in content.experiments.runs
    ]
    return Places(
        trajectory,
        np.append(output.astype(np.int64), -1)[invocation],
        run,
        np.array([*prompt, -1], dtype=np.int64)[run],
    )


def number_clusters(members: Members, clusters: StatedClusters, shapes: list[Shape], places: Places) -> Numbered:
    """Give clusters their numbers: by decreasing size, ties by the medoid in trajectory order.

    Parameters
    ----------
    members
        The assignments.
    clusters, shapes
        In one order.
    places
        Of all embeddings.
    """
    codes = clusters.codes
    outliers = members.codes == OUTLIER
    place = np.where(outliers, len(codes), np.searchsorted(codes, members.codes))
    sizes = np.bincount(place, minlength=len(codes) + 1)[:-1]
    medoids = np.array([shape.medoid for shape in shapes], dtype=np.int64)
    order = np.lexsort((places.trajectory[medoids], -sizes))
    number = np.argsort(order)
    labels = np.append(number, OUTLIER)[place]
    counts = {
        name: _count(labels, values[members.embeddings], len(codes))
        for name, values in (
            ("distinct_outputs", places.output),
            ("runs", places.run),
            ("prompts", places.prompt),
        )
    }
    properties = [
        {
            "radius": shapes[before].radius,
            "mean_distance": shapes[before].mean_distance,
            **{name: int(values[now]) for name, values in counts.items()},
            **_imported(clusters.stated[before]),
        }
        for now, before in enumerate(order.tolist())
    ]
    of_outliers = {name: int(values[-1]) for name, values in counts.items() if values[-1]}
    return Numbered(labels, medoids[order], properties, of_outliers, number)


def _imported(stated: StatedCluster) -> dict[str, Any]:
    told = {
        "imported_number": stated.number,
        "imported_medoid_text": stated.text,
        "imported_properties": stated.properties,
    }
    return {name: value for name, value in told.items() if value is not None}


def _count(labels: Integers, values: Integers, clusters: int) -> Integers:
    """Count the distinct values, from 0, of each label, of the outliers at the end."""
    span = int(values.max()) + 1
    pairs = np.unique(np.where(labels == OUTLIER, clusters, labels) * span + values)
    counted: Integers = np.bincount(pairs // span, minlength=clusters + 1)
    return counted
