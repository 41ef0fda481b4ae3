"""Answer every question about an experiment, and write the page."""

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from loopscope.data_prep.cache import LIBRARIES, cached_in
from loopscope.datavis.subject import describe_result
from loopscope.datavis.wording import count_of
from loopscope.engine.progress import Progress, Silence
from loopscope.errors import LoopscopeError
from loopscope.export.report.about import NO_CLUSTERING, About
from loopscope.export.report.answer import Answer, Section
from loopscope.export.report.page import Answered, write_page, write_section
from loopscope.export.report.reading import READING
from loopscope.export.report.sections import SECTIONS
from loopscope.files import write_whole
from loopscope.store.connection import Store


@dataclass(frozen=True)
class Written:
    """A report that was written.

    Attributes
    ----------
    path
        Where it is.
    size
        Its bytes.
    answered, unanswered
        The questions that were answered, and those of which it says why not.
    """

    path: Path
    size: int
    answered: tuple[str, ...]
    unanswered: tuple[str, ...]


def write_report(
    store: Store,
    experiment_id: int,
    path: Path,
    *,
    clustering_result_id: int | None = None,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> Written:
    """Write the report of an experiment: one HTML file that needs no other, nor a network.

    Parameters
    ----------
    path
        Where it goes; folders are made as needed.
    clustering_result_id
        The result whose labels are followed; without one, what needs labels is said not to be computed.
    cache
        Where frames that take long are kept between calls; by default nowhere.
    progress
        Told of each question.

    Raises
    ------
    NotFoundError
        When there is no such experiment or result.
    """
    progress = progress or Silence()
    about = About(store, experiment_id, clustering_result_id)
    progress.begin("questions", len(SECTIONS))
    answered = []
    with cached_in(cache):
        for section in SECTIONS:
            answered.append(_answer(section, about))
            progress.advance(1)
    title = f"Loopscope report of experiment {about.experiment['uuid'][:8]}"
    page = write_page(title, _describe(about), answered, READING).encode()
    write_whole(path, page)
    return Written(
        path,
        len(page),
        tuple(each.section.question for each in answered if each.first),
        tuple(each.section.question for each in answered if not each.first),
    )


def _answer(section: Section, about: About) -> Answered:
    try:
        return write_section(section, section.answer(about))
    except LoopscopeError as error:  # told in the report: one question without an answer does not stop the others
        return write_section(section, Answer((), lacking=(str(error),)))


def _describe(about: About) -> Mapping[str, Any]:
    """Give what stands at the head of the report."""
    experiment, config = about.experiment, about.config
    return {
        "experiment": f"{experiment['uuid']}, first performed {experiment['created_at']:%Y-%m-%d %H:%M} UTC",
        "networks": experiment["networks"],
        "prompts": experiment["initial_prompts"],
        "runs": (
            f"{count_of(experiment['n_runs'], 'run')} of {experiment['max_length']} invocations each at most; "
            f"{experiment['n_ended']} ended, {experiment['n_failed']} failed"
        ),
        "seeds": _say_seeds(about),
        "outputs": f"{experiment['n_invocations']:,} invocations, {experiment['n_embeddings']:,} embeddings",
        "embedding models": ", ".join(config.embedding_models) or "none",
        "clustering": _say_clustering(about),
        "database": about.store.location,
        "written": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "versions": ", ".join(
            [f"{name} {version(name)}" for name in ("loopscope", *LIBRARIES)] + [f"Python {platform.python_version()}"]
        ),
    }


def _say_seeds(about: About) -> str:
    config = about.config
    seeds = [str(seed) for seed in config.seeds or () if seed is not None]
    fresh = (config.num_runs or 0) + sum(seed is None for seed in config.seeds or ())
    parts = [f"{', '.join(seeds)} (the same at every step)"] if seeds else []
    parts += (
        [f"{count_of(fresh, 'run')} of each network and prompt with fresh randomness at every step"] if fresh else []
    )
    return "; ".join(parts)


def _say_clustering(about: About) -> str:
    if about.clustering_result_id is None:
        return NO_CLUSTERING
    import polars as pl

    result = pl.DataFrame([dict(about.result)]).with_columns(clustering_result_uuid="uuid")
    return ", ".join(describe_result(result))
