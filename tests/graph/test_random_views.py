"""A thousand random sequences of reads and writes on overlapping views equal sequential execution."""

import random

import numpy as np
import pytest

import zuki

SEQUENCES = 1000
BATCH = 100  # sequences for each test
MOST_NODES = 30

RECORD = np.dtype([("weight", "f8"), ("pair", "f8", (2,)), ("phase", "c16")])


@zuki.task
def copy(target, source):
    target[:] = source


@zuki.task
def accumulate(target, first, second):
    for i in range(target.shape[0]):
        for j in range(target.shape[1]):
            target[i, j] = 0.5 * target[i, j] + first[i, j] - 0.25 * second[i, j]


@zuki.task
def fill(target, value):
    target[:] = value


@zuki.task
def total(source):
    result = 0.0
    for i in range(source.shape[0]):
        for j in range(source.shape[1]):
            result = 0.75 * result + source[i, j]
    return result


@zuki.task
def place(target, value):
    target[0, 0] = value


def make_bases(seed):
    generator = np.random.default_rng(seed)
    records = np.zeros((8, 6), RECORD)
    records["weight"] = generator.random((8, 6))
    records["phase"] = generator.random((8, 6)) + 1j * generator.random((8, 6))
    waves = generator.random((6, 8)) + 1j * generator.random((6, 8))
    return [generator.random((12, 12)), np.asfortranarray(generator.random((9, 10))), records, waves]


def planes_of(base, choice):
    """A two-dimensional view of float64 into a base array."""
    if base.dtype == RECORD:
        base = base[("weight", "pair", "phase")[choice % 3]]
        if base.ndim == 3:
            base = base[..., choice % 2]
    if base.dtype == np.complex128:
        base = base.real if choice % 2 else base.imag
    elif base.flags.c_contiguous and choice % 5 == 0:
        base = base.reshape(-1, 6)
    return base


def random_view(generator, bases, shape):
    """A view of a given shape: partial, strided, reversed, transposed."""
    rows, columns = shape
    while True:
        plane = planes_of(generator.choice(bases), generator.randrange(30))
        if generator.random() < 0.5:
            plane = plane.T
        steps = []
        for length, wanted in zip(plane.shape, shape, strict=True):
            step = generator.choice((1, 1, 2, 3))
            if (wanted - 1) * step >= length:
                step = 1
            start = generator.randint(0, max(length - (wanted - 1) * step - 1, 0))
            steps.append(slice(start, start + (wanted - 1) * step + 1, step))
        view = plane[tuple(steps)]
        if view.shape != (rows, columns):
            continue
        if generator.random() < 0.25:
            view = view[::-1]
        if generator.random() < 0.25:
            view = view[:, ::-1]
        return view


def random_sequence(generator, bases):
    """Pairs of a task and its arguments; the bases are those of one world."""
    for _ in range(generator.randint(2, MOST_NODES)):
        shape = generator.randint(1, 4), generator.randint(1, 4)
        body = generator.choice((copy, accumulate, accumulate, fill, total, place))
        if body in (fill, place):
            yield body, (random_view(generator, bases, shape), generator.random())
        elif body is total:
            yield body, (random_view(generator, bases, shape),)
        else:
            views = 2 if body is copy else 3
            yield body, tuple(random_view(generator, bases, shape) for _ in range(views))


def in_order(seed):
    """Call the tasks one after the other."""
    bases, generator = make_bases(seed), random.Random(seed)
    return bases, [body(*arguments) for body, arguments in random_sequence(generator, bases)]


def in_graph(seed, executor):
    """The same, as the nodes of a graph."""
    bases, generator = make_bases(seed), random.Random(seed)
    graph = zuki.Graph()
    for body, arguments in random_sequence(generator, bases):
        graph.add(body, *arguments)
    before = [base.copy() for base in bases]
    graph.run(executor)
    results = graph.nodes.results()
    for base, old in zip(bases, before, strict=True):
        base[...] = old
    graph.run(executor)
    assert graph.nodes.results() == results
    return bases, results


@pytest.fixture(scope="module")
def executor():
    with zuki.Executor(max_threads=4) as made:
        yield made


@pytest.mark.parametrize("batch", range(SEQUENCES // BATCH))
def test_a_graph_equals_its_bodies_in_order(executor, batch):
    for seed in range(batch * BATCH, (batch + 1) * BATCH):
        expected, expected_results = in_order(seed)
        bases, results = in_graph(seed, executor)
        assert results == expected_results, seed
        for base, other in zip(bases, expected, strict=True):
            assert base.tobytes() == other.tobytes(), seed
