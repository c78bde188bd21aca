"""`run(progress=True)`: a bar, its thread, and what happens without tqdm."""

import contextlib
import io
import threading
import time

import numpy as np
import pytest

import zuki
from tests.graph import bodies
from zuki.runtime import progress


@pytest.fixture(scope="module")
def executor():
    with zuki.Executor(max_threads=2) as made:
        yield made


def shown(graph, executor):
    """Run with a bar; return what it wrote, and what the run raised."""
    raised, before = None, set(threading.enumerate())
    with contextlib.redirect_stderr(io.StringIO()) as written:
        try:
            executor.run(graph, progress=True)
        except ValueError as error:
            raised = error
    new = set(threading.enumerate()) - before
    assert not [thread for thread in new if not thread.name.startswith(executor.name)]  # nor one of tqdm's
    return written.getvalue(), raised


def test_a_bar_comes_to_its_end(executor):
    graph = zuki.Graph("much")
    graph.add_many(bodies.plus, zuki.each(np.arange(3000)), 1)
    for _ in range(2):
        written, _ = shown(graph, executor)
        assert "much: 100%" in written
        assert "3000/3000" in written


def test_the_bar_moves_while_nodes_run(executor):
    graph = zuki.Graph("slow")
    for _ in range(4):
        graph.add(time.sleep, 0.15)
    written, _ = shown(graph, executor)
    assert any(f" {done}/4" in written for done in (1, 2, 3))
    assert " 4/4" in written


def test_the_bar_ends_when_a_body_raises(executor):
    graph = zuki.Graph("failing")
    graph.add(bodies.refuse_small, np.zeros(3), 1, 1.0)
    written, raised = shown(graph, executor)
    assert raised.args == ("too small", 1)
    assert "failing: " in written
    assert written.endswith("\n")  # closed; how far it came depends on when it looked last


def test_an_empty_graph_has_no_bar(executor):
    assert shown(zuki.Graph(), executor) == ("", None)


def test_without_tqdm(executor, monkeypatch):
    def missing(name):
        raise ModuleNotFoundError(f"No module named {name!r}")

    graph = zuki.Graph()
    node = graph.add(bodies.plus, 1, 2)
    graph.run(executor)
    monkeypatch.setattr(progress, "import_now", missing)
    with pytest.raises(ImportError, match=r"progress=True needs tqdm: pip install 'zuki\[progress\]'"):
        graph.run(executor, progress=True)
    assert node.result() == 3
    graph.run(executor)
    assert node.result() == 3
