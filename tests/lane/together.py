"""What tests of lanes share."""

import threading
import time

import zuki

LIMIT = 60  # seconds; the first to come compiles


class Gate:
    """Something to wait for that tells how many wait."""

    def __init__(self):
        self.event, self.waiting = threading.Event(), 0
        self._lock = threading.Lock()

    def wait(self):
        with self._lock:
            self.waiting += 1
        assert self.event.wait(LIMIT), "the limit is reached"

    def open(self):
        self.event.set()


def wait_until(condition):
    end = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < end, "the limit is reached"
        time.sleep(0.002)


async def until(condition):
    """Let others run until `condition()`."""
    with zuki.timeout(LIMIT):
        while not condition():
            await zuki.yield_now()
