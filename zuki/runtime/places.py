"""On which processors the threads of a pool run, and what their kernels know of it: the NUMA node.

A thread has a *place*, the lowest number that no other thread of the pool has: with ``affinity`` it is bound
to the processor that this is the number of. Callers that help have none. Where the machine has several NUMA
nodes each worker's row says on which it began, so that it robs neighbours first (`zuki_kernels.nearness`). A
worker that is bound stays there. One that is not may be moved by the system, which seldom moves a thread
from its memory: the row is a hint.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from zuki.later import later
from zuki.platform import placement, sysfs
from zuki.platform.binding import bind, current_cpu, unbind
from zuki.platform.usable import affinity_mask
from zuki_kernels import nearness
from zuki_kernels._types import Table

if TYPE_CHECKING:
    from zuki.platform.topology import Cpus

topology = later("zuki.platform.topology")


class Places:
    """The places of one pool's threads.

    Parameters
    ----------
    affinity : str, tuple of int or None
        As in `zuki.ExecutorConfig`.
    workers : Table
        The pool's table of workers.
    machine : callable, optional
        Answers what there is; asked once, and only if there is somebody to bind or several nodes.
    """

    def __init__(
        self,
        affinity: str | tuple[int, ...] | None,
        workers: Table,
        machine: "Callable[[], Cpus] | None" = None,
    ) -> None:
        self._affinity, self._workers, self._read = affinity, workers, machine
        self._taken: dict[int, int] = {}  # places of threads, by their rows
        self._machine: Cpus | None = None
        self._node_of: dict[int, int] | None = None  # by processors; empty if there is one node
        self._order: tuple[tuple[int, ...], tuple[int, ...]] = (), ()  # of which processors, and what

    def take(self, row: int) -> None:
        """Let the thread that is to have a row have a place, under the pool's lock."""
        taken = set(self._taken.values())
        self._taken[row] = next(place for place in range(len(taken) + 1) if place not in taken)

    def give_back(self, row: int) -> None:
        """Let others have the place of a thread that ends, or has not started, under the pool's lock."""
        del self._taken[row]

    def settle(self, row: int) -> None:
        """Bind the calling thread, which is the pool's own, if it is to be bound; note its node."""
        if self._affinity is None:
            unbind()
            self.settle_guest(row)
        else:
            order = self._order_of(affinity_mask())
            cpu = order[self._taken[row] % len(order)] if order else None
            if cpu is not None and bind((cpu,)):
                self._note(row, cpu)
            else:  # what it was to have has been taken from the process
                unbind()
                self.settle_guest(row)

    def settle_guest(self, row: int) -> None:
        """Note the node where the calling thread runs now."""
        if self._nodes():
            self._note(row, current_cpu())

    def _order_of(self, usable: tuple[int, ...]) -> tuple[int, ...]:
        """Return the processors to be taken, of those that the process may use by now."""
        known, order = self._order
        if known != usable and self._affinity is not None:
            order = placement.places(replace(self._cpus(), usable=usable), self._affinity)
            self._order = usable, order
        return order

    def _note(self, row: int, cpu: int) -> None:
        nodes = self._nodes()
        if nodes:
            nearness.settle(self._workers, row, nodes.get(cpu, -1) + 1)

    def _nodes(self) -> dict[int, int]:
        """Return the node of each processor; nothing where all are on one."""
        if self._node_of is None:
            several = self._read is not None or sysfs.has_several_nodes()
            found = {cpu.number: cpu.numa_node for cpu in self._cpus().online} if several else {}
            self._node_of = found if len(set(found.values())) > 1 else {}
        return self._node_of

    def _cpus(self) -> "Cpus":
        if self._machine is None:
            self._machine = (self._read or topology.read)()
        return self._machine
