"""Compiling the kernels before they are wanted, by one thread."""

import threading

from numba import types

from zuki_kernels import current, hands, notifier, pulse, search, seats, starting, turn
from zuki_kernels._machine import TABLE
from zuki_kernels.runs import node_of, slot_of

_KINDS = {"i": types.int64, "t": TABLE, "b": types.boolean}

# What each run calls; the letters are the arguments' kinds
_WANTED = (
    (starting.begin, "ttttitiiiii"),
    (seats.sit_down, "ttiiib"),
    (seats.take_hand, "tiiib"),
    (search.admit, "ti"),
    (pulse.count_helper, "ti"),
    (pulse.beat, "tti"),
    (node_of, "i"),
    (slot_of, "i"),
    (turn.turn, "iiiiitttttttt"),
    (current.hold, "i"),
    (seats.stand_up, "tttttii"),
    (notifier.is_deserted, "t"),
    (starting.outcome, "ti"),
    (starting.is_stopped, "ti"),
    (starting.stop, "ti"),
    (hands.ask_all, "t"),
)

_lock = threading.Lock()
_is_done = False


def renew_lock() -> None:
    """Make the lock anew in a forked child: another thread may have held it."""
    global _lock
    _lock = threading.Lock()


def is_warm() -> bool:
    """Tell whether `warm_up` has been called."""
    return _is_done


def warm_up() -> None:
    """Compile the kernels that every run calls, or load them from the cache; once in a process."""
    global _is_done
    if _is_done:
        return
    with _lock:
        for function, kinds in _WANTED:
            function.compile(tuple(_KINDS[kind] for kind in kinds))  # type: ignore[attr-defined]
        _is_done = True
