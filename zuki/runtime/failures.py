"""A body's exception: from the number that its entry returned to the Python object.

A failure is the address of Numba's description of the exception (class, arguments, file and
line; in the body's code, or allocated if the arguments were computed), or, with its
lowest bit set, the address of a Python exception object that the entry owned.
"""

import ctypes

from zuki.lane.reporting import report_lost
from zuki_kernels import _jit
from zuki_kernels.dispatch import raise_failure

_OBJECT = 1
_OURS = __file__, _jit.__file__  # the second is on the way of a kernel's first call in a process


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
        while trace is not None and trace.tb_frame.f_code.co_filename in _OURS:
            trace = trace.tb_next
        return error.with_traceback(trace)
    raise AssertionError("a failure that raises nothing")


def report_lost_failure(failure: int) -> None:
    """Do as `report_lost` with what a detached task has raised; the number is as `exception_of` takes it."""
    report_lost(exception_of(failure), "Exception ignored in a task that was detached", None)
