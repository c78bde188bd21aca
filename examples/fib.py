"""Fibonacci numbers the slow way, a task at every level: what spawn and join cost, and nothing else.

A task spawns one half of its work, does the other half itself, and joins the first: `zuki.spawn` says that
the half *may* run at the same time, `zuki.join` waits for it. Where no other worker has taken it by then,
the join is nearly a plain call. So there is no need for a size below which nothing is spawned: the
30 million calls of ``fib(35)`` spawn 15 million tasks.
"""

import time

import zuki

NUMBER = 35


# The signature is declared because the task spawns itself: its types have to be known while it is compiled.
@zuki.task("int64(int64)")
def fib(n):
    """Return the n-th Fibonacci number."""
    if n < 2:
        return n
    handle = zuki.spawn(fib, n - 1)
    other = fib(n - 2)
    return zuki.join(handle) + other


def fib_by_addition(n):
    """Return the same with one addition a number, for comparison."""
    last, following = 0, 1
    for _ in range(n):
        last, following = following, last + following
    return last


def main():
    """Compute one number, at one worker and at all."""
    expected = fib_by_addition(NUMBER)
    calls = 2 * fib_by_addition(NUMBER + 1) - 1
    for threads in (1, None):  # None: as many as there are processors
        with zuki.Executor(threads) as executor:
            zuki.run(fib, 20, executor=executor)  # compiles, or loads what was compiled
            start = time.perf_counter()
            found = zuki.run(fib, NUMBER, executor=executor)
            seconds = time.perf_counter() - start
        each, workers = 1e9 * seconds / calls, executor.max_threads
        print(f"fib({NUMBER}) = {found}: {seconds:.3f} s, {each:.2f} ns a call, at {workers} workers")
        if found != expected:
            raise SystemExit(f"it is {expected}")


if __name__ == "__main__":
    main()
