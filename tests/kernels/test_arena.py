import pytest

from tests.kernels.runs_of import cells_at
from tests.kernels.spawned_by import SIZE, Hand
from zuki_kernels import arena, blocks, hands, joining, spawned, spawning
from zuki_kernels.hands import CHUNK_BYTES, CHUNK_HEAD

IN_A_CHUNK = (CHUNK_BYTES - CHUNK_HEAD - 1) // SIZE
KEPT = 4 << 20  # bytes that an idle worker keeps


class Arena(Hand):
    def spawn(self, argument):
        if not spawning.has_room(self.top, SIZE):
            assert joining.join(self.address, SIZE, spawning.LOOK_UP) == 0
        return super().spawn(argument)

    def spawn_many(self, count):
        return [self.spawn(number % 1000) for number in range(count)]

    @property
    def chunks(self):
        """How many chunks were begun."""
        return int(self.hands[0, hands.ARENA_FRESH] - self.hands[0, hands.ARENA_BEGIN]) // CHUNK_BYTES

    @property
    def used(self):
        """The chunks up to the one that is in use, in the order of the list."""
        chunk, found = arena.chunk_of(self.top), []
        while chunk:
            found.append(chunk)
            chunk = int(cells(chunk)[arena.BEFORE])
        return found[::-1]


def cells(chunk):
    return cells_at(chunk, arena.CHUNK_FIELDS)


@pytest.fixture
def hand():
    return Arena()


def test_blocks_lie_in_chunks_one_behind_the_other(hand):
    handles = hand.spawn_many(3 * IN_A_CHUNK)
    assert hand.chunks == 3
    chunks = [arena.chunk_of(block) for block, _ in handles]
    assert chunks == sorted(chunks)
    assert hand.used == sorted(set(chunks))
    for handle in reversed(handles):
        assert hand.join_newest(*handle) == 0
    assert hand.top == hand.begin
    again = hand.spawn_many(2 * IN_A_CHUNK)  # in the same chunks
    assert [block for block, _ in again] == [block for block, _ in handles[: 2 * IN_A_CHUNK]]
    assert hand.chunks == 3


def test_what_was_left_in_several_chunks_is_joined(hand):
    kept = hand.spawn(1)
    floor = hand.top
    handles = [*hand.spawn_many(2 * IN_A_CHUNK - 2), hand.spawn(1001), hand.spawn(1002)]
    for number in (0, 5, IN_A_CHUNK, IN_A_CHUNK + 1):
        assert joining.join(hand.address, *handles[number]) == 0
    assert spawned.join_all_above(hand.hands, 0, floor, False) == 1001  # the first that has failed
    assert hand.top == floor
    assert hand.join_newest(*kept) == 0
    assert hand.is_empty


def test_first_in_first_out_takes_few_chunks(hand):
    floor, window = arena.pin(hand.hands, 0), hand.spawn_many(10)
    for _ in range(20 * IN_A_CHUNK):
        window.append(hand.spawn(1))
        block, stamp = window.pop(0)
        assert joining.join(hand.address, block, stamp) == 0
    assert hand.chunks <= 5
    for handle in window:
        assert joining.join(hand.address, *handle) == 0
    arena.unpin(floor)
    assert spawned.join_all_above(hand.hands, 0, floor, False) == 0
    assert hand.top == hand.begin


def test_one_that_stays_holds_its_chunk_alone(hand):
    stay = [hand.spawn(7)]
    for _ in range(5):
        for handle in hand.spawn_many(4 * IN_A_CHUNK):
            assert joining.join(hand.address, *handle) == 0
        stay.append(hand.spawn(8))
    assert hand.chunks < 3 * len(stay)
    assert [blocks.state_of(block) for block, _ in stay] == [blocks.IN_HAND] * len(stay)
    assert [joining.join(hand.address, *handle) for handle in stay] == [0] * len(stay)


def test_a_chunk_above_which_a_task_runs_stays(hand):
    floor = arena.pin(hand.hands, 0)
    for _ in range(3):
        handles = hand.spawn_many(4 * IN_A_CHUNK)
        for handle in handles:
            joining.join(hand.address, *handle)
        assert arena.chunk_of(floor) == hand.used[0]
    arena.unpin(floor)
    for handle in hand.spawn_many(6 * IN_A_CHUNK):
        joining.join(hand.address, *handle)
    assert arena.chunk_of(floor) != hand.used[0]


def test_when_all_memory_is_taken_there_is_none(hand):
    hand.hands[0, hands.ARENA_END] = hand.hands[0, hands.ARENA_BEGIN] + 3 * CHUNK_BYTES
    handles = hand.spawn_many(3 * IN_A_CHUNK)
    assert joining.join(hand.address, SIZE, spawning.LOOK_UP) == spawning.TOO_DEEP
    for handle in handles[IN_A_CHUNK : 2 * IN_A_CHUNK]:
        joining.join(hand.address, *handle)
    assert joining.join(hand.address, SIZE, spawning.LOOK_UP) == 0  # although no search was due
    assert arena.chunk_of(hand.spawn(1)[0]) == arena.chunk_of(handles[IN_A_CHUNK][0])


def test_much_memory_is_given_back_when_nothing_is_in_it(hand):
    before = hand.begin
    hand.tables.tidy_arena(0)
    assert hand.top == before  # it has taken none
    handles = hand.spawn_many(KEPT // SIZE + IN_A_CHUNK)
    assert not arena.is_to_be_given_back(hand.hands, 0)
    for handle in reversed(handles):
        assert hand.join_newest(*handle) == 0
    floor = arena.pin(hand.hands, 0)
    assert not arena.is_to_be_given_back(hand.hands, 0)  # a task runs there
    arena.unpin(floor)
    assert arena.is_to_be_given_back(hand.hands, 0)
    hand.tables.tidy_arena(0)
    assert hand.chunks == 1
    assert not arena.is_to_be_given_back(hand.hands, 0)
    assert hand.join_newest(*hand.spawn(1)) == 0


@pytest.fixture
def no_address_space(monkeypatch):
    def refuse(length, limit):
        def mapped(number, size, **flags):
            if size > limit:
                raise OSError("no memory")
            return length(number, size, **flags)

        return mapped

    def limit(size):
        monkeypatch.setattr("zuki.runtime.tables.mmap.mmap", refuse(real, size))

    from zuki.runtime import tables

    real = tables.mmap.mmap
    return limit


def test_without_address_space_an_arena_is_smaller_or_is_used_again(no_address_space):
    no_address_space(2 << 20)
    hand = Arena()
    assert hand.hands[0, hands.ARENA_END] - hand.hands[0, hands.ARENA_BEGIN] == 1 << 20
    hand.spawn_many(16 * IN_A_CHUNK)
    assert joining.join(hand.address, SIZE, spawning.LOOK_UP) == spawning.TOO_DEEP
    spawned.join_all_above(hand.hands, 0, hand.begin, True)
    hand.tables.renew_arena(0)
    assert (hand.chunks, hand.top) == (1, hand.begin)
    no_address_space(0)
    with pytest.raises(OSError, match="no memory"):
        Hand()
