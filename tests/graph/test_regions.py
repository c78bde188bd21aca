"""The edges of the inferred dependencies against conflicts found byte by byte."""

import random

import numpy as np
import pytest

from tests.graph.test_overlap import BASES, bytes_of, key_of, random_box, random_part, random_stranger
from zuki.graph.regions import Regions


def random_view(generator, bases, strangers):
    base = generator.choice(bases)
    if strangers and generator.random() < 0.3 and base.flags.c_contiguous:
        return random_stranger(generator, base)
    return generator.choice((random_box, random_part))(generator, base)


class Sequence:
    """Nodes in the order of submission, with their edges and, by brute force, their conflicts."""

    def __init__(self):
        self.regions = Regions()
        self.accesses = []  # of each node, (bytes, write)
        self.batches = []  # of each node, the first id of its batch
        self.earlier = []  # of each node, the ids that it waits for

    def add(self, accesses):
        node, found = len(self.earlier), []
        for view, write in accesses:
            self.regions.access(node, key_of(view), write, found)
        self._append(accesses, node, set(found))
        return set(found)

    def add_many(self, shared, each):
        """Add a batch; `each` holds, for each of its nodes, the accesses that are not shared."""
        start, stop = len(self.earlier), len(self.earlier) + len(each)
        everyone = set()
        for view, write in shared:
            for first, past in self.regions.access_group(start, stop, key_of(view), write):
                assert first < past
                everyone.update(range(first, past))
        found = [set(everyone) for _ in each]
        for accesses, into in zip(each, found, strict=True):
            for view, write in accesses:
                self.regions.earlier(start, key_of(view), write, into)
        for node, accesses in enumerate(each, start):
            for view, write in accesses:
                self.regions.record(start, node, key_of(view), write)
        for accesses, into in zip(each, found, strict=True):
            self._append([*shared, *accesses], start, into)

    def _append(self, accesses, start, earlier):
        self.accesses.append([(bytes_of(view), write) for view, write in accesses])
        self.batches.append(start)
        self.earlier.append(earlier)

    def conflict(self, first, second):
        return any(
            (write or other_write) and touched & other_touched
            for touched, write in self.accesses[first]
            for other_touched, other_write in self.accesses[second]
        )

    def check(self):
        ordered = []  # of each node, a bit for each node that surely ended before
        for node, earlier in enumerate(self.earlier):
            assert all(other < self.batches[node] for other in earlier)
            assert all(self.conflict(node, other) for other in earlier)
            ordered.append(sum(1 << other for other in earlier))
            for other in earlier:
                ordered[node] |= ordered[other]
            for other in range(self.batches[node]):
                assert ordered[node] >> other & 1 or not self.conflict(node, other), (other, node)


@pytest.mark.parametrize("strangers", [False, True], ids=["boxes", "strangers"])
@pytest.mark.parametrize("seed", range(60))
def test_conflicting_nodes_are_ordered_and_no_others_have_an_edge(seed, strangers):
    generator = random.Random(seed)
    bases = generator.sample(BASES[:-1], generator.randint(1, 2))
    views = [random_view(generator, bases, strangers) for _ in range(generator.randint(2, 12))]
    writes = generator.choice((0.2, 0.5, 0.8))
    sequence = Sequence()
    for _ in range(40):
        accesses = [
            (generator.choice(views), generator.random() < writes) for _ in range(generator.randint(0, 4))
        ]
        sequence.add(accesses)
    sequence.check()


@pytest.mark.parametrize("seed", range(120))
def test_batches_are_ordered_as_a_whole_and_not_within(seed):
    generator = random.Random(seed)
    bases = generator.sample(BASES[:-1], generator.randint(1, 2))
    views = [random_view(generator, bases, seed % 2) for _ in range(generator.randint(2, 8))]

    def random_accesses(most):
        return [
            (generator.choice(views), generator.random() < 0.5) for _ in range(generator.randint(0, most))
        ]

    sequence = Sequence()
    for _ in range(25):
        if generator.random() < 0.5:
            sequence.add(random_accesses(3))
        else:
            sequence.add_many(
                random_accesses(2), [random_accesses(2) for _ in range(generator.randint(0, 4))]
            )
    sequence.check()


def test_a_reader_waits_for_the_writer_and_the_next_writer_for_the_readers():
    view = np.zeros(4)
    sequence = Sequence()
    assert sequence.add([(view, True)]) == set()
    assert sequence.add([(view, False)]) == {0}
    assert sequence.add([(view, False)]) == {0}
    assert sequence.add([(view, True)]) == {1, 2}
    assert sequence.add([(view, True)]) == {3}


@pytest.mark.parametrize("order", [(False, True), (True, False), (True, True), (False, False)])
def test_a_node_that_has_a_view_twice_does_not_wait_for_itself(order):
    base = np.zeros((4, 4))
    for second in (base, base.T, base[1:], base[:, 2]):
        sequence = Sequence()
        sequence.add([(base, True)])
        assert sequence.add([(base, order[0]), (second, order[1])]) == {0}
        assert 1 in sequence.add([(base, True)])
        sequence.check()


def test_equal_bytes_are_one_region():
    base = np.zeros((4, 6))
    sequence = Sequence()
    for node, view in enumerate((base, base.T, base[::-1], base.reshape(8, 3), base.view(np.uint8))):
        assert sequence.add([(view, True)]) == ({node - 1} if node else set())


def test_disjoint_tiles_do_not_wait():
    base = np.zeros((12, 12))
    sequence = Sequence()
    for row in range(0, 12, 3):
        for column in range(0, 12, 3):
            assert sequence.add([(base[row : row + 3, column : column + 3], True)]) == set()
    assert sequence.add([(base, False)]) == set(range(16))
    assert sequence.add([(base[:3, :3], True)]) == {16}


def test_a_write_of_the_whole_hides_what_was_done_to_the_parts():
    base = np.zeros(10)
    sequence = Sequence()
    sequence.add([(base[:5], True)])
    sequence.add([(base[5:], True)])
    assert sequence.add([(base, True)]) == {0, 1}
    assert sequence.add([(base[:5], True)]) == {2}
    assert sequence.add([(base[2:7], True)]) == {2, 3}, "seen for the first time, and it lies in the whole"
    sequence.check()


def test_a_region_seen_late_knows_that_it_was_covered():
    base = np.zeros(10)
    sequence = Sequence()
    sequence.add([(base[4:8], True)])
    sequence.add([(base[:6], True)])
    assert sequence.add([(base[4:6], True)]) == {1}
    sequence.check()


def test_edges_of_sweeps_over_overlapping_views_do_not_pile_up():
    base = np.zeros(100)
    inner, outer = base[1:-1], base
    sequence = Sequence()
    for _ in range(200):
        sequence.add([(outer, False)])
        sequence.add([(inner, True)])
    assert max(map(len, sequence.earlier)) <= 2
    halves = Sequence()
    for _ in range(200):
        halves.add([(base[:60], False), (base[10:50], True)])
        halves.add([(base[40:], False), (base[50:90], True)])
    assert max(map(len, halves.earlier)) <= 4
    halves.check()


def test_a_view_without_elements_orders_nothing():
    base = np.zeros(5)
    sequence = Sequence()
    for write in (True, False, True):
        assert sequence.add([(base[2:2], write)]) == set()


def test_a_large_batch_is_one_range():
    base = np.zeros(8)
    regions = Regions()
    million = 1_000_000
    regions.access(0, key_of(base), True, [])
    assert regions.access_group(1, million, key_of(base[:4]), False) == [(0, 1)]
    assert regions.access_group(million, 2 * million, key_of(base), True) == [(0, million)]
    assert regions.access_group(2 * million, 3 * million, key_of(base[4:]), True) == [(million, 2 * million)]


def test_a_node_waits_for_all_of_a_batch():
    base = np.zeros(8)
    for write in (False, True):
        sequence = Sequence()
        sequence.add_many([(base, True)], [[]] * 5)
        assert sequence.add([(base[3:], write)]) == set(range(5))


def test_a_batch_that_reads_and_writes_the_same_view_waits_for_older_nodes_only():
    base = np.zeros(8)
    sequence = Sequence()
    sequence.add([(base, False)])
    sequence.add_many(
        [(base, False), (base, True), (base[1:], False)], [[(base[2:], True)], [(base[:1], False)]]
    )
    sequence.add([(base, False)])
    assert sequence.earlier == [set(), {0}, {0}, {1, 2}]


def test_many_regions_outgrow_the_first_tables():
    base = np.zeros((50, 30, 3))
    sequence = Sequence()
    for row in range(50):
        for column in range(30):
            assert sequence.add([(base[row, column, ::2], True)]) == set()
    for row in range(50):
        assert sequence.add([(base[row], False)]) == set(range(30 * row, 30 * row + 30))
