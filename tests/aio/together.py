"""What tests of coroutines' primitives share."""

import zuki
from tests.lane.together import LIMIT, until, wait_until

__all__ = ["KINDS", "LIMIT", "make_executor", "turns", "until", "wait_until"]

KINDS = {
    "one": lambda: zuki.Executor(max_threads=1),
    "lanes": lambda: zuki.Executor(max_threads=3, python_lanes=3),
    "single": lambda: zuki.SingleThreadedExecutor(),
}


def make_executor(kind):
    return KINDS[kind]()


async def turns(count=20):
    """Let others run for a while: how far they come is not known, with more lanes than one."""
    for _ in range(count):
        await zuki.yield_now()
