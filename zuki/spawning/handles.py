"""The type of what `zuki.spawn` returns in jitted code."""

from numba import types
from numba.core import cgutils
from numba.extending import models, register_model

from zuki.task.frames import value_type


class JoinHandle(types.Type):
    """The right to the result of a spawned task.

    Parameters
    ----------
    name : str
        The task's name.
    task : Task
        What was spawned.
    result : numba type
        What it returns.
    arguments : tuple of numba types
        What it takes.
    """

    def __init__(self, task, result, arguments) -> None:
        self.task, self.result, self.arguments = task, result, arguments
        text = ", ".join(map(str, arguments))
        super().__init__(
            f"zuki.JoinHandle[{task.py_func.__module__}.{task.py_func.__qualname__}({text}) -> {result}, "
            f"{task._uuid}]"  # tasks may share a name, and Numba takes types of one name for the same
        )


@register_model(JoinHandle)
class _JoinHandleModel(models.StructModel):
    def __init__(self, manager, kind) -> None:
        result = value_type(kind.result)
        members = [
            ("hand", types.int64),  # 0: it was run in place, and `failure` and `result` say how it went
            ("block", types.int64),
            ("stamp", types.int64),
            ("failure", types.int64),
            ("absent", types.boolean),
            ("result", types.int8 if result is types.none else result),
        ]
        super().__init__(manager, kind, members)


def fields_of(context, builder, kind, value=None):
    """Return a handle's fields, for reading and writing."""
    return cgutils.create_struct_proxy(kind)(context, builder, value=value)


def contains_handle(kind) -> bool:
    """Tell whether values of a type are handles, or tuples and containers of them."""
    inside = kind.types if isinstance(kind, types.BaseTuple) else [getattr(kind, "dtype", kind)]
    return any(isinstance(one, JoinHandle) or (one is not kind and contains_handle(one)) for one in inside)
