"""Graphs whose rows go by lines: whoever names a node means the one that was added with that number."""

import time

import numpy as np
import pytest

import zuki
from zuki.tracing import events as kinds

WIDTH, STEPS = 11, 16


@zuki.task(writes=())  # edges alone order the nodes
def move(now, then, step, place):
    """Take the three nearest of the step before; tell which node this is."""
    found = 0.0
    if step > 0:
        for other in range(max(0, place - 1), min(now.shape[1], place + 2)):
            found += now[step - 1, other]
    then[step, place] = found + place
    return step * now.shape[1] + place


@zuki.task(writes=())
def move_and_fail(now, then, step, place, bad):
    if step * now.shape[1] + place == bad:
        raise ValueError(place)
    return step * now.shape[1] + place


@zuki.task
def rest(nanoseconds):
    return nanoseconds


class Number:
    """What a Python node of that number does."""

    def __init__(self, number, nap=0.0):
        self.number, self.nap = number, nap

    def __call__(self):
        time.sleep(self.nap)
        return self.number


def edges_of(steps, first=0):
    """Edges to the nodes of steps from the first on, from those of the step before."""
    step, place, way = np.meshgrid(
        np.arange(max(first, 1), steps), np.arange(WIDTH), [-1, 0, 1], indexing="ij"
    )
    inside = (place + way >= 0) & (place + way < WIDTH)
    return ((step - 1) * WIDTH + place + way)[inside], (step * WIDTH + place)[inside]


def grid(first, last):
    """Step and place of the nodes of some steps."""
    step, place = np.divmod(np.arange(first * WIDTH, last * WIDTH), WIDTH)
    return zuki.each(step), zuki.each(place)


def goes_by_lines(graph):
    return bool(graph._state.contents.numbering)


@pytest.fixture(params=[1, 3])
def executor(request):
    with zuki.Executor(max_threads=request.param) as executor:
        yield executor


def test_results_and_what_is_added_later(executor):
    values = np.zeros((STEPS + 5, WIDTH))
    expected = np.zeros_like(values)
    for step in range(len(values)):
        before = np.pad(expected[step - 1], 1) if step else np.zeros(WIDTH + 2)
        expected[step] = before[:-2] + before[1:-1] + before[2:] + np.arange(WIDTH)
    graph = zuki.Graph()
    for first, last in ((0, STEPS), (STEPS, len(values))):
        graph.add_many(move, values, values, *grid(first, last))
        graph.add_edges(*edges_of(last, first))
        drawn = sorted(graph.to_dot().splitlines())
        for _ in range(3):
            values[:] = np.nan
            graph.run(executor)
            assert goes_by_lines(graph)
            assert (values[:last] == expected[:last]).all()
            assert [node.result() for node in graph.nodes] == list(range(last * WIDTH))
        assert sorted(graph.to_dot().splitlines()) == drawn  # edges and names are those of before


def test_who_fails_is_named_and_only_what_waits_for_it_does_not_run(executor):
    bad = 4 * WIDTH + 3
    values = np.zeros((STEPS, WIDTH))
    graph = zuki.Graph()
    graph.add_many(move_and_fail, values, values, *grid(0, STEPS), bad)
    graph.add_edges(*edges_of(STEPS))
    with pytest.raises(ValueError, match="3") as caught:
        graph.run(executor)
    assert goes_by_lines(graph)
    assert f"move_and_fail-{bad}" in caught.value.__notes__[0]
    behind = {bad}
    for source, target in zip(*map(np.ndarray.tolist, edges_of(STEPS)), strict=True):
        if source in behind:
            behind.add(target)
    for node in graph.nodes:
        if node.id == bad:
            with pytest.raises(ValueError, match="3"):
                node.result()
        elif node.id in behind:
            with pytest.raises(zuki.NodeNotRunError):
                node.result()
        else:
            assert node.result() == node.id
    _, _, failed, not_run = graph._state.last_run()
    assert failed.tolist() == [bad]
    assert set(not_run.tolist()) == behind - {bad}


@pytest.mark.parametrize("is_slow", [False, True])
def test_python_nodes(executor, is_slow):
    """A coroutine is postponed, and a function that blocks from its second run on."""
    slow = 5 * WIDTH + 2

    async def double(number):
        await zuki.yield_now()
        return 2 * number

    graph = zuki.Graph()
    functions = {}
    for number in range(STEPS * WIDTH):
        if number % 7 == 0 and not is_slow:  # its time would be what it waits for others, too
            graph.add(double, number)
            functions[number] = 2 * number
        else:
            graph.add(Number(number, 0.2 * (is_slow and number == slow)))
            functions[number] = number
    graph.add_edges(*edges_of(STEPS))
    for _ in range(2):
        report = graph.run(executor, measure=True)
        assert goes_by_lines(graph)
        assert [node.result() for node in graph.nodes] == list(functions.values())
    if is_slow:
        seconds, path, *_ = graph._state.last_run()
        assert np.argmax(seconds) == slow
        assert slow in path
        assert report.span >= 0.2


def test_a_python_node_that_fails_is_named(executor):
    bad = 6 * WIDTH + 5

    def fail():
        raise KeyError("mine")

    graph = zuki.Graph()
    for number in range(STEPS * WIDTH):
        graph.add(fail if number == bad else Number(number))
    graph.add_edges(*edges_of(STEPS))
    with pytest.raises(KeyError, match="mine") as caught:
        graph.run(executor)
    assert goes_by_lines(graph)
    assert f"fail-{bad}" in caught.value.__notes__[0]
    assert graph.nodes[bad - WIDTH].result() == bad - WIDTH


def test_a_trace_tells_which_nodes_they_are(executor):
    values = np.zeros((STEPS, WIDTH))
    graph = zuki.Graph()
    for step in range(STEPS):
        if step % 3:
            graph.add_many(rest, 1, count=WIDTH)
        else:
            graph.add_many(move, values, values, *grid(step, step + 1))
    graph.add_edges(*edges_of(STEPS))
    graph.run(executor)
    assert goes_by_lines(graph)
    with zuki.trace(executor) as trace:
        graph.run(executor)
    found = trace.events
    nodes = np.flatnonzero(found.kind == kinds.NODE)
    assert sorted(found.detail[nodes].tolist()) == list(range(STEPS * WIDTH))
    names = [found.names[name] for name in found.name[nodes]]
    assert names == ["rest" if node // WIDTH % 3 else "move" for node in found.detail[nodes].tolist()]
    begun, ended = np.zeros(STEPS * WIDTH), np.zeros(STEPS * WIDTH)
    begun[found.detail[nodes]], ended[found.detail[nodes]] = found.begun[nodes], found.ended[nodes]
    sources, targets = edges_of(STEPS)
    assert (begun[targets] >= ended[sources] - 200).all()  # nanoseconds by which clocks may differ
