"""``loopscope cluster sweep``: what HDBSCAN gives at many settings, before one of them is chosen."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from loopscope.cli.cluster.app import app
from loopscope.cli.cluster.comparing import ChartFile, Seed, print_note, write_chart
from loopscope.cli.ending import interruptible
from loopscope.cli.ids import resolve
from loopscope.cli.options import DEFAULT_DATABASE, AsJson, Database
from loopscope.cli.output import counted, print_json, print_table, print_text

if TYPE_CHECKING:
    import polars as pl


@app.command("sweep")
def sweep(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="The embedding model, such as MiniLM.")],
    db: Database = DEFAULT_DATABASE,
    min_cluster_size: Annotated[
        str | None,
        typer.Option(
            metavar="GRID",
            help="A range such as 10..200, in equal ratios, or a list such as 5,10,20; by default from 5 to 80, and "
            "0.1 % of the distinct outputs.",
        ),
    ] = None,
    epsilon: Annotated[
        str, typer.Option(metavar="GRID", help="A range such as 0.1..0.6, in equal steps, or a list such as 0,0.4.")
    ] = "0..0.8",
    min_samples: Annotated[
        str | None,
        typer.Option(
            metavar="GRID", help="By default 2,5,10 and 0.1 % of the distinct outputs, as far as these are enough."
        ),
    ] = None,
    steps: Annotated[int, typer.Option(min=2, metavar="N", help="How many values a range stands for.")] = 6,
    experiment: Annotated[
        list[str] | None,
        typer.Option("--experiment", metavar="ID", help="Only this experiment; may be given more than once."),
    ] = None,
    without_prompt: Annotated[
        list[str] | None,
        typer.Option("--without-prompt", metavar="TEXT", help="Leave out runs of this prompt; may be given again."),
    ] = None,
    downsample: Annotated[
        int, typer.Option(min=1, metavar="N", help="Keep every N-th output of its type within each run.")
    ] = 1,
    allow_single_cluster: Annotated[bool, typer.Option(help="Whether everything may be one cluster.")] = True,
    clouds: Annotated[
        int, typer.Option(min=0, metavar="N", help="Cluster N clouds of noise alike, to see their share of outliers.")
    ] = 0,
    output: ChartFile = None,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Try many settings of HDBSCAN, and see what makes outliers of embeddings. Nothing is stored.

    Each setting has its number of clusters, share of outliers, share of the largest cluster, and the adjusted Rand
    index with the next smaller min_cluster_size and epsilon, the smaller of the two: settings within a wide range of
    indices near 1 give one and the same clustering. Neighbouring epsilons that give the same are one line of the table.
    """
    from loopscope.cli.progress import shown_progress
    from loopscope.data_prep.parameter_sweep import explain_outlier_share, load_parameter_sweep_df
    from loopscope.schemas import Experiment
    from loopscope.store.connection import open_store

    sizes = parse_grid(min_cluster_size, steps, "--min-cluster-size", whole=True) if min_cluster_size else None
    epsilons = parse_grid(epsilon, steps, "--epsilon", whole=False)
    samples = parse_grid(min_samples, steps, "--min-samples", whole=True) if min_samples else []
    with open_store(db) as store:
        chosen = [resolve(store, Experiment, prefix) for prefix in experiment or ()]
        with interruptible("nothing was written"), shown_progress() as progress:
            frame = load_parameter_sweep_df(
                store,
                model,
                min_cluster_sizes=sizes and [int(value) for value in sizes],
                epsilons=epsilons,
                min_samples=[int(value) for value in samples],
                experiment_ids=chosen or None,
                without_prompts=without_prompt or (),
                downsample=downsample,
                allow_single_cluster=allow_single_cluster,
                clouds=clouds,
                seed=seed,
                progress=progress,
            )
    explained = explain_outlier_share(frame)
    if output:
        from loopscope.datavis.parameter_sweep import plot_parameter_sweep

        write_chart(plot_parameter_sweep(frame, explained), output)
    if as_json:
        print_json({"settings": frame.to_dicts(), "explained": explained})
        return
    _print_settings(frame)
    _print_notes(frame)
    print_text("")
    for line in _conclude(frame, explained, model, allow_single_cluster):
        print_note(line)


def _print_settings(frame: "pl.DataFrame") -> None:
    clouds, counted_p = (not frame[name].is_null().all() for name in ("null_mean", "null_p"))
    rows = []
    for group in _group_equal(frame):
        first, last = group[0], group[-1]
        epsilon = f"{first['epsilon']:.3g}"
        if len(group) > 1:
            epsilon += f" to {last['epsilon']:.3g}"
        known = [row["ari_to_neighbour"] for row in group if row["ari_to_neighbour"] is not None]
        interval = None if first["lower"] is None else f"{first['lower']:.2f} to {first['upper']:.2f}"
        rows.append(
            [first["min_samples"], first["min_cluster_size"], epsilon, first["n_clusters"], first["outlier_share"]]
            + [interval]
            + [first["null_mean"]] * clouds
            + [first["null_p"]] * counted_p
            + [first["largest_cluster"], min(known, default=None)]
        )
    trust = ["95 % interval", *["in noise"] * clouds, *["p"] * counted_p]
    print_table(["samples", "size", "epsilon", "clusters", "outliers", *trust, "largest", "ARI"], rows)


def _group_equal(frame: "pl.DataFrame") -> list[list[dict[str, Any]]]:
    """Put neighbouring epsilons together that give the same clustering, all else equal."""
    same = ("min_samples", "min_cluster_size", "n_clusters", "outlier_share", "largest_cluster")
    groups: list[list[dict[str, Any]]] = []
    for row in frame.iter_rows(named=True):
        equal = row["ari_to_smaller_epsilon"] == 1 and all(row[name] == groups[-1][-1][name] for name in same)
        if equal:
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups


def _print_notes(frame: "pl.DataFrame") -> None:
    print_note("samples: min_samples; size: min_cluster_size; outliers and largest (cluster): shares of the embeddings")
    print_note("ARI: adjusted Rand index with the next smaller size or epsilon, the smaller of the two")
    print_note(f"{counted(frame['n'][0], 'embedding')}, {frame['n_distinct'][0]:,} distinct")
    print_note(f"interval: {frame['method'][0]}")


def _conclude(frame: "pl.DataFrame", explained: dict[str, float], model: str, allow_single: bool) -> Iterator[str]:
    """Say on what the outlier share depends and what to try."""
    from loopscope.data_prep.parameter_sweep import choose_setting, outlier_share_by

    if explained:
        yield "explained of the variation of the outlier share, by each alone: " + ", ".join(
            f"{name} {share:.0%}" for name, share in explained.items()
        )
        name = max(explained, key=lambda each: explained[each])
        means = outlier_share_by(frame, name)
        steps = means["outlier_share"].diff().drop_nulls()
        direction = "neither smaller nor larger values always have fewer outliers"
        if (steps >= 0).all() or (steps <= 0).all():
            direction = f"fewer outliers with {'smaller' if (steps >= 0).all() else 'larger'} {name}"
        values = ", ".join(f"{share:.0%} at {value:.3g}" for value, share in means.iter_rows())
        yield f"the outlier share depends most on {name}: {direction} (on average {values})"
    few = int((frame["n_clusters"] <= 1).sum())
    chosen = choose_setting(frame)
    if chosen is None or (allow_single and few > len(frame) / 2):
        advice = (
            "try --no-allow-single-cluster" if allow_single else "try other sizes or epsilons, or perform more runs"
        )
        yield f"{few} of {counted(len(frame), 'setting')} give one cluster or none; {advice}"
        return
    said = f"{counted(chosen['n_clusters'], 'cluster')}, {chosen['outlier_share']:.0%} outliers"
    names = ("min_cluster_size", "min_samples", "epsilon")
    options = [f"--{name.replace('_', '-')} {chosen[name]:.6g}" for name in names]
    options += [] if allow_single else ["--no-allow-single-cluster"]
    yield f"to try ({said}): loopscope cluster perform {model} {' '.join(options)}"


def parse_grid(text: str, steps: int, option: str, *, whole: bool) -> list[float]:
    """Read a grid: a range in equal ratios (of whole numbers) or equal steps, or a list.

    Raises
    ------
    typer.BadParameter
        When it is neither; naming the option.

    Examples
    --------
    >>> parse_grid("10..160", 5, "--min-cluster-size", whole=True)
    [10.0, 20.0, 40.0, 80.0, 160.0]
    >>> parse_grid("0.1..0.5", 3, "--epsilon", whole=False), parse_grid("5,7", 3, "--min-samples", whole=True)
    ([0.1, 0.3, 0.5], [5.0, 7.0])
    """
    example = "10..200 or 10,20,50" if whole else "0.1..0.6 or 0,0.2,0.4"
    fault = typer.BadParameter(f'{option} is "{text}"; expected a range or a list, such as {example}')
    low, dots, high = text.partition("..")
    try:
        values = [float(part) for part in ((low, high) if dots else text.split(","))]
    except ValueError:
        raise fault from None
    if not all(math.isfinite(value) and (not whole or value == round(value) >= 1) for value in values):
        raise fault
    if not dots:
        return values
    first, last = values
    if first >= last:
        raise fault
    shares = [step / (steps - 1) for step in range(steps)]
    if whole:
        return sorted({float(round(first * (last / first) ** share)) for share in shares})
    return [round(first + share * (last - first), 10) for share in shares]
