"""`zuki.task`: how a jitted body is made of a function."""

import builtins
import dis
import inspect
import weakref
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any

from numba.core import errors, sigutils
from numba.core.compiler import Flags
from numba.core.registry import CPUDispatcher, cpu_target

from zuki.errors import TaskError
from zuki.task.cache import is_filled
from zuki.task.task import Task

_FIXED_OPTIONS = {"nopython": True, "nogil": True, "forceobj": False, "no_cpython_wrapper": False}


def task(
    signature_or_function: Any = None,
    /,
    *,
    writes: Iterable[str] | None = None,
    cache: bool = True,
    **options: Any,
) -> Any:
    """Make a jitted body of a function.

    The task is called in place exactly as ``numba.njit(nogil=True)`` would, and can be added
    to a `Graph`.

    Parameters
    ----------
    signature_or_function : function, or str, tuple or list of Numba signatures, optional
        The body, where the decorator stands alone; or the signatures to compile at once.
        Without signatures the task is compiled for the types of its first use.
    writes : iterable of str, optional
        The names of the arguments that the body writes, for the order of a graph's nodes.
        Default: found in the body; calls of functions that are not known count as writes.
    cache : bool
        Keep the machine code on disk, where Numba can.
    **options
        Options of `numba.njit`, such as ``fastmath``, ``boundscheck``, ``error_model``, ``inline``.

    Returns
    -------
    Task
        Or a decorator that makes one.

    Raises
    ------
    TaskError
        The body does not compile for a declared signature, an option is not for tasks, or
        ``writes`` names no argument of the body.

    Examples
    --------
    >>> import zuki
    >>> @zuki.task("float64(float64, float64)")
    ... def middle(a, b):
    ...     return (a + b) / 2
    >>> middle(1.0, 3.0)
    2.0
    """
    signatures = None
    if signature_or_function is not None and not inspect.isfunction(signature_or_function):
        signatures = _checked_signatures(signature_or_function)

    def decorate(function: Callable[..., Any]) -> Task:
        return _make_task(function, signatures, writes, cache, options)

    if inspect.isfunction(signature_or_function):
        return decorate(signature_or_function)
    return decorate


def _checked_signatures(given: Any) -> Sequence[Any]:
    signatures = given if isinstance(given, list) else [given]
    for signature in signatures:
        try:
            known = sigutils.is_signature(signature)
            if known:
                sigutils.normalize_signature(signature)
        except Exception as error:
            raise TaskError(f"zuki.task: {signature!r} is not a signature: {error}") from error
        if not known:
            raise TaskError(f"zuki.task takes a function or signatures, not {signature!r}")
    return signatures


_tasks_of: "weakref.WeakKeyDictionary[CPUDispatcher, Task]" = weakref.WeakKeyDictionary()


def task_of(dispatcher: CPUDispatcher) -> Task:
    """Return the task with the body and the options of a function that was jitted by Numba itself.

    Parameters
    ----------
    dispatcher : Numba dispatcher
        Made by `numba.njit`.

    Returns
    -------
    Task
        The same one each time.
    """
    if isinstance(dispatcher, Task):
        return dispatcher
    made = _tasks_of.get(dispatcher)
    if made is None:
        options = {
            name: value for name, value in dispatcher.targetoptions.items() if name not in _FIXED_OPTIONS
        }
        made = _tasks_of[dispatcher] = _make_task(dispatcher.py_func, None, None, True, options)
    return made


def _make_task(function, signatures, writes, cache, options) -> Task:
    if not inspect.isfunction(function):
        raise TaskError(f"zuki.task decorates a function, not {function!r}")
    for name, value in _FIXED_OPTIONS.items():
        if options.pop(name, value) != value:
            raise TaskError(f"task '{function.__name__}': tasks are always compiled with {name}={value}")
    local_types = options.pop("locals", None)
    written = None
    if writes is not None:
        if not isinstance(writes, Iterable):
            raise TaskError(f"task '{function.__name__}': writes must be names of arguments, not {writes!r}")
        written = frozenset([writes] if isinstance(writes, str) else writes)
        strangers = written - set(inspect.signature(function).parameters)
        if strangers:
            raise TaskError(
                f"task '{function.__name__}': writes names no argument: "
                + ", ".join(sorted(map(str, strangers)))
            )
    try:
        cpu_target.options.parse_as_flags(Flags(), options)
        made = Task(function, local_types, {**_FIXED_OPTIONS, **options}, declared_writes=written)
        if cache and not (signatures and _has_empty_cells(function)):  # Numba's cache looks into them
            with suppress(RuntimeError, OSError):  # Numba finds no place, or no source: typed at a prompt
                made.enable_caching()
        for signature in signatures or ():
            argument_types, result = sigutils.normalize_signature(signature)
            if result is not None:
                made.declared[argument_types] = result
        if not signatures:
            return made
        made._deferred = list(signatures)
        if _knows_its_globals(function):  # or a task that is spawned is defined below
            for signature in signatures:
                made.compile(signature)
            made._deferred = []
            made.disable_compile()
    except (KeyError, errors.NumbaError, TypeError, ValueError) as error:
        raise TaskError(f"task '{function.__name__}' does not compile: {error}") from error
    return made


def _has_empty_cells(function: Callable[..., Any]) -> bool:
    """Tell whether a function uses what is defined below it in another function, such as itself."""
    return not all(map(is_filled, function.__closure__ or ()))


def _knows_its_globals(function: Callable[..., Any]) -> bool:
    """Tell whether each global name in a function stands for something by now, which can be compiled."""
    loaded = {one.argval for one in dis.get_instructions(function) if one.opname == "LOAD_GLOBAL"}
    known = {**vars(builtins), **function.__globals__, function.__name__: None}
    waits = {name for name, value in known.items() if isinstance(value, Task) and value._deferred}
    return loaded <= known.keys() - waits
