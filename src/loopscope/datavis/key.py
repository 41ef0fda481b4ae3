"""The key beside a chart: coloured boxes with a heading and wrapped text, in a column of their own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import altair as alt

from loopscope.datavis.text_marks import LINE_HEIGHT, write_texts
from loopscope.datavis.theme import FAINT_INK, RULE
from loopscope.datavis.wording import measure_width, wrap_text

KEY_WIDTH: Final = 300
"""At most; a key of short texts is narrower."""
TEXT_LEFT: Final = 22
ENTRY_GAP: Final = 7


@dataclass(frozen=True)
class KeyEntry:
    """One entry; without a colour it has no box, without a heading its text stands in the heading's place."""

    colour: str | None
    heading: str
    text: str = ""


def draw_key(entries: Sequence[KeyEntry], *, title: str, text_lines: int = 2) -> alt.LayerChart:
    """Draw a key for concatenation to the right of a chart.

    Parameters
    ----------
    entries
        From top to bottom.
    title
        Stands above the first entry.
    text_lines
        The text of an entry is shortened to so many lines.
    """
    boxes: list[dict[str, Any]] = []
    headings: list[dict[str, Any]] = []
    texts: list[dict[str, Any]] = [{"y": -20, "text": title}]
    top = 0.0
    for entry in entries:
        if entry.colour:
            boxes.append({"y": top, "y2": top + 12, "colour": entry.colour})
        if entry.heading:
            headings.append({"y": top + 1, "text": entry.heading})
            top += LINE_HEIGHT + 1
        if entry.text:
            lines = wrap_text(entry.text, KEY_WIDTH - TEXT_LEFT, 11, text_lines)
            texts.append({"y": top, "text": "\n".join(lines)})
            top += LINE_HEIGHT * len(lines)
        top += ENTRY_GAP
    written = [line for entry in (*headings, *texts) for line in entry["text"].split("\n")]
    width = TEXT_LEFT + max(measure_width(line, 11) for line in written)
    y = alt.Y("y:Q").scale(domain=[max(top, 1), 0], nice=False).axis(None)
    swatches: alt.Chart = alt.Chart(alt.InlineData(values=boxes)).mark_rect(stroke=RULE, strokeWidth=0.5)
    layers = [
        swatches.encode(x=alt.value(0), x2=alt.value(14), y=y, y2="y2:Q", color=alt.Color("colour:N").scale(None)),
        write_texts(headings, x=alt.value(TEXT_LEFT), y=y, bold=True),
        write_texts(texts, x=alt.value(TEXT_LEFT), y=y, color=FAINT_INK),
    ]
    return alt.LayerChart(layer=layers, width=width, height=max(top, 1))
