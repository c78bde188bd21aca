"""The checker of histories: it accepts what can be explained, and nothing else."""

from itertools import permutations
from random import Random

import pytest

from .linearisable import NotLinearisableError, Operation, linearise


def fifo(state, operation):
    """A queue, whose state is a tuple."""
    if operation.name == "push":
        return (*state, operation.given)
    if operation.answer is None:
        return None if state else state
    return state[1:] if state[:1] == (operation.answer,) else None


def push(begin, end, given, thread=0):
    return Operation(begin, end, thread, "push", given, None)


def pop(begin, end, answer, thread=1):
    return Operation(begin, end, thread, "pop", None, answer)


EXPLAINED = {
    "one after another": [push(0, 1, 5), push(2, 3, 6), pop(4, 5, 5), pop(6, 7, 6), pop(8, 9, None)],
    "together, in either order": [push(0, 9, 5), push(0, 9, 6, 1), pop(10, 11, 6, 2), pop(12, 13, 5, 2)],
    "a pop that ends after it has to begin": [pop(0, 9, 5), push(1, 8, 5)],
    "nothing found, while it is on its way": [push(0, 9, 5), pop(1, 2, None), pop(3, 4, 5)],
    "found, then not": [push(0, 9, 5), pop(1, 2, 5), pop(3, 4, None)],
    "one that waits for two": [
        push(0, 20, 1),
        push(1, 2, 2, 2),
        push(3, 4, 3, 2),
        pop(5, 6, 2),
        pop(7, 8, 1),
    ],
    "nothing": [],
}  # fmt: skip
NOT = {
    "out of order": [push(0, 1, 5), push(2, 3, 6), pop(4, 5, 6), pop(6, 7, 5)],
    "taken twice": [push(0, 1, 5), pop(2, 9, 5), pop(2, 9, 5, 2)],
    "nothing found where something was": [push(0, 1, 5), pop(2, 3, None), pop(4, 5, 5)],
    "found before it came": [pop(0, 1, 5), push(2, 3, 5)],
    "found, lost and found": [push(0, 9, 5), pop(1, 2, 5), push(3, 4, 6, 2), pop(5, 6, None)],
    "two that see two orders": [
        push(0, 9, 1), push(0, 9, 2, 1), pop(10, 11, 1), pop(12, 13, 2), push(14, 15, 2), pop(16, 17, 1),
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", EXPLAINED)
def test_what_can_be_explained_is(name):
    order = linearise(EXPLAINED[name], fifo, ())
    assert sorted(order) == sorted(EXPLAINED[name])
    state = ()
    for operation in order:
        state = fifo(state, operation)
        assert state is not None


@pytest.mark.parametrize("name", NOT)
def test_what_cannot_be_is_not(name):
    with pytest.raises(NotLinearisableError, match="and then none of"):
        linearise(NOT[name], fifo, ())


def in_some_order(history):
    """Try all orders."""
    for order in permutations(history):
        ends = [(one.end, other.begin) for at, one in enumerate(order) for other in order[:at]]
        state = ()
        for operation in order if all(begin <= end for end, begin in ends) else ():
            state = fifo(state, operation)
            if state is None:
                break
        else:
            if all(begin <= end for end, begin in ends):
                return True
    return False


@pytest.mark.parametrize("seed", range(4))
def test_against_all_orders(seed):
    chance, found = Random(seed), {True: 0, False: 0}
    for _ in range(150):
        history = []
        for thread in range(3):
            now = chance.randrange(3)
            for _ in range(2):
                end = now + chance.randrange(1, 6)
                if chance.random() < 0.5:
                    history.append(push(now, end, chance.randrange(3), thread))
                else:
                    history.append(pop(now, end, chance.choice([None, 0, 1, 2]), thread))
                now = end + chance.randrange(3)
        expected = in_some_order(history)
        found[expected] += 1
        try:
            linearise(history, fifo, ())
        except NotLinearisableError:
            assert not expected, history
        else:
            assert expected, history
    assert min(found.values()) > 10


def test_a_long_history_takes_a_short_time():
    history = []
    for at in range(3000):  # each overlaps the next
        history += [push(4 * at, 4 * at + 6, at, at % 2), pop(4 * at + 5, 4 * at + 11, at, 2 + at % 2)]
    assert len(linearise(history, fifo, ())) == 6000
