from dataclasses import replace
from itertools import islice

from loopscope.engine.randomness import invocation_seed, new_streams
from loopscope.store.experiments import RunState

SEEDED = RunState(1, ("A", "B"), "p", 7, None, 10, 0, None)
FRESH = RunState(1, ("A", "B"), "p", None, 7, 10, 0, None)
KNOWN_SEEDED, KNOWN_FRESH = 9054223342977287470, 641057080890725990


def test_a_seeded_run_is_an_autonomous_map():
    seeds = [invocation_seed(replace(SEEDED, sequence_number=number)) for number in range(6)]
    assert seeds[0::2] == [seeds[0]] * 3
    assert seeds[1::2] == [seeds[1]] * 3
    assert seeds[0] != seeds[1]


def test_a_run_with_fresh_randomness_has_a_seed_of_its_own_at_every_step():
    seeds = {invocation_seed(replace(FRESH, sequence_number=number)) for number in range(100)}
    assert len(seeds) == 100
    assert seeds.isdisjoint({invocation_seed(SEEDED)})


def test_a_seed_does_not_depend_on_which_run_it_is_in_the_database():
    assert invocation_seed(replace(FRESH, run_id=99)) == invocation_seed(FRESH)


def test_known_seeds_stay_as_they_are():
    assert invocation_seed(SEEDED) == KNOWN_SEEDED
    assert invocation_seed(FRESH) == KNOWN_FRESH


def test_streams_are_63_bits_and_differ():
    streams = list(islice(new_streams(), 50))
    assert len(set(streams)) == 50
    assert all(0 <= stream < 2**63 for stream in streams)
