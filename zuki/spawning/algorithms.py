"""`parallel_for` and its kin, as Python sees them."""

from collections.abc import Callable
from typing import Any

import numpy as np

from zuki.graph.call import run_specialisation
from zuki.later import later

plans = later("zuki.spawning.plans")


def parallel_for(
    body: Callable[..., None],
    start: int | tuple[int, int],
    stop: int | tuple[int, int],
    *args: Any,
    grain: int | None = None,
    executor: Any = None,
) -> None:
    """Call a body with each index of a range, on all workers; from Python or in jitted code.

    The range is split only while other workers have nothing to do, so that neither the cost of
    a round nor the number of rounds matters [1]_. A body is compiled into the loop over its
    part of the range. In jitted code outside of a pool the loop runs in place.

    Parameters
    ----------
    body : Task or Numba function
        ``body(index, *args)``, or ``body(row, column, *args)`` for a range of two dimensions.
        It returns nothing.
    start, stop : int, or tuple of two int
        The range, without `stop`. One that is empty is fine. Of a range of two dimensions a part
        is some rows, and some of the columns of the first and of the last of them.
    *args
        What the body takes besides.
    grain : int, optional
        A part of the range that is given away has at least so many rounds; at least 1.
    executor : Executor, optional
        From Python only: where it is to run; default: `default_executor`.

    Raises
    ------
    TaskError
        The body returns something, or does not take these arguments; in jitted code a TypingError.
    ValueError
        `grain` is less than 1.
    Exception
        What the body has raised; other rounds may have run, before and after. If several have failed, one
        is raised, and a note says how many others there were.

    References
    ----------
    .. [1] Tzannes, Caragea, Barua, Vishkin: Lazy binary-splitting, PPoPP 2010.

    Examples
    --------
    >>> import numba, numpy, zuki
    >>> @numba.njit
    ... def square(index, values):
    ...     values[index] = index * index
    >>> values = numpy.zeros(5)
    >>> zuki.parallel_for(square, 0, 5, values)
    >>> values.tolist()
    [0.0, 1.0, 4.0, 9.0, 16.0]
    """
    _run(parallel_for, executor, body, start, stop, *args, grain=grain)


def parallel_for_range(
    body: Callable[..., None],
    start: int,
    stop: int,
    *args: Any,
    grain: int | None = None,
    executor: Any = None,
) -> None:
    """Call a body with parts of a range, on all workers; from Python or in jitted code.

    For a body that has something to prepare before its rounds. Parts are as `parallel_for` makes
    them: of one round at first, and then of as many as take some microseconds.

    Parameters
    ----------
    body : Task or Numba function
        ``body(start, stop, *args)``, for a part that is never empty. It returns nothing.
    start, stop : int
        The whole range, without `stop`.
    *args
        What the body takes besides.
    grain : int, optional
        A part has at least so many rounds, but for the last of a part of the range that was
        given away; at least 1.
    executor : Executor, optional
        From Python only: where it is to run; default: `default_executor`.

    Raises
    ------
    TaskError, ValueError, Exception
        As `parallel_for`.
    """
    _run(parallel_for_range, executor, body, start, stop, *args, grain=grain)


def parallel_map(
    function: Callable[..., Any],
    values: Any,
    *args: Any,
    grain: int | None = None,
    executor: Any = None,
) -> np.ndarray:
    """Call a function with each item of an array, on all workers; from Python or in jitted code.

    Parameters
    ----------
    function : Task or Numba function
        ``function(item, *args)``; it returns a number or a bool.
    values : ndarray
        Of one dimension or more; from Python also what `numpy.asarray` takes.
    *args
        What the function takes besides.
    grain : int, optional
        As in `parallel_for`.
    executor : Executor, optional
        From Python only: where it is to run; default: `default_executor`.

    Returns
    -------
    ndarray
        What the function returned, in the shape of `values`, in C order.

    Raises
    ------
    TaskError, ValueError, Exception
        As `parallel_for`.
    """
    return _run(parallel_map, executor, function, np.asarray(values), *args, grain=grain)


def parallel_reduce(
    body: Callable[..., Any],
    combine: Callable[[Any, Any], Any],
    start: int,
    stop: int,
    *args: Any,
    initial: Any = None,
    grain: int | None = None,
    executor: Any = None,
) -> Any:
    """Combine what a body returns for each index of a range; from Python or in jitted code.

    What is combined with what depends on `start`, `stop` and `grain` alone. So the result is the
    same to the last bit in each run, and with any number of workers.

    Parameters
    ----------
    body : Task or Numba function
        ``body(index, *args)``.
    combine : Task or Numba function
        ``combine(left, right)``: associative, but for rounding; it need not commute.
    start, stop : int
        The range, without `stop`.
    *args
        What the body takes besides.
    initial : object, optional
        What is combined, from the left, with the result; and the result for an empty range.
    grain : int, optional
        So many rounds at least are combined one after the other; at least 1.
    executor : Executor, optional
        From Python only: where it is to run; default: `default_executor`.

    Returns
    -------
    object
        Of the type that `combine` makes of what `body` returns.

    Raises
    ------
    TaskError, Exception
        As `parallel_for`.
    ValueError
        The range is empty, and there is no `initial`; or `grain` is less than 1.
    """
    return _run(parallel_reduce, executor, body, combine, start, stop, *args, initial=initial, grain=grain)


def parallel_scan(
    combine: Callable[[Any, Any], Any],
    values: Any,
    *,
    grain: int | None = None,
    executor: Any = None,
) -> np.ndarray:
    """Combine each item of an array with all before it; from Python or in jitted code.

    Each block of the array is combined, and then run through once more with what lies before it:
    twice the work of a serial scan. The blocks depend on the length and on `grain` alone, so the
    result is the same to the last bit in each run, and with any number of workers.

    Parameters
    ----------
    combine : Task or Numba function
        ``combine(left, right)``: associative, but for rounding; it need not commute.
    values : ndarray
        Numbers, one dimension; from Python also what `numpy.asarray` takes.
    grain : int, optional
        The least length of a block; at least 1. Blocks have at least 2048 items anyway.
    executor : Executor, optional
        From Python only: where it is to run; default: `default_executor`.

    Returns
    -------
    ndarray
        Item i is what items 0 to i, both included, combine to.

    Raises
    ------
    TaskError, ValueError, Exception
        As `parallel_for`.
    """
    return _run(parallel_scan, executor, combine, np.asarray(values), grain=grain)


def parallel_invoke(*calls: Any, executor: Any = None) -> tuple[Any, ...]:
    """Make some calls, on all workers; from Python or in jitted code.

    Parameters
    ----------
    *calls : Task or Numba function, or tuple
        What is called, each followed by the tuple of its arguments, if it takes any.
    executor : Executor, optional
        From Python only: where they are to run; default: `default_executor`.

    Returns
    -------
    tuple
        What each has returned.

    Raises
    ------
    TaskError
        A function does not take its arguments; in jitted code a TypingError.
    Exception
        What a function has raised; of several, that of the first in the order of the calls.

    Examples
    --------
    >>> import numba, zuki
    >>> @numba.njit
    ... def add(a, b):
    ...     return a + b
    >>> zuki.parallel_invoke(add, (1, 2), add, (3.5, 4.0))
    (3, 7.5)
    """
    return _run(parallel_invoke, executor, *calls)


def _run(face: Callable[..., Any], executor: Any, *args: Any, **keywords: Any) -> Any:
    return run_specialisation(*plans.plan_of_values(face, args, keywords), executor)
