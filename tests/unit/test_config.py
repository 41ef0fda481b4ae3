import json

import pytest
import yaml

from loopscope.config import ExperimentConfig, load_experiment_config
from loopscope.errors import ConfigError

SOUND = {"networks": [["Pictograms", "Describe"]], "prompts": ["a fox"], "num_runs": 2, "max_length": 10}


def test_toml_yaml_and_json_say_the_same(tmp_path):
    (tmp_path / "e.toml").write_text(
        'networks = [["Pictograms", "Describe"]]\nprompts = ["a fox"]\nnum_runs = 2\nmax_length = 10\n'
    )
    (tmp_path / "e.yaml").write_text(yaml.safe_dump(SOUND))
    (tmp_path / "e.json").write_text(json.dumps(SOUND))
    hashes = {load_experiment_config(tmp_path / f"e.{suffix}").content_hash for suffix in ("toml", "yaml", "json")}
    assert len(hashes) == 1


def test_seeds_and_num_runs_are_the_runs():
    config = ExperimentConfig.from_dict(SOUND | {"seeds": [3, None]})
    assert config.run_seeds == (None, None, 3, None)


def test_another_content_has_another_hash():
    one = ExperimentConfig.from_dict(SOUND)
    other = ExperimentConfig.from_dict(SOUND | {"max_length": 11})
    assert one.content_hash != other.content_hash


def test_a_config_cannot_be_changed():
    with pytest.raises(Exception, match="frozen"):
        ExperimentConfig.from_dict(SOUND).max_length = 3


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"promts": ["a"]}, 'unknown key "promts"; did you mean "prompts"?'),
        ({"networks": []}, "networks = []"),
        ({"networks": ["A", "B"]}, 'networks is a list of cycles: networks = [["Pictograms", "Describe"]]'),
        ({"prompts": "a fox"}, "prompts = 'a fox': input should be a valid list"),
        ({"networks": [[]]}, "network 1 is empty; expected at least one generator"),
        ({"networks": [["A"], ["A"]]}, "network 'A' stands there more than once"),
        ({"max_length": 0}, "max_length = 0: input should be greater than or equal to 1"),
        ({"max_length": -5}, "max_length = -5"),
        ({"max_length": "ten"}, "max_length = 'ten': input should be a valid integer"),
        ({"prompts": ["a", "b", "a"]}, "prompt 'a' stands there more than once; expected each prompt once"),
        ({"prompts": ["a fox", " a  fox"]}, "prompt 'a fox' stands there more than once"),
        ({"prompts": ["a\0fox"]}, "found a text with a NUL character"),
        ({"prompts": ["\ud800 fox"]}, "found a text that is not Unicode"),
        ({"num_runs": 10**9}, "num_runs = 1000000000"),
        ({"prompts": ["  "]}, "prompt 1 is '  '; expected a text that is not blank"),
        ({"prompts": []}, "prompts = []"),
        ({"seeds": [1, 1]}, "seed 1 stands there more than once"),
        ({"seeds": [-1]}, "seeds.0 = -1: input should be greater than or equal to 0"),
        ({"seeds": [1.5]}, "seeds.0 = 1.5"),
        ({"num_runs": 0}, "found neither seeds nor num_runs"),
        ({"num_runs": True}, "num_runs = True"),
        ({"embedding_models": ["M", "M"]}, "embedding model 'M' stands there more than once"),
    ],
)
def test_bad_input_is_refused_with_what_was_found(change, said):
    with pytest.raises(ConfigError) as refusal:
        ExperimentConfig.from_dict(SOUND | change, "e.toml")
    assert said in str(refusal.value)
    assert "e.toml cannot be performed" in str(refusal.value)


def test_a_missing_key_is_named():
    content = {key: value for key, value in SOUND.items() if key != "networks"}
    with pytest.raises(ConfigError, match='the key "networks" is missing'):
        ExperimentConfig.from_dict(content)


def test_every_fault_is_told_at_once():
    with pytest.raises(ConfigError) as refusal:
        ExperimentConfig.from_dict(SOUND | {"max_length": 0, "prompt": ["a"]})
    assert "max_length" in str(refusal.value)
    assert '"prompt"; did you mean "prompts"?' in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("e.toml", "networks = [", "is not TOML"),
        ("e.json", "{", "is not JSON"),
        ("e.yaml", "a: [", "is not YAML"),
        ("e.ini", "x", r"ends in .ini; expected .toml, .yaml or .json"),
        ("e.yaml", "- a", "holds a list; expected keys"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(tmp_path, name, content, said):
    (tmp_path / name).write_text(content)
    with pytest.raises(ConfigError, match=said):
        load_experiment_config(tmp_path / name)


def test_a_missing_file_and_one_of_bytes_say_so(tmp_path):
    with pytest.raises(ConfigError, match="found no file"):
        load_experiment_config(tmp_path / "none.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="expected an experiment file in UTF-8"):
        load_experiment_config(tmp_path / "bytes.toml")
