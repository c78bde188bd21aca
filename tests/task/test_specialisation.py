"""Which compiled signature serves which values."""

import numpy as np
import pytest
from numba import float64, int64, types

import zuki


@pytest.fixture
def task():
    @zuki.task(cache=False)
    def add(x, y):
        return x[0] + y

    return add


def test_equal_types_share_a_specialisation(task):
    first = task.specialise_for((np.arange(3.0), 1))
    assert task.specialise_for((np.zeros(7), 5)) is first
    assert task.specialise((float64[::1], int64)) is first
    assert first.argument_types == (float64[::1], int64)
    assert first.result_type == float64
    assert first.argument_names == ("x", "y")


@pytest.mark.parametrize(
    "other",
    [
        np.arange(3),
        np.arange(6.0)[::2],
        np.arange(3.0, dtype=np.float32),
        np.asfortranarray(np.zeros((2, 2)))[:, 0],
        np.frombuffer(bytes(24)),
        np.zeros(25, np.uint8)[1:].view(np.float64),
        (1.0, 2.0),
        np.arange(3.0).astype(">f8").astype("<f4"),
    ],
    ids=repr,
)
def test_other_types_have_others(task, other):
    first = task.specialise_for((np.arange(3.0), 1))
    second = task.specialise_for((other, 1))
    kinds = first.argument_types, second.argument_types
    assert (first is second) == (kinds[0] == kinds[1])
    assert second is task.specialise_for((other, 1))


def test_structured_types_are_told_apart_after_their_dtypes_are_gone():
    """Numba's fingerprint of a structured dtype holds its address."""

    @zuki.task(cache=False)
    def first_field(records):
        return records[0].a

    for width in range(6):
        kinds = [np.int64, np.float64, np.int8, np.float32, np.uint16, np.complex128]
        for kind in kinds[width:] + kinds[:width]:
            dtype = np.dtype([("a", kind), (f"b{width}", np.int8)])
            records = np.ones(2, dtype)
            found = first_field.specialise_for((records,))
            assert found.argument_types[0].dtype.typeof("a") == types.int64 or kind is not np.int64
            graph = zuki.Graph()
            node = graph.add(first_field, records)
            graph.run()
            assert type(node.result()) is type(first_field(records))
            del records, dtype, graph, node
        if width == 1:
            break  # each kind under two names of the other field is enough


def test_what_a_specialisation_knows_of_arrays_and_records():
    @zuki.task(cache=False)
    def mixed(pair, record, number, matrix):
        matrix[0, 0] = pair[1][0] + record.a + number
        pair[0][0] = 1

    record = np.zeros(1, [("a", np.float64)])[0]
    found = mixed.specialise_for(((np.zeros(1), np.zeros(1)), record, 1, np.zeros((2, 2))))
    assert found.writes == {"pair", "matrix"}
    assert [(slot.argument, slot.dimensions, writes) for slot, writes in found.views] == [
        *((0, 1, True), (0, 1, True), (3, 2, True)),
    ]
    ((offset, size, writes),) = found.records
    assert (offset, size, writes) == (found.layout.arguments[1], 8, False)
    assert found.keeps_alive
    assert not found.counts_references
    assert found.layout.size % 16 == 0
    starts = found.layout.arguments
    assert all(s % 8 == 0 for s in starts)
    ends = [start + size for start, size in zip(starts, found.layout.argument_sizes, strict=True)]
    assert all(end <= start for end, start in zip(ends, [*starts[1:], found.layout.size], strict=True))


def test_a_task_of_nothing_has_no_frame():
    @zuki.task(cache=False)
    def nothing():
        pass

    found = nothing.specialise_for(())
    assert found.layout.size == 0
    assert not found.keeps_alive


def test_numbers_keep_nothing_alive():
    @zuki.task(cache=False)
    def add(x, y):
        return x + y

    found = add.specialise_for((1, 2.0))
    assert not found.keeps_alive
    assert not found.counts_references


@zuki.task
def total(values):
    return values.sum()


@zuki.task
def total_of_pair(pair):
    return pair[0].sum() + pair[1]


@zuki.task
def double(value):
    return 2 * value


def of_nodes(*arguments):
    graph = zuki.Graph()
    nodes = graph.add_many(total, *arguments)
    graph.run()
    return [node.result() for node in nodes]


@pytest.mark.parametrize(
    "use",
    [
        lambda values: zuki.run(total, values),
        lambda values: zuki.run(total_of_pair, (values[0], 1)),
        lambda values: zuki.submit(total, values).result(),
        lambda values: zuki.parallel_map(double, values),
        lambda values: of_nodes(zuki.each(values)),
        lambda values: of_nodes(zuki.each(list(values))),
    ],
)
def test_arrays_in_another_byte_order_are_refused(use):
    values = np.ones((2, 3))
    for _ in range(2):  # fingerprints do not tell the two apart
        use(values)
    with pytest.raises(TypeError, match="byte order"):
        use(values.astype(values.dtype.newbyteorder()))
    use(values)


def test_a_body_without_source_or_module():
    text = "@zuki.task\ndef inner(x):\n    return x + 1\n@zuki.task\ndef outer(x):\n    return inner(x) + 1\n"
    for file in ("<ipython-input-1>", "/nowhere.py"):
        space = {"zuki": zuki}
        exec(compile(text, file, "exec"), space)
        assert zuki.run(space["outer"], 1) == 3
