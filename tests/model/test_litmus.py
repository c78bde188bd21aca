"""The memory model on the small programs by which memory models are told apart.

Each test states the exact set of outcomes. Where C11 allows more than the model
(load buffering, a store that enters a cell's order before an earlier one), the
test says so: these are the model's limits.
"""

from itertools import product

import pytest

from .explore import explore
from .mount import Table, atomic
from .trace import BrokenRunError

X, Y = 0, 1
CELLS = Table("cells", 1, 2)


def thread(*steps):
    """A thread that runs ``(operation, *operands)`` one after another and returns what it was answered."""

    def run():
        answers = ()
        for name, *operands in steps:
            place = () if name.startswith("fence") else (CELLS, 0)
            answer = yield from atomic(name)(*place, *operands)
            answers += () if answer is None else (int(answer),)
        return answers

    return run


def outcomes(*threads, cells=False):
    """All the answers, of the first thread first; with ``cells`` what X and Y hold in the end."""
    found = set()

    def check(results, memory):
        read = sum((results[slot] for slot in range(len(threads))), ())
        found.add((memory.latest(CELLS, 0, X), memory.latest(CELLS, 0, Y)) if cells else read)

    explore(threads, check)
    return found


def every(count, *but):
    return set(product((0, 1), repeat=count)) - set(but)


WRITE_DATA = "store_relaxed", X, 1
READ_DATA = "load_relaxed", X
SEQ_CST = ("fence_seq_cst",)


@pytest.mark.parametrize(
    ("writer", "reader", "ordered"),
    [
        ([("store_relaxed", Y, 1)], [("load_relaxed", Y)], False),
        ([("store_release", Y, 1)], [("load_relaxed", Y)], False),
        ([("store_relaxed", Y, 1)], [("load_acquire", Y)], False),
        ([("store_release", Y, 1)], [("load_acquire", Y)], True),
        ([("fence_release",), ("store_relaxed", Y, 1)], [("load_acquire", Y)], True),
        ([("store_release", Y, 1)], [("load_relaxed", Y), ("fence_acquire",)], True),
        ([("fence_release",), ("store_relaxed", Y, 1)], [("load_relaxed", Y), ("fence_acquire",)], True),
        ([("fence_acquire",), ("store_relaxed", Y, 1)], [("load_acquire", Y)], False),
        ([("store_release", Y, 1)], [("load_relaxed", Y), ("fence_release",)], False),
        ([SEQ_CST, ("store_relaxed", Y, 1)], [("load_relaxed", Y), SEQ_CST], True),
    ],
)
def test_message_passing(writer, reader, ordered):
    found = outcomes(thread(WRITE_DATA, *writer), thread(*reader, READ_DATA))
    assert found == every(2, *([(1, 0)] if ordered else []))


@pytest.mark.parametrize(("write", "read"), [("add_acq_rel", "cas_acquire"), ("add_release", "add_acq_rel")])
def test_message_passing_by_read_modify_writes(write, read):
    operands = (1, 2) if read.startswith("cas") else (0,)
    found = outcomes(thread(WRITE_DATA, (write, Y, 1)), thread((read, Y, *operands), READ_DATA))
    assert found == {(0, 0, 0), (0, 0, 1), (0, 1, 1)}


def test_a_failed_cas_is_relaxed():
    found = outcomes(thread(WRITE_DATA, ("store_release", Y, 1)), thread(("cas_acquire", Y, 7, 8), READ_DATA))
    assert found == {(0, 0), (0, 1)}


@pytest.mark.parametrize(("fence", "forbidden"), [(None, False), ("acq_rel", False), ("seq_cst", True)])
def test_store_buffering(fence, forbidden):
    between = [(f"fence_{fence}",)] if fence else []
    one = thread(("store_relaxed", X, 1), *between, ("load_relaxed", Y))
    other = thread(("store_relaxed", Y, 1), *between, ("load_relaxed", X))
    assert outcomes(one, other) == every(2, *([(0, 0)] if forbidden else []))


def test_store_buffering_with_one_fence_missing():
    one = thread(("store_relaxed", X, 1), SEQ_CST, ("load_relaxed", Y))
    assert (0, 0) in outcomes(one, thread(("store_relaxed", Y, 1), ("load_relaxed", X)))


@pytest.mark.parametrize(("fence", "forbidden"), [("seq_cst", False), ("everywhere", True)])
def test_store_buffering_with_a_fence_of_one_for_all(fence, forbidden):
    one = thread(("store_relaxed", X, 1), ("load_relaxed", Y))
    other = thread(("store_relaxed", Y, 1), (f"fence_{fence}",), ("load_relaxed", X))
    assert outcomes(one, other) == every(2, *([(0, 0)] if forbidden else []))


@pytest.mark.parametrize(("fence", "forbidden"), [("seq_cst", False), ("everywhere", True)])
def test_message_passing_with_a_fence_of_one_for_all(fence, forbidden):
    writer = thread(("store_relaxed", X, 1), ("store_relaxed", Y, 1))
    reader = thread(("load_relaxed", Y), (f"fence_{fence}",), ("load_relaxed", X))
    assert outcomes(writer, reader) == every(2, *([(1, 0)] if forbidden else []))


@pytest.mark.parametrize("fence", ["acquire", "seq_cst"])
def test_independent_reads_of_independent_writes(fence):
    def reader(first, second):
        return thread(("load_relaxed", first), (f"fence_{fence}",), ("load_relaxed", second))

    writers = [thread(("store_relaxed", cell, 1)) for cell in (X, Y)]
    found = outcomes(*writers, reader(X, Y), reader(Y, X))
    assert found == every(4, *([(1, 0, 1, 0)] if fence == "seq_cst" else []))


def test_a_cell_is_never_read_backwards():
    found = outcomes(
        thread(("store_relaxed", X, 1), ("store_relaxed", X, 2)),
        thread(("load_relaxed", X), ("load_relaxed", X)),
    )
    assert found == {(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)}


def test_two_readers_see_one_order_of_a_cell():
    reader = ("load_relaxed", X), ("load_relaxed", X)
    found = outcomes(
        thread(("store_relaxed", X, 1)), thread(("store_relaxed", X, 2)), thread(*reader), thread(*reader)
    )
    assert (1, 2, 1, 2) in found
    assert (2, 1, 2, 1) in found
    assert (1, 2, 2, 1) not in found


def test_a_threads_stores_of_a_cell_stay_in_order():
    assert outcomes(thread(("store_relaxed", X, 1), ("store_relaxed", X, 2)), cells=True) == {(2, 0)}


def test_a_thread_reads_its_own_store_or_a_later_one():
    own = thread(("store_relaxed", X, 1), ("load_relaxed", X))
    assert outcomes(own, thread(("store_relaxed", X, 2))) == {(1,), (2,)}


@pytest.mark.parametrize(
    ("second", "ordered"), [(("add_relaxed", Y, 1), True), (("store_relaxed", Y, 2), False)]
)
def test_a_release_sequence_goes_on_through_a_read_modify_write_alone(second, ordered):
    found = outcomes(
        thread(WRITE_DATA, ("store_release", Y, 1)),
        thread(("load_relaxed", Y), second),
        thread(("load_acquire", Y), READ_DATA),
    )
    assert ordered == all(data == 1 for first, *_, flag, data in found if first == 1 and flag == 2)


def test_a_release_sequence_ends_with_a_relaxed_store_of_the_same_thread():
    found = outcomes(
        thread(WRITE_DATA, ("store_release", Y, 1), ("store_relaxed", Y, 2)),
        thread(("load_acquire", Y), READ_DATA),
    )
    assert found == {(0, 0), (0, 1), (1, 1), (2, 0), (2, 1)}


def test_read_modify_writes_lose_nothing():
    increment = thread(("add_relaxed", X, 1))
    assert outcomes(increment, increment, increment, cells=True) == {(3, 0)}


def test_limit_stores_enter_a_cells_order_as_they_run():
    """2+2W: C11 and POWER also allow (1, 1), which takes two stores that go back in their cells' orders."""
    one = thread(("store_relaxed", X, 1), ("store_relaxed", Y, 2))
    other = thread(("store_relaxed", Y, 1), ("store_relaxed", X, 2))
    assert outcomes(one, other, cells=True) == {(1, 2), (2, 1), (2, 2)}


def test_limit_no_load_reads_a_store_that_runs_later():
    """Load buffering: C11 and ARM also allow (1, 1)."""
    one = thread(("load_relaxed", X), ("store_relaxed", Y, 1))
    other = thread(("load_relaxed", Y), ("store_relaxed", X, 1))
    assert outcomes(one, other) == every(2, (1, 1))


PLAIN_WRITE, PLAIN_READ = ("store_plain", X, 1), ("load_plain", X)


def when(flag, *steps):
    """A thread that goes on with ``steps`` if it finds ``Y`` set."""

    def run():
        if (yield from atomic(flag)(CELLS, 0, Y)):
            return (yield from thread(*steps)())
        return None

    return run


@pytest.mark.parametrize("other", [PLAIN_READ, PLAIN_WRITE, ("load_relaxed", X), ("store_relaxed", X, 2)])
def test_a_plain_access_races_with_any_that_nothing_orders(other):
    with pytest.raises(BrokenRunError, match="race"):
        explore([thread(PLAIN_WRITE), thread(other)], None)


@pytest.mark.parametrize(
    ("flag", "read", "races"),
    [("store_release", "load_acquire", False), ("store_relaxed", "load_acquire", True),
     ("store_release", "load_relaxed", True)],
)  # fmt: skip
@pytest.mark.parametrize("access", [PLAIN_READ, PLAIN_WRITE])
def test_a_flag_orders_plain_accesses(flag, read, races, access):
    threads = [thread(PLAIN_WRITE, (flag, Y, 1)), when(read, access)]
    if races:
        with pytest.raises(BrokenRunError, match="race"):
            explore(threads, None)
    else:
        explore(threads, None)


def test_plain_reads_do_not_race():
    explore([thread(PLAIN_READ), thread(PLAIN_READ)], None)


def test_a_plain_write_after_a_plain_read_is_ordered_by_a_flag_too():
    reader = thread(PLAIN_READ, ("store_release", Y, 1))
    explore([reader, when("load_acquire", PLAIN_WRITE)], None)
    with pytest.raises(BrokenRunError, match="race"):
        explore([reader, when("load_relaxed", PLAIN_WRITE)], None)
