"""Which earlier nodes a node waits for, by the memory that its views share with theirs.

A *region* is the bytes of a view. The graph tells of each access in the order of submission, and what
sequential code keeps in order is kept in order here: a reader waits for the earlier writers of its bytes, a
writer for their readers too. An edge is left out only where a path of other edges says the same:

- Once a writer covers a region, all older accesses of it are ordered before that writer. Later nodes wait
  for the writer and what came after it (`Region.covered`); older accesses of regions inside it are
  forgotten.
- Once a reader covers a region, it has waited for all older writers of it. Later writers wait for the
  reader and what came after it (`Region.waited`).

Addresses name memory only while the arrays live: the graph keeps them alive.
"""

from typing import Any

import numpy as np

from zuki.graph.boxes import BLOCK, FIELDS, PAST_TERM, find_near, measure
from zuki.graph.overlap import AROUND, INSIDE, relate

__all__ = ["Regions"]


class Region:
    """The bytes of a view, and the nodes whose accesses of it still matter.

    `readers` and `writers` hold ids of nodes and, for batches, ranges of ids, the oldest first.
    """

    __slots__ = ("covered", "inside", "overlaps", "plain", "readers", "waited", "writers")

    def __init__(self) -> None:
        # What nodes with lesser ids did here is ordered before a later writer of all these bytes.
        self.covered = 0
        # A later writer of any of these bytes waits for a reader that has waited for nodes with lesser ids.
        self.waited = 0
        # Whether it overlaps no other region, and only lone nodes accessed it since it was written.
        self.plain = True
        self.readers: list[int | range] = []
        self.writers: list[int | range] = []
        self.overlaps = [self]  # the regions that share a byte with this one
        self.inside = [self]  # those of them that lie inside this one


class Regions:
    """The regions that a graph's nodes access, and who accessed them.

    For a node that is added alone call `access` for each of its views. For a batch, whose nodes do not wait
    for one another, call `access_group` for the views that all its nodes share, then `earlier` for each
    other view of each node, and only then `record` for the same: what one node of a batch writes must not
    hide older accesses from the others. Ids grow in the order of the calls.
    """

    __slots__ = ("_blocks", "_boxes", "_found", "_known", "_rows", "_terms")

    def __init__(self) -> None:
        self._known: dict[bytes, Region] = {}  # by view: different views may have the same bytes
        self._rows: list[Region] = []  # by row of the table of boxes
        self._boxes = np.empty((FIELDS, BLOCK), np.int64)
        self._terms = np.empty((2, BLOCK), np.int64)
        self._blocks = np.empty((2, 1), np.int64)
        self._found = np.empty((BLOCK, 2), np.int64)

    def access(self, node: int, key: bytes, write: bool, into: list[int]) -> None:
        """Record that a node accesses a view, and add the earlier nodes that it must wait for.

        Parameters
        ----------
        node : int
            Id of the node.
        key : bytes
            The int64 words (itemsize, address, *shape, *strides) of the view.
        write : bool
            Whether the node writes the view; a writer may read it as well.
        into : list of int
            Where the ids go, some of them perhaps twice.
        """
        region = self._known.get(key)
        if region is None:
            region = self._see(key)
        if not region.plain:
            gather(region, write, node, into)
            note(region, node, write, node, whole=True)
            return
        readers, writers = region.readers, region.writers
        entries: list[Any] = (write and readers) or writers  # ids only: the region is plain
        for entry in entries:
            if entry != node:
                into.append(entry)
        if write:
            region.covered = node
            if readers:
                region.readers = []
            region.writers = [node]
        elif not (readers and readers[-1] == node) and not (writers and writers[-1] == node):
            region.waited = node
            readers.append(node)

    def access_group(self, start: int, stop: int, key: bytes, write: bool) -> list[tuple[int, int]]:
        """Record that all nodes of a batch access a view; answer the earlier nodes that each must wait for.

        Parameters
        ----------
        start, stop : int
            The first id of the batch, and the one past its last.
        key : bytes
            The int64 words (itemsize, address, *shape, *strides) of the view.
        write : bool
            Whether the nodes write the view.

        Returns
        -------
        list of tuple of int
            Ranges (start, stop) of ids, ascending and apart from each other.
        """
        region = self._known.get(key) or self._see(key)
        ranges: list[tuple[int, int]] = []
        for first, past in sorted(bounds(entry) for entry in waits(region, write, start)):
            if ranges and first <= ranges[-1][1]:
                ranges[-1] = (ranges[-1][0], max(past, ranges[-1][1]))
            else:
                ranges.append((first, past))
        if start < stop:
            note(region, range(start, stop), write, start, whole=True)
        return ranges

    def earlier(self, start: int, key: bytes, write: bool, into: set[int] | list[int]) -> None:
        """Add the earlier nodes that a node of a batch must wait for; record nothing.

        Parameters
        ----------
        start : int
            The first id of the batch.
        key : bytes
            The int64 words (itemsize, address, *shape, *strides) of the view.
        write : bool
            Whether the node writes the view.
        into : set of int or list of int
            Where the ids go; a list may get the same id twice.
        """
        gather(self._known.get(key) or self._see(key), write, start, into)

    def record(self, start: int, node: int, key: bytes, write: bool) -> None:
        """Record that a node of a batch accesses a view, after `earlier` was called for all nodes of it.

        Parameters
        ----------
        start : int
            The first id of the batch.
        node : int
            Id of the node.
        key : bytes
            The int64 words (itemsize, address, *shape, *strides) of the view.
        write : bool
            Whether the node writes the view.
        """
        note(self._known.get(key) or self._see(key), node, write, start, whole=False)

    def _see(self, key: bytes) -> Region:
        """Answer the region of a new view."""
        view = np.frombuffer(key, np.int64)
        row = len(self._rows)
        self._make_room(row, len(view))
        region = Region()
        if not measure(view, self._boxes, self._terms, row):
            region.overlaps, region.inside, region.plain = [], [], False
            self._known[key] = region
            return region
        count = find_near(self._boxes, self._blocks, row, self._found)
        if count:
            count = relate(self._boxes, self._terms, row, self._found, count)
        if count < 0:
            region = self._known[key] = self._rows[-1 - count]
            return region
        if count:
            for other_row, relation in self._found[:count].tolist():
                other = self._rows[other_row]
                other.overlaps.append(region)
                region.overlaps.append(other)
                other.plain = region.plain = False
                if relation == INSIDE:
                    region.inside.append(other)
                elif relation == AROUND:
                    other.inside.append(region)
                    region.covered = max(region.covered, other.covered)
        self._rows.append(region)
        self._known[key] = region
        return region

    def _make_room(self, row: int, words: int) -> None:
        """Grow the tables until the view of so many words fits into the row."""
        if row == self._boxes.shape[1]:
            self._boxes = doubled(self._boxes)
            self._blocks = doubled(self._blocks)
            self._found = np.empty((2 * row, 2), np.int64)
        used = self._boxes[PAST_TERM, row - 1] if row else 0
        while used + words > self._terms.shape[1]:
            self._terms = doubled(self._terms)


def doubled(table: np.ndarray) -> np.ndarray:
    """Answer a table with twice as many columns."""
    larger = np.empty((table.shape[0], 2 * table.shape[1]), table.dtype)
    larger[:, : table.shape[1]] = table
    return larger


def bounds(entry: int | range) -> tuple[int, int]:
    """Answer the first id of an entry and the one past its last."""
    return (entry, entry + 1) if isinstance(entry, int) else (entry.start, entry.stop)


def gather(region: Region, write: bool, start: int, into: set[int] | list[int]) -> None:
    """Add the ids below `start` that an accessor of the region must wait for."""
    add, extend = (into.append, into.extend) if isinstance(into, list) else (into.add, into.update)
    for entry in waits(region, write, start):
        if isinstance(entry, int):
            add(entry)
        else:
            extend(entry)


def waits(region: Region, write: bool, start: int) -> list[int | range]:
    """Answer the entries, of ids below `start`, that an accessor of the region must wait for."""
    found: list[int | range] = []
    covered = region.covered
    for other in region.overlaps:
        if write and other.readers:
            select(other.readers, covered, start, found)
        if other.writers:
            oldest = other.waited if write and other.waited > covered else covered
            select(other.writers, oldest, start, found)
    return found


def select(entries: list[int | range], oldest: int, start: int, found: list[int | range]) -> None:
    """Append the entries from the id `oldest` on that are below `start`."""
    for entry in reversed(entries):
        if isinstance(entry, int):
            if entry < oldest:
                break
            if entry < start:
                found.append(entry)
        elif entry.stop <= oldest:
            break
        elif entry.start < start:
            found.append(range(entry.start, min(entry.stop, start)))


def note(region: Region, entry: int | range, write: bool, start: int, whole: bool) -> None:
    """Record an access of the region.

    `start` is the first id of the batch; a node that is added alone is a batch of its own. `whole` tells
    whether the entry is all of the batch: if not, accesses by others of the batch stay.
    """
    if not region.overlaps:  # no bytes
        return
    readers, writers = region.readers, region.writers
    if write:
        for other in region.inside:
            other.covered = start
            if other.readers:
                other.readers = [] if whole else [each for each in other.readers if bounds(each)[1] > start]
            if other.writers:
                other.writers = [] if whole else [each for each in other.writers if bounds(each)[1] > start]
        region.writers.append(entry)
        region.plain = whole and isinstance(entry, int) and len(region.overlaps) == 1
    elif not (readers and readers[-1] == entry) and not (writers and writers[-1] == entry):
        for other in region.inside:
            other.waited = start
        readers.append(entry)
        region.plain = region.plain and whole and isinstance(entry, int)
