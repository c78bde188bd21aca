"""Locks, semaphores and events."""

import asyncio
import threading

import pytest

import zuki
from tests.aio.together import LIMIT, turns, wait_until

pytestmark = pytest.mark.timeout(90)


async def cancelled(task):
    with pytest.raises(asyncio.CancelledError):
        await task


def test_one_at_a_time_in_the_order_of_coming(executor):
    async def main():
        lock, inside, seen = zuki.Lock(), [], []

        async def child(number):
            async with lock:
                inside.append(number)
                await turns(2)
                assert inside == [number]
                inside.remove(number)
                seen.append(number)

        assert not lock.locked()
        await lock.acquire()
        assert not lock.try_acquire()
        tasks = []
        for number in range(20):
            tasks.append(executor.spawn(child(number)))
            while len(lock._semaphore._line) <= number:
                await zuki.yield_now()
        assert "20 wait" in repr(lock)
        lock.release()
        await zuki.gather(*tasks)
        assert seen == list(range(20))
        assert lock.try_acquire()

    executor.run(main())


def test_a_semaphore_lets_so_many_in(executor):
    async def main():
        semaphore, most, inside = zuki.Semaphore(3), [], set()

        async def child(number):
            async with semaphore:
                inside.add(number)
                most.append(len(inside))
                await turns(2)
                inside.discard(number)

        await zuki.gather(*(child(number) for number in range(30)))
        assert max(most) <= 3
        assert semaphore.value == 3
        assert "3 free" in repr(semaphore)
        semaphore.release()
        assert semaphore.value == 4

    executor.run(main())


def test_releasing_too_often():
    with pytest.raises(RuntimeError, match="nobody holds"):
        zuki.Lock().release()
    semaphore = zuki.Semaphore(1, max_value=2)
    semaphore.release()
    with pytest.raises(ValueError, match="too often"):
        semaphore.release()
    assert semaphore.value == 2


@pytest.mark.parametrize(
    ("value", "most", "error"),
    [(-1, None, ValueError), (3, 2, ValueError), (0, 0, ValueError), (1.5, None, TypeError)],
)
def test_impossible_semaphores(value, most, error):
    with pytest.raises(error, match="value"):
        zuki.Semaphore(value, max_value=most)


def test_a_cancelled_waiter_leaves_the_line(executor):
    async def main():
        lock = zuki.Lock()
        await lock.acquire()
        tasks = [executor.spawn(lock.acquire()) for _ in range(3)]
        await turns()
        tasks[0].cancel()
        tasks[1].cancel()
        await cancelled(tasks[0])
        await cancelled(tasks[1])
        lock.release()
        assert await tasks[2]
        assert lock.locked()
        lock.release()

    executor.run(main())


def test_who_is_served_and_cancelled_passes_it_on(executor):
    async def main():
        for first_cancel in (False, True):
            lock = zuki.Lock()
            await lock.acquire()
            tasks = [executor.spawn(lock.acquire()) for _ in range(2)]
            await turns()
            if first_cancel:
                tasks[0].cancel()
                lock.release()
            else:
                lock.release()  # tasks[0] has it, and has not run
                tasks[0].cancel()
            with zuki.timeout(LIMIT):
                if await zuki.gather(tasks[0], return_exceptions=True) == [True]:  # on another thread
                    lock.release()
                assert await tasks[1]

    executor.run(main())


def test_a_waiter_that_nobody_runs_passes_it_on():
    async def main():
        lock = zuki.Lock()
        await lock.acquire()
        lost = lock.acquire()
        lost.send(None)
        task = zuki.spawn(lock.acquire())
        await turns()
        lock.release()
        lost.close()
        return await task

    assert zuki.run(main(), executor=zuki.SingleThreadedExecutor())


def test_an_event_wakes_all_even_if_it_is_cleared(executor):
    async def main():
        event = zuki.Event()
        tasks = [executor.spawn(event.wait()) for _ in range(200)]
        late = executor.spawn(event.wait())
        while len(event._line) < 201:
            await zuki.yield_now()
        assert "201 wait" in repr(event)
        late.cancel()
        await cancelled(late)
        event.set()
        event.clear()
        assert not event.is_set()
        assert await zuki.gather(*tasks) == [True] * 200
        event.set()
        assert await event.wait()
        assert event.is_set()

    executor.run(main())


def test_any_thread_sets_and_releases(executor):
    async def main():
        event, lock = zuki.Event(), zuki.Lock()
        await lock.acquire()
        for one in (event.set, lock.release):
            thread = threading.Thread(target=one)
            thread.start()
            with zuki.timeout(LIMIT):
                await (event.wait() if one == event.set else lock.acquire())
            thread.join()

    executor.run(main())


def test_one_lock_of_two_executors():
    lock, inside, counts = zuki.Lock(), [], [0]

    async def child():
        for _ in range(100):
            async with lock:
                inside.append(1)
                assert len(inside) == 1
                counts[0] += 1
                await zuki.yield_now()
                inside.pop()

    with (
        zuki.Executor(max_threads=2, python_lanes=2) as first,
        zuki.Executor(max_threads=2, python_lanes=2) as second,
    ):
        tasks = [one.spawn(child()) for one in (first, second) * 4]
        for task in tasks:
            task.result(LIMIT)
    assert counts == [800]


def test_cancellations_and_releases_race():
    """Permits are neither lost nor made when waiters are cancelled while they are served."""
    semaphore = zuki.Semaphore(2, max_value=2)

    async def child(number):
        for _ in range(30):
            with zuki.move_on_after(0.0005 * (number % 4)):
                async with semaphore:
                    await zuki.yield_now()

    with zuki.Executor(max_threads=3, python_lanes=3) as executor:
        for task in [executor.spawn(child(number)) for number in range(30)]:
            task.result(LIMIT)
    wait_until(lambda: semaphore.value == 2)
