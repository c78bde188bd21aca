"""Short slices of time: a thread that asks for them begins as soon as it is woken.

Linux (from 6.12 on) lets a thread say for how long it would run at a time. It gets no more of the processor
than others for that, but what was asked for is due sooner the shorter it is: who is woken onto the processor
of a thread with longer slices takes it over at once. Else it waits there until that thread sleeps or has used
its slice up. Other systems, and older kernels, go on as they did.
"""

import ctypes

from zuki_kernels._target import ARM, HOST, LINUX, X86, target_named

SLICE = 500_000  # nanoseconds. Who has asked for nothing is given 700,000 or more

_NUMBERS = {X86: (314, 315), ARM: (274, 275)}  # of the system calls sched_setattr, sched_getattr
_CALLER = 0  # as a thread
_OTHER = 0  # SCHED_OTHER, the policy of threads for which nobody has chosen another


class _Attributes(ctypes.Structure):
    """What sched_setattr(2) calls a ``sched_attr``, in its first size, which all kernels know."""

    _fields_ = (
        ("size", ctypes.c_uint32),
        ("policy", ctypes.c_uint32),
        ("flags", ctypes.c_uint64),
        ("nice", ctypes.c_int32),
        ("priority", ctypes.c_uint32),
        ("runtime", ctypes.c_uint64),
        ("deadline", ctypes.c_uint64),
        ("period", ctypes.c_uint64),
    )


def _call(which: int, *words: object) -> bool:
    target = target_named(HOST)
    if target.system != LINUX or target.processor not in _NUMBERS:
        return False
    number = ctypes.c_long(_NUMBERS[target.processor][which])
    return bool(ctypes.CDLL(None).syscall(number, ctypes.c_long(_CALLER), *words) == 0)


def _read() -> _Attributes | None:
    """Return how the system deals with the calling thread, or None if it does not tell."""
    found = _Attributes()
    size = ctypes.c_long(ctypes.sizeof(found))
    return found if _call(1, ctypes.byref(found), size, ctypes.c_long(0)) else None


def slice_here() -> int:
    """Return the slice of the calling thread in nanoseconds, 0 where the system knows of none."""
    found = _read()
    return 0 if found is None else int(found.runtime)


def shorten() -> bool:
    """Ask for short slices for the calling thread; return False if nothing was asked, or it was refused.

    Threads and processes that it starts have such slices, too. A thread whose policy or slice somebody has
    chosen (``chrt``, a slice that is short enough) keeps them; all keep how nice they are.
    """
    found = _read()
    if found is None or found.policy != _OTHER or found.runtime <= SLICE:
        return False
    found.runtime = SLICE
    return _call(0, ctypes.byref(found), ctypes.c_long(0))
