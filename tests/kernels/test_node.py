import pytest

from tests.kernels.runs_of import Plan, Running
from zuki.runtime.tables import make_table
from zuki_kernels import node, queue
from zuki_kernels.runs import LINK, NEXT, ROOT_MARKER, task_of


def test_links_join_tasks_of_several_runs_and_markers():
    first, second = Plan(3), Plan(2)
    running = Running(first, second)
    chain = [task_of(0, 2), task_of(1, 0), task_of(1, ROOT_MARKER), task_of(0, 0), task_of(0, ROOT_MARKER)]
    for task, following in zip(chain, [*chain[1:], node.END], strict=True):
        node.set_next(running.runs, task, following)
    found = [chain[0]]
    while found[-1] != node.END:
        found.append(node.next_of(running.runs, found[-1]))
    assert found == [*chain, node.END]
    assert first.margins[2, LINK] == chain[1]
    assert running.runs[1, NEXT] == chain[3]


@pytest.fixture
def batches():
    return make_table(2, node.BATCH_FIELDS)


def take_all(batches, runs, batch=0):
    return list(iter(lambda: node.take_first(batches, batch, runs), node.END))


def test_a_batch_keeps_the_order(batches):
    running = Running(Plan(9))
    runs = running.runs
    for task in (0, 5, 3):
        node.append(batches, 0, runs, task)
    assert batches[0, node.COUNT] == 3
    assert node.take_first(batches, 0, runs) == 0
    node.append(batches, 0, runs, 7)
    assert take_all(batches, runs) == [5, 3, 7]
    assert take_all(batches, runs) == []
    node.append(batches, 0, runs, 8)
    assert take_all(batches, runs) == [8]


@pytest.mark.parametrize(
    ("one", "other"), [((), ()), ((1,), ()), ((), (2, 3)), ((1,), (2,)), ((4, 1), (3, 2))]
)
def test_batches_are_spliced(batches, one, other):
    running = Running(Plan(9))
    runs = running.runs
    for batch, tasks in enumerate((one, other)):
        for task in tasks:
            node.append(batches, batch, runs, task)
    node.splice(batches, 0, runs, 1)
    assert batches[0, node.COUNT] == len(one) + len(other)
    assert take_all(batches, runs, 1) == []
    node.append(batches, 0, runs, 8)
    assert take_all(batches, runs) == [*one, *other, 8]


def test_a_batch_goes_to_a_queue_in_one_push(batches):
    running = Running(Plan(9))
    queue.push(running.queues, 2, running.runs, 8, 8)
    for task in (4, 0, 6):
        node.append(batches, 0, running.runs, task)
    first, last = batches[0, [node.FIRST, node.LAST]].tolist()
    queue.push(running.queues, 2, running.runs, first, last)
    node.forget(batches, 0)
    assert take_all(batches, running.runs) == []
    found = [queue.acquire(running.queues, 2)]
    while found[-1] != node.END:
        found.append(node.next_of(running.runs, found[-1]))
    assert found == [4, 0, 6, 8, node.END]
