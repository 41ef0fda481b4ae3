"""The runs of an experiment as a video: all of them at once, a step at a time."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from math import ceil
from pathlib import Path
from typing import Final, Literal

from sqlalchemy.orm import Session

from loopscope.export.encoding import FrameWriter, check_video, encoded_video
from loopscope.export.shown_runs import ShownRun, load_shown_runs
from loopscope.export.stills import StillReader
from loopscope.export.subject import describe_clustering, require_outputs
from loopscope.imaging.mosaic import Mosaic, Tile
from loopscope.imaging.still import Still
from loopscope.imaging.title_card import draw_title_card
from loopscope.types import OutputType

SIZES: Final = {"1080p": (1920, 1080), "4k": (3840, 2160)}
Grouping = Literal["network", "prompt"]


@dataclass(frozen=True)
class VideoSettings:
    """How a video looks and how fast it goes.

    Attributes
    ----------
    size
        Width and height, in pixels, both even.
    columns, rows
        Tiles beside and below one another, at most.
    by
        What has a title card of its own.
    frames_per_second
        Of the file.
    seconds_per_step, seconds_per_title
        How long each step, and each title card, is shown.
    """

    size: tuple[int, int] = SIZES["1080p"]
    columns: int = 5
    rows: int = 4
    by: Grouping = "network"
    frames_per_second: int = 24
    seconds_per_step: float = 0.5
    seconds_per_title: float = 3.0

    @property
    def frames_per_step(self) -> int:
        """How many frames show the same step."""
        return max(1, round(self.seconds_per_step * self.frames_per_second))


@dataclass(frozen=True)
class _Page:
    """The runs that are seen at the same time, and what is told before they are."""

    heading: str
    lines: list[str]
    runs: Sequence[ShownRun]
    number: int
    pages: int


@dataclass
class _Player:
    """One run while its page is played: it keeps its last still."""

    run: ShownRun
    label: str
    starts: list[int] = field(init=False)
    still: Still | None = None

    def __post_init__(self) -> None:
        self.spans = self.run.spans
        self.starts = [span[0] for span in self.spans]

    def begins_at(self, step: int) -> tuple[int, int] | None:
        """Give the span of the still that begins with this step."""
        place = bisect_right(self.starts, step) - 1
        return self.spans[place] if self.starts[place] == step else None

    def tile(self, step: int, longest: int) -> Tile:
        """Give what is seen of it at a step."""
        ended = step >= self.run.length and self.run.length < longest
        return Tile(self.label, self.still, self.run.ending if ended else "")


def export_video(
    session: Session,
    path: Path,
    *,
    experiment_id: int | None = None,
    clustering_result_id: int | None = None,
    settings: VideoSettings | None = None,
    advance: Callable[[int], None] = lambda steps: None,
) -> Path:
    """Show runs in tiles, step by step, and write the video to a file.

    Pictures are read a step at a time, so that memory does not grow with the length. A run that ends before the others
    keeps its last picture, dimmed, with the reason on it.

    Parameters
    ----------
    path
        To ``.mp4`` (H.264) or ``.webm`` (VP9); it is there once all of it is written.
    experiment_id
        The experiment whose runs are shown; by default all.
    clustering_result_id
        Whose colours stand under the pictures; None for none.
    settings
        By default those of `VideoSettings`.
    advance
        Called with 1 after each step.

    Raises
    ------
    NotFoundError
        When there is no such experiment, or it has no output yet.
    ExportError
        When the suffix is another, PyAV is not installed, or a picture cannot be read.
    """
    check_video(path)
    settings = settings or VideoSettings()
    runs = require_outputs(load_shown_runs(session, experiment_id=experiment_id), "an experiment")
    colours = " · ".join(describe_clustering(session, clustering_result_id))
    title = "Loopscope: " + ", ".join(sorted({run.network for run in runs}))
    with encoded_video(path, settings.size, settings.frames_per_second, title) as write:
        for page in _paginate(runs, settings):
            _write_title(page, colours, settings, write)
            _play(session, page, clustering_result_id, settings, write, advance)
    return path


def count_steps(session: Session, experiment_id: int | None, settings: VideoSettings) -> int:
    """Count the steps that a video shows: how often `export_video` calls ``advance``."""
    pages = _paginate(load_shown_runs(session, experiment_id=experiment_id), settings)
    return sum(len(_timeline(page.runs)) for page in pages)


def _paginate(runs: Sequence[ShownRun], settings: VideoSettings) -> Iterator[_Page]:
    """Deal the runs of each network or prompt out to as few pages as hold them, all about as full."""
    by_network = settings.by == "network"
    key: Callable[[ShownRun], str] = (lambda run: run.network) if by_network else (lambda run: run.prompt)
    for value, group in groupby(sorted(runs, key=key), key):
        members = list(group)
        cuts = _cut(members, settings.columns * settings.rows, by_network)
        pages = len(cuts) - 1
        for number, (start, end) in enumerate(pairwise(cuts)):
            some = members[start:end]
            others = dict.fromkeys(f"“{run.prompt}”" if by_network else _spaced(run.network) for run in some)
            yield _Page(_spaced(value) if by_network else f"“{value}”", list(others), some, number, pages)


def _cut(runs: Sequence[ShownRun], most: int, by_network: bool) -> list[int]:
    """Cut runs into as few pages as hold them: where the prompt or network changes if that will do, else evenly."""
    names = [run.prompt if by_network else run.network for run in runs]
    changes = [place for place in range(1, len(runs)) if names[place] != names[place - 1]]
    pages = ceil(len(runs) / most)
    cuts = [0]
    for page in range(1, pages):
        first, last = max(cuts[-1] + 1, len(runs) - (pages - page) * most), cuts[-1] + most
        even = min(max(page * len(runs) // pages, first), last)
        cuts.append(
            min((place for place in changes if first <= place <= last), key=lambda c: abs(c - even), default=even)
        )
    return [*cuts, len(runs)]


def _spaced(network: str) -> str:
    return network.replace("→", " → ")


def _write_title(page: _Page, colours: str, settings: VideoSettings, write: FrameWriter) -> None:
    facts = [f"{len(page.runs)} run" + ("" if len(page.runs) == 1 else "s")]
    facts += [f"part {page.number + 1} of {page.pages}"] if page.pages > 1 else []
    card = draw_title_card(settings.size, page.heading, page.lines, " · ".join([*facts, *filter(None, [colours])]))
    write(card, max(1, round(settings.seconds_per_title * settings.frames_per_second)))


def _timeline(runs: Sequence[ShownRun]) -> list[int]:
    """Give the sequence numbers at which any run has something new to show, and one more if a run ends before."""
    return sorted({span[0] for run in runs for span in run.spans})


def _play(
    session: Session,
    page: _Page,
    clustering_result_id: int | None,
    settings: VideoSettings,
    write: FrameWriter,
    advance: Callable[[int], None],
) -> None:
    columns, rows = _fit_grid(len(page.runs), settings)
    pictures = any(OutputType.IMAGE in run.types for run in page.runs)
    mosaic = Mosaic(settings.size, columns, rows, page.heading, pictures=pictures)
    reader = StillReader(session, clustering_result_id, mosaic.prepare)
    players = [_Player(run, _label(run, page)) for run in page.runs]
    longest = max(run.length for run in page.runs)
    timeline = _timeline(page.runs)
    wanted = ([(each.run, span) for each in players if (span := each.begins_at(step))] for step in timeline)
    for step, stills in zip(timeline, reader.read_steps(wanted), strict=True):
        for player in players:
            player.still = stills.get(player.run.run_id, player.still)
        frame = mosaic.draw([player.tile(step, longest) for player in players], step, longest)
        write(frame, settings.frames_per_step)
        advance(1)


def _label(run: ShownRun, page: _Page) -> str:
    of = f"“{run.prompt}”" if page.heading == _spaced(run.network) else _spaced(run.network)
    return of if run.seed is None else f"{run.seed_in_words} · {of}"


def _fit_grid(tiles: int, settings: VideoSettings) -> tuple[int, int]:
    """Choose as few columns and rows as hold the tiles, and are no more than asked for."""
    best = (settings.columns, settings.rows)
    for rows in range(1, settings.rows + 1):
        columns = ceil(tiles / rows)
        if columns <= settings.columns and _smaller((columns, rows), best, settings):
            best = (columns, rows)
    return best


def _smaller(one: tuple[int, int], other: tuple[int, int], settings: VideoSettings) -> bool:
    """Whether tiles of one grid are larger than of another, by the side of a square picture in it."""
    width, height = settings.size
    return min(0.6 * width / one[0], height / one[1]) > min(0.6 * width / other[0], height / other[1])
