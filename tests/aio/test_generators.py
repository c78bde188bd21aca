"""Asynchronous generators are closed, also those that nobody goes on with."""

import asyncio
import gc
import sys

import pytest

import zuki
from tests.aio.together import LIMIT, until
from zuki.aio import threads

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module", autouse=True)
def _no_thread_is_left():
    yield
    threads.retire()


class Generators:
    def __init__(self):
        self.closed = zuki.Event()

    async def count(self):
        try:
            for number in range(10):
                yield number
                await zuki.yield_now()
        finally:
            await zuki.sleep(0.001)  # closing may take a while
            self.closed.set()


def test_who_leaves_a_generator_has_it_closed(executor):
    async def main():
        generators = Generators()
        async for number in generators.count():
            if number == 2:
                break
        gc.collect()
        with zuki.timeout(LIMIT):
            await generators.closed.wait()

    executor.run(main())


def test_the_generator_of_a_cancelled_task(executor):
    generators = Generators()

    begun = []

    async def patient():
        async for number in generators.count():
            begun.append(number)
            await zuki.sleep(3600)

    async def main():
        task = executor.spawn(patient())
        await until(lambda: begun)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        del task
        gc.collect()
        with zuki.timeout(LIMIT):
            await generators.closed.wait()

    executor.run(main())


def test_a_generator_that_is_forgotten_elsewhere(executor):
    async def main():
        generators = Generators()
        held = [generators.count()]
        assert await anext(held[0]) == 0
        await zuki.to_thread(held.clear)
        gc.collect()
        with zuki.timeout(LIMIT):
            await generators.closed.wait()

    executor.run(main())


def test_what_closing_raises_is_reported(executor, monkeypatch):
    reports = []
    monkeypatch.setattr(sys, "unraisablehook", reports.append)

    async def fails():
        try:
            yield 1
        finally:
            await zuki.yield_now()
            raise KeyError("mine")

    async def main():
        async for _ in fails():
            break
        gc.collect()
        with zuki.timeout(LIMIT):
            while not reports:
                await zuki.sleep(0.001)
                gc.collect()

    executor.run(main())
    assert isinstance(reports[0].exc_value, KeyError)


def test_a_generator_that_is_held_is_closed_when_the_executor_ends(executor):
    closed, held = [], []

    async def count(name):
        try:
            for number in range(10):
                yield number
        finally:
            await zuki.sleep(0.001)
            closed.append(name)

    async def main():
        held.extend(count(name) for name in "abc")
        for generator in held[:2]:
            assert await anext(generator) == 0
        async for _ in held[1]:
            pass
        closed.clear()

    executor.run(main())
    executor.shutdown()
    assert closed == ["a"]  # b is over, and c was never begun
    assert [generator.ag_frame is None for generator in held] == [True, True, False]


def test_a_held_generator_that_fails_while_it_is_closed(executor, monkeypatch):
    reports, held = [], []
    monkeypatch.setattr(sys, "unraisablehook", reports.append)

    async def fails():
        try:
            yield 1
        finally:
            raise KeyError("mine")

    async def main():
        held.append(fails())
        await anext(held[0])

    executor.run(main())
    executor.shutdown()
    gc.collect()
    assert [type(report.exc_value) for report in reports] == [KeyError]


def test_the_hooks_of_a_loop_stay():
    async def main():
        before = sys.get_asyncgen_hooks()
        assert zuki.run(zuki.sleep(0.001, 1), executor=zuki.SingleThreadedExecutor()) == 1
        assert sys.get_asyncgen_hooks() == before

    asyncio.run(main())
