"""Frames as `load_*_df` give them, of made-up but lifelike experiments."""

import numpy as np
import polars as pl
import pytest
from PIL import Image, ImageDraw

from loopscope.imaging.codec import encode_picture

COLOURS = ["red", "navy", "green", "orange", "violet", "grey", "olive", "white"]
THINGS = ["fox", "peacock", "apple", "lighthouse", "pineapple", "snow-capped mountain", "bicycle", "water buffalo"]
UUID = "3aa6bd65-7daf-41d0-923a-370bf37f5f4f"
PARAMETERS = {"min_cluster_size": 20, "min_samples": 5, "metric": "cosine", "medoid": "unweighted"}


def make_caption(number: int) -> str:
    rng = np.random.default_rng(number)
    colour, thing, other, ground = rng.choice(COLOURS), rng.choice(THINGS), rng.choice(THINGS), rng.choice(COLOURS)
    text = f"A small {colour} {thing} sits beside {rng.integers(2, 5)} {rng.choice(COLOURS)} {other}s"
    if number % 3 == 0:
        text += f", with a {rng.choice(COLOURS)} {rng.choice(THINGS)} on the left near the painting of a frozen lake"
    return text + f", on a {ground} background."


def make_prompts(count: int) -> list[str]:
    written = ["an apple", "a painting of a red fox sitting beside a frozen lake at dusk"]
    return (written + [make_caption(1_000 + number) for number in range(count)])[:count]


def walk(rng: np.random.Generator, steps: int, clusters: int, outliers: float, dwell: float) -> np.ndarray:
    """Stay in a cluster for a while, then leave for another, the low numbers drawing most; −1 in between."""
    weights = 1 / np.arange(1, clusters + 1) ** 0.9 if clusters else np.array([])
    path = np.full(steps, -1)
    step = 0
    while step < steps and clusters:
        stay = 1 + rng.geometric(1 / dwell)
        path[step : step + stay] = rng.choice(clusters, p=weights / weights.sum())
        step += stay
    path[rng.random(steps) < outliers] = -1
    return path


def make_clusters(
    *, runs=25, prompts=30, networks=("Pictograms→Describe",), steps=60, clusters=30, outliers=0.2, dwell=6.0,
    not_sampled=0.0, stride=1, fresh_every=5,
):  # fmt: skip
    """`runs` for each prompt and network; every `fresh_every`th run has fresh randomness."""
    rng = np.random.default_rng(7)
    columns = []
    run_id = 0
    for network in networks:
        for prompt in make_prompts(prompts):
            for seed in range(runs):
                run_id += 1
                length = steps if seed % 7 else max(1, steps * 2 // 3)
                ids = walk(rng, length, clusters, outliers, dwell)
                columns.append(
                    pl.DataFrame(
                        {"sequence_number": np.arange(length) * stride + (stride - 1), "cluster_id": ids},
                        schema={"sequence_number": pl.Int64, "cluster_id": pl.Int64},
                    ).with_columns(
                        run_id=pl.lit(run_id, pl.Int64),
                        network=pl.lit(network),
                        initial_prompt=pl.lit(prompt),
                        seed=pl.lit(None if fresh_every and seed % fresh_every == fresh_every - 1 else seed, pl.Int64),
                        left_out=pl.Series(rng.random(length) < not_sampled),
                    )
                )
    frame = pl.concat(columns).with_row_index("embedding_id", offset=1)
    frame = frame.with_columns(
        embedding_id=pl.col("embedding_id").cast(pl.Int64),
        invocation_id=pl.col("embedding_id").cast(pl.Int64) + 500,
        cluster_id=pl.when("left_out").then(None).otherwise("cluster_id"),
    )
    labels = {cluster: make_caption(cluster) for cluster in range(clusters)} | {-1: "OUTLIER"}
    return frame.with_columns(
        clustering_result_id=pl.lit(3, pl.Int64),
        clustering_result_uuid=pl.lit(UUID),
        embedding_model=pl.lit("MiniLM"),
        algorithm=pl.lit("hdbscan"),
        parameters=pl.lit(PARAMETERS, pl.Struct({"min_cluster_size": pl.Int64, "min_samples": pl.Int64,
                                                 "metric": pl.String, "medoid": pl.String})),
        epsilon=pl.lit(0.1),
        downsample=pl.lit(1, pl.Int64),
        experiment_id=pl.lit(1, pl.Int64),
        cluster_label=pl.col("cluster_id").replace_strict(labels, return_dtype=pl.String, default=None),
        cluster_size=pl.len().over("cluster_id").cast(pl.Int64),
        medoid_embedding_id=pl.when(pl.col("cluster_id") >= 0).then(pl.col("embedding_id").min().over("cluster_id")),
        status=pl.when("left_out").then(pl.lit("not sampled"))
        .when(pl.col("cluster_id") == -1).then(pl.lit("outlier")).otherwise(pl.lit("member")),
    ).with_columns(medoid_invocation_id=pl.col("medoid_embedding_id") + 500).drop("left_out")  # fmt: skip


def make_picture(number: int) -> bytes:
    rng = np.random.default_rng(number)
    image = Image.new("RGB", (256, 256), str(rng.choice(COLOURS)))
    draw = ImageDraw.Draw(image)
    for _ in range(4):
        x, y = (int(value) for value in rng.integers(10, 180, 2))
        draw.ellipse([x, y, x + 60, y + 60], fill=str(rng.choice(COLOURS)), outline="black")
    return encode_picture(image).data


def make_medoids(*, clusters=30, size=900, outliers=5_000, runs=750, prompts=30, picture_missing_at=(4,)):
    sizes = [max(3, int(size / (number + 1) ** 0.8)) for number in range(clusters)]
    rows = [
        {
            "clustering_result_id": 3,
            "clustering_result_uuid": UUID,
            "cluster_id": number,
            "cluster_size": sizes[number],
            "cluster_label": make_caption(number),
            "medoid_embedding_id": 100 + number,
            "medoid_invocation_id": 600 + number,
            "run_id": 1 + number,
            "experiment_id": 1,
            "network": "Pictograms→Describe",
            "initial_prompt": make_prompts(30)[number % 30],
            "seed": None if number % 5 == 4 else number % 5,
            "sequence_number": 2 * number + 1,
            "output_type": "text",
            "medoid_text": make_caption(number),
            "caption": make_caption(number),
            "n_runs": max(1, runs // (number + 2)),
            "n_prompts": max(1, prompts - number),
            "picture": None if number in picture_missing_at else make_picture(number),
        }
        for number in range(clusters)
    ]
    if outliers:
        nothing = dict.fromkeys(("medoid_embedding_id", "medoid_invocation_id", "run_id", "experiment_id", "network",
                                 "initial_prompt", "seed", "sequence_number", "output_type", "medoid_text", "caption",
                                 "picture"))  # fmt: skip
        keys = {"clustering_result_id": 3, "clustering_result_uuid": UUID, "cluster_id": -1, "cluster_size": outliers}
        rows.append(nothing | keys | {"cluster_label": "OUTLIER", "n_runs": runs, "n_prompts": prompts})
    integers = ("clustering_result_id", "cluster_id", "cluster_size", "medoid_embedding_id", "medoid_invocation_id",
                "run_id", "experiment_id", "seed", "sequence_number", "n_runs", "n_prompts")  # fmt: skip
    texts = (
        "clustering_result_uuid",
        "cluster_label",
        "network",
        "initial_prompt",
        "output_type",
        "medoid_text",
        "caption",
    )
    schema = dict.fromkeys(integers, pl.Int64) | dict.fromkeys(texts, pl.String) | {"picture": pl.Binary}
    return pl.DataFrame(rows, schema=schema)


def make_drift(*, runs=25, prompts=5, networks=("Pictograms→Describe", "Typeset→Read"), steps=60, stride=2):
    rng = np.random.default_rng(11)
    frames = []
    run_id = 0
    for depth, network in enumerate(networks):
        for level, prompt in enumerate(make_prompts(prompts)):
            for seed in range(runs):
                run_id += 1
                number = np.arange(steps)
                rise = (0.35 + 0.5 * ((level * 0.37) % 1)) * (1 - np.exp(-number / (3 + 4 * depth + level)))
                noise = np.cumsum(rng.normal(0, 0.02, steps))
                drift = np.clip(rise + noise, 0, 1.4)
                frames.append(
                    pl.DataFrame({"sequence_number": number * stride + stride - 1, "drift_from_prompt": drift})
                    .with_columns(
                        run_id=pl.lit(run_id, pl.Int64), network=pl.lit(network), initial_prompt=pl.lit(prompt),
                        seed=pl.lit(seed, pl.Int64), step=pl.Series([None, *np.abs(np.diff(drift))], dtype=pl.Float64),
                    )
                )  # fmt: skip
    return (
        pl.concat(frames)
        .with_row_index("embedding_id", offset=1)
        .with_columns(
            pl.col("embedding_id", "sequence_number").cast(pl.Int64),
            experiment_id=pl.lit(1, pl.Int64),
            embedding_model=pl.lit("MiniLM"),
            drift_from_start=pl.col("drift_from_prompt") * 0.9,
        )
    )


@pytest.fixture
def clusters_frame():
    return make_clusters


@pytest.fixture
def medoids_frame():
    return make_medoids


@pytest.fixture
def drift_frame():
    return make_drift


@pytest.fixture
def read_chart():
    """The chart's Vega-Lite, its data back where they are used."""

    def read(chart):
        spec = chart.to_dict()
        datasets = spec.pop("datasets", {})

        def put_back(part):
            if isinstance(part, list):
                return [put_back(item) for item in part]
            if not isinstance(part, dict):
                return part
            if part.get("name") in datasets and set(part) == {"name"}:
                return {"values": datasets[part["name"]]}
            return {key: put_back(value) for key, value in part.items()}

        return put_back(spec)

    return read
