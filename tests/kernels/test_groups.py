import pytest

from tests.kernels.spawned_by import Hand
from zuki_kernels import blocks, groups, hands, spawning
from zuki_kernels.blocks import SHARED


@pytest.fixture
def hand():
    return Hand()


def find(hand):
    return groups.find_failed(hand.hands, 0, hand.begin, hand.top)


def test_a_failure_is_found_by_the_first_of_its_group(hand):
    (_, stamp), (failing, _) = hand.spawn(1), hand.spawn(2)
    hands.share(hand.hands, hand.rings, 0)
    assert find(hand) == (0, False)
    blocks.finish(failing, 77)
    assert find(hand) == (stamp | SHARED, False)


def test_what_is_inside_of_a_body_of_the_group_is_told(hand):
    (failing, stamp), called = hand.spawn(1), hand.spawn(2)
    assert spawning.take_newest(hand.address, *called)
    hand.spawn(3)
    hands.share(hand.hands, hand.rings, 0)
    blocks.finish(failing, 77)
    assert find(hand) == (stamp | blocks.FINISHED, True)


def test_a_failure_of_a_child_is_none_of_the_group_around(hand):
    hand.spawn(1)
    called = hand.spawn(2)
    assert spawning.take_newest(hand.address, *called)
    child, stamp = hand.spawn(3)
    hands.share(hand.hands, hand.rings, 0)
    blocks.finish(child, 77)
    assert find(hand) == (stamp | blocks.FINISHED, False)


def test_what_was_passed_over_is_no_failure(hand):
    block, _ = hand.spawn(1)
    hands.share(hand.hands, hand.rings, 0)
    blocks.finish(block, groups.NOT_BEGUN)
    assert find(hand) == (0, False)


def test_a_failure_is_news_until_it_is_noted(hand):
    workers = hand.tables.workers
    assert not groups.has_news(workers, 0)
    assert not groups.note(workers, 0)
    groups.tell(workers, 1, 0)
    assert groups.has_news(workers, 0)
    assert groups.note(workers, 0)
    assert not groups.has_news(workers, 0)
    groups.forget(workers, 0)
    assert not groups.note(workers, 0)


def test_what_is_doomed_is_told_by_stamps(hand):
    old, new = hand.spawn(1), hand.spawn(2)
    assert not groups.is_doomed(hand.hands, 0, new[1])
    groups.doom(hand.hands, 0, new[1] | SHARED)
    assert groups.is_doomed(hand.hands, 0, new[1] | SHARED)
    assert not groups.is_doomed(hand.hands, 0, old[1] | SHARED)
    groups.doom(hand.hands, 0, old[1])
    assert groups.is_doomed(hand.hands, 0, old[1])


def test_what_is_forsaken_is_told_by_numbers(hand):
    old, first, second = (hand.spawn(number)[1] for number in range(3))
    assert not groups.is_forsaken(hand.hands, 0, first)
    groups.forsake(hand.hands, 0, first | SHARED)
    later = hand.spawn(3)[1]
    answers = [groups.is_forsaken(hand.hands, 0, stamp | SHARED) for stamp in (old, first, second, later)]
    assert answers == [False, True, True, False]
