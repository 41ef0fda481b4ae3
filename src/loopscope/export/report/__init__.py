"""One file that answers, for an experiment, what people ask of such loops: in words, with pictures and numbers."""

from loopscope.export.report.writing import Written, write_report

__all__ = ["Written", "write_report"]
