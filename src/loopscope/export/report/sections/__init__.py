"""The sections of the report, in the order in which a reader would ask."""

from loopscope.export.report.answer import Section
from loopscope.export.report.sections import (
    clusters,
    divergence,
    drift,
    durations,
    following,
    outliers,
    prompt,
    recurrence,
    settling,
    shape,
    staying,
)

SECTIONS: tuple[Section, ...] = (
    clusters.SECTION,
    settling.SECTION,
    staying.SECTION,
    following.SECTION,
    prompt.SECTION,
    drift.SECTION,
    divergence.SECTION,
    recurrence.SECTION,
    shape.SECTION,
    durations.SECTION,
    outliers.SECTION,
)
