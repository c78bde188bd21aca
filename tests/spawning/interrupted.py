"""A script that spawns for minutes, and says how it ended."""

import signal
import sys

import zuki


@zuki.task("int64(int64)")
def fib(n):
    if n < 2:
        return n
    handle = zuki.spawn(fib, n - 1)
    other = fib(n - 2)
    return zuki.join(handle) + other


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
    with zuki.Executor(int(sys.argv[1])) as executor:
        zuki.run(fib, 10, executor=executor)
        try:
            print("begins", flush=True)
            zuki.run(fib, 60, executor=executor)
        except KeyboardInterrupt:
            print("interrupted", zuki.run(fib, 20, executor=executor), flush=True)
