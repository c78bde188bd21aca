"""Compiling the kernels before they are wanted, by one thread."""

import threading

from zuki.lane import stillness
from zuki.lane.compiling import compile_all
from zuki_kernels import (
    current,
    detached,
    exchange,
    histogram,
    measuring,
    metering,
    notifier,
    pulse,
    search,
    seats,
    service,
    spawning,
    starting,
    steering,
    tracing,
    turn,
)
from zuki_kernels.runs import node_of, slot_of

# What each run calls; the letters are the arguments' kinds
_WANTED = (
    (starting.begin, "ttttitiiiii"),
    (seats.sit_down, "tttiiib"),
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
    (notifier.set_limit, "tti"),
    (starting.outcome, "ti"),
    (starting.is_stopped, "ti"),
    (starting.stop, "ti"),
    (spawning.ask_all, "t"),
    (steering.enter, "tii"),
    (steering.leave, "ti"),
)

# What Python tasks call, beside those
_WANTED_FOR_LANES = (
    (service.call_and_note, "ttt"),
    (starting.answer, "tttti"),
    (starting.make_gate, "tii"),
    (starting.open_gate, "tti"),
    (service.begin_serving, "tti"),
    (service.beat, "ti"),
    (service.end_serving, "tti"),
    (service.beats_of, "ti"),
    (service.servers, "t"),
    (service.watch, "tti"),
    (service.end_watch, "t"),
    (exchange.occupy_many, "tiit"),
    (exchange.exchange, "tttit"),
    (exchange.is_anyone_rung, "t"),
    (exchange.count_asleep, "ti"),
)

# What `zuki.runtime.metering` calls, beside those
_WANTED_FOR_METERING = (
    (metering.copy_counters, "tttttti"),
    (metering.copy_thefts, "tit"),
    (detached.left, "t"),
    (starting.remaining, "ti"),
    (starting.queued, "ti"),
    (starting.accepted, "t"),
    (starting.losses, "ti"),
)

# What traces call
_WANTED_FOR_TRACES = (
    (tracing.trace_worker, "ttiii"),
    (tracing.counted, "i"),
    (tracing.copy, "iit"),
    (tracing.clocks, ""),
)
_WANTED_FOR_MEASURING = (
    (histogram.add, "tii"),
    (measuring.tell_ready, "tii"),
)

_lock = threading.Lock()
_is_done = False
_lanes_are_done = False
_metering_is_done = False


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
        compile_all(_WANTED)
        _is_done = True


def warm_up_lanes() -> None:
    """Do as `warm_up`, also for the kernels that Python tasks call."""
    global _lanes_are_done
    if _lanes_are_done:
        return
    warm_up()
    with _lock:
        compile_all(_WANTED_FOR_LANES)
        stillness.note_harmless_threads()
        _lanes_are_done = True


def warm_up_traces() -> None:
    """Compile the kernels that traces call, or load them from the cache."""
    with _lock:
        compile_all(_WANTED_FOR_TRACES)


def warm_up_measuring() -> None:
    """Do as `warm_up_traces`, and for the kernels that a pool calls which measures."""
    warm_up_traces()
    with _lock:
        compile_all(_WANTED_FOR_MEASURING)


def warm_up_metering() -> None:
    """Do as `warm_up` for the kernels that read what a pool has counted."""
    global _metering_is_done
    if _metering_is_done:
        return
    with _lock:
        compile_all(_WANTED_FOR_METERING)
        _metering_is_done = True
