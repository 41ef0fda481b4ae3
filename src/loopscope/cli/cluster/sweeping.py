"""``loopscope cluster sweep``: what HDBSCAN gives at many settings, before one of them is chosen."""

import math
from typing import Annotated

import typer

from loopscope.cli.cluster.app import app
from loopscope.cli.cluster.comparing import ChartFile, Seed, trust, write_chart
from loopscope.cli.ending import interruptible
from loopscope.cli.ids import resolve
from loopscope.cli.options import DEFAULT_DATABASE, AsJson, Database
from loopscope.cli.output import counted, print_json, print_table, print_text, say


@app.command("sweep")
def sweep(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="The embedding model, such as MiniLM.")],
    db: Database = DEFAULT_DATABASE,
    min_cluster_size: Annotated[
        str | None,
        typer.Option(
            metavar="GRID",
            help="A range such as 10..200, in equal ratios, or a list such as 5,10,20; by default from 5 to 80.",
        ),
    ] = None,
    epsilon: Annotated[
        str, typer.Option(metavar="GRID", help="A range such as 0.1..0.6, in equal steps, or a list such as 0,0.4.")
    ] = "0..0.8",
    min_samples: Annotated[
        str | None, typer.Option(metavar="GRID", help="By default 0.1 % of the distinct outputs, at least 2.")
    ] = None,
    steps: Annotated[int, typer.Option(min=2, metavar="N", help="How many values a range stands for.")] = 6,
    experiment: Annotated[
        list[str] | None,
        typer.Option("--experiment", metavar="ID", help="Only this experiment; may be given more than once."),
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
    indices near 1 give one and the same clustering.
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
    settings = ("min_samples", "min_cluster_size", "epsilon")
    heads = ("95 % interval", "in noise", "p") if clouds else ("95 % interval",)
    print_table(
        [*settings, "clusters", "outliers", *heads, "largest", "ARI to neighbour"],
        [
            [
                *(row[name] for name in (*settings, "n_clusters", "outlier_share")),
                *trust(row)[: len(heads)],
                *(row[name] for name in ("largest_cluster", "ari_to_neighbour")),
            ]
            for row in frame.iter_rows(named=True)
        ],
    )
    print_text(
        f"{counted(frame['n'][0], 'embedding')}, {frame['n_distinct'][0]} distinct; outliers and largest are shares of "
        f"them. {frame['method'][0]}"
    )
    if explained:
        shares = ", ".join(f"{name} {share:.0%}" for name, share in explained.items())
        print_text(f"Of the variation of the outlier share each setting explains by itself: {shares}")
    single = int((frame["n_clusters"] <= 1).sum())
    if allow_single_cluster and single > len(frame) / 2:
        say(f"{single} of {len(frame)} settings give one cluster or none; try --no-allow-single-cluster")


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
