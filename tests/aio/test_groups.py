"""Groups of tasks."""

import asyncio
from contextlib import suppress

import pytest

import zuki
from tests.aio.together import LIMIT, turns, until

pytestmark = pytest.mark.timeout(240)


async def fail(error, count=0):
    await turns(count)
    raise error


def test_a_group_waits_for_all(executor):
    ended = []

    async def child(number):
        await turns(number)
        ended.append(number)
        return number

    async def main():
        async with zuki.TaskGroup() as group:
            tasks = [group.spawn(child(number)) for number in range(50)]
            tasks.append(group.create_task(child(50), name="mine"))
        assert len(ended) == 51
        return sum(task.result() for task in tasks)

    assert executor.run(main()) == sum(range(51))


def test_children_spawn_more(executor):
    ended = []

    async def child(group, depth):
        await turns(depth)
        if depth:
            group.spawn(child(group, depth - 1), priority=zuki.Priority.LOW)
            group.spawn(child(group, depth - 1))
        ended.append(depth)

    async def main():
        async with zuki.TaskGroup() as group:
            group.spawn(child(group, 5))
        return len(ended)

    assert executor.run(main()) == 63


@pytest.mark.parametrize("count", [0, 3])
def test_a_failure_cancels_the_others_and_the_block(executor, count):
    async def main():
        with pytest.raises(ExceptionGroup, match="TaskGroup") as found:
            async with zuki.TaskGroup() as group:
                patient = group.spawn(zuki.sleep(3600))
                group.spawn(fail(KeyError("mine"), count))
                await zuki.sleep(3600)
        assert [type(error) for error in found.value.exceptions] == [KeyError]
        assert patient.cancelled()
        await zuki.sleep(0.001)  # nothing is left of it

    executor.run(main())


def test_a_failure_while_the_block_waits(executor):
    async def main():
        with pytest.raises(ExceptionGroup) as found:
            async with zuki.TaskGroup() as group:
                patient = group.spawn(zuki.sleep(3600))
                group.spawn(fail(KeyError("mine"), 5))
        assert len(found.value.exceptions) == 1
        assert patient.cancelled()

    executor.run(main())


def test_a_failure_of_the_block(executor):
    begun = []

    async def cleans_up():
        begun.append(True)
        try:
            await zuki.sleep(3600)
        finally:
            await zuki.sleep(0.001)
            raise ValueError("while it ends")

    async def main():
        with pytest.raises(ExceptionGroup) as found:
            async with zuki.TaskGroup() as group:
                group.spawn(cleans_up())
                patient = group.spawn(zuki.sleep(3600))
                await until(lambda: begun)
                raise KeyError("mine")
        assert sorted(type(error).__name__ for error in found.value.exceptions) == ["KeyError", "ValueError"]
        assert patient.cancelled()

    executor.run(main())


def test_who_is_cancelled_cancels_its_group(executor):
    children = []

    async def parent(is_waiting):
        async with zuki.TaskGroup() as group:
            children.append(group.spawn(zuki.sleep(3600)))
            if not is_waiting:
                await zuki.sleep(3600)

    async def main():
        for is_waiting in (False, True):
            task = executor.spawn(parent(is_waiting))
            await until(lambda: children)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert children.pop().cancelled()

    executor.run(main())


def test_a_cancelled_child_is_no_failure(executor):
    async def main():
        async with zuki.TaskGroup() as group:
            task = group.spawn(zuki.sleep(3600))
            await turns()
            task.cancel()
        return task.cancelled()

    assert executor.run(main())


def test_groups_in_groups_and_limits(executor):
    async def inner():
        async with zuki.TaskGroup() as group:
            group.spawn(zuki.sleep(3600))
            group.spawn(zuki.sleep(3600))

    async def main():
        with pytest.raises(TimeoutError):
            async with zuki.timeout(0.01), zuki.TaskGroup() as outer:
                outer.spawn(inner())
                outer.spawn(inner())
        with pytest.raises(ExceptionGroup) as found:
            async with zuki.TaskGroup() as outer:
                outer.spawn(inner())
                async with zuki.TaskGroup() as group:
                    group.spawn(fail(KeyError("mine"), 3))
        assert len(found.value.exceptions) == 1
        assert isinstance(found.value.exceptions[0], ExceptionGroup)

    executor.run(main())


def test_what_ends_a_program_is_raised_alone(executor):
    class Ends(SystemExit):
        pass

    async def main():
        with pytest.raises(Ends):
            async with zuki.TaskGroup() as group:
                group.spawn(zuki.sleep(3600))
                group.spawn(fail(Ends(), 2))

    executor.run(main())


def test_bad_use(executor):
    async def main():
        group = zuki.TaskGroup()
        with pytest.raises(RuntimeError, match="not entered"):
            group.spawn(turns())
        async with group:
            with pytest.raises(TypeError, match="coroutine is wanted"):
                group.spawn(7)
            with pytest.raises(ValueError, match="priority"):
                group.spawn(zuki.Future(), priority=9)
        with pytest.raises(RuntimeError, match="is over"):
            group.spawn(turns())
        with pytest.raises(RuntimeError, match="entered before"):
            async with group:
                pass
        with pytest.raises(ExceptionGroup):
            async with zuki.TaskGroup() as group:
                task = group.spawn(fail(KeyError()))
                with suppress(asyncio.CancelledError):
                    await zuki.sleep(LIMIT)
                assert task.done()
                with pytest.raises(RuntimeError, match="is cancelled"):
                    group.spawn(turns())

    executor.run(main())


def test_many_threads_end_in_one_group():
    async def child(number):
        await zuki.sleep(number % 3 / 1000)
        return number

    async def main():
        async with zuki.TaskGroup() as group:
            tasks = [group.spawn(child(number)) for number in range(2000)]
        return sum(task.result() for task in tasks)

    with zuki.Executor(max_threads=4, python_lanes=4) as executor:
        assert executor.run(main()) == sum(range(2000))
