import pytest

from tests.kernels.runs_of import Plan, Running
from zuki_kernels import dependencies, event, freeze, queue, release, search
from zuki_kernels.node import END
from zuki_kernels.runs import (
    DONE,
    FAILURES,
    FIRST,
    FIRST_FAILED,
    LINK,
    NONE,
    REMAINING,
    ROOT,
    ROOT_MARKER,
    SHAPE,
    first_edge_of,
    task_of,
)

FAN = [(0, 1), (0, 2), (0, 3), (1, 4), (2, 4), (3, 4)]
ME = 0


def take_successors(running, node, *, sound=True, alone=False, me=ME):
    plan = running.plans[0]
    kept, added = release.successors(
        running.deques,
        running.rings,
        running.queues,
        running.workers,
        running.runs,
        me,
        0,
        plan.nodes,
        plan.edge_words,
        first_edge_of(int(plan.nodes[node, FIRST])),
        int(plan.nodes[node, SHAPE]),
        sound,
        alone,
    )
    return kept, added


def take_roots(running):
    assert queue.acquire(running.queues, search.GLOBAL) == task_of(0, ROOT_MARKER)
    queue.release(running.queues, search.GLOBAL, END)
    return release.take_roots(running.pool, running.queues, running.runs, 0)


def offer_roots(running, first, last):
    release.offer_roots(
        running.deques, running.rings, running.queues, running.workers, running.runs, ME, 0, first, last
    )


def pop_all(running, me=ME):
    taken = []
    while (task := search.pop(running.pool, running.deques, running.rings, me)) != NONE:
        taken.append(task)
    return taken


@pytest.mark.parametrize("alone", [False, True])
def test_the_last_ready_successor_is_kept_and_the_others_are_pushed(alone):
    running = Running(Plan(5, FAN))
    assert take_successors(running, 0, alone=alone) == (3, 2)
    assert pop_all(running) == [2, 1]
    assert [take_successors(running, node, alone=alone) for node in (1, 2)] == [(NONE, 0)] * 2
    assert take_successors(running, 3, alone=alone) == (4, 0)
    assert take_successors(running, 4, alone=alone) == (NONE, 0)


def test_what_has_its_home_elsewhere_lies_below_ones_own():
    lines = 3
    edges = [(source, lines + target) for source in range(lines) for target in range(lines)]
    for elsewhere, kept, others in (
        ([0], 5, [4, 3]),
        ([2], 4, [3, 5]),
        ([1], 5, [3, 4]),
        ([0, 2], 4, [3, 5]),
    ):
        running = Running(Plan(2 * lines, edges))
        freeze.name_heirs(running.plans[0].nodes, running.plans[0].edges)
        for node in range(lines):
            last = node == (1 if 1 not in elsewhere else 0)
            if not last:
                assert take_successors(running, node, me=int(node in elsewhere)) == (NONE, 0)
        assert take_successors(running, 1 if 1 not in elsewhere else 0) == (kept, 2)
        assert pop_all(running) == others


def test_the_others_go_to_the_deques_of_their_levels():
    running = Running(Plan(4, [(0, 1), (0, 2), (0, 3)], levels=[0, 1, 0, 1]))
    assert take_successors(running, 0) == (3, 2)
    assert pop_all(running) == [2, 1]


def test_successors_of_a_failure_are_condemned():
    running = Running(Plan(5, FAN))
    nodes = running.plans[0].nodes
    take_successors(running, 0)
    take_successors(running, 1)
    take_successors(running, 2, sound=False)
    assert take_successors(running, 3) == (4, 0)
    assert dependencies.is_condemned(nodes, 4)
    assert not any(dependencies.is_condemned(nodes, node) for node in range(4))


def test_failures_are_counted_and_the_first_is_known():
    running = Running(Plan(5, FAN))
    nodes, margins = running.plans[0].nodes, running.plans[0].margins
    release.mark_failed(running.runs, 0, nodes, 3, 99)
    release.mark_failed(running.runs, 0, nodes, 1, 98)
    assert running.runs[0, FAILURES] == 2
    assert running.runs[0, FIRST_FAILED] == 3
    assert margins[:, LINK].tolist() == [0, 98, 0, 99, 0]


def test_roots_are_taken_in_shares_until_none_is_left():
    running = Running(Plan(3000), capacity=1024, max_threads=2)
    taken, shares, more = [], [], True
    while more:
        first, last, more = take_roots(running)
        taken += range(first, last)
        shares.append(last - first)
    assert taken == list(range(3000))
    assert shares == sorted(shares, reverse=True)
    assert shares[-1] == 1
    assert queue.acquire(running.queues, search.GLOBAL) == queue.EMPTY


def test_a_single_root_is_taken_with_its_marker():
    running = Running(Plan(5, FAN))
    assert take_roots(running) == (0, 1, False)
    assert queue.is_empty(running.queues, search.GLOBAL)


@pytest.mark.parametrize("levels", [(), [0, 1, 0, 1, 0]])
def test_roots_that_are_offered_are_popped_in_their_order(levels):
    plan = Plan(5, levels=levels)
    plan.margins[:, ROOT] = [4, 2, 0, 1, 3]
    running = Running(plan)
    offer_roots(running, 1, 5)
    assert pop_all(running) == [2, 0, 1, 3]  # of the second plan: 2 and 0 are of the first level


def test_the_last_report_ends_the_run():
    running = Running(Plan(5, FAN), waiter=1)
    running.workers[1, event.EVENT] = event.EMPTY
    assert release.settle(running.workers, running.runs, 0, 3) == NONE
    assert running.runs[0, DONE] == 0
    assert running.runs[0, REMAINING] == 2
    assert release.settle(running.workers, running.runs, 0, 2) == NONE
    assert running.runs[0, DONE] == 1
    assert running.workers[1, event.EVENT] == event.NOTIFIED


def test_python_hears_of_the_end_from_the_worker_that_reaches_it():
    running = Running(Plan(1), Plan(2), waiter=NONE, callback=1)
    assert release.settle(running.workers, running.runs, 1, 1) == NONE
    assert release.settle(running.workers, running.runs, 1, 1) == 1
    assert running.runs[1, DONE] == 1
