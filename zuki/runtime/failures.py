"""A body's exception: from the number that its entry returned to the Python object.

A failure is the address of Numba's description of the exception (class, arguments, file and
line; in the body's code, or allocated if the arguments were computed), or, with its
lowest bit set, the address of a Python exception object that the entry owned.
"""

import ctypes
import sys
from types import SimpleNamespace

from zuki_kernels.dispatch import raise_failure

_OBJECT = 1


def exception_of(failure: int) -> BaseException:
    """Return the exception, once: its memory is given back.

    Parameters
    ----------
    failure : int
        What the entry returned; not 0.

    Returns
    -------
    BaseException
        With a traceback entry for the line that raised it, where Numba knows it.
    """
    if failure & _OBJECT:
        address = failure - _OBJECT
        error = ctypes.cast(address, ctypes.py_object).value
        ctypes.pythonapi.Py_DecRef(ctypes.py_object(error))
        return error
    try:
        raise_failure(failure)
    except BaseException as error:
        trace = error.__traceback__
        return error.with_traceback(trace.tb_next if trace is not None else None)  # without this function
    raise AssertionError("a failure that raises nothing")


def report_lost(error: BaseException, message: str, thing: object) -> None:
    """Let the program hear of an exception that nobody can catch, as Python does: `sys.unraisablehook`."""
    kinds = type(error), error, error.__traceback__, message, thing
    names = "exc_type", "exc_value", "exc_traceback", "err_msg", "object"
    sys.unraisablehook(SimpleNamespace(**dict(zip(names, kinds, strict=True))))  # type: ignore[arg-type]


def report_lost_failure(failure: int) -> None:
    """Do as `report_lost` with what a detached task has raised; the number is as `exception_of` takes it."""
    report_lost(exception_of(failure), "Exception ignored in a task that was detached", None)
