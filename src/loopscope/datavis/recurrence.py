"""The recurrence plot of a run: which steps are near to which, a dot for each two, with the measures of its lines."""

import base64
from io import BytesIO
from typing import Any, Final

import altair as alt
import numpy as np
import polars as pl
from PIL import Image

from loopscope.datavis.subject import name_run, require_one, require_rows, write_subtitle
from loopscope.datavis.text_marks import write_texts
from loopscope.datavis.theme import FAINT_INK, RULE, apply_theme
from loopscope.datavis.wording import count_of, shorten_text, wrap_text

SIZE: Final = 480
"""The width of a plot, in pixels."""
DOT: Final = (0, 68, 119)
NEEDED: Final = (
    *("embedding_model", "run_id", "network", "initial_prompt", "generator", "radius", "n_steps", "a", "b"),
)
SAID: Final = (
    ("rr", "recurrence rate", ".3f"),
    ("det", "determinism", ".2f"),
    ("l", "mean line", ".1f"),
    ("l_max", "longest line", ".0f"),
    ("entr", "entropy of lengths", ".2f"),
    ("lam", "laminarity", ".2f"),
    ("tt", "trapping time", ".1f"),
)


def plot_recurrence(pairs: pl.DataFrame, measures: pl.DataFrame | None = None) -> alt.HConcatChart:
    """Draw which steps of a run recur, a plot for each generator.

    Parameters
    ----------
    pairs
        As `load_recurrence_pairs_df` gives it: of one run.
    measures
        As `load_recurrence_df` gives it: the row of the run says its measures and what they are by chance.

    Returns
    -------
    altair.HConcatChart
        Steps against steps: lines along the diagonal are stretches that the run goes through again, blocks are stays.

    Raises
    ------
    ChartError
        If the frame is empty, lacks a column, or holds several runs.
    """
    advice = (
        "`load_recurrence_pairs_df(session, MODEL, RUN)` loads it; a run of fewer than two steps has no recurrence."
    )
    require_rows(pairs, NEEDED, chart="recurrence", advice=advice)
    require_one(pairs, "run_id", chart="recurrence", noun="runs", option="--run")
    require_one(pairs, "embedding_model", chart="recurrence", noun="embedding models", option="--model")
    row = pairs.row(0, named=True)
    generators = pairs["generator"].unique(maintain_order=True).to_list()
    size = SIZE if len(generators) == 1 else 400
    drawn = [_draw_plot(pairs.filter(generator=name), measures, size, named=len(generators) > 1) for name in generators]
    width = (size + 40) * len(drawn)
    title = alt.Title(
        f"When {name_run(row)} comes back near to where it was",
        subtitle=write_subtitle(_describe(row), max(width, 520)),
    )
    return apply_theme(alt.HConcatChart(hconcat=drawn, spacing=44, title=title))


def _describe(row: dict[str, Any]) -> list[str]:
    seed = "fresh seeds" if row.get("seed") is None else f"seed {row['seed']}"
    return [row["embedding_model"], row["network"], shorten_text(f"“{row['initial_prompt']}”", 420, 12), seed]


def _draw_plot(pairs: pl.DataFrame, measures: pl.DataFrame | None, size: int, *, named: bool) -> alt.LayerChart:
    row = pairs.row(0, named=True)
    n_steps = int(row["n_steps"])
    matrix = np.zeros((n_steps, n_steps), dtype=np.bool_)
    a, b = pairs["a"].to_numpy(), pairs["b"].to_numpy()
    matrix[a, b] = matrix[b, a] = True
    np.fill_diagonal(matrix, True)
    scale: dict[str, Any] = {"domain": [-0.5, n_steps - 0.5], "nice": False, "zero": False}
    axis: dict[str, Any] = {"grid": False, "tickMinStep": 1, "format": "d", "tickCount": 6}
    x = alt.X("x:Q", title="step (outputs of the model)").scale(**scale).axis(**axis)
    y = alt.Y("y:Q", title="step (outputs of the model)").scale(**scale).axis(**axis)
    middle = (n_steps - 1) / 2
    # As one picture: a run of 1,000 steps has 50,000 dots.
    url = _encode_matrix(matrix, size)
    picture: alt.Chart = alt.Chart(alt.InlineData(values=[{"x": middle, "y": middle, "url": url}]))
    frame: alt.Chart = alt.Chart(alt.InlineData(values=[{}])).mark_rect(fillOpacity=0, stroke=RULE, strokeWidth=1)
    said = _say_measures(row, measures)
    lines = [line for text in said for line in wrap_text(text, size, 11)]
    heading = [f"outputs of {row['generator']}"] if named else []
    layers = [
        picture.mark_image(width=size, height=size, aspect=False).encode(x=x, y=y, url="url:N"),
        frame.encode(x=alt.value(0), x2=alt.value(size), y=alt.value(0), y2=alt.value(size)),
        write_texts([{"text": "\n".join(lines)}], x=alt.value(0), y=alt.value(-8 - 14 * len(lines)), color=FAINT_INK,
                    line_height=14),
    ]  # fmt: skip
    if heading:
        top = -10 - 14 * len(lines) - 16
        layers.append(write_texts([{"text": heading[0]}], x=alt.value(0), y=alt.value(top), size=12, bold=True))
    return alt.LayerChart(layer=layers, width=size, height=size)


def _say_measures(row: dict[str, Any], measures: pl.DataFrame | None) -> list[str]:
    near = f"dots: steps no further apart than {row['radius']:.3g}; {count_of(int(row['n_steps']), 'step')}"
    if measures is None:
        return [near]
    mine = measures.filter(run_id=row["run_id"], embedding_model=row["embedding_model"], generator=row["generator"])
    if mine.is_empty():
        return [near]
    found = mine.row(0, named=True)
    if found["reason"] is not None:
        return [near, f"nothing measured: {found['reason']}"]
    said = [f"{word} {found[name]:{style}}" for name, word, style in SAID if found[name] is not None]
    texts = [near, " · ".join(said[:4]), *([" · ".join(said[4:])] if said[4:] else [])]
    if found["det_shuffled"] is not None:
        beside = f"determinism when steps are shuffled {found['det_shuffled']:.2f} (p = {found['det_shuffled_p']:.2g})"
        if found["det_markov"] is not None:
            beside += f", with one step of memory {found['det_markov']:.2f} (p = {found['det_markov_p']:.2g})"
        texts.append(beside)
    return texts


def _encode_matrix(matrix: np.ndarray[Any, Any], size: int) -> str:
    """Write a matrix as a picture, step 0 below and to the left, a whole number of pixels for each dot."""
    n_steps = len(matrix)
    times = max(1, -(-2 * size // n_steps))
    pixels = np.full((n_steps, n_steps, 4), 0, dtype=np.uint8)
    pixels[matrix] = (*DOT, 255)
    picture = Image.fromarray(pixels[::-1].repeat(times, axis=0).repeat(times, axis=1), "RGBA")
    buffer = BytesIO()
    picture.quantize(2).save(buffer, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
