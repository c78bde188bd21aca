import itertools

import pytest

from tests.kernels.spawned_by import SIZE, Hand, ends_another
from zuki_kernels import blocks, deque, hands, joining, spawned
from zuki_kernels.blocks import FINISHED, GONE


@pytest.fixture
def hand():
    return Hand()


@pytest.mark.parametrize("shares", [False, True])
@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_tasks_are_joined_in_any_order_and_once(hand, order, shares):
    handles = [hand.spawn(number) for number in (5, 6, 1007)]
    if shares:
        hands.share(hand.hands, hand.rings, 0)
    for number in order:
        block, stamp = handles[number]
        assert joining.join(hand.address, block, stamp) == (1007 if number == 2 else 0)
        assert hand.result(block) == (10, 12, 2014)[number]
        assert joining.join(hand.address, block, stamp) == joining.JOINED_BEFORE
    assert hand.is_empty
    assert spawned.join_all_above(hand.hands, 0, hand.begin, False) == 0
    assert hand.top == hand.begin


def test_a_handle_of_an_earlier_life_is_told(hand):
    block, stamp = hand.spawn(1)
    assert joining.join(hand.address, block, stamp) == 0
    again = hand.spawn(2)
    assert again[0] == block
    assert joining.join(hand.address, block, stamp) == joining.JOINED_BEFORE
    assert joining.join(hand.address, *again) == 0
    assert hand.result(block) == 4


def test_a_second_join_of_the_newest_is_told(hand):
    handle = hand.spawn(1)
    assert hand.join_newest(*handle) == 0
    assert joining.join(hand.address, *handle) == joining.JOINED_BEFORE
    assert hand.is_empty


def test_who_waits_runs_its_oldest_and_no_join_frees_what_it_ran(hand):
    stolen = hand.spawn(1)
    hands.share(hand.hands, hand.rings, 0)
    assert deque.steal(hand.hands, hand.rings, 0) == stolen[0]
    older, newer = hand.spawn(stolen[0], ends_another), hand.spawn(3)
    assert joining.join(hand.address, *stolen) == 0
    assert [blocks.state_of(block) for block, _ in (stolen, older, newer)] == [GONE, FINISHED, blocks.IN_HAND]
    assert hand.join_newest(*newer) == 0
    assert hand.top == newer[0] == older[0] + SIZE
    assert joining.join(hand.address, *older) == 0
