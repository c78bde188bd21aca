import pytest

from tests.kernels.threads_of import run_together
from zuki.runtime.tables import Tables
from zuki_kernels import current, deque, hands, pulse, search, seats, sync_state
from zuki_kernels.runs import NONE
from zuki_kernels.sync_state import SYNC

LIMITS = 4096, 8192


@pytest.fixture
def tables():
    return Tables(1)


def sync_of(tables):
    return int(tables.pool[0, SYNC])


def sit_down(tables, row, watched=True):
    return seats.sit_down(tables.pool, tables.workers, tables.hands, row, *LIMITS, watched)


def stand_up(tables, row, before):
    return seats.stand_up(
        tables.pool, tables.workers, tables.deques, tables.queues, tables.hands, row, before
    )


def test_who_sits_down_is_a_worker_with_a_hand_until_it_stands_up(tables):
    def visit():
        before = current.hold(4096)
        assert sit_down(tables, 2) == 4096
        hand = tables.hands[2]
        assert current.hold(hand.ctypes.data) == hand.ctypes.data
        fields = hands.STACK_LIMIT, hands.STACK_END, hands.HELP_LIMIT, hands.RUN, hands.IS_WATCHED
        assert [hand[field] for field in fields] == [4096, 4096, 8192, NONE, 1]
        assert tables.pool[0, search.USED_WORKERS] == 3
        assert (sync_state.spawned(sync_of(tables)), pulse.helpers(tables.pool)) == (1, 1)
        assert tuple(stand_up(tables, 2, 4096)) == (False, True)  # nobody is left, and nothing to do
        assert current.hold(before) == 4096
        return sync_of(tables), pulse.helpers(tables.pool)

    assert run_together(visit) == [(0, 0)]


def test_as_many_are_workers_as_may_be_awake(tables):
    def visit():
        before = sit_down(tables, 1)
        refused = sit_down(tables, 2)
        stand_up(tables, 1, before)
        return refused, pulse.helpers(tables.pool), int(tables.pool[0, search.USED_WORKERS])

    assert run_together(visit) == [(seats.REFUSED, 0, 2)]


def test_who_leaves_work_behind_has_a_thread_started(tables):
    def visit():
        before = sit_down(tables, 0)
        deque.push(tables.deques, tables.rings, 0, 7)
        return tuple(stand_up(tables, 0, before))

    assert run_together(visit) == [(True, False)]
