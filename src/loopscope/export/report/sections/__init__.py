"""The sections of the report, in the order in which a reader would ask."""

from loopscope.export.report.answer import Section
from loopscope.export.report.sections import clusters, drift, durations, endings, outliers

SECTIONS: tuple[Section, ...] = (
    clusters.SECTION,
    endings.SECTION,
    drift.SECTION,
    durations.SECTION,
    outliers.SECTION,
)
