"""The look that every chart shares: one colour for a cluster wherever it is drawn, grey for outliers, one font.

The colours are the six of Okabe and Ito (2008) that stand out from grey, then 54 chosen one after the other, each as
far as can be (CIEDE2000) from all before it, from the greys and from white, for normal vision and for the three
dichromacies as simulated by Machado, Oliveira and Fernandes (2009, doi:10.1109/TVCG.2009.113). Clusters are numbered
by decreasing size, so the biggest have the most distinct colours. From the 61st cluster on, colours come round again.
"""

from typing import Any, Final, TypeVar

import altair as alt

OUTLIER_COLOUR: Final = "#bdbdbd"
NOT_CLUSTERED_COLOUR: Final = "#eeeeee"
"""Not sampled, or added later: the clustering says nothing of it."""
INK: Final = "#222222"
FAINT_INK: Final = "#666666"
RULE: Final = "#dddddd"

FONT: Final = "Liberation Sans, Arial, Helvetica, sans-serif"
"""The first is inside vl-convert, so that a PNG, SVG or PDF does not depend on the fonts of the system."""

# fmt: off
CLUSTER_COLOURS: Final = (
    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#483c00", "#780048", "#30309c", "#b4e490",
    "#24603c", "#8478fc", "#00e4f0", "#cc0048", "#845484", "#f0d824", "#9c9c54", "#905400", "#fc8490", "#902424",
    "#c024a8", "#b46c60", "#00786c", "#3ca8b4", "#84cca8", "#3c9018", "#30d860", "#6090cc", "#fc3c84", "#60246c",
    "#a8546c", "#fca8d8", "#2454d8", "#fc6c48", "#a81860", "#546c3c", "#544884", "#783c54", "#fc84fc", "#c09ccc",
    "#24c0a8", "#3c9084", "#9060d8", "#48b46c", "#d860cc", "#9078a8", "#488454", "#fcb46c", "#a86090", "#b4c084",
    "#54e4a8", "#f02454", "#780c30", "#789c30", "#6c609c", "#3c5424", "#903c0c", "#84309c", "#d8b448", "#d8909c",
)
# fmt: on

SERIES_COLOURS: Final = ("#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377")
"""For what is not a cluster: Paul Tol's bright scheme (SRON/EPS/TN/09-002), safe for the colour-blind."""

AnyChart = TypeVar("AnyChart", bound=alt.TopLevelMixin)


def choose_cluster_colour(cluster_id: int | None) -> str:
    """Choose the colour of a cluster: the same in every chart.

    Parameters
    ----------
    cluster_id
        From 0 by decreasing size; −1 is the outlier cluster; None is what was not clustered.

    Returns
    -------
    str
        ``#rrggbb``.

    Examples
    --------
    >>> choose_cluster_colour(0), choose_cluster_colour(-1), choose_cluster_colour(None)
    ('#0072b2', '#bdbdbd', '#eeeeee')
    """
    if cluster_id is None:
        return NOT_CLUSTERED_COLOUR
    if cluster_id < 0:
        return OUTLIER_COLOUR
    return CLUSTER_COLOURS[cluster_id % len(CLUSTER_COLOURS)]


def apply_theme(chart: AnyChart) -> AnyChart:
    """Give a finished chart the look of Loopscope, leaving Altair's own global theme alone."""
    text: dict[str, Any] = {"labelFont": FONT, "titleFont": FONT, "labelColor": INK, "titleColor": INK}
    themed: AnyChart = chart.configure(
        background="white",
        font=FONT,
        padding=16,
        view={"stroke": None},
        axis={
            **text,
            "labelFontSize": 11,
            "titleFontSize": 12,
            "titleFontWeight": "normal",
            "domainColor": FAINT_INK,
            "tickColor": FAINT_INK,
            "gridColor": RULE,
            "gridOpacity": 0.6,
        },
        header={**text, "labelFontSize": 12, "labelFontWeight": "bold"},
        legend={**text, "labelFontSize": 11, "titleFontSize": 12, "titleFontWeight": "normal"},
        title={
            "font": FONT,
            "fontSize": 16,
            "fontWeight": "bold",
            "color": INK,
            "anchor": "start",
            "offset": 14,
            "subtitleFont": FONT,
            "subtitleFontSize": 12,
            "subtitleColor": FAINT_INK,
            "subtitlePadding": 6,
            "subtitleLineHeight": 16,
        },
        text={"font": FONT, "fontSize": 11, "color": INK},
    )
    return themed
