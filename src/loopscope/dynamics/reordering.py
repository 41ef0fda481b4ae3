"""Loops that put the symbols of runs into another order: any order, or one with the same transitions.

The second is a random Eulerian path (Kandel, Matias, Unger and Winkler 1996, doi:10.1016/S0166-218X(97)81456-4). Each
step of a piece is an edge from its symbol to the next one, and a sequence with the same first symbol, last symbol and
transition counts is a path over all edges. Such a path is told by the order in which each symbol's exits are taken, and
the order is possible if and only if the last exits of all symbols but the last one form a tree that leads to that one.
So a tree is drawn uniformly, by Wilson's loop-erased walks (1996, doi:10.1145/237814.237880), and the other exits are
shuffled. Exits that stay are never on the tree, and the walks leave them out: a long dwell costs no time.
"""

import numpy as np
import numpy.typing as npt

from loopscope.dynamics.kernels import kernel

Integers = npt.NDArray[np.int64]


@kernel
def shuffle_each_run(symbols: Integers, starts: Integers, missing: int, random: np.random.Generator) -> None:
    """Shuffle the symbols of each run in place; the missing ones stay where they are."""
    places = np.empty(len(symbols), dtype=np.int64)
    for run in range(len(starts) - 1):
        known = 0
        for place in range(starts[run], starts[run + 1]):
            if symbols[place] != missing:
                places[known] = place
                known += 1
        for last in range(known - 1, 0, -1):
            other = int(random.random() * (last + 1))
            a, b = places[last], places[other]
            symbols[a], symbols[b] = symbols[b], symbols[a]


@kernel
def retrace_each_piece(symbols: Integers, starts: Integers, missing: int, random: np.random.Generator) -> None:
    """Replace each piece between missing symbols by a random one with the same ends and transition counts."""
    number_of = np.full(symbols.max() + 2 if len(symbols) else 0, -1, dtype=np.int64)
    for run in range(len(starts) - 1):
        start = starts[run]
        for place in range(starts[run], starts[run + 1] + 1):
            if place == starts[run + 1] or symbols[place] == missing:
                if place - start > 3:  # a shorter piece is the only one with its ends and transitions
                    _retrace(symbols[start:place], number_of, random)
                start = place + 1


@kernel
def _retrace(piece: Integers, number_of: Integers, random: np.random.Generator) -> None:
    """Replace one piece in place; ``number_of`` is −1 everywhere, before and after."""
    states, symbol_of = _number_states(piece, number_of)
    first_exit, leaving, exits = _list_exits(states, len(symbol_of))
    root = states[-1]
    _put_tree_last(exits, first_exit, leaving, root, random)
    for state in range(len(symbol_of)):
        # The exit on the tree is the last one, and stays there.
        last = first_exit[state + 1] - (1 if state == root else 2)
        for place in range(last, first_exit[state], -1):
            other = first_exit[state] + int(random.random() * (place - first_exit[state] + 1))
            exits[place], exits[other] = exits[other], exits[place]
    taken = first_exit.copy()
    state = states[0]
    for step in range(1, len(piece)):
        following = exits[taken[state]]
        taken[state] += 1
        state = following
        piece[step] = symbol_of[state]
    for symbol in symbol_of:
        number_of[symbol + 1] = -1


@kernel
def _number_states(piece: Integers, number_of: Integers) -> tuple[Integers, Integers]:
    """Give the symbols of a piece numbers from 0, as they occur; the outlier, −1, is a symbol like any other."""
    states = np.empty(len(piece), dtype=np.int64)
    symbol_of = np.empty(len(piece), dtype=np.int64)
    known = 0
    for step in range(len(piece)):
        if number_of[piece[step] + 1] < 0:
            number_of[piece[step] + 1] = known
            symbol_of[known] = piece[step]
            known += 1
        states[step] = number_of[piece[step] + 1]
    return states, symbol_of[:known]


@kernel
def _list_exits(states: Integers, n_states: int) -> tuple[Integers, Integers, Integers]:
    """List where each state is left to: those of a state from ``first_exit[state]`` on, first the ``leaving`` ones."""
    first_exit = np.zeros(n_states + 1, dtype=np.int64)
    leaving = np.zeros(n_states, dtype=np.int64)
    for step in range(len(states) - 1):
        first_exit[states[step] + 1] += 1
        leaving[states[step]] += states[step] != states[step + 1]
    for state in range(n_states):
        first_exit[state + 1] += first_exit[state]
    exits = np.empty(len(states) - 1, dtype=np.int64)
    filled = first_exit[:-1].copy()
    staying = first_exit[:-1] + leaving
    for step in range(len(states) - 1):
        state, following = states[step], states[step + 1]
        if state == following:
            exits[staying[state]] = following
            staying[state] += 1
        else:
            exits[filled[state]] = following
            filled[state] += 1
    return first_exit, leaving, exits


@kernel
def _put_tree_last(
    exits: Integers, first_exit: Integers, leaving: Integers, root: int, random: np.random.Generator
) -> None:
    """Draw a tree of exits that leads to the root, and put the exit of each state that is on it last."""
    n_states = len(leaving)
    chosen = np.empty(n_states, dtype=np.int64)
    on_tree = np.zeros(n_states, dtype=np.bool_)
    on_tree[root] = True
    for start in range(n_states):
        state = start
        while not on_tree[state]:  # what was chosen at an earlier visit is forgotten: the loop is erased
            chosen[state] = first_exit[state] + int(random.random() * leaving[state])
            state = exits[chosen[state]]
        state = start
        while not on_tree[state]:
            on_tree[state] = True
            state = exits[chosen[state]]
    for state in range(n_states):
        if state != root:
            last = first_exit[state + 1] - 1
            exits[last], exits[chosen[state]] = exits[chosen[state]], exits[last]
