"""What an executor is told: values that are checked once, from arguments or from the environment."""

import math
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, fields, replace
from typing import Any

from zuki.platform.placement import ORDERS, can_bind
from zuki.platform.usable import affinity_mask, usable_cpus
from zuki.runtime.environment import VARIABLES, read_variable
from zuki.runtime.home import default_lanes
from zuki.runtime.sizing import MOST_THREADS

_LONGEST = 1 << 62  # nanoseconds
_LEAST_STACK = 65536  # bytes; Python and Numba's frames need that much
EVENTS = 1 << 16  # that a worker's ring of a trace has room for, if nobody says
MOST_EVENTS = 1 << 26
_MOST_CPUS = 1 << 16
POLICIES = ("multi_threaded", "single_threaded")


def checked_count(value: object, name: str, least: int, most: int) -> int:
    """Return a whole number; raise, naming it, if it is something else or out of range."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{name} must be an integer, not {type(value).__name__}")
    number = value.__index__()
    if not least <= number <= most:
        raise ValueError(f"{name} must be between {least} and {most}, not {number}")
    return number


def checked_events(value: object, name: str) -> int:
    """Return for how many events there is to be room: at least as many as asked for, a power of two."""
    return 1 << (checked_count(value, name, 1, MOST_EVENTS) - 1).bit_length()


def _checked_seconds(value: object, name: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool | str) or not hasattr(value, "__float__"):
        raise TypeError(f"{name} must be seconds or None, not {type(value).__name__}")
    seconds = float(value)  # type: ignore[arg-type]
    if not 0 <= seconds < math.inf:
        raise ValueError(f"{name} must be at least 0 and finite, or None for never, not {seconds}")
    return seconds


def _checked_affinity(value: object) -> str | tuple[int, ...] | None:
    if value is None:
        return None
    if isinstance(value, str):
        if value not in ORDERS:
            raise ValueError(
                f"affinity must be {' or '.join(ORDERS)}, or numbers of processors, not {value!r}"
            )
        checked: str | tuple[int, ...] = value
    elif isinstance(value, Iterable) and not isinstance(value, bytes | bytearray | Mapping | Set):
        checked = tuple(checked_count(cpu, "affinity's processor", 0, _MOST_CPUS) for cpu in value)
        if not checked or len(set(checked)) < len(checked):
            raise ValueError(f"affinity must name processors, each of them once, not {list(checked)}")
    else:
        raise TypeError(f"affinity must be a string or a sequence of integers, not {type(value).__name__}")
    if not can_bind():
        raise ValueError(f"affinity is not to be had: {sys.platform} binds no threads to processors")
    usable = affinity_mask()
    strangers = [cpu for cpu in checked if cpu not in usable] if isinstance(checked, tuple) else []
    if strangers:
        raise ValueError(
            f"affinity names processors that this process may not use: {strangers}; it may use {list(usable)}"
        )
    return checked


@dataclass(frozen=True, slots=True)
class ExecutorConfig:
    """What an executor is told.

    Parameters
    ----------
    max_threads : int, optional
        How many threads may run tasks at once. Default: the environment variable
        ``ZUKI_NUM_THREADS``, else the processors this process may use: what its affinity mask has, but
        no more than its control groups allow. Such a default follows them when they change. Where
        ``affinity`` names processors it is not more than these.
    min_threads : int
        How many of the threads that have started stay, however long they have nothing to do.
    keep_alive : float or None
        Seconds without anything to do after which a thread ends; None for never.
    stack_size : int
        Bytes of stack for each thread; 0 for the system's default.
    name : str
        What the threads' names begin with.
    policy : str
        ``"multi_threaded"``, or ``"single_threaded"``: all is run by the threads that wait for it,
        in an order that is the same each time.
    python_lanes : int, optional
        How many threads may run Python callables or coroutines at once. Default: one where the
        interpreter has its lock (a thread that is stuck in one call for longer does not count),
        else as many as threads.
    debug : bool, optional
        Whether steps of coroutines that take more than 0.1 seconds are reported, and Python's warning of a
        coroutine that was never awaited tells where it was made. Default: in Python's development mode.
    trace : bool or int
        Note all that happens, for `Executor.trace`. A number says how many events of each worker are kept,
        the latest; True stands for 65,536.
    adaptive_sizing : bool
        Fit the pool to what happens: a default of ``max_threads`` follows the processors this process
        may use, and workers learn for how long it pays to look for work before they sleep, and whether
        very short tasks are worth sharing. Otherwise all of this stays as it is at first.
    affinity : str or sequence of int, optional
        Bind each of the pool's threads to one processor. ``"compact"`` fills the hardware threads of a core,
        then the cores that share a cache, then a NUMA node; ``"scatter"`` spreads over nodes, then caches,
        then cores, and comes to second threads of cores last. Or numbers of processors, in this order. If
        there are more threads than processors they go round. A caller that helps is not bound. Default: no
        thread is.
    measure : bool
        Keep histograms of how long tasks take and how long nodes that are ready wait, for
        `Executor.metrics`. It costs some 30 nanoseconds for each task, and 8 bytes for each node of a graph
        while that runs.
    initializer : callable, optional
        Called in each thread before it calls the first callable.
    initargs : tuple
        What ``initializer`` is called with.

    Raises
    ------
    TypeError, ValueError
        A value is of another type, or out of range; or ``affinity`` names a processor that this process may
        not use, or is asked for on a system that binds no threads.

    Examples
    --------
    >>> import zuki
    >>> zuki.ExecutorConfig(max_threads=2, keep_alive=None).max_threads
    2
    """

    max_threads: int = None  # type: ignore[assignment]  # what None stands for is put in its place
    min_threads: int = 0
    keep_alive: float | None = 10.0
    stack_size: int = 0
    name: str = "zuki"
    policy: str = "multi_threaded"
    python_lanes: int = None  # type: ignore[assignment]
    debug: bool = None  # type: ignore[assignment]
    trace: bool | int = False
    initializer: Callable[..., Any] | None = None
    initargs: tuple[Any, ...] = ()
    adaptive_sizing: bool = True
    measure: bool = False
    affinity: str | Sequence[int] | None = None
    follows_processors: bool = field(default=False, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        def put(name: str, value: Any) -> None:
            object.__setattr__(self, name, value)

        threads = self.max_threads
        for switch in ("adaptive_sizing", "measure"):
            value = getattr(self, switch)
            if not isinstance(value, bool):
                raise TypeError(f"{switch} must be a bool, not {type(value).__name__}")
        put("affinity", _checked_affinity(self.affinity))
        if threads is None:
            count, is_told = _default_threads()
            if isinstance(self.affinity, tuple) and not is_told:
                count, is_told = min(count, len(self.affinity)), True
            put("max_threads", count)
            put("follows_processors", self.adaptive_sizing and not is_told)
        else:
            put("max_threads", checked_count(threads, "max_threads", 1, MOST_THREADS))
        put("min_threads", checked_count(self.min_threads, "min_threads", 0, self.max_threads))
        put("keep_alive", _checked_seconds(self.keep_alive, "keep_alive"))
        stack = checked_count(self.stack_size, "stack_size", 0, 1 << 40)
        if 0 < stack < _LEAST_STACK:
            raise ValueError(f"stack_size must be 0 or at least {_LEAST_STACK} bytes, not {stack}")
        put("stack_size", stack)
        if not isinstance(self.name, str):
            raise TypeError(f"name must be a string, not {type(self.name).__name__}")
        if self.policy not in POLICIES:
            raise ValueError(f"policy must be one of {', '.join(POLICIES)}, not {self.policy!r}")
        lanes = self.python_lanes
        if lanes is None:
            put("python_lanes", default_lanes(self.max_threads))
        else:
            put("python_lanes", checked_count(lanes, "python_lanes", 1, self.max_threads))
        if self.debug is None:
            put("debug", sys.flags.dev_mode)
        elif not isinstance(self.debug, bool):
            raise TypeError(f"debug must be True or False, not {type(self.debug).__name__}")
        put("trace", self.trace if isinstance(self.trace, bool) else checked_events(self.trace, "trace"))
        if self.initializer is not None and not callable(self.initializer):
            raise TypeError("initializer must be a callable")
        if not isinstance(self.initargs, tuple | list):
            raise TypeError(f"initargs must be a tuple, not {type(self.initargs).__name__}")
        put("initargs", tuple(self.initargs))

    @property
    def trace_events(self) -> int:
        """What a pool is told: for how many events each worker has room, or 0."""
        return EVENTS if self.trace is True else int(self.trace)

    @property
    def keep_alive_nanoseconds(self) -> int:
        """What a pool is told: at least 1, or 0 for never."""
        if self.keep_alive is None:
            return 0
        return max(1, min(_LONGEST, int(min(self.keep_alive, 1e10) * 1e9)))

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None, **given: Any) -> "ExecutorConfig":
        """Return what the variables ``ZUKI_NUM_THREADS``, ``ZUKI_MIN_THREADS`` and so on say.

        Parameters
        ----------
        environment : mapping of str to str, optional
            Default: the process's.
        **given
            Values by name, for which no variable is asked.

        Returns
        -------
        ExecutorConfig
            Defaults for what no variable says.

        Raises
        ------
        ValueError
            A variable says something that is no such value.
        """
        found = os.environ if environment is None else environment
        _refuse_strangers(given)
        told = dict(given)
        for variable, (name, read) in VARIABLES.items():
            text = found.get(variable, "").strip()
            if text and name not in given:
                told[name] = read_variable(variable, name, read, text)
        return cls(**told)

    def changed(self, **changes: Any) -> "ExecutorConfig":
        """Return another one, with some values changed.

        Parameters
        ----------
        **changes
            Values by name.

        Returns
        -------
        ExecutorConfig
            Checked as a new one is.
        """
        _refuse_strangers(changes)
        if self.follows_processors:
            changes = {"max_threads": None, **changes}
        return replace(self, **changes)


def config_of(config: Any, changes: dict[str, Any]) -> ExecutorConfig:
    """Return what an executor is told by a configuration, or a number of threads, and changes by name."""
    changes = _with_names_of_zuki(changes)
    if config is not None and not isinstance(config, ExecutorConfig):
        if "max_threads" in changes:
            raise TypeError("max_threads was given twice")
        changes = {**changes, "max_threads": config}
        config = None
    if config is None:
        given = {name: value for name, value in changes.items() if value is not None or name == "keep_alive"}
        return ExecutorConfig.from_environment(**given)
    return config.changed(**changes)


def _with_names_of_zuki(changes: dict[str, Any]) -> dict[str, Any]:
    """Read what `concurrent.futures.ThreadPoolExecutor` is told by other names."""
    changes = dict(changes)
    for theirs, ours in (("max_workers", "max_threads"), ("thread_name_prefix", "name")):
        if theirs in changes:
            if ours in changes:
                raise TypeError(f"{theirs} is {ours}, which was given, too")
            value = changes.pop(theirs)
            if theirs == "max_workers" and isinstance(value, int) and value <= 0:
                raise ValueError("max_workers must be greater than 0")
            changes[ours] = value or None
    return changes


def _refuse_strangers(names: Mapping[str, Any]) -> None:
    known = {field.name for field in fields(ExecutorConfig) if field.init}
    strangers = sorted(names.keys() - known)
    if strangers:
        raise TypeError(f"an executor has no {', '.join(strangers)}; it has {', '.join(sorted(known))}")


def _default_threads() -> tuple[int, bool]:
    """Return how many threads there are where none are asked for, and whether the environment says so."""
    text = os.environ.get("ZUKI_NUM_THREADS", "").strip()
    if not text:
        return min(usable_cpus(), MOST_THREADS), False
    return read_variable("ZUKI_NUM_THREADS", "max_threads", int, text), True
