"""Which bodies may spawn tasks: only after those does a graph look for children that were left.

A look costs a nanosecond, an eighth of what a node without a body takes in all.
"""

from collections.abc import Iterable

from numba.core import types

from zuki_kernels import current

# What the name of a pointer begins with by which a body calls what is compiled after it
LATER = ".numba.unresolved$"

_BY_ADDRESS = (types.FunctionType, types.UndefinedFunctionType, types.ExternalFunctionPointer)


def calls_unknown(kinds: Iterable[types.Type]) -> bool:
    """Tell whether functions that only their addresses name are among a body's values."""
    return any(isinstance(kind, _BY_ADDRESS) for kind in kinds)


def may_spawn(library) -> bool:
    """Tell whether a body's code, or what it is linked with, looks up the calling thread's hand.

    Parameters
    ----------
    library : numba code library
        The body's, before it is finalised.
    """
    linked = (other._get_module_for_linking() for other in library._linking_libraries)
    return any(_looks_up_its_hand(module) for module in (library._final_module, *linked))


def _looks_up_its_hand(module) -> bool:
    hand = current.symbol_of(current.LAYOUT)
    return any(one.name == hand or one.name.startswith(LATER) for one in module.global_variables)
