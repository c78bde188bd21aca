"""What tests of several threads share: graphs that count their bodies, callers that begin together."""

import gc
import threading
import time

import numpy as np

import zuki
from tests.runtime.bodies import mark, spin

LIMIT = 60  # seconds; the first to come compiles


class Marked:
    """A graph of chains of jitted bodies and a few of Python; it can tell how often each ran."""

    def __init__(self, width=20, length=10, python=3):
        self.marks = np.zeros(width * length, np.int64)
        self.calls = []
        self.graph = zuki.Graph("marked")
        nodes = self.graph.add_many(mark, self.marks, zuki.each(np.arange(width * length)))
        self.graph.add_edges(nodes.ids[:-width], nodes.ids[width:])
        for number in range(python):
            self.graph.add(self.calls.append, number, after=nodes[number])
        self.size, self.python = len(self.graph), python

    def check(self, times):
        assert (self.marks == times).all(), self.marks
        assert sorted(self.calls) == sorted(list(range(self.python)) * times)


def spinning(count=40, rounds=20_000):
    """Return a graph of so many bodies that wait for nobody."""
    graph = zuki.Graph()
    graph.add_many(spin, rounds, count=count)
    return graph


def gated():
    """Return a graph that ends when it is told to, and the event that tells it."""
    gate = threading.Event()
    graph = zuki.Graph("gated")
    graph.add(gate.wait, LIMIT)
    return graph, gate


def at_once(count, function):
    """Call ``function(0)``, ``function(1)``, ... in threads that begin together; return what they return."""
    barrier = threading.Barrier(count)
    answers, errors = [None] * count, []

    def work(number):
        try:
            barrier.wait(LIMIT)
            answers[number] = function(number)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number,), daemon=True) for number in range(count)]
    for thread in threads:
        thread.start()
    end = time.monotonic() + LIMIT
    for thread in threads:
        thread.join(max(0, end - time.monotonic()))
    assert not any(thread.is_alive() for thread in threads), "a caller hangs"
    if errors:
        raise errors[0]
    return answers


def threads_of(name):
    """Return the threads whose names begin so."""
    return [thread for thread in threading.enumerate() if thread.name.startswith(name)]


def wait_until(condition, collect=False):
    """Wait for a condition; with ``collect``, garbage is collected before each look."""
    end = time.monotonic() + LIMIT
    while (collect and gc.collect() < 0) or not condition():
        assert time.monotonic() < end, "the limit is reached"
        time.sleep(0.005)
