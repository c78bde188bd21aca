"""What ends when the interpreter does, but after the pools: their last coroutines may need it to end.

Who is imported later would register itself with the interpreter later, too, and so be ended sooner.
"""

from collections.abc import Callable

_enders: list[Callable[[], object]] = []


def end_after_pools(function: Callable[[], object]) -> None:
    """Call ``function`` when the interpreter ends and all pools have ended.

    Parameters
    ----------
    function : callable
        Ends threads.
    """
    _enders.append(function)


def end_all() -> None:
    """Do so, in the order of the registrations."""
    for function in _enders:
        function()
