"""Where does it go: the clusters by their medoids, and which run is in which at each step."""

from html import escape
from typing import Any

import polars as pl

from loopscope.data_prep.clusters import load_clusters_df
from loopscope.datavis.raster import plot_raster
from loopscope.datavis.theme import choose_cluster_colour
from loopscope.datavis.wording import count_of, percentage
from loopscope.export.report.about import About
from loopscope.export.report.answer import Answer, Download, Figure, Section
from loopscope.export.report.drawing import embed_picture
from loopscope.imaging.codec import decode_picture

SHOWN = 24
"""So many of the largest clusters are in the gallery."""
SIDE = 200
"""Pixels of a picture in the gallery."""


def answer_where(about: About) -> Answer:
    """Say how many clusters there are, how large, from how many prompts they are visited; show them."""
    result, medoids = about.result, about.medoids
    clusters = medoids.filter(pl.col("cluster_id") >= 0)
    total = int(medoids["cluster_size"].sum())
    outliers = int(medoids.filter(pl.col("cluster_id") < 0)["cluster_size"].sum())
    kind = "texts" if result["output_type"] == "text" else "pictures"
    found = f"fall into {count_of(clusters.height, 'cluster')}" if clusters.height else "fall into no cluster"
    said = [f"The {total:,} {kind} {found}; {percentage(outliers, total)} are outliers, in none of them."]
    if clusters.height:
        said += _say_visits(clusters, len(about.config.prompts), total)
    raster = plot_raster(_clusters_of(about), about.frame("cluster_absorption"))
    figures = [Figure(_write_gallery(clusters, total), "", _say_gallery(clusters))] if clusters.height else []
    alt = f"Raster: one row for each run, one column for each step, coloured by cluster. {said[0]}"
    figures.append(
        Figure(
            raster,
            alt,
            "Each row is a run; a stretch of one colour is a stay in one cluster. "
            "A tick marks since when a run repeats itself to its end.",
        )
    )
    columns = [name for name in medoids.columns if name not in ("picture", "next_picture")]
    downloads = (Download("medoids", medoids.select(columns)), Download("clusters", about.frame("clusters")))
    return Answer(tuple(said), tuple(figures), downloads)


def _say_visits(clusters: pl.DataFrame, prompts: int, total: int) -> list[str]:
    largest = clusters.row(0, named=True)
    label = largest["cluster_label"] or "no caption"
    said = [f"The largest, with {percentage(largest['cluster_size'], total)} of all, is “{label.strip()}”"]
    said[0] += "" if label.strip().endswith((".", "!", "?")) else "."
    if prompts > 1:
        shared = int((clusters["n_prompts"] > 1).sum())
        every = int((clusters["n_prompts"] == prompts).sum())
        these = "All" if shared == clusters.height else f"{shared} of the {clusters.height}"
        said.append(
            f"{these} clusters are visited from more than one of the {prompts} prompts, {every} from all of them."
        )
    return said


def _clusters_of(about: About) -> pl.DataFrame:
    with about.store.session() as session:
        clusters = load_clusters_df(session, about.clustering_result_id, include_unclustered=True)
    named = clusters.with_columns(clustering_result_uuid=pl.lit(about.result["uuid"]))
    return named.filter(pl.col("experiment_id") == about.experiment_id)


def _say_gallery(clusters: pl.DataFrame) -> str:
    shown = min(SHOWN, clusters.height)
    of = "" if shown == clusters.height else f" of the {shown} largest of {clusters.height}"
    what = (
        "their very texts" if clusters["picture"].is_null().all() else "the picture, or the one that the text describes"
    )
    return f"The medoids{of}: {what}, and how many embeddings, runs and prompts each cluster has."


def _write_gallery(clusters: pl.DataFrame, total: int) -> str:
    cards = [_write_card(row, total) for row in clusters.head(SHOWN).iter_rows(named=True)]
    return f'<div class="gallery">{"".join(cards)}</div>'


def _write_card(row: dict[str, Any], total: int) -> str:
    caption = row["caption"] or row["medoid_text"] or row["cluster_label"] or "no caption"
    shown = ""
    if row["picture"] is not None:
        picture = decode_picture(row["picture"])
        picture.thumbnail((SIDE, SIDE))
        shown = embed_picture(picture, f"Medoid of cluster {row['cluster_id']}: {caption}", photograph=True)
    visits = f"{count_of(row['n_prompts'], 'prompt')} · {count_of(row['n_runs'], 'run')}"
    return (
        f'<div style="border-color: {choose_cluster_colour(row["cluster_id"])}">{shown}'
        f'<p class="size"><span>{row["cluster_id"]}</span>'
        f"<span>{row['cluster_size']:,} · {percentage(row['cluster_size'], total)}</span></p>"
        f"<p>{escape(caption)}</p><p>{visits}</p></div>"
    )


SECTION = Section("where", "Where does it go?", answer_where)
