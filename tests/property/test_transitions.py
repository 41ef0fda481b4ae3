"""What holds of transitions, milestones, occupancy and surrogates of any label sequences."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from loopscope.dynamics.irreversibility import Loops, measure_irreversibility, reverse_loops
from loopscope.dynamics.markov_chain import MarkovChain, measure_mixing_time
from loopscope.dynamics.milestoning import find_milestones
from loopscope.dynamics.occupancy import count_occupancy, measure_effective_number
from loopscope.dynamics.sequences import MISSING, Sequences
from loopscope.dynamics.transitions import count_pooled, count_transitions

KNOWN = st.lists(st.lists(st.integers(-1, 4), max_size=25), max_size=5)
ANY = st.lists(st.lists(st.integers(-2, 4), max_size=25), max_size=5)


@given(KNOWN, st.integers(1, 5))
def test_transitions_of_a_run_of_length_l_sum_to_l_less_the_lag(runs, lag):
    transitions = count_transitions(Sequences.of(runs), lag=lag)
    assert transitions.counts.sum(axis=1).tolist() == [max(len(run) - lag, 0) for run in runs]


@given(ANY, st.integers(1, 5))
def test_both_ways_of_counting_agree(runs, lag):
    sequences = Sequences.of(runs)
    transitions = count_transitions(sequences, lag=lag)
    assert (count_pooled(sequences, transitions.states, lag=lag) == transitions.pooled).all()


@given(ANY)
def test_a_law_is_stationary_and_of_every_closed_class(runs):
    chain = MarkovChain.of(count_transitions(Sequences.of(runs)).pooled)
    law = np.nan_to_num(chain.stationary)
    assert np.allclose(law @ chain.kernel, law, atol=1e-9)
    assert np.isclose(law.sum(), chain.n_closed)
    assert chain.n_closed >= bool(chain.known.any())
    for number in range(len(chain.closed)):
        inside = chain.classes == number
        assert chain.closed[number] == (not chain.kernel[inside][:, ~inside].any())
    assert np.isnan(measure_mixing_time(chain)) == (chain.why_not_mixing is not None)


@given(ANY, st.permutations(range(5)))
def test_names_of_clusters_do_not_matter(runs, names):
    renamed = [[names[symbol] if symbol >= 0 else symbol for symbol in run] for run in runs]
    chains = [MarkovChain.of(count_transitions(Sequences.of(each)).pooled) for each in (runs, renamed)]
    assert len(chains[0].closed) == len(chains[1].closed)
    assert np.isclose(*(measure_irreversibility(each) for each in chains), equal_nan=True)


@given(ANY)
def test_milestones_take_every_known_step_once_and_carry_only_what_was_there(runs):
    sequences = Sequences.of(runs)
    found = find_milestones(sequences)
    known = [sum(symbol != MISSING for symbol in run) for run in runs]
    assert (found.in_core + found.in_transit + found.lead).tolist() == known
    cores = sequences.symbols >= 0
    assert (found.sequences.symbols[cores] == sequences.symbols[cores]).all()
    assert not (found.sequences.symbols == -1).any()
    again = find_milestones(found.sequences)
    assert (again.sequences.symbols == found.sequences.symbols).all()


@given(ANY, st.integers(0, 2**32))
def test_turned_loops_keep_occupancy_and_dwelling_of_each_run(runs, seed):
    sequences = Sequences.of(runs)
    turned = reverse_loops(sequences, Loops.of(sequences), np.random.default_rng(seed))
    for before, after in zip(sequences, turned, strict=True):
        assert sorted(before) == sorted(after)
        assert ((before == MISSING) == (after == MISSING)).all()
    states = count_transitions(sequences).states
    ours, theirs = count_pooled(sequences, states), count_pooled(turned, states)
    assert (ours + ours.T == theirs + theirs.T).all()


@given(ANY, st.integers(1, 12))
def test_occupancy_sums_to_known_steps_and_the_effective_number_is_bounded(runs, parts):
    occupancy = count_occupancy(Sequences.of(runs), parts=parts)
    assert occupancy.counts.sum(axis=(1, 2)).tolist() == [sum(symbol != MISSING for symbol in run) for run in runs]
    pooled = occupancy.counts.sum(axis=(0, 1))
    number = measure_effective_number(pooled)
    assert np.isnan(number) if not pooled.sum() else 1 - 1e-9 <= number <= (pooled > 0).sum() + 1e-9
