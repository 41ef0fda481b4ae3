"""All that a file holds, judged, before anything is written."""

from dataclasses import dataclass

from loopscope.store.legacy.assignments import OldAssignments
from loopscope.store.legacy.embeddings import OldEmbeddings
from loopscope.store.legacy.experiments import ExperimentsAndRuns
from loopscope.store.legacy.invocations import OldInvocations
from loopscope.store.legacy.judgement import Judgement
from loopscope.store.legacy.layout import Layout
from loopscope.store.legacy.results import OldResults


@dataclass(frozen=True)
class Content:
    """What a file holds; results and assignments are None where it has no clusterings."""

    layout: Layout
    experiments: ExperimentsAndRuns
    invocations: OldInvocations
    embeddings: OldEmbeddings
    results: OldResults | None
    assignments: OldAssignments | None
    unread: tuple[Judgement, ...] = ()

    @property
    def judgements(self) -> list[Judgement]:
        """What became of the rows, table by table."""
        judged = [
            self.experiments.experiments_judged,
            self.experiments.runs_judged,
            self.invocations.judged,
            self.embeddings.judged,
        ]
        if self.results is not None and self.assignments is not None:
            judged += [self.results.judged, self.assignments.clusters.judged, self.assignments.judged]
        return judged + list(self.unread)
