import pytest

from tests.kernels.runs_of import Plan
from tests.kernels.threads_of import run_together
from zuki_kernels import dependencies
from zuki_kernels.dependencies import CONDEMNED, ELSEWHERE, FAILED, PASSED, READY, WAITS, home_of
from zuki_kernels.runs import SHAPE, STATE

LAST = 3  # the node that waits for three others


@pytest.fixture
def nodes():
    return Plan(4, [(0, LAST), (1, LAST), (2, LAST)]).nodes


def finish(nodes, node, epoch, outcome):
    dependencies.finish(nodes, node, int(nodes[node, SHAPE]), epoch, outcome)


def arrive(nodes, node):
    return bool(dependencies.arrive(nodes, node, 0, False))


@pytest.mark.parametrize("arrive", [arrive, dependencies.arrive_alone])
def test_the_last_arrival_is_told_and_the_end_sets_the_count_back(nodes, arrive):
    for epoch in range(1, 4):
        assert [arrive(nodes, LAST) for _ in range(3)] == [False, False, True]
        finish(nodes, LAST, epoch, 0)
        assert nodes[LAST, STATE] == epoch << 30 | 3


@pytest.mark.parametrize("arrive", [arrive, dependencies.arrive_alone])
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
@pytest.mark.parametrize("epoch", [1, 2, (1 << 22) - 1])
def test_the_end_tells_run_and_outcome(nodes, epoch, outcome):
    finish(nodes, LAST, epoch, outcome)
    state = int(nodes[LAST, STATE])
    assert dependencies.epoch_of(state) == epoch
    assert state & (PASSED | FAILED) == outcome
    assert [arrive(nodes, LAST) for _ in range(3)] == [False, False, True]


def test_after_a_run_that_was_cut_off_all_is_as_at_first(nodes):
    at_first = nodes.copy()
    arrive(nodes, LAST)
    dependencies.condemn(nodes, LAST)
    finish(nodes, 1, 3, FAILED)
    dependencies.reset(nodes)
    assert (nodes == at_first).all()


def test_of_threads_that_arrive_at_once_one_is_last(nodes):
    for epoch in range(300):
        told = run_together(*[lambda: arrive(nodes, LAST)] * 3)
        assert sorted(told) == [False, False, True]
        finish(nodes, LAST, epoch, 0)


@pytest.mark.parametrize("mine", [0, 1, 1022])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_the_last_arrival_is_told_whether_the_heir_has_its_home_elsewhere(nodes, mine, place):
    for epoch, (first, verdict) in enumerate(((mine, READY), (mine + 1 if mine < 1022 else 7, ELSEWHERE)), 1):
        told = []
        for turn in range(3):  # the predecessor whose heir it is comes as number `place`
            is_heir = turn == place
            told.append(dependencies.arrive(nodes, LAST, home_of(first if is_heir else mine), is_heir))
        assert told == [WAITS, WAITS, READY if place == 2 else verdict]
        finish(nodes, LAST, epoch, 0)
        assert nodes[LAST, STATE] == epoch << 30 | 3


def test_a_worker_whose_number_does_not_fit_is_no_home(nodes):
    assert home_of(1023) == 0
    assert [dependencies.arrive(nodes, LAST, home_of(1023), turn == 0) for turn in range(3)] == [0, 0, READY]
    assert nodes[LAST, STATE] == 1


def test_epochs_go_round_and_leave_out_the_one_before_the_first_run(nodes):
    assert [dependencies.next_epoch(epoch) for epoch in (0, 1, (1 << 22) - 2)] == [1, 2, (1 << 22) - 1]
    assert dependencies.next_epoch((1 << 22) - 1) == 1
