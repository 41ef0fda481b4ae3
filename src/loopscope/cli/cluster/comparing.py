"""``loopscope cluster compare``: how far two clusterings agree, as a whole and cluster by cluster."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from loopscope.cli.cluster.app import app
from loopscope.cli.ending import interruptible
from loopscope.cli.ids import resolve
from loopscope.cli.options import DEFAULT_DATABASE, AsJson, Database
from loopscope.cli.output import counted, figure, print_facts, print_json, print_table, print_text, say

if TYPE_CHECKING:
    import polars as pl


def _check_suffix(path: Path | None) -> Path | None:
    """Refuse a file that could not be written before anything is computed."""
    suffixes = (".html", ".png", ".svg", ".pdf")
    if path is not None and path.suffix.lower() not in suffixes:
        raise typer.BadParameter(f"found {path.name}; expected a file that ends in {', '.join(suffixes)}")
    return path


ChartFile = Annotated[
    Path | None,
    typer.Option(
        "-o",
        "--output",
        metavar="FILE",
        callback=_check_suffix,
        help="Draw it as well: .html (works offline), .png, .svg or .pdf.",
    ),
]
Seed = Annotated[int, typer.Option(min=0, metavar="S", help="Chooses the draws; the same gives the same numbers.")]
TRUST = ("95 % interval", "by chance", "p")
MOST_FLOWS = 20


@app.command("compare")
def compare(
    a: Annotated[str, typer.Argument(metavar="A", help="A clustering result: the beginning of its id.")],
    b: Annotated[str, typer.Argument(metavar="B", help="Another, of the same outputs or of captions and pictures.")],
    db: Database = DEFAULT_DATABASE,
    output: ChartFile = None,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Compare two clusterings: ARI and AMI, each cluster with its best match, and what goes where.

    Embeddings of one output are compared; of a text and an image model, each caption with the picture it describes.
    What only one of the two clustered is counted, not compared.
    """
    from loopscope.data_prep.cluster_comparison import compare_pairs, count_flows
    from loopscope.data_prep.pairing import load_pairing
    from loopscope.schemas import ClusteringResult
    from loopscope.store.connection import open_store

    with open_store(db) as store:
        chosen = [resolve(store, ClusteringResult, prefix) for prefix in (a, b)]
        with interruptible("nothing was written"):
            with store.session() as session:
                pairing = load_pairing(session, *chosen)
            comparison, flows = compare_pairs(pairing, seed=seed), count_flows(pairing)
    a_name, b_name = _name(pairing.a), _name(pairing.b)
    if output:
        from loopscope.datavis.alluvial import plot_alluvial

        write_chart(plot_alluvial(flows, comparison, names=(f"A: {a_name}", f"B: {b_name}")), output)
    facts = {"A": a_name, "B": b_name} | _count_pairs(flows, pairing.how)
    if as_json:
        print_json(facts | {"comparison": comparison.to_dicts(), "flows": flows.to_dicts()})
        return
    print_facts(facts)
    print_text("")
    _print_scores(comparison)
    for side, other in (("a", "b"), ("b", "a")):
        print_text("")
        _print_matches(comparison, side, other)
    print_text("")
    _print_flows(flows)


def write_chart(chart: Any, path: Path) -> None:
    """Write a chart and say where."""
    from loopscope.datavis.saving import save_chart

    say(f"wrote {save_chart(chart, path)}")


def trust(row: Mapping[str, Any]) -> tuple[str | None, float | None, float | None]:
    """Give the cells under ``TRUST``: the interval, what chance gives on average, and how often it gives as much."""
    known = None if row["lower"] is None else f"{figure(row['lower'])} to {figure(row['upper'])}"
    return known, row["null_mean"], row["null_p"]


def _name(result: "pl.DataFrame") -> str:
    row = result.row(0, named=True)
    downsample = f", downsample {row['downsample']}" if row["downsample"] > 1 else ""
    clusters = counted(row["n_clusters"], "cluster")
    return f"{row['uuid'][:8]}, {row['embedding_model']}, {row['algorithm']}{downsample}, {clusters}"


def _count_pairs(flows: "pl.DataFrame", how: str) -> dict[str, Any]:
    import polars as pl

    a, b = pl.col("a_cluster_id").is_not_null(), pl.col("b_cluster_id").is_not_null()
    facts: dict[str, Any] = {"paired by": how, "compared": int(flows.filter(a & b)["count"].sum())}
    for name, alone, other in (("only in A", a & ~b, "b_status"), ("only in B", b & ~a, "a_status")):
        counts = flows.filter(alone).group_by(other).agg(pl.sum("count")).sort(other)
        facts[name] = ", ".join(f"{count} ({why})" for why, count in counts.iter_rows()) or 0
    return facts


def _print_scores(comparison: "pl.DataFrame") -> None:
    names = {"ari": "adjusted Rand index", "ami": "adjusted mutual information"}
    scores = [row for row in comparison.to_dicts() if row["measure"] in names]
    print_table(
        ["score", "outliers", "compared", "estimate", *TRUST],
        [[names[row["measure"]], row["outliers"], row["n"], row["estimate"], *trust(row)] for row in scores],
    )
    print_text(scores[0]["method"])


def _print_matches(comparison: "pl.DataFrame", side: str, other: str) -> None:
    import polars as pl

    matches = comparison.filter(pl.col("side") == side)
    if matches.is_empty():
        print_text(f"no cluster of {side.upper()} was compared")
        return
    headings = [side.upper(), "compared", other.upper(), "shared", "Jaccard", *TRUST]
    print_table(
        [*headings, f"medoid in {side.upper()}", f"medoid in {other.upper()}"],
        [
            [
                *(row[name] for name in ("cluster_id", "n", "best_cluster_id", "shared", "estimate")),
                *trust(row),
                *(row[name] for name in ("cluster_label", "best_cluster_label")),
            ]
            for row in matches.iter_rows(named=True)
        ],
        wide=[f"medoid in {side.upper()}", f"medoid in {other.upper()}"],
    )


def _print_flows(flows: "pl.DataFrame") -> None:
    from loopscope.types import OUTLIER

    def name(number: int | None, status: str) -> str:
        if number is None:
            return status
        return "outliers" if number == OUTLIER else str(number)

    largest = flows.sort("count", descending=True, maintain_order=True).head(MOST_FLOWS)
    print_table(
        ["from A", "to B", "embeddings", "share", "runs"],
        [
            [
                name(row["a_cluster_id"], row["a_status"]),
                name(row["b_cluster_id"], row["b_status"]),
                *(row[column] for column in ("count", "share", "n_runs")),
            ]
            for row in largest.iter_rows(named=True)
        ],
    )
    if len(flows) > MOST_FLOWS:
        rest = counted(len(flows) - MOST_FLOWS, "smaller flow")
        left = int(flows["count"].sum()) - int(largest["count"].sum())
        print_text(f"and {rest} of {counted(left, 'embedding')}; all of them: --json")
