import heapq

import numpy as np
import pytest

from zuki.runtime.tables import make_table
from zuki_kernels import timer_list, timer_wheel
from zuki_kernels._jit import kernel
from zuki_kernels.timer_list import LIST, NOWHERE, OCCUPIED
from zuki_kernels.timer_wheel import CANCELLED, DEADLINE, DONE, EMPTY, LAST, LATE, MORE, NEVER

ALL = 1 << 40  # more timers than there are
SHAPES = [(13, 32), (16, 16), (21, 8), (31, 4), (62, 2)]  # levels, width
INSERT, CANCEL, ADVANCE = range(3)


def make_tables(timers, shape=SHAPES[0]):
    return make_table(1, 112), make_table(*shape), make_table(timers, 8)


def check(tables):
    """What holds at rest, by the headers."""
    wheel, slots, timers = tables
    shift = int(slots.shape[1]).bit_length() - 1
    tick, seen = timer_wheel.reached(wheel), 0
    for level, row in enumerate(slots.tolist()):
        assert wheel[0, OCCUPIED + level] == sum(1 << at for at, first in enumerate(row) if first)
        for at, first in enumerate(row):
            timer = first - 1
            while timer >= 0:
                deadline = int(timers[timer, DEADLINE])
                assert deadline > tick
                assert timers[timer, LIST] == timer_list.list_of(level, at)
                assert deadline >> shift * level & slots.shape[1] - 1 == at
                assert (deadline ^ tick) >> shift * (level + 1) == 0
                seen += 1
                timer = int(timers[timer, timer_list.NEXT])
                timer = -1 if timer == first - 1 else timer
    due = np.count_nonzero(timers[:, LIST] == timer_list.DUE_LIST)
    assert seen + due == np.count_nonzero(timers[:, LIST])


def take_all(tables):
    taken = []
    while (timer := timer_wheel.take(*tables)) != EMPTY:
        taken.append(timer)
    return taken


def advance(tables, tick):
    assert timer_wheel.advance(*tables, tick, ALL) == DONE
    return take_all(tables)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_timer_is_due_at_its_tick_and_not_before(shape):
    places = {1, 2, 3, LAST, LAST - 1}
    for bits in range(1, 62):
        places |= {(1 << bits) - 1, 1 << bits, (1 << bits) + 1, 3 << bits & LAST}
    for begin in (0, 1, 31, 32, 1023, (1 << 40) - 1, 0x2AAA_AAAA_AAAA):
        for distance in sorted(places):
            tables, deadline = make_tables(1, shape), begin + distance
            if deadline > LAST:
                continue
            assert advance(tables, begin) == []
            timer_wheel.insert(*tables, 0, deadline)
            check(tables)
            assert timer_wheel.next_deadline(*tables, 1) == deadline
            assert advance(tables, deadline - 1) == []
            check(tables)
            assert timer_wheel.next_deadline(*tables, 1) == deadline
            assert advance(tables, deadline) == [0]
            assert timer_wheel.next_deadline(*tables, 1) == NEVER


def test_what_is_past_is_due_at_once():
    tables = make_tables(4)
    assert advance(tables, 1000) == []
    for timer, deadline in enumerate((1000, 999, 0, -5)):
        timer_wheel.insert(*tables, timer, deadline)
    assert timer_wheel.next_deadline(*tables, 1) == 1000
    assert take_all(tables) == [0, 1, 2, 3]


def test_the_wheel_does_not_go_back():
    tables = make_tables(1)
    assert advance(tables, 500) == []
    timer_wheel.insert(*tables, 0, 600)
    assert advance(tables, 100) == []
    assert timer_wheel.reached(tables[0]) == 500
    assert advance(tables, 600) == [0]


def test_a_deadline_beyond_all_ticks_is_the_last():
    tables = make_tables(1)
    timer_wheel.insert(*tables, 0, 2**63 - 1)
    assert timer_wheel.next_deadline(*tables, 1) == LAST
    assert advance(tables, LAST - 1) == []
    assert advance(tables, 2**63 - 1) == [0]


def test_a_timer_is_cancelled_until_it_is_taken():
    tables = make_tables(3)
    for timer, deadline in enumerate((10, 10, 5000)):
        timer_wheel.insert(*tables, timer, deadline)
    assert timer_wheel.cancel(*tables, 2) == CANCELLED
    assert timer_wheel.cancel(*tables, 2) == LATE
    assert timer_wheel.advance(*tables, 10, ALL) == DONE
    assert timer_wheel.cancel(*tables, 0) == CANCELLED  # it is due, and not taken
    assert take_all(tables) == [1]
    assert timer_wheel.cancel(*tables, 1) == LATE
    check(tables)
    assert not tables[1].any()


def test_equal_deadlines_come_in_the_order_of_insertion():
    tables = make_tables(40)
    for timer in range(40):
        timer_wheel.insert(*tables, timer, 777)
    assert advance(tables, 777) == list(range(40))


def test_an_advance_moves_as_many_as_it_may_and_says_so():
    tables = make_tables(1000)
    for timer in range(1000):
        timer_wheel.insert(*tables, timer, 5000 + timer % 7)
    calls, taken = 1, []
    while timer_wheel.advance(*tables, 6000, 10) == MORE:
        calls += 1
        assert timer_wheel.next_deadline(*tables, ALL) <= 5007
        taken += take_all(tables)
    taken += take_all(tables)
    assert sorted(taken) == list(range(1000))
    assert [timer % 7 for timer in taken] == sorted(timer % 7 for timer in taken)
    assert 100 <= calls <= 1 + 13 * 100


def test_who_is_cancelled_or_inserted_between_two_parts_of_an_advance():
    tables = make_tables(6)
    for timer in range(4):
        timer_wheel.insert(*tables, timer, 5000 + 20 * timer)
    assert timer_wheel.advance(*tables, 5030, 1) == MORE
    assert timer_wheel.cancel(*tables, 1) == CANCELLED
    assert timer_wheel.cancel(*tables, 2) == CANCELLED
    timer_wheel.insert(*tables, 4, 5010)
    timer_wheel.insert(*tables, 5, 5040)
    assert advance(tables, 5030) == [0, 4]
    check(tables)
    assert timer_wheel.next_deadline(*tables, ALL) == 5040
    assert advance(tables, 5060) == [5, 3]


def test_the_next_deadline_is_a_lower_bound_where_many_share_a_slot():
    tables = make_tables(100)
    for timer in range(100):
        timer_wheel.insert(*tables, timer, 1100 - timer % 50)
    assert timer_wheel.next_deadline(*tables, 100) == 1051
    early = timer_wheel.next_deadline(*tables, 99)
    assert early == 1024
    assert advance(tables, early) == []
    assert timer_wheel.next_deadline(*tables, 99) == 1051 or early < 1051


@pytest.mark.parametrize("bits", [1, 2, 3, 12, 1 << 31, 0x8000_0001, 0xFFFF_0000, 6 << 20])
def test_the_lowest_bit(bits):
    assert timer_list.lowest(bits) == (bits & -bits).bit_length() - 1


@kernel
def drive(wheel, slots, timers, script, most, log):
    """Do what the script says; log each timer that comes, each cancellation, and what is next."""
    lines = 0
    for at in range(script.shape[0]):
        verb, timer, amount = script[at, 0], script[at, 1], script[at, 2]
        now = timer_wheel.reached(wheel)
        if verb == INSERT:
            if timers[timer, LIST] == NOWHERE:
                timer_wheel.insert(wheel, slots, timers, timer, now + amount)
        elif verb == CANCEL:
            log[lines, 0], log[lines, 1] = timer, timer_wheel.cancel(wheel, slots, timers, timer)
            lines += 1
        else:
            behind = True
            while behind:
                behind = timer_wheel.advance(wheel, slots, timers, now + amount, most) == MORE
                timer = timer_wheel.take(wheel, slots, timers)
                while timer != EMPTY:
                    log[lines, 0], log[lines, 1] = timer, timers[timer, DEADLINE]
                    lines += 1
                    timer = timer_wheel.take(wheel, slots, timers)
            log[lines, 0], log[lines, 1] = -1, timer_wheel.next_deadline(wheel, slots, timers, ALL)
            lines += 1
    return lines


def replay(script):
    """Yield what `drive` should log, from a heap in which equal deadlines keep their order."""
    now, heap, live = 0, [], {}
    for count, (verb, timer, amount) in enumerate(script.tolist()):
        if verb == INSERT:
            if timer not in live:
                live[timer] = count
                heapq.heappush(heap, (max(now + amount, now), count, now + amount, timer))
        elif verb == CANCEL:
            yield timer, CANCELLED if live.pop(timer, None) is not None else LATE
        else:
            now += amount
            while heap and (heap[0][0] <= now or live.get(heap[0][3]) != heap[0][1]):
                _, count, deadline, timer = heapq.heappop(heap)
                if live.get(timer) == count:
                    del live[timer]
                    yield timer, deadline
            yield -1, heap[0][0] if heap else NEVER


def make_script(seed, count, timers, reach):
    """Random operations; distances are spread over all orders of magnitude up to ``reach`` bits."""
    random = np.random.default_rng(seed)
    verb = random.choice(3, count, p=(0.6, 0.25, 0.15))
    amount = (2.0 ** random.uniform(0, reach, count)).astype(np.int64) - 1
    amount[random.random(count) < 0.05] *= -1
    amount[verb == ADVANCE] = np.abs(amount[verb == ADVANCE]) >> random.integers(0, reach // 2)
    return np.stack([verb, random.integers(0, timers, count), amount], axis=1)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("seed", "timers", "reach", "most"), [(1, 300, 8, 7), (2, 2000, 20, 1 << 40), (3, 50, 46, 1)]
)
def test_random_operations_do_as_a_heap_does(shape, seed, timers, reach, most):
    script = make_script(seed, 40_000, timers, reach)
    tables = make_tables(timers, shape)
    log = np.zeros((120_000, 2), np.int64)
    lines = drive(*tables, script, most, log)
    assert [tuple(line) for line in log[:lines].tolist()] == list(replay(script))
    check(tables)
