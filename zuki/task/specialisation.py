"""A task for one signature: what a graph needs to give it arguments, run it and read its result."""

import ctypes
from functools import cached_property
from typing import Any

from numba import _dynfunc, types
from numba.core import cpu

from zuki.task.emitting import symbol
from zuki.task.frames import ArraySlot, FrameLayout, lay_out
from zuki.task.starting import can_be_started
from zuki_kernels.runs import MAY_SPAWN


class Specialisation:
    """A compiled signature of a task.

    Parameters
    ----------
    name : str
        The task's name, for messages.
    argument_names : tuple of str
        The names of the body's arguments.
    compiled : numba CompileResult
        From a `zuki.task.compiler.TaskCompiler`.
    context : numba target context
        For the sizes of the types.
    declared_writes : frozenset of str or None
        What the user says the body writes.
    """

    def __init__(self, name, argument_names, compiled, context: cpu.CPUContext, declared_writes) -> None:
        self.name, self.argument_names = name, argument_names
        self.signature = compiled.signature
        self._library, self._description = compiled.library, compiled.fndesc
        self._environment = compiled.environment
        self._declared_writes = declared_writes
        self.layout: FrameLayout = lay_out(context, compiled.fndesc.restype, compiled.fndesc.argtypes)
        self.result_type = compiled.fndesc.restype
        self.argument_types = compiled.fndesc.argtypes
        self.entry = self._address("entry")
        may_spawn = ctypes.CFUNCTYPE(ctypes.c_int64)(self._address("spawns"))()
        self.node_entry = self.entry | (MAY_SPAWN if may_spawn else 0)  # as a graph names it
        self.pack = self._python_function("pack")
        is_usual = can_be_started(self.layout, self.argument_types)
        self.start = self._python_function("start") if is_usual else None
        self.idle_calls: list[Any] = []  # see `zuki.graph.call`
        self.counts_references = not self.layout.borrows or self._result_is_counted(context)
        # whether the frame points to what somebody else has to keep alive
        self.keeps_alive = not all(map(_is_copied, self.argument_types))

    def _result_is_counted(self, context) -> bool:
        return (
            self.result_type is not types.none
            and context.data_model_manager[self.result_type].contains_nrt_meminfo()
        )

    def _address(self, function: str) -> int:
        return self._library.get_pointer_to_function(symbol(function, self._description))

    def _python_function(self, function: str):
        return _dynfunc.make_function(
            self._description.lookup_module(),
            function,
            f"{function} of {self.name}",
            self._address(function),
            self._environment,
            (self._library,),
        )

    @cached_property
    def unpack(self):
        """Return the result in a frame, as Python sees it."""
        return self._python_function("unpack")

    @cached_property
    def release(self):
        """Give back the references that a frame holds."""
        return ctypes.PYFUNCTYPE(None, ctypes.c_int64)(self._address("release"))

    @cached_property
    def writes(self) -> frozenset[str]:
        """The names of the arguments that the body writes."""
        if self._declared_writes is not None:
            return self._declared_writes
        bits = ctypes.CFUNCTYPE(ctypes.c_int64)(self._address("writes"))()
        last = len(self.argument_names) - 1
        return frozenset(
            name
            for index, name in enumerate(self.argument_names)
            if bits >> min(index, 62) & 1 or (index > 62 and last)
        )

    @cached_property
    def views(self) -> tuple[tuple[ArraySlot, bool], ...]:
        """Each array in the frame, and whether the body writes it."""
        return tuple((slot, self.argument_names[slot.argument] in self.writes) for slot in self.layout.arrays)

    @cached_property
    def covered(self) -> tuple[tuple[int, int, bool], ...]:
        """For each array: where the frame tells which memory it covers, and whether the body writes it."""
        return tuple((slot.view.start, slot.view.stop, writes) for slot, writes in self.views)

    @cached_property
    def records(self) -> tuple[tuple[int, int, bool], ...]:
        """For each record: where the frame holds its address, its bytes, and whether the body writes it."""
        return tuple(
            (self.layout.arguments[index], kind.size, self.argument_names[index] in self.writes)
            for index, kind in enumerate(self.argument_types)
            if isinstance(kind, types.Record)
        )


def _is_copied(kind) -> bool:
    return isinstance(kind, types.Number | types.Boolean | types.NoneType)
