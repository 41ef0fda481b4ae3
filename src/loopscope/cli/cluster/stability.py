"""``loopscope cluster stability``: which clusters come again when runs are left out."""

from typing import Annotated

import typer

from loopscope.cli.cluster.app import ResultId, app
from loopscope.cli.cluster.comparing import TRUST, ChartFile, Seed, print_note, trust, write_chart
from loopscope.cli.ending import interruptible
from loopscope.cli.ids import resolve
from loopscope.cli.options import DEFAULT_DATABASE, AsJson, Database
from loopscope.cli.output import print_json, print_table, print_text


@app.command("stability")
def stability(
    result: ResultId,
    db: Database = DEFAULT_DATABASE,
    resamples: Annotated[int, typer.Option(min=2, metavar="N", help="How often some of the runs are left out.")] = 50,
    share: Annotated[float, typer.Option(metavar="S", help="The share of the runs that stay in.")] = 0.8,
    clouds: Annotated[
        int, typer.Option(min=0, metavar="N", help="How many clouds of noise are treated alike; 0 for none.")
    ] = 20,
    output: ChartFile = None,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Measure which clusters come again when runs are left out (Hennig 2007).

    The result's own algorithm and parameters are used again on a share of its runs; each cluster is compared with the
    new cluster that is most like it, on the embeddings in common. A mean Jaccard index of .75 or more is stable, one
    from .6 on a pattern of which it is not sure which embeddings belong, a lower one not to be trusted. The same is
    done with clouds of noise as wide as the data. Nothing is stored.
    """
    from loopscope.cli.progress import shown_progress
    from loopscope.data_prep.cluster_stability import load_cluster_stability_df
    from loopscope.schemas import ClusteringResult
    from loopscope.store.connection import open_store

    with open_store(db) as store:
        result_id = resolve(store, ClusteringResult, result)
        with interruptible("nothing was written"), shown_progress() as progress:
            frame = load_cluster_stability_df(
                store, result_id, resamples=resamples, share=share, clouds=clouds, seed=seed, progress=progress
            )
    if output:
        from loopscope.datavis.cluster_stability import plot_cluster_stability

        write_chart(plot_cluster_stability(frame), output)
    if as_json:
        print_json(frame.to_dicts())
        return
    print_table(
        ["cluster", "size", "Jaccard", *TRUST, "verdict", "medoid"],
        [
            [row["cluster_id"], row["cluster_size"], row["jaccard"], *trust(row), row["verdict"], row["cluster_label"]]
            for row in frame.iter_rows(named=True)
        ],
        wide=["medoid", "verdict"],
    )
    stable = int((frame["verdict"] == "stable").sum())
    print_text(f"{stable} of {len(frame)} clusters are stable: a mean Jaccard index of .75 or more")
    print_note(frame["method"][0])
