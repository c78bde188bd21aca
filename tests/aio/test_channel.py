"""Channels."""

import asyncio
import queue
import threading

import pytest

import zuki
from tests.aio.together import LIMIT, turns

pytestmark = pytest.mark.timeout(90)


def test_items_come_in_order(executor):
    async def main():
        channel = zuki.Channel(3)

        async def produce():
            async with channel:
                for number in range(100):
                    await channel.send(number)
                    assert len(channel) <= 3

        executor.spawn(produce())
        return [item async for item in channel]

    assert executor.run(main()) == list(range(100))


@pytest.mark.parametrize("capacity", [1, 7])
def test_many_senders_and_receivers(executor, capacity):
    async def main():
        channel = zuki.Channel(capacity)

        async def produce(first):
            for number in range(first, first + 50):
                await channel.send(number)

        async def consume():
            return [item async for item in channel]

        consumers = [executor.spawn(consume()) for _ in range(4)]
        await zuki.gather(*(produce(50 * number) for number in range(6)))
        channel.close()
        lists = await zuki.gather(*consumers)
        assert sorted(item for found in lists for item in found) == list(range(300))
        for found in lists:  # each sender's items come in its order
            for first in range(0, 300, 50):
                own = [item for item in found if first <= item < first + 50]
                assert own == sorted(own)

    executor.run(main())


def test_a_full_channel_lets_senders_wait(executor):
    async def main():
        channel = zuki.Channel(1)
        assert channel.capacity == 1
        await channel.send(0)
        tasks = []
        for number in range(1, 5):
            tasks.append(executor.spawn(channel.send(number)))
            while len(channel._senders) < number:
                await zuki.yield_now()
        with pytest.raises(queue.Full):
            channel.send_nowait(9)
        assert [await channel.receive() for _ in range(5)] == list(range(5))
        await zuki.gather(*tasks)
        with pytest.raises(queue.Empty):
            channel.receive_nowait()
        channel.send_nowait(9)
        assert "1 of 1" in repr(channel)
        assert channel.receive_nowait() == 9

    executor.run(main())


def test_a_closed_channel(executor):
    async def main():
        channel = zuki.Channel(1)
        await channel.send(1)
        sender = executor.spawn(channel.send(2))
        await turns()
        channel.close()
        channel.close()
        assert channel.closed
        with pytest.raises(zuki.ChannelClosedError):
            await sender
        with pytest.raises(zuki.ChannelClosedError, match="closed"):
            await channel.send(3)
        with pytest.raises(zuki.ChannelClosedError):
            channel.send_nowait(3)
        assert await channel.receive() == 1  # what was sent is not lost
        with pytest.raises(zuki.ChannelClosedError):
            await channel.receive()
        with pytest.raises(zuki.ChannelClosedError):
            channel.receive_nowait()
        empty = zuki.Channel(1)
        receiver = executor.spawn(empty.receive())
        await turns()
        empty.close()
        with pytest.raises(zuki.ChannelClosedError):
            await receiver

    executor.run(main())


@pytest.mark.parametrize(
    ("capacity", "error"), [(0, ValueError), (-3, ValueError), (1.5, TypeError), (None, TypeError)]
)
def test_impossible_channels(capacity, error):
    with pytest.raises(error, match="capacity"):
        zuki.Channel(capacity)


def test_a_cancelled_receiver_loses_no_item(executor):
    async def main():
        for others in (0, 1):
            channel = zuki.Channel(2)
            task = executor.spawn(channel.receive())
            other = [executor.spawn(channel.receive()) for _ in range(others)]
            while len(channel._receivers) <= others:
                await zuki.yield_now()
            channel.send_nowait("item")
            task.cancel()
            (found,) = await zuki.gather(task, return_exceptions=True)
            if found != "item":  # else it has run on another thread meanwhile
                assert isinstance(found, asyncio.CancelledError)
                assert await (other[0] if others else channel.receive()) == "item"
            channel.close()
            await zuki.gather(*other, return_exceptions=True)

    executor.run(main())


def test_a_cancelled_sender_has_sent_or_not(executor):
    """If `send` raises, the item was not sent; if it was, the cancellation waits for the next await."""

    async def main():
        for is_early in (True, False):
            channel, sent = zuki.Channel(1), []

            async def send(channel=channel, sent=sent):
                await channel.send("second")
                sent.append("second")
                await zuki.sleep(3600)

            await channel.send("first")
            task = executor.spawn(send())
            while not channel._senders:
                await zuki.yield_now()
            if is_early:
                task.cancel()
            assert channel.receive_nowait() == "first"
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert len(channel) == len(sent)
            if not is_early:
                assert sent

    executor.run(main())


def test_a_channel_between_executors_and_threads():
    channel, found = zuki.Channel(4), []

    async def consume():
        async for item in channel:
            found.append(item)

    async def produce(first):
        for number in range(first, first + 200):
            await channel.send(number)

    def feed():
        for number in range(400, 500):
            while True:
                try:
                    channel.send_nowait(number)
                    break
                except queue.Full:
                    threading.Event().wait(0.0005)

    with zuki.Executor(max_threads=1) as first, zuki.Executor(max_threads=2, python_lanes=2) as second:
        consumers = [first.spawn(consume()), second.spawn(consume())]
        thread = threading.Thread(target=feed)
        thread.start()
        producers = [first.spawn(produce(0)), second.spawn(produce(200))]
        for task in producers:
            task.result(LIMIT)
        thread.join(LIMIT)
        channel.close()
        for task in consumers:
            task.result(LIMIT)
    assert sorted(found) == list(range(500))


def test_cancelled_receivers_race_with_senders():
    channel, found = zuki.Channel(2), []

    async def consume(number):
        while len(found) < 300:
            with zuki.move_on_after(0.0003 * (number + 1)):
                found.append(await channel.receive())

    async def produce():
        for number in range(300):
            await channel.send(number)

    with zuki.Executor(max_threads=3, python_lanes=3) as executor:
        tasks = [executor.spawn(consume(number)) for number in range(4)]
        executor.spawn(produce()).result(LIMIT)
        for task in tasks:
            task.result(LIMIT)
    assert sorted(found) == list(range(300))
