"""Whether the embeddings of a clustering result are those that its selection gives, and as many as it says."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

import numpy as np
import numpy.typing as npt
from sqlalchemy import select
from sqlalchemy.orm import Session

from loopscope.engine.doctor.fault import Fault, Mend
from loopscope.engine.doctor.members import Members
from loopscope.schemas import ClusteringResult, Experiment, Run
from loopscope.store.vectors import EmbeddingIndex


@dataclass(frozen=True)
class Names:
    """What selections name: experiments by UUID, runs by initial prompt."""

    experiments: Mapping[UUID, int]
    prompts: Mapping[int, str]


def load_names(session: Session) -> Names:
    """Load the UUIDs of all experiments and the prompts of all runs."""
    experiments = dict(session.execute(select(Experiment.uuid, Experiment.id)).all())
    return Names(experiments, dict(session.execute(select(Run.id, Run.initial_prompt)).all()))


def check_selection(result: ClusteringResult, members: Members, index: EmbeddingIndex, names: Names) -> Iterator[Fault]:
    """Check the embeddings and the counts of one result.

    Of an imported result, and of one whose selection is not told in the way of :class:`~loopscope.engine.sampling`,
    only ``sampled`` is known.

    Parameters
    ----------
    index
        All embeddings of the result's model.
    """
    row = {"id": result.id, "uuid": result.uuid}
    again = f"loopscope cluster delete {result.uuid.hex[:8]}"
    newest = int(members.embedding_id.max(initial=0))
    if newest > result.last_embedding_id:
        expected = f"embeddings up to last_embedding_id {result.last_embedding_id}, the newest when it was made"
        yield Fault("clustering_result", row, f"embedding {newest} among the fitted ones", expected, again)
        return
    counts = {"sampled": len(members)}
    if result.origin is None and "experiments" in result.selection:
        candidates = _find_candidates(result, index, names)
        sampled = index.embedding_id[candidates & (index.rank % result.downsample == 0)]
        wrong = list(_differences(members.embedding_id, sampled))
        for found, expected in wrong:
            yield Fault("clustering_result", row, found, expected, again)
        if wrong:
            return
        counts["candidates"] = int(candidates.sum())
    yield from check_counts(result, counts)


def check_counts(result: ClusteringResult, true: Mapping[str, int]) -> Iterator[Fault]:
    """Hold counts that a result records against the true ones; a count that it does not record is not missed.

    Only what follows from the assignments has one right answer: vectors that differ, and candidates that were not
    sampled, may have been changed or deleted since.
    """
    for name, value in true.items():
        found = result.counts.get(name, value)
        if found == value:
            continue
        row, said = {"id": result.id, "uuid": result.uuid}, f"{value}, as counted"
        if name == "sampled" or (name == "candidates" and result.downsample == 1):
            mend = Mend(ClusteringResult, {"id": result.id}, {"counts": {name: found}}, {"counts": {name: value}})
            yield Fault("clustering_result", row, f"{name} {found} in counts", said, mend=mend)
        else:
            delete = f"loopscope cluster delete {result.uuid.hex[:8]}"
            yield Fault("clustering_result", row, f"{name} {found} in counts", said, delete)


def _find_candidates(result: ClusteringResult, index: EmbeddingIndex, names: Names) -> npt.NDArray[np.bool_]:
    """Tell which embeddings were candidates: those of the selection that were there when the result was made."""
    candidates = index.embedding_id <= result.last_embedding_id
    chosen: Collection[str] | None = result.selection["experiments"]
    if chosen is not None:
        ids = [names.experiments[UUID(uuid)] for uuid in chosen if UUID(uuid) in names.experiments]
        candidates &= np.isin(index.experiment_id, ids)
    left_out = result.selection.get("without_prompts") or ()
    if left_out:
        runs = [run_id for run_id, prompt in names.prompts.items() if prompt in left_out]
        candidates &= ~np.isin(index.run_id, runs)
    return candidates


def _differences(fitted: npt.NDArray[np.int64], sampled: npt.NDArray[np.int64]) -> Iterator[tuple[str, str]]:
    lacking, surplus = np.setdiff1d(sampled, fitted), np.setdiff1d(fitted, sampled)
    if len(lacking):
        found = f"{len(lacking)} embeddings of its selection without an assignment, the first is embedding {lacking[0]}"
        yield found, "an assignment for each"
    if len(surplus):
        found = f"{len(surplus)} assigned embeddings that its selection leaves out, the first is embedding {surplus[0]}"
        yield found, "assignments of its selection only"
