"""An experiment is the same in TOML, YAML and JSON."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from loopscope.config import ExperimentConfig, load_experiment_config

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=30)
prompts = texts.filter(str.strip)
seeds = st.integers(0, 2**63 - 1)


@st.composite
def contents(draw: st.DrawFn) -> dict[str, Any]:
    """Give the content of an experiment file; a key that has a default may be left out."""
    content: dict[str, Any] = {
        "networks": draw(st.lists(st.lists(texts, min_size=1, max_size=3), min_size=1, max_size=3, unique_by="→".join)),
        "prompts": draw(st.lists(prompts, min_size=1, max_size=4, unique_by=lambda each: " ".join(each.split()))),
        "max_length": draw(st.integers(1, 10_000)),
    }
    optional = {
        "seeds": st.lists(seeds, unique=True, max_size=4),
        "num_runs": st.integers(0, 1000),
        "embedding_models": st.lists(texts, unique=True, max_size=3),
    }
    content |= {key: draw(value) for key, value in optional.items() if draw(st.booleans())}
    if not content.get("seeds") and not content.get("num_runs"):
        content["num_runs"] = draw(st.integers(1, 1000))
    return content


def _to_toml(content: dict[str, Any]) -> str:
    """Write TOML: its strings, integers and arrays are those of JSON, but that it wants DEL escaped."""
    return "".join(
        f"{key} = {json.dumps(value, ensure_ascii=False)}\n".replace("\x7f", "\\u007f")
        for key, value in content.items()
    )


WRITERS = {
    "toml": _to_toml,
    "json": lambda content: json.dumps(content, ensure_ascii=False),
    # In ASCII: PyYAML writes U+0085 as it stands, and reads it as the end of a line.
    "yaml": yaml.safe_dump,
    "yml": lambda content: yaml.safe_dump(content, default_flow_style=True),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("experiments")


def _written_and_read(content: dict[str, Any], suffix: str, folder: Path) -> ExperimentConfig:
    path = folder / f"experiment.{suffix}"
    path.write_text(WRITERS[suffix](content), encoding="utf-8")
    return load_experiment_config(path)


@pytest.mark.parametrize("suffix", WRITERS)
@given(content=contents())
def test_an_experiment_is_read_as_it_was_written(folder: Path, suffix: str, content: dict[str, Any]) -> None:
    config = ExperimentConfig.from_dict(content)
    read = _written_and_read(content, suffix, folder)
    assert read == config
    assert read.content_hash == config.content_hash
    said = read.model_dump(mode="json")
    assert {key: said[key] for key in content} == content


@pytest.mark.parametrize("suffix", ["json", "yaml"])
@given(content=contents(), nulls=st.integers(1, 3))
def test_seeds_may_be_null_where_the_format_has_one(
    folder: Path, suffix: str, content: dict[str, Any], nulls: int
) -> None:
    content = content | {"seeds": [*content.get("seeds", []), *[None] * nulls]}
    read = _written_and_read(content, suffix, folder)
    assert read == ExperimentConfig.from_dict(content)
    assert read.run_seeds.count(None) == nulls + read.num_runs


@given(content=contents(), suffix=st.sampled_from(sorted(WRITERS)))
def test_what_is_recorded_is_an_experiment_file_of_the_same_hash(
    folder: Path, suffix: str, content: dict[str, Any]
) -> None:
    config = ExperimentConfig.from_dict(content)
    again = _written_and_read(config.model_dump(mode="json"), suffix, folder)
    assert again.content_hash == config.content_hash


@given(contents(), contents())
def test_experiments_are_equal_when_their_hashes_are(one: dict[str, Any], other: dict[str, Any]) -> None:
    first, second = ExperimentConfig.from_dict(one), ExperimentConfig.from_dict(other)
    assert (first == second) == (first.content_hash == second.content_hash)


@given(contents())
def test_the_order_of_keys_does_not_matter(content: dict[str, Any]) -> None:
    backwards = dict(reversed(content.items()))
    assert ExperimentConfig.from_dict(backwards).content_hash == ExperimentConfig.from_dict(content).content_hash
