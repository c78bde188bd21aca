"""Which processors a thread may use: asked, and told. Linux alone has this; elsewhere it is refused.

A set of processors is a bit for each, in `WORDS` cells of a table one after another.
"""

from llvmlite import ir
from numba import types
from numba.core import cgutils

from ._machine import ANY_TABLE, WORD, call_symbol, cell_of, compiles_to
from ._target import LINUX, target_of
from ._types import Table

WORDS = 7  # of a set. The system refuses if the machine may have more processors than fit
_BITS = 64  # of a word
_BYTES = 8

_INT = ir.IntType(32)
_REFUSED = WORD(-1)
_CALLER = WORD(0)  # as a thread


def _call_with_set(builder, name, thread, cells):
    place = builder.bitcast(cells, ir.IntType(8).as_pointer())
    words = [builder.trunc(thread, _INT), WORD(WORDS * _BYTES), place]
    return builder.sext(call_symbol(builder, name, _INT, words), WORD)


def _on_linux(lower):
    """Return a lowering that refuses elsewhere."""

    def checked(context, builder, signature, args):
        is_there = target_of(builder).system == LINUX
        return lower(context, builder, signature, args) if is_there else _REFUSED

    return checked


def _of_the_caller(name):
    """Return the lowering to a call of the system about the calling thread."""
    return _on_linux(
        lambda context, builder, signature, args: _call_with_set(
            builder, name, _CALLER, cell_of(context, builder, signature, args)
        )
    )


@_on_linux
def _lower_use_others(context, builder, signature, args):
    cells, thread = cell_of(context, builder, signature, args), args[3]
    here = builder.zext(call_symbol(builder, "sched_getcpu", _INT, []), WORD)
    word, bit = builder.udiv(here, WORD(_BITS)), builder.shl(WORD(1), builder.urem(here, WORD(_BITS)))
    others = cgutils.alloca_once(builder, WORD, WORDS)
    left, had = WORD(0), WORD(0)
    for index in range(WORDS):
        value = builder.load(builder.gep(cells, [WORD(index)]))
        mine = builder.select(builder.icmp_unsigned("==", word, WORD(index)), bit, WORD(0))
        rest = builder.and_(value, builder.not_(mine))
        builder.store(rest, builder.gep(others, [WORD(index)]))
        left, had = builder.or_(left, rest), builder.or_(had, builder.and_(value, mine))
    answer = cgutils.alloca_once_value(builder, _REFUSED)
    nonzero = [builder.icmp_unsigned("!=", one, WORD(0)) for one in (left, had)]
    with builder.if_then(builder.and_(*nonzero)):
        builder.store(_call_with_set(builder, "sched_setaffinity", thread, others), answer)
    return builder.load(answer)


@compiles_to(_of_the_caller("sched_getaffinity"), types.int64, ANY_TABLE, types.intp, types.intp)
def note(table: Table, row: int, field: int) -> int:
    """Write into the cells which processors the calling thread may use; return 0 unless it is refused."""
    raise NotImplementedError


@compiles_to(_of_the_caller("sched_setaffinity"), types.int64, ANY_TABLE, types.intp, types.intp)
def use(table: Table, row: int, field: int) -> int:
    """Let the calling thread use the processors that the cells hold; return 0 unless it is refused."""
    raise NotImplementedError


@compiles_to(_lower_use_others, types.int64, ANY_TABLE, types.intp, types.intp, types.int64)
def use_others(table: Table, row: int, field: int, thread: int) -> int:
    """Let a thread, by its number, use those that the cells hold but the one where the caller runs.

    Return 0, or another number if it was refused; or if that is no change, or none would be left.
    """
    raise NotImplementedError
