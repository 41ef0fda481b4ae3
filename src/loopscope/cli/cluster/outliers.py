"""``loopscope cluster outliers``: what makes embeddings of a clustering outliers."""

import math
from typing import TYPE_CHECKING, Annotated

import typer

from loopscope.cli.cluster.app import ResultId, app
from loopscope.cli.cluster.comparing import TRUST, ChartFile, Seed, print_note, trust, write_chart
from loopscope.cli.ending import interruptible
from loopscope.cli.ids import resolve
from loopscope.cli.options import DEFAULT_DATABASE, AsJson, Database
from loopscope.cli.output import figure, print_json, print_table, print_text

if TYPE_CHECKING:
    import polars as pl


@app.command("outliers")
def outliers(
    result: ResultId,
    db: Database = DEFAULT_DATABASE,
    clouds: Annotated[
        int, typer.Option(min=0, metavar="N", help="How many clouds of noise are cut at each size; 0 for none.")
    ] = 1,
    output: ChartFile = None,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Say what makes embeddings of a clustering outliers.

    Shown are how far their neighbours are, what share would be outliers at other sizes of clusters, and the share by
    caption length, step, repeats, network and model, then the effect of each when all others are equal (coefficients
    of one logistic regression). Nothing is stored.
    """
    from loopscope.cli.progress import shown_progress
    from loopscope.data_prep.outlier_diagnostics import load_outlier_diagnostics_df
    from loopscope.schemas import ClusteringResult
    from loopscope.store.connection import open_store

    with open_store(db) as store:
        result_id = resolve(store, ClusteringResult, result)
        with interruptible("nothing was written"), shown_progress() as progress:
            frame = load_outlier_diagnostics_df(store, result_id, clouds=clouds, seed=seed, progress=progress)
    if output:
        from loopscope.datavis.outlier_diagnostics import plot_outlier_diagnostics

        write_chart(plot_outlier_diagnostics(frame), output)
    if as_json:
        print_json(frame.to_dicts())
        return
    _print_whole(frame)
    _print_shares(frame)
    _print_effects(frame)
    print_text("")
    print_note(_conclude(frame))


def _print_whole(frame: "pl.DataFrame") -> None:
    import polars as pl

    share = frame.filter(pl.col("parameter") == "all").row(0, named=True)
    separation = frame.filter(pl.col("kind") == "separation").row(0, named=True)
    interval = f" ({trust(share)[0]})" if share["lower"] is not None else ""
    print_text(f"outliers are a share of {figure(share['estimate'])}{interval} of {share['n']} embeddings")
    if separation["estimate"] is not None:
        interval = f" ({trust(separation)[0]})" if separation["lower"] is not None else ""
        print_note(
            f"the {separation['unit']} of an outlier is larger than that of a member with probability "
            f"{figure(separation['estimate'])}{interval}; 0.5 tells nothing"
        )
    print_text("")


def _print_shares(frame: "pl.DataFrame") -> None:
    import polars as pl

    shares = frame.filter(pl.col("kind") == "share", pl.col("value").is_not_null())
    print_table(
        ["parameter", "value", "embeddings", "outliers", *TRUST],
        [
            [*(row[name] for name in ("parameter", "value", "n", "estimate")), *trust(row)]
            for row in shares.iter_rows(named=True)
        ],
        wide=["value"],
    )
    for method in shares["method"].unique(maintain_order=True):
        names = ", ".join(shares.filter(pl.col("method") == method)["parameter"].unique(maintain_order=True))
        print_note(f"{names}: {method}")
    print_text("")


def _print_effects(frame: "pl.DataFrame") -> None:
    import polars as pl

    effects = frame.filter(pl.col("kind") == "coefficient")
    if effects.is_empty():
        print_text("no effects: all or no embeddings are outliers, or nothing else differs among them")
        return
    print_table(
        ["effect of", "for", "log-odds", *TRUST],
        [
            [" ".join(filter(None, (row["parameter"], row["value"]))), row["unit"], row["estimate"], *trust(row)]
            for row in effects.iter_rows(named=True)
        ],
        wide=["effect of", "for"],
    )


def _conclude(frame: "pl.DataFrame") -> str:
    """Say in one sentence what changes the chance of being an outlier most."""
    import polars as pl

    effects = frame.filter(pl.col("kind") == "coefficient")
    clear = effects.filter((pl.col("lower") > 0) | (pl.col("upper") < 0))
    if clear.is_empty():
        return "Nothing that is known of the embeddings clearly changes the chance of being an outlier"
    row = clear.sort(pl.col("estimate").abs(), descending=True).row(0, named=True)
    change = "raises" if row["estimate"] > 0 else "lowers"
    odds, low, high = (figure(math.exp(row[name])) for name in ("estimate", "lower", "upper"))
    category = row["value"] is not None
    what = f"{row['parameter']} {row['value']} {row['unit']}" if category else row["parameter"]
    by = "it multiplies" if category else f"{row['unit']} multiplies"
    return (
        f"What {change} the chance of being an outlier most, all else being equal, is {what}: {by} the odds by {odds} "
        f"({low} to {high})"
    )
