"""One kernel for each operation of the machine layer, to look at its machine code."""

from zuki_kernels import atomics, clock, processors, waiting
from zuki_kernels._jit import kernel
from zuki_kernels._types import Table


@kernel
def load_relaxed(table: Table) -> int:
    return atomics.load_relaxed(table, 1, 2)


@kernel
def load_acquire(table: Table) -> int:
    return atomics.load_acquire(table, 1, 2)


@kernel
def store_relaxed(table: Table, value: int) -> None:
    atomics.store_relaxed(table, 1, 2, value)


@kernel
def store_release(table: Table, value: int) -> None:
    atomics.store_release(table, 1, 2, value)


@kernel
def add_relaxed(table: Table, value: int) -> int:
    return atomics.add_relaxed(table, 1, 2, value)


@kernel
def add_acq_rel(table: Table, value: int) -> int:
    return atomics.add_acq_rel(table, 1, 2, value)


@kernel
def or_acq_rel(table: Table, value: int) -> int:
    return atomics.or_acq_rel(table, 1, 2, value)


@kernel
def exchange_acquire(table: Table, value: int) -> int:
    return atomics.exchange_acquire(table, 1, 2, value)


@kernel
def exchange_release(table: Table, value: int) -> int:
    return atomics.exchange_release(table, 1, 2, value)


@kernel
def exchange_acq_rel(table: Table, value: int) -> int:
    return atomics.exchange_acq_rel(table, 1, 2, value)


@kernel
def cas_relaxed(table: Table, value: int) -> bool:
    return atomics.cas_relaxed(table, 1, 2, 7, value)


@kernel
def cas_acquire(table: Table, value: int) -> bool:
    return atomics.cas_acquire(table, 1, 2, 7, value)


@kernel
def cas_release(table: Table, value: int) -> bool:
    return atomics.cas_release(table, 1, 2, 7, value)


@kernel
def cas_acq_rel(table: Table, value: int) -> bool:
    return atomics.cas_acq_rel(table, 1, 2, 7, value)


@kernel
def fence_acquire(table: Table) -> int:
    before = atomics.load_relaxed(table, 1, 2)
    atomics.fence_acquire()
    return before + atomics.load_relaxed(table, 1, 3)


@kernel
def fence_release(table: Table, value: int) -> None:
    atomics.store_relaxed(table, 1, 2, value)
    atomics.fence_release()
    atomics.store_relaxed(table, 1, 3, value)


@kernel
def fence_seq_cst(table: Table, value: int) -> int:
    atomics.store_relaxed(table, 1, 2, value)
    atomics.fence_seq_cst()
    return atomics.load_relaxed(table, 1, 3)


@kernel
def wait(table: Table, timeout: int) -> None:
    waiting.wait(table, 1, 2, 7, timeout)


@kernel
def wake(table: Table, count: int) -> None:
    waiting.wake(table, 1, 2, count)


@kernel
def now() -> int:
    return clock.now()


@kernel
def fence_here(table: Table, value: int) -> None:
    atomics.store_relaxed(table, 1, 2, value)
    atomics.fence_here()


@kernel
def fence_everywhere() -> None:
    atomics.fence_everywhere()


@kernel
def spin_hint() -> None:
    clock.spin_hint()


@kernel
def give_way() -> None:
    clock.give_way()


@kernel
def note_processors(table: Table) -> int:
    return processors.note(table, 1, 0)


@kernel
def use_processors(table: Table) -> int:
    return processors.use(table, 1, 0)


@kernel
def use_other_processors(table: Table, thread: int) -> int:
    return processors.use_others(table, 1, 0, thread)
