"""Warming up: what a run calls is compiled before it begins, once, whoever asks."""

import inspect
import threading

import pytest
from numba import types

from tests.runtime.script import run_script
from zuki.runtime import warm
from zuki_kernels._machine import TABLE


def test_every_kernel_has_its_arguments():
    for function, kinds in warm._WANTED:
        assert len(inspect.signature(function.py_func).parameters) == len(kinds), function


def test_what_is_wanted_is_compiled():
    warm.warm_up()
    kinds = {"i": types.int64, "t": TABLE, "b": types.boolean}
    for function, letters in warm._WANTED:
        assert tuple(kinds[letter] for letter in letters) in function.overloads, function


def test_compiling_happens_once(monkeypatch):
    compiled = []

    class Function:
        def compile(self, signature):
            compiled.append(signature)

    monkeypatch.setattr(warm, "_WANTED", ((Function(), "it"),))
    monkeypatch.setattr(warm, "_is_done", False)
    threads = [threading.Thread(target=warm.warm_up, daemon=True) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()
    warm.warm_up()
    assert set(compiled) == {(types.int64, TABLE)}
    assert warm._is_done


def test_a_failure_is_told_and_tried_again(monkeypatch):
    class Function:
        fails = True

        def compile(self, _signature):
            if self.fails:
                raise KeyboardInterrupt

    function = Function()
    monkeypatch.setattr(warm, "_WANTED", ((function, "i"),))
    monkeypatch.setattr(warm, "_is_done", False)
    with pytest.raises(KeyboardInterrupt):
        warm.warm_up()
    assert not warm._is_done
    function.fails = False
    warm.warm_up()
    assert warm._is_done


def test_a_run_compiles_nothing_more():
    run_script(
        """
from numba.core.registry import CPUDispatcher
from zuki.runtime.warm import warm_up, warm_up_lanes
from zuki_kernels import notifier, pulse, search, starting, turn

def compiled():
    return {
        (module.__name__, name): len(value.overloads)
        for module in (notifier, pulse, search, starting, turn)
        for name, value in vars(module).items()
        if isinstance(value, CPUDispatcher)
    }

graph = zuki.Graph()
nodes = graph.add_many(increment, 1, count=100)
graph.add(print, "ran", after=nodes)
warm_up()
warm_up_lanes()  # a node that takes long is postponed, which is theirs
before = compiled()
with zuki.Executor(max_threads=2) as executor:
    graph.run(executor)
    graph.submit(executor).result(20)
    graph.submit(executor).result()
    after = compiled()
assert after == before, {name: count for name, count in after.items() if count != before[name]}
"""
    )
