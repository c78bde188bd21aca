import pytest

from tests.kernels.spawned_by import SIZE, Hand, doubles
from zuki_kernels import blocks, deque, hands, search, spawned
from zuki_kernels.blocks import FINISHED


@pytest.fixture
def hand():
    made = Hand()
    made.tables.pool[0, search.USED_WORKERS] = 2
    return made


def find(hand, me):
    return spawned.find(hand.tables.pool, hand.tables.workers, hand.hands, hand.rings, me)


def test_the_owner_finds_its_newest_and_another_worker_the_oldest(hand):
    blocks = [hand.spawn(number)[0] for number in range(3)]
    assert find(hand, 1) == spawned.NO_BLOCK  # they are in hand
    hands.share(hand.hands, hand.rings, 0)
    assert find(hand, 1) == blocks[0]
    assert find(hand, 0) == blocks[2]
    assert find(hand, 1) == blocks[1]
    assert find(hand, 0) == find(hand, 1) == spawned.NO_BLOCK


@pytest.mark.parametrize(("argument", "failure"), [(21, 0), (1021, 1021)])
def test_a_body_is_entered_and_says_how_it_went(hand, argument, failure):
    block, stamp = hand.spawn(argument)
    assert spawned.enter(hand.hands, 0, block) == failure
    assert hand.result(block) == 2 * argument
    hands.share(hand.hands, hand.rings, 0)
    assert deque.steal(hand.hands, hand.rings, 0) == block
    spawned.run(hand.tables.workers, hand.hands, 1, block)
    assert hand.words(block)[[blocks.STATE, blocks.FAILURE]].tolist() == [stamp | FINISHED, failure]


def test_all_above_are_joined_and_forgotten(hand):
    kept = hand.spawn(1)
    blocks = [hand.spawn(argument)[0] for argument in (2, 1003, 4, 1005)]
    assert spawned.join_all_above(hand.hands, 0, blocks[0], False) == 1003  # the first that failed
    assert hand.top == blocks[0] == hand.begin + SIZE
    assert [hand.result(block) for block in blocks] == [-1] * 4
    assert hand.join_newest(*kept) == 0
    assert hand.kinds[doubles][1] == SIZE
