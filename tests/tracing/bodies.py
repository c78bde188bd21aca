"""Bodies that take a while, and tasks that spawn."""

import zuki
from zuki_kernels.clock import now


@zuki.task
def take(nanoseconds):
    begun = now()
    while now() - begun < nanoseconds:
        pass


@zuki.task
def other(nanoseconds):
    begun = now()
    while now() - begun < nanoseconds:
        pass


@zuki.task("int64(int64)")
def fib(n):
    if n < 2:
        return n
    handle = zuki.spawn(fib, n - 1)
    below = fib(n - 2)
    return zuki.join(handle) + below


@zuki.task("int64(int64)")
def leaf(nanoseconds):
    begun = now()
    while now() - begun < nanoseconds:
        pass
    return 1


@zuki.task("int64(int64, int64)")
def leaves(count, nanoseconds):
    """Spawn so many tasks before the first is joined."""
    handles = [zuki.spawn(leaf, nanoseconds) for _ in range(count)]
    total = 0
    for handle in handles:
        total += zuki.join(handle)
    return total


@zuki.task
def fail(values):
    raise ValueError(values)


def python_body(number):
    return number + 1


async def three_steps():
    await zuki.yield_now()
    await zuki.yield_now()
    return 3


def a_graph(name="a graph", count=10, nanoseconds=1000):
    """A chain of nodes, each between two others that may run beside it."""
    graph, before = zuki.Graph(name), None
    for _ in range(count):
        before = graph.add(take, nanoseconds, after=before)
        graph.add(other, nanoseconds, after=before)
    return graph
