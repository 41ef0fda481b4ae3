import subprocess
import sys

import loopscope

HEAVY = {
    "torch",
    "ray",
    "matplotlib",
    "numba",
    "sklearn",
    "skimage",
    "scipy",
    "altair",
    "polars",
    "sqlalchemy",
    "alembic",
}


def _imported_by(code: str) -> set[str]:
    listed = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules)"], capture_output=True, text=True, check=True
    )
    return {name.partition(".")[0] for name in listed.stdout.splitlines()[-1].split()}


def test_importing_loopscope_loads_nothing_heavy():
    assert not _imported_by("import loopscope") & (HEAVY | {"numpy", "pydantic", "typer"})


def test_help_loads_nothing_heavy():
    code = """
import sys
sys.argv = ["loopscope", "--help"]
from loopscope.cli import main
try:
    main()
except SystemExit:
    pass"""
    assert not _imported_by(code) & HEAVY


def test_listing_models_loads_no_heavy_library():
    assert not _imported_by("from loopscope.models.registry import Registry\nRegistry.installed()") & HEAVY


def test_every_public_name_has_a_home():
    assert all(getattr(loopscope, name).__module__.startswith("loopscope.") for name in loopscope.__all__)
    assert loopscope.__version__
