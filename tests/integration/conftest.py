"""Running the real command in processes of its own, with the test models installed as another package's would be."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest


class CommandLine:
    """The command ``loopscope``, in a folder."""

    def __init__(self, folder: Path, plugins: Path) -> None:
        self.folder = folder
        self.environment = {**os.environ, "PYTHONPATH": str(plugins), "COLUMNS": "200"}
        self.environment.pop("LOOPSCOPE_DB", None)

    def __call__(self, *words, **options) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            self.words(*words),
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            **options,
        )

    def start(self, *words, **options) -> subprocess.Popen[str]:
        """Start a command; its stderr can be read line by line."""
        return subprocess.Popen(
            self.words(*words),
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )

    @staticmethod
    def words(*words) -> list[str]:
        return [sys.executable, "-c", "from loopscope.cli import main; main()", *map(str, words)]


@pytest.fixture(scope="session")
def command_line(pytestconfig) -> Callable[[Path], CommandLine]:
    """Make the command for a folder."""
    return lambda folder: CommandLine(folder, pytestconfig.rootpath / "tests/plugins")


@pytest.fixture
def loopscope(command_line, tmp_path) -> CommandLine:
    """The command, in the test's own folder."""
    return command_line(tmp_path)
