"""Text written at given places of a chart, rather than by an axis or a legend, so that nothing overlaps."""

from typing import Any, Final, Literal

import altair as alt

from loopscope.datavis.theme import INK

LINE_HEIGHT: Final = 13


def write_texts(
    values: list[dict[str, Any]],
    *,
    x: Any,
    y: Any,
    align: Literal["left", "center", "right"] = "left",
    color: str = INK,
    size: int = 11,
    bold: bool = False,
    line_height: int = LINE_HEIGHT,
) -> alt.Chart:
    """Draw texts of one style, for a layer.

    Parameters
    ----------
    values
        Each has `text`, in which a line feed begins a new line, and whatever fields `x` and `y` need.
    x, y
        Encodings of the place: of the first line's top.
    align, color, size, bold, line_height
        The style; sizes in pixels.
    """
    chart: alt.Chart = alt.Chart(alt.InlineData(values=values)).mark_text(
        align=align,
        baseline="top",
        color=color,
        fontSize=size,
        fontWeight="bold" if bold else "normal",
        lineHeight=line_height,
        lineBreak="\n",
    )
    return chart.encode(x=x, y=y, text="text:N")
