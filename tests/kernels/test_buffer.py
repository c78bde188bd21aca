import pytest

from tests.kernels.threads_of import run_together
from zuki.runtime.tables import make_table
from zuki_kernels import buffer

CAPACITY = 4
OWNER = 1


@pytest.fixture
def tables():
    return make_table(2, buffer.BUFFER_FIELDS), make_table(2, CAPACITY)


def push_all(tables, tasks):
    return [buffer.push(*tables, OWNER, task) for task in tasks]


def test_owner_and_thief_take_the_oldest(tables):
    assert push_all(tables, [10, 11, 12, 13]) == [10, 11, 12, 13]
    assert buffer.steal(*tables, OWNER) == 10
    assert buffer.pop(*tables, OWNER) == 11
    assert buffer.steal(*tables, OWNER) == 12
    assert [buffer.pop(*tables, OWNER) for _ in range(2)] == [13, buffer.EMPTY]
    assert buffer.steal(*tables, OWNER) == buffer.EMPTY


def test_a_full_one_refuses_until_a_task_is_gone(tables):
    assert push_all(tables, range(6)) == [0, 1, 2, 3, buffer.FULL, buffer.FULL]
    assert buffer.steal(*tables, OWNER) == 0
    assert push_all(tables, [7, 8]) == [7, buffer.FULL]
    assert buffer.pop(*tables, OWNER) == 1
    assert push_all(tables, [9]) == [9]
    assert [buffer.pop(*tables, OWNER) for _ in range(5)] == [2, 3, 7, 9, buffer.EMPTY]


def test_room_is_what_fits(tables):
    assert buffer.room(*tables, OWNER) == CAPACITY
    push_all(tables, [1, 2, 3])
    assert buffer.room(*tables, OWNER) == 1
    buffer.pop(*tables, OWNER)
    assert buffer.room(*tables, OWNER) == 2
    push_all(tables, [4, 5])
    assert buffer.room(*tables, OWNER) == 0


def test_it_goes_round_the_ring_many_times(tables):
    for task in range(100):
        assert push_all(tables, [task, task + 1000]) == [task, task + 1000]
        assert buffer.steal(*tables, OWNER) == task
        assert buffer.pop(*tables, OWNER) == task + 1000
    assert buffer.pop(*tables, OWNER) == buffer.EMPTY
    assert buffer.steal(*tables, OWNER) == buffer.EMPTY


def test_indices_beyond_32_bits_are_indices(tables):
    for far in ((1 << 16) - 2, (1 << 32) - 2, (1 << 48) + 3):
        for field in (buffer.HEAD, buffer.TAIL, buffer.SEEN):
            tables[0][OWNER, field] = far
        assert push_all(tables, range(5)) == [0, 1, 2, 3, buffer.FULL]
        assert [buffer.pop(*tables, OWNER), buffer.steal(*tables, OWNER)] == [0, 1]
        assert [buffer.pop(*tables, OWNER) for _ in range(3)] == [2, 3, buffer.EMPTY]
        assert tables[0][OWNER, buffer.HEAD] == far + 4


def test_emptiness_is_told(tables):
    assert buffer.is_empty(tables[0], OWNER)
    push_all(tables, [1])
    assert not buffer.is_empty(tables[0], OWNER)
    assert buffer.is_empty(tables[0], 0)
    buffer.steal(*tables, OWNER)
    assert buffer.is_empty(tables[0], OWNER)


def test_buffers_do_not_touch_one_another(tables):
    push_all(tables, range(CAPACITY))
    assert buffer.steal(*tables, 0) == buffer.EMPTY
    assert buffer.push(*tables, 0, 50) == 50
    assert buffer.pop(*tables, OWNER) == 0
    assert buffer.pop(*tables, 0) == 50


def test_owner_and_thief_do_not_take_one_task(tables):
    for task in range(300):
        push_all(tables, [task])
        taken = run_together(lambda: buffer.steal(*tables, OWNER), lambda: buffer.pop(*tables, OWNER))
        assert sorted(taken) in ([buffer.EMPTY, task], [buffer.LOST, task])
