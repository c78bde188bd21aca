"""Waiting where the system cannot wait on an address: locks and conditions, shared by address.

The *lot* is memory with a lock and a condition in each of its buckets; a cell's address says
which bucket is its. Who waits holds the bucket's lock from its look at the cell to its sleep;
who wakes takes the lock after the cell has changed, and wakes all of the bucket. So either
the look sees the change, or the sleep has begun and is ended. Two cells may share a bucket:
then some wake for no reason.

Compiled code knows the lot by a symbol, so that it can be cached. POSIX threads' locks and
conditions here, slim ones on Windows.
"""

import ctypes
import os

from llvmlite import binding, ir
from numba.core import cgutils

from ._machine import WORD, call_symbol
from ._native_wait import HALF, POINTER, at_most, is_endless, milliseconds, timespec
from ._target import MACOS, PORTABLE, WAY, WINDOWS, target_named, target_of

SYMBOL = "zuki_parking_lot"
_BUCKETS = 64
_SHIFT = 64 - (_BUCKETS - 1).bit_length()
BUCKET_SIZE = 128  # bytes: two cache lines, the lock in the first and the condition in the second
_LOCK_SIZE = 64  # the largest, on macOS, has just that
_SPREAD = 0x9E3779B97F4A7C15  # 2**64 by the golden ratio: neighbouring rows fall into different buckets
_LONGEST = 10**17  # nanoseconds, three years: a deadline beyond could overflow

_CLOCK_MONOTONIC = 1  # on Linux and, of those without another way, all others that have this clock


def bucket_of(address: int) -> int:
    """Return the number of the bucket of the cell at an address."""
    return (address * _SPREAD) % (1 << 64) >> _SHIFT


def _place_of(builder, cell):
    """Return the addresses of a cell's lock and condition."""
    try:
        lot = builder.module.get_global(SYMBOL)
    except KeyError:
        lot = ir.GlobalVariable(builder.module, ir.ArrayType(ir.IntType(8), _BUCKETS * BUCKET_SIZE), SYMBOL)
        lot.linkage = "external"  # code that is compiled just in time reaches it however far it is
    hashed = builder.mul(builder.ptrtoint(cell, WORD), WORD(_SPREAD - (1 << 64)))
    index = builder.lshr(hashed, WORD(_SHIFT))
    lock = builder.gep(builder.bitcast(lot, POINTER), [builder.mul(index, WORD(BUCKET_SIZE))])
    return lock, builder.gep(lock, [WORD(_LOCK_SIZE)])


def _call(builder, name, *places):
    """Call a function of the target's own name for it."""
    windows = target_of(builder).system == WINDOWS
    return call_symbol(builder, name[windows], ir.VoidType() if windows else HALF, list(places))


_LOCK = "pthread_mutex_lock", "AcquireSRWLockExclusive"
_UNLOCK = "pthread_mutex_unlock", "ReleaseSRWLockExclusive"
_WAKE_ALL = "pthread_cond_broadcast", "WakeAllConditionVariable"


def _wait(builder, cell, expected, timeout):
    lock, condition = _place_of(builder, cell)
    _call(builder, _LOCK, lock)
    found = builder.load_atomic(cell, "monotonic", 8)  # relaxed: the lock orders it
    with builder.if_then(builder.icmp_signed("==", found, expected)):
        if target_of(builder).system == WINDOWS:
            words = [condition, lock, milliseconds(builder, timeout), HALF(0)]
            call_symbol(builder, "SleepConditionVariableSRW", HALF, words)
        else:
            with builder.if_else(is_endless(builder, timeout)) as (endless, finite):
                with endless:
                    call_symbol(builder, "pthread_cond_wait", HALF, [condition, lock])
                with finite:
                    _sleep_for(builder, condition, lock, at_most(builder, timeout, _LONGEST))
    _call(builder, _UNLOCK, lock)


def _sleep_for(builder, condition, lock, timeout):
    if target_of(builder).system == MACOS:
        words = [condition, lock, timespec(builder, timeout)]
        call_symbol(builder, "pthread_cond_timedwait_relative_np", HALF, words)
        return
    moment = cgutils.alloca_once(builder, ir.ArrayType(WORD, 2))
    call_symbol(builder, "clock_gettime", HALF, [HALF(_CLOCK_MONOTONIC), moment])
    seconds, nanoseconds = (builder.extract_value(builder.load(moment), index) for index in (0, 1))
    present = builder.add(builder.mul(seconds, WORD(10**9)), nanoseconds)
    words = [condition, lock, timespec(builder, builder.add(present, timeout))]
    call_symbol(builder, "pthread_cond_timedwait", HALF, words)


def _wake(builder, cell, count):
    lock, condition = _place_of(builder, cell)
    _call(builder, _LOCK, lock)
    _call(builder, _WAKE_ALL, condition)
    _call(builder, _UNLOCK, lock)


PORTABLE_WAY = _wait, _wake


def _initial_bucket(system: str) -> bytes:
    """Return what a bucket holds that nobody uses."""
    if system == WINDOWS:
        return bytes(BUCKET_SIZE)  # both begin as zeros
    library, bucket = ctypes.CDLL(None), ctypes.create_string_buffer(BUCKET_SIZE)
    condition, attributes = ctypes.byref(bucket, _LOCK_SIZE), ctypes.create_string_buffer(64)
    failures = library.pthread_mutex_init(bucket, None), library.pthread_condattr_init(attributes)
    if system != MACOS:  # there, timeouts are lengths, not moments of a clock
        failures += (library.pthread_condattr_setclock(attributes, _CLOCK_MONOTONIC),)
    if any((*failures, library.pthread_cond_init(condition, attributes))):
        raise OSError("the system gives zuki no locks to wait with")
    return bucket.raw


def _open_lot() -> int:
    """Make the lot, let compiled code find it, and return its address; a forked child finds nobody in it."""
    buckets = _initial_bucket(target_named(binding.get_process_triple()).system) * _BUCKETS
    memory = ctypes.create_string_buffer(len(buckets) + BUCKET_SIZE)
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(memory))  # threads may sleep in it to the very end
    place = -(-ctypes.addressof(memory) // BUCKET_SIZE) * BUCKET_SIZE

    def clear() -> None:
        ctypes.memmove(place, buckets, len(buckets))

    clear()
    binding.add_symbol(SYMBOL, place)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=clear)
    return place


LOT = _open_lot() if WAY == PORTABLE else 0
