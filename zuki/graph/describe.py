"""A node's arguments in words, for error messages."""

import ctypes

from zuki.graph.state import GraphState
from zuki.task.specialisation import Specialisation


def describe_arguments(state: GraphState, node: int) -> str:
    """Return the names, types and shapes of a node's arguments.

    Parameters
    ----------
    state : GraphState
        The graph.
    node : int
        A node's number.

    Returns
    -------
    str
        Such as ``A: float64[64, 64], n: int64``; empty for a node without arguments.
    """
    frame, body = state.contents.frame_and_body(node)
    found = state.bodies[body]
    if not isinstance(found, Specialisation):
        _, arguments = state.calls.get(node, (None, ()))
        return ", ".join(_describe(value) for value in arguments)
    shapes = {slot.argument: _shape(frame, slot.view, slot.dimensions) for slot in found.layout.arrays}
    return ", ".join(
        f"{name}: {kind.dtype}{shapes[index]}"
        if hasattr(kind, "dtype") and index in shapes
        else f"{name}: {kind}"
        for index, (name, kind) in enumerate(zip(found.argument_names, found.argument_types, strict=True))
    )


def _shape(frame: int, view: slice, dimensions: int) -> list[int]:
    """Read the shape of an array that lies in a frame: after the item's size and the address."""
    words = (ctypes.c_int64 * dimensions).from_address(frame + view.start + 16)
    return list(words)


def _describe(value: object) -> str:
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return f"{value.dtype}{list(value.shape)}"
    return type(value).__name__
