import pytest

from tests.kernels.runs_of import Plan, Running
from zuki_kernels import reasons, starting, turn
from zuki_kernels.runs import NONE

COUNT = 5000
FEW = 2 * 61  # nodes that may pass before another run has its turn


def work_until_over(running, slot):
    """Take one turn as the only worker there is, until a run is over."""
    reason, *_ = turn.turn(
        0, slot, NONE, reasons.RETURNED, NONE,
        running.pool, running.workers, running.deques, running.rings, running.queues, running.runs,
        running.hands, running.hand_rings,
    )  # fmt: skip
    assert reason == reasons.RUN_OVER
    assert starting.is_over(running.runs, slot)


@pytest.mark.parametrize(
    "edges",
    [
        [],
        [(node, node + 1) for node in range(COUNT - 1)],
        [(node, node + 100) for node in range(COUNT - 100)],
    ],
    ids=["roots", "one chain", "a hundred chains"],
)
@pytest.mark.parametrize("max_threads", [1, 2])
def test_a_run_does_not_wait_for_the_end_of_another(edges, max_threads):
    running = Running(Plan(1), Plan(COUNT, edges), max_threads=max_threads, waiter=NONE)
    work_until_over(running, 0)  # its marker lies below that of the other run
    assert 0 < COUNT - starting.remaining(running.runs, 1) <= FEW
    work_until_over(running, 1)


def test_of_two_runs_of_many_roots_both_go_on():
    running = Running(Plan(COUNT), Plan(2 * COUNT), max_threads=1, waiter=NONE)
    work_until_over(running, 0)
    done = 2 * COUNT - starting.remaining(running.runs, 1)
    assert COUNT / 2 <= done <= 2 * COUNT - FEW
    work_until_over(running, 1)
