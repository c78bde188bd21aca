"""Lanes: urgency, who holds them, what happens when their holder is stuck."""

import threading
import time

import pytest

import zuki
from tests.lane.together import LIMIT, Gate, wait_until
from zuki.lane.lane import Lane
from zuki.lane.priority import Priority

pytestmark = pytest.mark.timeout(240)


def test_the_most_urgent_task_goes_first():
    seen = []

    async def note(what):
        seen.append(what)

    async def main():
        low, normal = zuki.Priority.LOW, zuki.Priority.NORMAL
        # in a step that was spawned nothing begins in place
        return [
            executor.spawn(note(name), priority=priority)
            for name, priority in (("low", low), ("normal", normal), ("high", zuki.Priority.HIGH))
            for _ in range(100)
        ]

    async def outer():
        for task in await executor.spawn(main()):
            await task

    with zuki.SingleThreadedExecutor() as executor:
        executor.run(outer())
    assert seen.index("high") < seen.index("low")
    assert seen[-32:] == ["low"] * 32


@pytest.mark.parametrize(("level", "most"), [(Priority.NORMAL, 4 * 32), (Priority.LOW, 8 * 32)])
def test_what_is_less_urgent_waits_for_a_bounded_number_of_others(level, most):
    class NoLanes:
        outbox, may_be_rung, coroutines = (), False, None

    lane = Lane(NoLanes(), 1)
    lane.ready[Priority.HIGH].extend(range(10_000))
    lane.ready[level].append("waits")
    others = 0
    while (queue := lane.next_queue())[0] != "waits":
        for _ in range(32):
            queue.popleft()
        others += 32
    assert others < most


def test_all_levels_get_their_turn_while_others_never_end():
    steps = dict.fromkeys(zuki.Priority, 0)

    async def go_on(priority, until):
        while steps[zuki.Priority.LOW] < until:
            steps[priority] += 1
            await zuki.yield_now()

    async def main():
        tasks = [executor.spawn(go_on(one, 100), priority=one) for one in zuki.Priority for _ in range(3)]
        for task in tasks:
            await task

    with zuki.SingleThreadedExecutor() as executor:
        executor.run(main())
    assert steps[zuki.Priority.HIGH] > steps[zuki.Priority.NORMAL] > steps[zuki.Priority.LOW] >= 100


def test_a_coroutine_that_blocks_keeps_no_other_from_running():
    with zuki.Executor(max_threads=2) as executor:
        gate, seen = Gate(), []

        async def blocks():
            gate.wait()

        async def goes_on():
            for _ in range(100):
                await zuki.yield_now()
            seen.append(threading.get_ident())

        blocked = executor.spawn(blocks())
        wait_until(lambda: gate.waiting == 1)
        executor.spawn(goes_on()).result(LIMIT)
        gate.open()
        blocked.result(LIMIT)
        assert seen


def test_one_thread_at_a_time_runs_coroutines_where_that_is_told(monkeypatch):
    # who is kept from running for long counts as stuck, and its lane is given away in the middle of a step
    monkeypatch.setattr("zuki.runtime.home.PoolHome._start_watcher", lambda home: None)
    inside, most = [], [0]

    async def step():
        for _ in range(50):
            inside.append(1)
            most[0] = max(most[0], len(inside))
            inside.pop()
            await zuki.yield_now()

    with zuki.Executor(max_threads=4, python_lanes=1) as executor:
        for task in [executor.spawn(step()) for _ in range(100)]:
            task.result(LIMIT)
    assert most == [1]


def test_several_lanes_run_coroutines_at_once():
    barrier = threading.Barrier(3)

    async def meet():
        barrier.wait(LIMIT)  # each blocks its lane, and needs the others

    with zuki.Executor(max_threads=3, python_lanes=3) as executor:
        tasks = [executor.spawn(meet()) for _ in range(3)]
        for task in tasks:
            task.result(LIMIT)


def test_wakes_come_from_any_thread():
    with zuki.Executor(max_threads=2) as executor:
        counts = [0] * 20

        async def count(me, futures):
            for future in futures:
                await future
                counts[me] += 1

        futures = [[zuki.Future() for _ in range(50)] for _ in counts]
        tasks = [executor.spawn(count(me, mine)) for me, mine in enumerate(futures)]

        def finish(at):
            for mine in futures:
                for future in mine[at::4]:
                    future.set_result(None)

        threads = [threading.Thread(target=finish, args=(at,)) for at in range(4)]
        for thread in threads:
            thread.start()
        for task in tasks:
            task.result(LIMIT)
        for thread in threads:
            thread.join()
        assert counts == [50] * 20


@zuki.task("boolean(int64)")
def ring(number):
    return zuki.wake(number)


def test_jitted_code_wakes_a_coroutine():
    with zuki.Executor(max_threads=2) as executor:

        async def main():
            for _ in range(20):
                graph = zuki.Graph()
                rung = graph.add(ring, zuki.current_waker().number)
                run = graph.submit(executor)
                await zuki.park()
                await run
                assert rung.result()
            return "rung"

        assert executor.run(main()) == "rung"
    assert not ring(5)
    with pytest.raises(zuki.TaskError, match="is for jitted code"):
        zuki.wake(5)


def test_jitted_tasks_go_on_while_the_only_worker_serves():
    with zuki.Executor(max_threads=1) as executor:
        stop = []

        async def go_on():
            while not stop:
                await zuki.yield_now()

        busy = executor.spawn(go_on())
        graph = zuki.Graph()
        node = graph.add(ring, 1 << 40)  # a number of no waker's
        graph.submit(executor).result(LIMIT)
        stop.append(1)
        busy.result(LIMIT)
        assert node.result()


def test_an_idle_executor_that_has_served_does_not_burn():
    with zuki.Executor(max_threads=4) as executor:
        executor.spawn(_once()).result(LIMIT)
        time.sleep(0.1)
        begun = time.process_time()
        time.sleep(0.5)
        assert time.process_time() - begun < 0.1  # of half a second: what polls takes far more


async def _once():
    await zuki.yield_now()


def test_calls_at_priorities():
    with zuki.Executor(max_threads=1) as executor:
        gate, seen = Gate(), []
        executor.submit(gate.wait)
        wait_until(lambda: gate.waiting == 1)
        for priority in reversed(zuki.Priority):
            urgent = executor.at(priority)
            futures = [urgent.submit(seen.append, priority) for _ in range(20)]
            assert list(urgent.map(abs, [])) == []
        gate.open()
        wait_until(lambda: len(seen) == 60)
        assert all(future.done() for future in futures)
        assert seen.index(zuki.Priority.HIGH) < seen.index(zuki.Priority.LOW)
        assert seen[-1] is zuki.Priority.LOW
        assert executor.at(zuki.Priority.LOW).spawn(_once(), name="low").result(LIMIT) is None
    with pytest.raises(ValueError, match="priority must be"):
        executor.at(9)
