"""The examination of a database: every check in turn, in one session that only reads."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from sqlalchemy import select
from sqlalchemy.orm import Session

from loopscope.engine.doctor.assignments import check_later_assignments, check_layers, check_probabilities
from loopscope.engine.doctor.clusters import check_clusters
from loopscope.engine.doctor.diagrams import check_diagrams
from loopscope.engine.doctor.experiments import check_experiments
from loopscope.engine.doctor.failures import check_failures
from loopscope.engine.doctor.fault import Fault
from loopscope.engine.doctor.frozen import leave_what_is_ambiguous
from loopscope.engine.doctor.integrity import (
    check_constraints,
    check_file,
    check_rows,
    check_values,
    read_size,
)
from loopscope.engine.doctor.invocations import check_sequence, check_turns
from loopscope.engine.doctor.keys import check_keys
from loopscope.engine.doctor.medoids import check_members
from loopscope.engine.doctor.members import load_members
from loopscope.engine.doctor.outputs import check_orphans, check_pictures, check_texts
from loopscope.engine.doctor.records import check_attempts, check_clustering_records
from loopscope.engine.doctor.references import check_references
from loopscope.engine.doctor.runs import check_ends
from loopscope.engine.doctor.selection import check_selection, load_names
from loopscope.engine.doctor.vectors import (
    check_embedded_types,
    check_prompt_vectors,
    check_prompts_are_embedded,
    check_vectors,
)
from loopscope.engine.progress import Progress, Silence
from loopscope.models.registry import Registry
from loopscope.schemas import ClusteringResult, EmbeddingModel
from loopscope.store.connection import Store
from loopscope.store.vectors import load_embedding_index

Check: TypeAlias = Callable[[Session], Iterator[Fault]]

LARGE = 500_000_000
"""How many bytes a file has at least for a person to be told that reading it takes a while."""

FOUNDATIONS: tuple[Check, ...] = (
    check_file,
    check_values,
    check_constraints,
    check_rows,
    check_references,
)
"""What every later check takes for granted: of a row that is lost, much else would seem to be wrong."""

ROWS: tuple[Check, ...] = (
    check_keys,
    check_experiments,
    check_sequence,
    check_turns,
    check_attempts,
    check_embedded_types,
    check_prompt_vectors,
    check_prompts_are_embedded,
    check_failures,
    check_orphans,
    check_diagrams,
    check_clusters,
    check_probabilities,
    check_layers,
    check_later_assignments,
    check_clustering_records,
)
"""What looks at keys and numbers only, and is quick."""


def examine(store: Store, *, registry: Registry | None = None, progress: Progress | None = None) -> list[Fault]:
    """Find every fault of a database; nothing is written.

    Parameters
    ----------
    registry
        The models there are, which tell what generators are deterministic; by default those installed.
    progress
        Told of the checks; by default nobody.

    Returns
    -------
    list of Fault
        Empty for a sound database. If the file is damaged, or values, constraints or references do not hold, only
        that: the other checks could not trust what they read, and are left out.

    Raises
    ------
    StoreError
        If the database cannot be read.
    """
    registry, progress = registry or Registry.installed(), progress or Silence()
    with store.session() as session:
        if (size := read_size(session)) >= LARGE:
            progress.say(f"SQLite reads the whole file, {size / 1e9:.1f} GB, to see that it is whole: may take a while")
        for check in _each(FOUNDATIONS, "doctor: the file, values, constraints and references", progress):
            if faults := list(check(session)):
                progress.say("the other checks are left out, since they could not trust what they read")
                return faults
        faults = [fault for check in _each(ROWS, "doctor: rows", progress) for fault in check(session)]
        faults += check_ends(session, registry)
        faults += check_texts(session, progress)
        faults += check_pictures(session, progress)
        vectors = list(check_vectors(session, progress))
        broken = {fault.row["id"] for fault in vectors}
        unusable = {key for key in broken if isinstance(key, int)}
        return leave_what_is_ambiguous([*faults, *vectors, *_check_results(session, unusable, progress)])


def _each(checks: Sequence[Check], stage: str, progress: Progress) -> Iterator[Check]:
    progress.begin(stage, len(checks))
    for check in checks:
        yield check
        progress.advance(1)


def _check_results(session: Session, broken: set[int], progress: Progress) -> Iterator[Fault]:
    """Check the members of every clustering result, model by model."""
    names = load_names(session)
    for model in session.scalars(select(EmbeddingModel).order_by(EmbeddingModel.id)).all():
        of_model = select(ClusteringResult).where(ClusteringResult.embedding_model_id == model.id)
        results = session.scalars(of_model.order_by(ClusteringResult.id)).all()
        if not results:
            continue
        index = load_embedding_index(session, model.id)
        for result in results:
            members = load_members(session, result, index)
            yield from check_selection(result, members, index, names)
            yield from check_members(session, result, members, names.prompts, broken, progress)
