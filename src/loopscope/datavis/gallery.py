"""A contact sheet of clusters: each medoid's picture over its caption, in the colour of its cluster.

Drawn at twice the size at which it is meant to be seen.
"""

from dataclasses import dataclass
from typing import Final

import polars as pl
from PIL import Image

from loopscope.datavis.subject import describe_medoids, require_one_result, require_rows, write_subtitle
from loopscope.datavis.theme import FAINT_INK, choose_cluster_colour
from loopscope.datavis.wording import count_of, percentage
from loopscope.errors import ChartError
from loopscope.imaging.canvas import PLACEHOLDER, Canvas
from loopscope.imaging.codec import decode_picture
from loopscope.imaging.lettering import wrap_text

SCALE: Final = 2
"""Pixels of the picture for one pixel of the layout; everything below is in pixels of the layout."""
MARGIN: Final = 28
CARD_WIDTH: Final = 196
CARD_GAP: Final = 22
BAR_HEIGHT: Final = 7
HEADING_SIZE: Final = 12
CAPTION_SIZE: Final = 11
CAPTION_LINE: Final = 15
MOST_CAPTION_LINES: Final = 12
PLACEHOLDER_INK: Final = "#c9c9c9"

NEEDED: Final = (
    "clustering_result_id",
    "cluster_id",
    "cluster_size",
    "cluster_label",
    "medoid_text",
    "caption",
    "n_runs",
    "n_prompts",
    "picture",
)


@dataclass(frozen=True)
class Card:
    """What stands on the sheet for one cluster."""

    cluster_id: int
    size: str
    visits: str
    caption: list[str]
    picture: Image.Image | None

    @property
    def height(self) -> int:
        """In pixels of the layout."""
        return BAR_HEIGHT + CARD_WIDTH + 26 + CAPTION_LINE * len(self.caption) + 20


def draw_medoid_gallery(medoids: pl.DataFrame, columns: int = 5, top: int = 30) -> Image.Image:
    """Draw the medoids of the largest clusters as a contact sheet.

    Parameters
    ----------
    medoids
        One row for each cluster of one clustering result, the outlier cluster included. A text medoid has the picture
        that it describes; a row without a picture gets a placeholder.
    columns
        Cards beside one another, at least 1.
    top
        How many clusters have a card, from the largest.

    Returns
    -------
    PIL.Image.Image
        RGB, at twice the size at which it is meant to be seen.

    Raises
    ------
    ChartError
        If the frame is empty, lacks a column, holds several clustering results, or a picture cannot be read.
    """
    advice = "`loopscope cluster list` shows what there is; `loopscope cluster perform MODEL` makes a clustering."
    require_rows(medoids, NEEDED, chart="medoid gallery", advice=advice)
    require_one_result(medoids, chart="medoid gallery")
    if columns < 1:
        raise ChartError(f"The medoid gallery needs at least 1 column, not {columns}. Try columns=5.")
    cards = _make_cards(medoids, top)
    across = max(1, min(columns, len(cards)))
    width = max(across * (CARD_WIDTH + CARD_GAP) - CARD_GAP, 2 * (CARD_WIDTH + CARD_GAP)) + 2 * MARGIN
    subtitle = write_subtitle(_describe(medoids, len(cards)), width - 2 * MARGIN)
    rows = [cards[start : start + across] for start in range(0, len(cards), across)]
    head = MARGIN + 34 + 16 * len(subtitle) + 18
    height = head + sum(max(card.height for card in row) + CARD_GAP for row in rows) + MARGIN - CARD_GAP
    sheet = Canvas(width, max(height, head + MARGIN), SCALE)
    sheet.write(MARGIN, MARGIN, "Medoids of the largest clusters", 17, bold=True)
    for number, line in enumerate(subtitle):
        sheet.write(MARGIN, MARGIN + 30 + 16 * number, line, 12, FAINT_INK)
    y = head
    for row in rows:
        for number, card in enumerate(row):
            _draw_card(sheet, card, MARGIN + number * (CARD_WIDTH + CARD_GAP), y)
        y += max(card.height for card in row) + CARD_GAP
    return sheet.image


def _describe(medoids: pl.DataFrame, shown: int) -> list[str]:
    clusters = int((medoids["cluster_id"] >= 0).sum())
    parts = describe_medoids(medoids)
    if clusters == 0:
        return [*parts, "no cluster has a medoid to show"]
    return [*parts, f"the {shown} largest shown"] if clusters > shown else parts


def _make_cards(medoids: pl.DataFrame, top: int) -> list[Card]:
    total = int(medoids["cluster_size"].sum())
    cards = []
    for row in medoids.filter(pl.col("cluster_id") >= 0).sort("cluster_id").head(top).iter_rows(named=True):
        caption = row["caption"] or row["medoid_text"] or row["cluster_label"] or "no caption"
        cards.append(
            Card(
                cluster_id=row["cluster_id"],
                size=f"{row['cluster_size']:,} · {percentage(row['cluster_size'], total)}",
                visits=f"{count_of(row['n_prompts'], 'prompt')} · {count_of(row['n_runs'], 'run')}",
                caption=wrap_text(caption, CARD_WIDTH, CAPTION_SIZE, MOST_CAPTION_LINES),
                picture=_read_picture(row["picture"], row["cluster_id"]),
            )
        )
    return cards


def _read_picture(data: bytes | None, cluster_id: int) -> Image.Image | None:
    if data is None:
        return None
    try:
        return decode_picture(data)
    except OSError as error:
        raise ChartError(
            f"The medoid picture of cluster {cluster_id} ({len(data):,} bytes) cannot be read: {error}. "
            "Restore the database from a copy."
        ) from error


def _draw_card(sheet: Canvas, card: Card, x: int, y: int) -> None:
    sheet.fill(x, y, CARD_WIDTH, BAR_HEIGHT, choose_cluster_colour(card.cluster_id))
    y += BAR_HEIGHT
    sheet.fill(x, y, CARD_WIDTH, CARD_WIDTH, PLACEHOLDER)
    if card.picture is None:
        _draw_placeholder(sheet, x, y)
    else:
        sheet.paste(card.picture, x, y, CARD_WIDTH, CARD_WIDTH)
    sheet.outline(x, y, CARD_WIDTH, CARD_WIDTH)
    y += CARD_WIDTH + 8
    sheet.write(x, y, f"cluster {card.cluster_id}", HEADING_SIZE, bold=True)
    sheet.write(x + CARD_WIDTH, y, card.size, HEADING_SIZE, align="right")
    y += 18
    for line in card.caption:
        sheet.write(x, y, line, CAPTION_SIZE)
        y += CAPTION_LINE
    sheet.write(x, y + 3, card.visits, CAPTION_SIZE - 1, FAINT_INK)


def _draw_placeholder(sheet: Canvas, x: int, y: int) -> None:
    """Draw hills and a sun, which say that a picture would stand here."""
    left, top = x + CARD_WIDTH / 2 - 32, y + CARD_WIDTH / 2 - 30
    sheet.dot(left + 50, top + 8, 5, PLACEHOLDER_INK)
    hills = [(2, 44), (22, 14), (36, 34), (44, 24), (62, 44)]
    sheet.polygon([(left + across, top + down) for across, down in hills], PLACEHOLDER_INK)
    sheet.write(x + CARD_WIDTH // 2, y + CARD_WIDTH // 2 + 22, "no picture", CAPTION_SIZE, FAINT_INK, align="centre")
