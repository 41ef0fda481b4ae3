"""The command line: one file per noun; each parses, prints, and nothing else."""

from loopscope.cli.app import main

__all__ = ["main"]
