"""The key of a chart coloured by cluster: the largest clusters with number, share and medoid."""

import altair as alt
import polars as pl

from loopscope.datavis.key import ENTRY_GAP, KeyEntry, draw_key
from loopscope.datavis.text_marks import LINE_HEIGHT
from loopscope.datavis.theme import choose_cluster_colour
from loopscope.datavis.wording import count_of, percentage
from loopscope.types import OUTLIER


def draw_cluster_key(clusters: pl.DataFrame, *, height: float, fewest: int = 8, most: int = 30) -> alt.LayerChart:
    """Draw a key of as many of the largest clusters as a height has room for.

    Parameters
    ----------
    clusters
        As `load_clusters_df` gives it, of one clustering result.
    height
        Of the chart beside it, in pixels.
    fewest, most
        At least and at most so many clusters have an entry, if there are so many.

    Returns
    -------
    altair.LayerChart
        For concatenation; outliers, and what was not clustered, come last.
    """
    room = int(height // (3 * LINE_HEIGHT + 1 + ENTRY_GAP)) - 2
    entries = _list_clusters(clusters, max(fewest, min(most, room)))
    left_out = clusters.filter(pl.col("cluster_id").is_null())
    if not left_out.is_empty():
        names = " or ".join(left_out["status"].unique().sort().to_list())
        heading = f"{names} · {percentage(left_out.height, clusters.height)} of all"
        entries.append(KeyEntry(choose_cluster_colour(None), heading))
    return draw_key(entries, title="largest clusters · share of what was clustered")


def _list_clusters(clusters: pl.DataFrame, shown: int) -> list[KeyEntry]:
    clustered = clusters.filter(pl.col("cluster_id").is_not_null())
    counted = clustered.group_by("cluster_id").agg(pl.len(), pl.first("cluster_label")).sort("cluster_id")
    outliers = int(counted.filter(pl.col("cluster_id") == OUTLIER)["len"].sum())
    counted = counted.filter(pl.col("cluster_id") >= 0)
    entries = [
        KeyEntry(choose_cluster_colour(number), f"{number} · {percentage(size, clustered.height)}", label or "")
        for number, size, label in counted.head(shown).iter_rows()
    ]
    if counted.height > shown:
        rest = percentage(int(counted["len"][shown:].sum()), clustered.height)
        entries.append(KeyEntry(None, "", f"and {count_of(counted.height - shown, 'smaller cluster')} · {rest}"))
    if outliers:
        entries.append(KeyEntry(choose_cluster_colour(OUTLIER), f"outliers · {percentage(outliers, clustered.height)}"))
    return entries
