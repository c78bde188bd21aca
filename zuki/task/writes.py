"""Find the arguments that a jitted body may write, following it into the jitted functions it calls."""

import weakref
from collections.abc import Sequence
from typing import Any

from numba.core.compiler_lock import global_compiler_lock

from zuki.task.effects import Effects, search_effects
from zuki.task.typed_ir import TypedIR, typed_ir_of

# Functions under analysis, with their argument types: a call of one from another counts as unknown.
_in_progress: set[tuple[Any, ...]] = set()
# The effects of overloads analysed before, by the library that holds their code.
_known_effects: weakref.WeakKeyDictionary[Any, Effects] = weakref.WeakKeyDictionary()


def _effects_of(dispatcher: Any, argument_types: Any) -> Effects | None:
    """Return the effects of calling a jitted function, or None where they cannot be found."""
    overload = dispatcher.overloads.get(argument_types)
    if overload is not None and overload.library in _known_effects:
        return _known_effects[overload.library]
    key = (dispatcher.py_func, argument_types)
    if key in _in_progress:
        return None
    _in_progress.add(key)
    try:
        effects = search_effects(typed_ir_of(dispatcher, argument_types), _effects_of)
    except Exception:  # whatever keeps Numba from telling: the caller counts it as a write of everything
        return None
    finally:
        _in_progress.discard(key)
    if overload is not None:
        _known_effects[overload.library] = effects
    return effects


@global_compiler_lock
def find_effects(
    func_ir: Any, typemap: dict[str, Any], calltypes: dict[Any, Any], arg_names: Sequence[str]
) -> Effects:
    """Find what a specialised function writes and what its result may share memory with.

    Parameters
    ----------
    func_ir : numba.core.ir.FunctionIR
        Its IR, at any point between type inference and lowering.
    typemap : dict
        The types of its variables by name.
    calltypes : dict
        The signatures of its calls by expression.
    arg_names : sequence of str
        The names of its arguments.

    Returns
    -------
    Effects
        The arguments it may write, and those its result may share memory with.
    """
    typed_ir = TypedIR(func_ir.func_id.func, tuple(arg_names), func_ir.blocks, typemap, calltypes)
    entered = typed_ir.key not in _in_progress
    _in_progress.add(typed_ir.key)
    try:
        return search_effects(typed_ir, _effects_of)
    finally:
        if entered:
            _in_progress.discard(typed_ir.key)


def find_writes(
    func_ir: Any, typemap: dict[str, Any], calltypes: dict[Any, Any], arg_names: Sequence[str]
) -> frozenset[str]:
    """Find the arguments of a specialised function that its body may write through.

    None is missed; one is named without need where the body hands it to code that is not known.

    Parameters
    ----------
    func_ir : numba.core.ir.FunctionIR
        Its IR, at any point between type inference and lowering.
    typemap : dict
        The types of its variables by name.
    calltypes : dict
        The signatures of its calls by expression.
    arg_names : sequence of str
        The names of its arguments.

    Returns
    -------
    frozenset of str
        The names of the arguments it may write.
    """
    return find_effects(func_ir, typemap, calltypes, arg_names).writes
