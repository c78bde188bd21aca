import time

from zuki_kernels import clock
from zuki_kernels._jit import kernel


@kernel
def now_after_spinning(count):
    for _ in range(count):
        clock.spin_hint()
    return clock.now()


@kernel
def never_goes_back(count):
    before = clock.now()
    for _ in range(count):
        after = clock.now()
        if after < before:
            return False
        before = after
    return True


def test_it_is_the_clock_of_time_monotonic_ns():
    now_after_spinning(0)  # compiles
    before = time.monotonic_ns()
    between = now_after_spinning(1000)
    assert before <= between <= time.monotonic_ns()


def test_it_never_goes_back():
    assert never_goes_back(100_000)
