import pytest

from tests.kernels.runs_of import Plan
from tests.kernels.threads_of import run_together
from zuki_kernels import dependencies
from zuki_kernels.dependencies import CONDEMNED, FAILED, PASSED
from zuki_kernels.runs import SHAPE, STATE

LAST = 3  # the node that waits for three others


@pytest.fixture
def nodes():
    return Plan(4, [(0, LAST), (1, LAST), (2, LAST)]).nodes


def finish(nodes, node, epoch, outcome):
    dependencies.finish(nodes, node, int(nodes[node, SHAPE]), epoch, outcome)


@pytest.mark.parametrize("arrive", [dependencies.arrive, dependencies.arrive_alone])
def test_the_last_arrival_is_told_and_the_end_sets_the_count_back(nodes, arrive):
    for epoch in range(1, 4):
        assert [arrive(nodes, LAST) for _ in range(3)] == [False, False, True]
        finish(nodes, LAST, epoch, 0)
        assert nodes[LAST, STATE] == epoch << 30 | 3


@pytest.mark.parametrize("arrive", [dependencies.arrive, dependencies.arrive_alone])
def test_marks_survive_arrivals(nodes, arrive):
    nodes[LAST, STATE] |= 5 << 30 | FAILED
    dependencies.condemn(nodes, LAST)
    assert [arrive(nodes, LAST) for _ in range(3)] == [False, False, True]
    assert nodes[LAST, STATE] & ~3 == 5 << 30 | FAILED | CONDEMNED


def test_condemned_is_until_the_end_of_the_run(nodes):
    assert not dependencies.is_condemned(nodes, LAST)
    dependencies.condemn(nodes, LAST)
    dependencies.condemn(nodes, LAST)
    assert dependencies.is_condemned(nodes, LAST)
    finish(nodes, LAST, 2, PASSED)
    assert not dependencies.is_condemned(nodes, LAST)


@pytest.mark.parametrize("outcome", [0, PASSED, FAILED])
@pytest.mark.parametrize("epoch", [1, 2, 1 << 31])
def test_the_end_tells_run_and_outcome(nodes, epoch, outcome):
    finish(nodes, LAST, epoch, outcome)
    state = int(nodes[LAST, STATE])
    assert dependencies.epoch_of(state) == epoch
    assert state & (PASSED | FAILED) == outcome
    assert [dependencies.arrive(nodes, LAST) for _ in range(3)] == [False, False, True]


def test_after_a_run_that_was_cut_off_all_is_as_at_first(nodes):
    at_first = nodes.copy()
    dependencies.arrive(nodes, LAST)
    dependencies.condemn(nodes, LAST)
    finish(nodes, 1, 3, FAILED)
    dependencies.reset(nodes)
    assert (nodes == at_first).all()


def test_of_threads_that_arrive_at_once_one_is_last(nodes):
    for epoch in range(300):
        told = run_together(*[lambda: dependencies.arrive(nodes, LAST)] * 3)
        assert sorted(told) == [False, False, True]
        finish(nodes, LAST, epoch, 0)
