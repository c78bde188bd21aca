"""How arguments become frames, and which earlier nodes a new one waits for."""

import struct
from typing import Any

import numpy as np
from numba import types
from numba.np import numpy_support

from zuki.errors import GraphError, TaskError
from zuki.graph.each import Each
from zuki.graph.node import Node
from zuki.graph.state import GraphState
from zuki.graph.waiting import checked
from zuki.task.specialisation import Specialisation
from zuki.task.task import Task

_PLAIN = (types.Integer, types.Float, types.Complex, types.Boolean, types.NPDatetime, types.NPTimedelta)


def resolve(
    state: GraphState, task: Task, arguments: tuple[Any, ...]
) -> tuple[Specialisation, dict[int, int]]:
    """Return a task's specialisation for arguments some of which may be nodes, and where those are.

    Parameters
    ----------
    state : GraphState
        The graph that is added to.
    task : Task
        The body.
    arguments : tuple
        All its arguments.

    Returns
    -------
    Specialisation
        For the arguments' types; a node's is that of its result.
    dict of int to int
        The nodes among the arguments: position and number.
    """
    nodes = {index: checked(state, value) for index, value in enumerate(arguments) if isinstance(value, Node)}
    if not nodes:
        return task.specialise_for(arguments), nodes
    kinds = tuple(
        _result_type(state, task, name, nodes[index]) if index in nodes else task.type_of(value, name)
        for index, (value, name) in enumerate(zip(arguments, task.argument_names, strict=True))
    )
    found = task.specialise(kinds)
    for index, number in nodes.items():
        if found.argument_types[index] != kinds[index]:
            raise TaskError(
                f"argument '{task.argument_names[index]}' of task '{task.__name__}' was declared as "
                f"{found.argument_types[index]}, but node {state.name_of(number)!r} results in {kinds[index]}"
            )
    return found, nodes


def _result_type(state: GraphState, task: Task, argument: str, node: int) -> types.Type:
    found = state.body_of(node)
    where = f"argument '{argument}' of task '{task.__name__}': node {state.name_of(node)!r}"
    if not isinstance(found, Specialisation):
        raise TaskError(f"{where} has no typed result")
    kind = found.result_type
    if isinstance(kind, types.Optional):
        raise TaskError(f"{where} may result in None")
    return kind


def make_frame(
    state: GraphState, found: Specialisation, arguments: tuple[Any, ...], nodes: dict[int, int]
) -> int:
    """Return the address of a new frame that holds the arguments; 0 for a task without any."""
    layout = found.layout
    if not layout.size:
        return 0
    frame = state.arena.take(layout.size)
    mask = 0
    if nodes:
        for index in nodes:
            mask |= 1 << min(index, 62)
        arguments = tuple(None if index in nodes else value for index, value in enumerate(arguments))
    try:
        found.pack(frame, mask, *arguments)
    except BaseException:
        found.release(frame)
        state.arena.give_back(frame)
        raise
    return frame


def link_results(state: GraphState, found: Specialisation, frame: int, nodes: dict[int, int]) -> None:
    """Let the results of ``nodes`` be copied into a frame before its body runs."""
    moves = []
    for index, number in nodes.items():
        source = state.frame_of(number) + state.body_of(number).layout.result
        target = frame + found.layout.arguments[index]
        if isinstance(found.argument_types[index], types.Record):
            state.keep_words([source], target)  # a record is passed by its address
        else:
            moves += [source, target, found.layout.argument_sizes[index]]
    if moves:
        state.keep_words([state.keep_words([len(moves) // 3, *moves])], frame)


def is_vectorised(found: Specialisation, arguments: tuple[Any, ...]) -> bool:
    """Tell whether the frames of many nodes can be written by NumPy: no references, no odd types."""
    if found.counts_references or found.records:
        return False
    for kind, value in zip(found.argument_types, arguments, strict=True):
        if isinstance(value, Node):
            return False
        if isinstance(value, Each) and not _is_column(kind, value.values):
            return False
    return True


def _is_column(kind: types.Type, values: Any) -> bool:
    if not isinstance(values, np.ndarray) or type(values) is not np.ndarray:
        return False
    if values.ndim > 1:
        return isinstance(kind, types.Array) and _row_types_agree(values)
    return isinstance(kind, _PLAIN)


def _row_types_agree(values: np.ndarray) -> bool:
    """Tell whether all rows have one Numba type: they differ only if their alignment does."""
    return bool(values.flags.aligned)


def make_frames(
    state: GraphState, found: Specialisation, arguments: tuple[Any, ...], count: int
) -> np.ndarray:
    """Return ``count`` new frames that hold the arguments; bytes, shape (count, size)."""
    size = found.layout.size
    if not size:
        return np.empty((0, 0), np.uint8)
    frames = state.arena.take_rows(count, size)
    found.pack(frames.ctypes.data, 0, *first_of(arguments))
    frames[1:] = frames[0]
    for index, value in enumerate(arguments):
        if isinstance(value, Each):
            _write_column(found, frames, index, value.values)
    return frames


def keys_of(
    state: GraphState, found: Specialisation, frame: int, nodes: dict[int, int]
) -> list[tuple[bytes, bool]]:
    """Return which memory a node accesses, as `Regions` names it, and whether its body writes it."""
    arena = state.arena
    keys = [(arena.copy(frame, start, stop), writes) for start, stop, writes in found.covered]
    for offset, size, writes in found.records:
        (address,) = struct.unpack("q", arena.copy(frame, offset, offset + 8))
        if address:  # else the result of a node
            keys.append((struct.pack("4q", 1, address, size, 1), writes))
    for index, number in nodes.items():
        if _holds_memory(found.argument_types[index]):
            keys.append((_key_of_result(state, number), found.argument_names[index] in found.writes))
    return keys


def _holds_memory(kind: types.Type) -> bool:
    """Tell whether several nodes that are given one value of a type share memory."""
    if isinstance(kind, types.BaseTuple):
        return any(map(_holds_memory, kind.types))
    return isinstance(kind, types.Array | types.Record)


def _key_of_result(state: GraphState, node: int) -> bytes:
    """Return what stands for the memory of a node's result, which is nowhere yet: the place of its frame."""
    return struct.pack("4q", 1, state.frame_of(node), 1, 1)


def keys_of_values(state: GraphState, values: tuple[Any, ...]) -> list[tuple[bytes, bool]]:
    """Return which memory a Python callable accesses: all arrays that it is given, and it may write them."""
    arrays = [value for value in values if isinstance(value, np.ndarray)]
    bodies = [(value.id, state.body_of(value.id)) for value in values if isinstance(value, Node)]
    results = [
        (_key_of_result(state, number), True)
        for number, body in bodies
        if isinstance(body, Specialisation) and _holds_memory(body.result_type)
    ]
    return results + [
        (
            struct.pack(
                f"{2 + 2 * array.ndim}q", array.itemsize, array.ctypes.data, *array.shape, *array.strides
            ),
            True,
        )
        for array in arrays
    ]


def _write_column(found: Specialisation, frames: np.ndarray, index: int, values: np.ndarray) -> None:
    kind, offset = found.argument_types[index], found.layout.arguments[index]
    if isinstance(kind, _PLAIN):
        dtype = numpy_support.as_dtype(kind)
        column: np.ndarray = values.astype(dtype, copy=False)
    else:
        if isinstance(kind, types.Array):
            offset = next(slot.data for slot in found.layout.arrays if slot.argument == index)
        column = values.ctypes.data + values.strides[0] * np.arange(len(values))
        dtype = np.dtype(np.int64)
    frames[:, offset : offset + dtype.itemsize].view(dtype)[:, 0] = column


def first_of(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the arguments of the first of many nodes."""
    return item_of(arguments, 0)


def item_of(arguments: tuple[Any, ...], index: int) -> tuple[Any, ...]:
    """Return the arguments of one of many nodes."""
    return tuple(value.values[index] if isinstance(value, Each) else value for value in arguments)


def count_of(name: str, arguments: tuple[Any, ...], count: int | None) -> int:
    """Return how many nodes `Graph.add_many` is to add.

    Raises
    ------
    GraphError
        The arguments that vary, or ``count``, differ in length, or nothing says how many.
    """
    lengths = {index: len(value) for index, value in enumerate(arguments) if isinstance(value, Each)}
    if count is not None:
        if isinstance(count, bool) or not hasattr(count, "__index__") or count.__index__() < 0:
            raise GraphError(f"count must be an integer of at least 0, not {count!r}")
        lengths[-1] = count.__index__()
    if not lengths:
        raise GraphError(f"add_many({name}, ...) needs count=, or an argument wrapped in zuki.each")
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{'count' if i < 0 else f'argument {i}'} {n}" for i, n in sorted(lengths.items()))
        raise GraphError(f"add_many({name}, ...): the numbers of nodes differ: {told}")
    return next(iter(lengths.values()))
