import pytest

from loopscope.clustering import clusterers, registry
from loopscope.errors import ClusteringError


@pytest.fixture
def with_plugins(monkeypatch, pytestconfig):
    monkeypatch.syspath_prepend(pytestconfig.rootpath / "tests/plugins")
    registry.installed_clusterers.cache_clear()
    yield registry.installed_clusterers()
    registry.installed_clusterers.cache_clear()


def test_the_built_in_algorithms_are_installed():
    own = {name: entry for name, entry in registry.installed_clusterers().items() if entry.package == "loopscope"}
    assert set(own) == {"hdbscan", "optics", "evoc"}
    assert not [entry.error for entry in own.values() if entry.error]
    assert own["hdbscan"].defaults == {
        "min_cluster_size": 2,
        "min_samples": 2,
        "epsilon": 0.4,
        "allow_single_cluster": True,
        "repeats": "collapse",
        "metric": "cosine",
        "medoid": "unweighted",
    }


def test_an_unknown_algorithm_is_refused_with_the_nearest():
    with pytest.raises(ClusteringError, match=r'found no clustering algorithm "hdbscn"; did you mean "hdbscan"\?'):
        registry.find_clusterer("hdbscn")


def test_another_package_adds_an_algorithm_and_a_broken_one_hinders_nobody(with_plugins):
    assert registry.find_clusterer("nested").__name__ == "Nested"
    assert with_plugins["nested"].package == "loopscope-test-models"
    assert registry.find_clusterer("hdbscan") is clusterers.Hdbscan
    for name, said in {
        "absent": "No module named 'loopscope_no_such_module'",
        "lacking": "it lacks libraries, missing, resolve, cluster",
        "misnamed": 'its class says its name is "nested"; expected "misnamed"',
    }.items():
        assert said in with_plugins[name].missing
        with pytest.raises(ClusteringError, match="cannot be used"):
            registry.find_clusterer(name)


def test_an_algorithm_that_is_not_installed_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr(clusterers, "evoc_is_installed", lambda: False)
    with pytest.raises(ClusteringError, match=r"it needs the package evoc: pip install 'loopscope\[evoc\]'"):
        registry.find_clusterer("evoc")


def test_sizes_that_are_not_given_are_a_share_of_the_distinct_embeddings():
    found = clusterers.Hdbscan.resolve({"min_samples": 3}, 14_160)
    assert (found["min_cluster_size"], found["min_samples"]) == (14, 3)
    assert clusterers.Optics.resolve({}, 400)["min_cluster_size"] == 2


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"min_clustersize": 3}, 'hdbscan has no parameter "min_clustersize"; did you mean "min_cluster_size"?'),
        ({"min_cluster_size": 1}, "min_cluster_size is 1; expected greater than or equal to 2"),
        ({"epsilon": "far"}, "epsilon is 'far'; expected a valid number"),
        ({"repeats": "twice"}, "repeats is 'twice'; expected 'collapse' or 'count'"),
        ({"min_samples": True}, "min_samples is True; expected a valid integer"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(settings, said):
    with pytest.raises(ClusteringError) as refusal:
        clusterers.Hdbscan.resolve(settings, 100)
    assert said in str(refusal.value)
