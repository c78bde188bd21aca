import pytest

from tests.kernels.spawned_by import SIZE, Hand
from zuki_kernels import blocks, deque, hands, spawning
from zuki_kernels.blocks import AWAITED, FINISHED, ONE_STAMP, SHARED


@pytest.fixture
def hand():
    return Hand()


def test_the_newest_is_taken_and_its_memory_used_again(hand):
    first, second = hand.spawn(1), hand.spawn(2)
    assert hand.top == hand.begin + 2 * SIZE
    assert not spawning.take_newest(hand.address, *first)
    assert hand.join_newest(*second) == 0
    third = hand.spawn(3)
    assert third == (second[0], second[1] + ONE_STAMP)
    assert not spawning.take_newest(hand.address, *second)  # of an earlier life
    assert hand.join_newest(*third) == 0
    assert hand.join_newest(*first) == 0
    assert not spawning.take_newest(hand.address, *first)
    assert hand.is_empty
    assert hand.top == hand.begin


def test_any_is_taken_out(hand):
    for order in ([0, 1, 2], [1, 0, 2], [2, 1, 0], [1, 2, 0]):
        spawned = [hand.spawn(number)[0] for number in range(3)]
        for number in order:
            hands.take_out(hand.hands, 0, spawned[number])
        assert hand.is_empty


def test_what_a_task_has_left_that_failed_does_not_begin(hand):
    handle = hand.spawn(1)
    assert spawning.take_newest(hand.address, *handle)
    child = hand.spawn(2)
    assert spawning.join_left(hand.address, handle[0], SIZE, spawning.NO_MORE_ABOVE) == 0
    assert hand.result(child[0]) == -1  # released, and not run
    assert hand.is_empty
    assert hand.top == handle[0]


def test_there_is_no_room_beyond_the_chunk_or_the_stack(hand):
    end = hand.begin - hands.CHUNK_HEAD + hands.CHUNK_BYTES
    hand.hands[0, hands.STACK_LIMIT] = 500
    hand.hands[0, hands.ARENA_TOP] = last = end - SIZE - 1
    assert spawning.reserve(hand.address, SIZE, 499) == 0
    assert spawning.reserve(hand.address, SIZE + 1, 500) == 0
    assert spawning.reserve(hand.address, SIZE, 500) == last
    assert spawning.reserve(hand.address, 1, 500) == 0


def test_the_oldest_are_shared(hand):
    spawned = [hand.spawn(number)[0] for number in range(6)]
    assert hands.share(hand.hands, hand.rings, 0) == 4
    assert [blocks.state_of(block) for block in spawned] == [SHARED] * 4 + [blocks.IN_HAND] * 2
    assert [deque.steal(hand.hands, hand.rings, 0) for _ in range(5)] == [*spawned[:4], deque.EMPTY]
    assert hands.share(hand.hands, hand.rings, 0) == 2
    assert hand.is_empty
    assert hands.share(hand.hands, hand.rings, 0) == 0


def test_sharing_is_due_where_thieves_would_find_nothing(hand):
    assert not hands.is_share_due(hand.hands, 0)  # nobody else may be awake
    hand.hands[0, hands.SHARES] = 1
    assert hands.is_share_due(hand.hands, 0)
    deque.push(hand.hands, hand.rings, 0, 8)
    assert not hands.is_share_due(hand.hands, 0)


@pytest.mark.parametrize("is_awaited", [False, True])
def test_a_shared_task_ends_once_and_tells_who_waits(hand, is_awaited):
    block, stamp = hand.spawn(1)
    hands.share(hand.hands, hand.rings, 0)
    assert not blocks.is_done(block)
    if is_awaited:
        assert blocks.expect(block)
        assert blocks.expect(block)  # again, after a sleep that ended early
        assert hand.words(block)[blocks.STATE] == stamp | AWAITED
    assert blocks.finish(block, 77) == (0 if is_awaited else -1)
    assert blocks.is_done(block)
    assert not blocks.expect(block)
    assert hand.words(block)[[blocks.STATE, blocks.FAILURE]].tolist() == [stamp | FINISHED, 77]
