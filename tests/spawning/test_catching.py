"""Exceptions that are caught in jitted code: what the task that failed had spawned is done with by then."""

import numpy as np
import pytest
from numba import njit, objmode

import zuki

OWN, SIBLING, CAUGHT = 10, 11, 12  # places in the notes; before them, those of the children


@zuki.task
def note(notes, place):
    notes[place] += 1


def complain():
    raise LookupError("said by Python")


@zuki.task
def fails(notes, in_python):
    for place in range(5):
        zuki.spawn(note, notes, place)
    notes[OWN] += 1
    if in_python:
        with objmode():
            complain()
    raise ValueError("own", 3)


@zuki.task
def joins_a_failure(notes, in_python):
    for place in range(5, OWN):
        zuki.spawn(note, notes, place)
    zuki.join(zuki.spawn(fails, notes, in_python))


@zuki.task
def catches(notes, in_python, spawned_last):
    sibling = zuki.spawn(note, notes, SIBLING)
    failing = zuki.spawn(joins_a_failure, notes, in_python)
    last = zuki.spawn(note, notes, SIBLING)
    if spawned_last:
        zuki.join(last)
    try:
        zuki.join(failing)
    except Exception:
        notes[CAUGHT:] = notes[: OWN + 1]  # what has begun by now, and nothing more will
    zuki.join(sibling)


@zuki.task
def new_array(length):
    if length == 0:
        raise ValueError("nothing")
    return np.ones(length)


@zuki.task
def catches_in_a_loop(rounds):
    total = 0.0
    for index in range(rounds):
        handle = zuki.spawn(new_array, 0 if index % 2 else 1000)
        try:
            total += zuki.join(handle).sum()
        except Exception:
            total += 1.0
    return total


@zuki.task
def catches_a_second_join(number):
    handle = zuki.spawn(note, np.zeros(20), 3)
    zuki.join(handle)
    try:
        zuki.join(handle)
    except Exception:
        return number
    return 0


@njit
def leaves(notes, fails):
    for place in range(5):
        zuki.spawn(note, notes, place)
    if fails:
        zuki.spawn(new_array, 0)


@pytest.fixture(params=[1, 2, 4])
def executor(request):
    with zuki.Executor(request.param) as made:
        yield made


@pytest.mark.parametrize("spawned_last", [True, False])
@pytest.mark.parametrize("in_python", [True, False])
@pytest.mark.filterwarnings("ignore:Code running in object mode")
def test_what_failed_leaves_nobody_behind(executor, in_python, spawned_last):
    for _ in range(10):
        notes = np.zeros(CAUGHT + OWN + 1, np.int64)
        executor.run(catches, notes, in_python, spawned_last)
        assert notes[SIBLING] == 2
        assert notes[OWN] == 1
        assert notes[:OWN].tolist() == notes[CAUGHT : CAUGHT + OWN].tolist()
        if executor.max_threads == 1:  # else others may have begun them
            assert notes[:OWN].sum() == 0


def test_results_of_earlier_joins_do_not_come_again(executor):
    assert executor.run(catches_in_a_loop, 1000) == 500 * 1000 + 500


def test_that_a_handle_was_joined_before_can_be_caught(executor):
    assert executor.run(catches_a_second_join, 7) == 7


def test_what_a_python_node_leaves_ends_with_it(executor):
    notes = np.zeros(5, np.int64)
    graph = zuki.Graph()
    leaving = graph.add(lambda: leaves(notes, False))
    seen = graph.add(notes.copy, after=leaving)
    executor.run(graph)
    assert seen.result().tolist() == notes.tolist() == [1] * 5


def test_what_a_python_node_leaves_may_fail(executor):
    notes = np.zeros(5, np.int64)
    graph = zuki.Graph()
    failing = graph.add(lambda: leaves(notes, True))
    graph.add(complain, after=failing)
    with pytest.raises(ValueError, match="nothing"):
        executor.run(graph)
    with pytest.raises(ValueError, match="nothing"):
        failing.result()
    assert notes.max() <= 1
    if executor.max_threads == 1:  # else the newest may fail before the others have begun
        assert notes.tolist() == [1] * 5
