"""How fast the mosaic video of an experiment is written, and that its memory does not grow with its length."""

import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from PIL import Image
from sqlalchemy import insert

from figure import Figure, peak_megabytes, timer
from loopscope.export.video import SIZES, VideoSettings, export_video
from loopscope.schemas import Experiment, Invocation, Picture, Run
from loopscope.store.connection import Store, open_store

RUNS = 20
SIDE = 256
SHORT, LONG, MEASURED = 100, 1_000, 48
"""Stills of each run, in three experiments."""
DISTINCT = VideoSettings(seconds_per_step=1 / 24, seconds_per_title=1 / 24)
HALF_A_SECOND = VideoSettings(seconds_per_title=1 / 24)
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def measure() -> list[Figure]:
    """Measure frames a second at 1080p and 4K, and the peak memory of 200 and 2,000 frames."""
    with _filled() as path:
        twice = replace(DISTINCT, seconds_per_step=2 / 24)
        short, long = (_peak(path, experiment_id, twice) for experiment_id in (1, 2))
        figures = []
        with open_store(path) as store:
            for size in SIZES:
                for settings, said in ((HALF_A_SECOND, "1 of 12 frames distinct"), (DISTINCT, "every frame distinct")):
                    target = 20 if size == "1080p" else None
                    rate = _rate(store, replace(settings, size=SIZES[size]))
                    name = f"mosaic video 5 × 4, {size}, H.264, {said}: frames"
                    figures.append(Figure(name, rate, "/s", at_least=target))
            rate = _rate(store, HALF_A_SECOND, ".webm")
            figures.append(Figure("mosaic video 5 × 4, 1080p, VP9, 1 of 12 frames distinct: frames", rate, "/s"))
    return [
        *figures,
        Figure("mosaic video, 1080p: peak memory of 200 frames", short, "MB"),
        Figure("mosaic video, 1080p: peak memory of 2,000 frames, for one of 200", long / short, "×", at_most=1.1),
    ]


def write(path: str, experiment_id: int, settings: VideoSettings, suffix: str = ".mp4") -> None:
    """Write the video of one experiment, and throw it away."""
    with open_store(path) as store:
        _write(store, experiment_id, settings, suffix)


def _write(store: Store, experiment_id: int, settings: VideoSettings, suffix: str) -> None:
    with tempfile.TemporaryDirectory() as folder, store.session() as session:
        export_video(session, Path(folder) / f"video{suffix}", experiment_id=experiment_id, settings=settings)


def _rate(store: Store, settings: VideoSettings, suffix: str = ".mp4") -> float:
    with timer() as taken:
        _write(store, 3, settings, suffix)
    return (MEASURED * settings.frames_per_step + 1) / taken.seconds


def _peak(path: Path, experiment_id: int, settings: VideoSettings) -> float:
    return peak_megabytes(
        f"import video\nfrom loopscope.export.video import VideoSettings\nvideo.write({str(path)!r}, {experiment_id}, "
        f"{settings!r})"
    )


@contextmanager
def _filled() -> Iterator[Path]:
    """Make a database of three experiments of 20 runs each, whose pictures are drawn from 97 of 256 × 256 pixels."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "video.db"
        with open_store(path, create=True) as store:
            pictures = [_paint(number) for number in range(97)]
            for experiment_id, stills in enumerate((SHORT, LONG, MEASURED), start=1):
                _fill(store, experiment_id, stills, pictures)
        yield path


def _paint(number: int) -> bytes:
    random = np.random.default_rng(number)
    coarse = Image.fromarray(random.integers(0, 256, (6, 6, 3), dtype=np.uint8))
    file = io.BytesIO()
    coarse.resize((SIDE, SIDE), Image.Resampling.BICUBIC).save(file, "WEBP", lossless=True, quality=0, method=0)
    return file.getvalue()


def _fill(store: Store, experiment_id: int, stills: int, pictures: list[bytes]) -> None:
    with store.transaction() as session:
        session.add(Experiment(id=experiment_id, config={}, config_hash=str(experiment_id), created_at=NOW))
    for number in range(RUNS):
        run_id = experiment_id * 1_000 + number
        images = [
            {
                "id": run_id * 10_000 + step + 1,
                "media_type": "image/webp",
                "width": SIDE,
                "height": SIDE,
                "data": pictures[(7 * number + step) % len(pictures)],
            }
            for step in range(stills)
        ]
        with store.transaction() as session:
            session.add(
                Run(
                    id=run_id,
                    experiment_id=experiment_id,
                    number=number,
                    network=["Paint", "Describe"],
                    initial_prompt=f"what run {number // 5} began with",
                    stream=1,
                    max_length=2 * stills,
                    stop_reason="length",
                )
            )
            session.flush()
            session.execute(insert(Picture), images)
            session.execute(insert(Invocation), [_invocation(run_id, step) for step in range(2 * stills)])


def _invocation(run_id: int, step: int) -> dict[str, object]:
    painted = step % 2 == 0
    key = run_id * 10_000 + step
    return {
        "id": key,
        "run_id": run_id,
        "sequence_number": step,
        "model": "Paint" if painted else "Describe",
        "input_invocation_id": key - 1 if step else None,
        "output_type": "image" if painted else "text",
        "output_text": None if painted else f"In picture {step} of run {run_id} colours flow beside one another.",
        "picture_id": run_id * 10_000 + step // 2 + 1 if painted else None,
        "output_hash": f"{key:032x}",
        "attempts": 1,
        "seconds": 0.1,
        "started_at": NOW,
        "finished_at": NOW,
    }
