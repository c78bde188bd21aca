"""The frame of a task: where its arguments and its result lie in memory.

A frame begins with a word that is 0 or the address of a list of *moves* (results of other
tasks that are copied into this frame before the body runs); then comes the result, then the
arguments, each in Numba's data representation. A record argument is its address.
"""

from dataclasses import dataclass

from numba.core import types

MOVES = 0  # offset of the address of the list of moves
_HEADER = 8  # bytes
ALIGNMENT = 16  # bytes, of a frame


@dataclass(frozen=True, slots=True)
class ArraySlot:
    """An array inside a frame: an argument, or an item of a tuple that is one.

    Parameters
    ----------
    argument : int
        Index of the argument.
    offset : int
        Bytes from the start of the frame to Numba's array structure.
    dimensions : int
        Dimensions of the array.
    """

    argument: int
    offset: int
    dimensions: int

    # the structure: meminfo, parent, number of items, bytes of an item, data, shape, strides
    @property
    def view(self) -> slice:
        """The bytes that tell which memory the array covers: item size, data, shape, strides."""
        return slice(self.offset + 24, self.offset + 40 + 16 * self.dimensions)

    @property
    def data(self) -> int:
        """Offset of the address of the array's first item."""
        return self.offset + 32


@dataclass(frozen=True, slots=True)
class FrameLayout:
    """Offsets and sizes in bytes.

    Parameters
    ----------
    size : int
        Of the whole frame; 0 for a task without arguments and result.
    absent : int
        Offset of a word that is 1 if an optional result is None; -1 if the result is not optional.
    result, result_size : int
        Where the result lies.
    arguments, argument_sizes : tuple of int
        Where each argument lies.
    arrays : tuple of ArraySlot
        The arrays among the arguments.
    borrows : bool
        The frame holds no references to arrays; who makes the frame keeps them alive.
    """

    size: int
    absent: int
    result: int
    result_size: int
    arguments: tuple[int, ...]
    argument_sizes: tuple[int, ...]
    arrays: tuple[ArraySlot, ...]
    borrows: bool


def lay_out(context, result, arguments) -> FrameLayout:
    """Decide where everything lies in the frame of a signature.

    Parameters
    ----------
    context : numba target context
        Knows the sizes.
    result : numba type
        What the body returns.
    arguments : sequence of numba types
        What it takes.

    Returns
    -------
    FrameLayout
        The same for the same types on the same machine.
    """
    top = _HEADER
    absent = -1
    if isinstance(result, types.Optional):
        absent, top = top, top + 8
    kept = value_type(result)
    result_at, top = _place(context, kept, top)
    offsets, sizes, arrays = [], [], []
    for index, argument in enumerate(arguments):
        if isinstance(argument, types.Record):
            offset = _aligned(top, 8)
            top = offset + 8
        else:
            offset, top = _place(context, argument, top)
            arrays += [
                ArraySlot(index, at, dimensions) for at, dimensions in _arrays(context, argument, offset)
            ]
        offsets.append(offset)
        sizes.append(top - offset)
    size = 0 if not offsets and kept is types.none and absent < 0 else _aligned(top, ALIGNMENT)
    borrows = not context.data_model_manager[kept].contains_nrt_meminfo() and all(
        map(_can_be_borrowed, arguments)
    )
    result_size = 0 if kept is types.none else _size(context, kept)
    return FrameLayout(
        size, absent, result_at, result_size, tuple(offsets), tuple(sizes), tuple(arrays), borrows
    )


def value_type(result):
    """Return the type of a result that is not None."""
    return result.type if isinstance(result, types.Optional) else result


def takes_no_space(kind) -> bool:
    """Tell whether a frame holds nothing for a value: None, or an argument that a caller left out."""
    return kind is types.none or isinstance(kind, types.Omitted)


def _can_be_borrowed(argument) -> bool:
    """Tell whether the body cannot keep a reference to what is inside of the argument."""
    if isinstance(argument, types.BaseTuple):
        return all(map(_can_be_borrowed, argument.types))
    return isinstance(
        argument,
        types.Number
        | types.Boolean
        | types.Array
        | types.Record
        | types.NoneType
        | types.NPDatetime
        | types.NPTimedelta,
    )


def _aligned(offset: int, alignment: int) -> int:
    return -(-offset // alignment) * alignment


def _size(context, kind) -> int:
    return context.get_abi_sizeof(context.get_data_type(kind))


def _place(context, kind, top: int) -> tuple[int, int]:
    """Return where a value lies at or after ``top``, and where it ends."""
    if takes_no_space(kind):
        return top, top
    offset = _aligned(top, max(8, context.get_abi_alignment(context.get_data_type(kind))))
    return offset, offset + _size(context, kind)


def _arrays(context, kind, offset: int):
    """Yield offset and dimensions of each array in a value that lies at ``offset``."""
    if isinstance(kind, types.Array):
        yield offset, kind.ndim
    elif isinstance(kind, types.BaseTuple):
        for item in kind.types:
            offset = _aligned(offset, context.get_abi_alignment(context.get_data_type(item)))
            yield from _arrays(context, item, offset)
            offset += _size(context, item)
