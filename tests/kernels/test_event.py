import pytest

from zuki.runtime.tables import make_table
from zuki_kernels import event
from zuki_kernels.counters import WORKER_FIELDS
from zuki_kernels.event import EMPTY, EVENT, NOTIFIED, SHUTDOWN, WAITING

ME = 1
# function, state before: answer, state after
MOVES = [
    (event.arm, EMPTY, EMPTY, WAITING),
    (event.arm, NOTIFIED, NOTIFIED, WAITING),
    (event.arm, WAITING, WAITING, WAITING),
    (event.arm, SHUTDOWN, SHUTDOWN, SHUTDOWN),
    (event.disarm, WAITING, WAITING, EMPTY),
    (event.disarm, NOTIFIED, NOTIFIED, EMPTY),
    (event.disarm, EMPTY, EMPTY, EMPTY),
    (event.disarm, SHUTDOWN, SHUTDOWN, SHUTDOWN),
    (event.post, EMPTY, False, NOTIFIED),
    (event.post, WAITING, True, NOTIFIED),
    (event.post, NOTIFIED, False, NOTIFIED),
    (event.post, SHUTDOWN, False, SHUTDOWN),
    (event.claim, EMPTY, False, EMPTY),
    (event.claim, WAITING, True, NOTIFIED),
    (event.claim, NOTIFIED, False, NOTIFIED),
    (event.claim, SHUTDOWN, False, SHUTDOWN),
    (event.shut_down, EMPTY, False, SHUTDOWN),
    (event.shut_down, WAITING, True, SHUTDOWN),
    (event.shut_down, NOTIFIED, False, SHUTDOWN),
    (event.shut_down, SHUTDOWN, False, SHUTDOWN),
]


@pytest.mark.parametrize(
    ("move", "before", "answer", "after"), MOVES, ids=lambda value: getattr(value, "__name__", str(value))
)
def test_every_move_from_every_state(move, before, answer, after):
    workers = make_table(3, WORKER_FIELDS)
    workers[ME, EVENT] = before
    assert move(workers, ME) == answer
    assert workers[ME, EVENT] == after
    workers[ME, EVENT] = 0
    assert not workers.any()
