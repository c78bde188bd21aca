"""What executors can run beside callables and coroutines: each kind says how.

Graphs and jitted tasks are known in layers above this one; they enter themselves here.
"""

from collections.abc import Callable
from typing import Any, NamedTuple


class Kind(NamedTuple):
    """How things of a type are run."""

    run: Callable[..., Any]  # executor, thing, arguments, options: the result, at the end
    submit: Callable[..., Any]  # executor, thing, arguments, options, level: a future, at once


kinds: dict[type, Kind | None] = {}  # also of types that are no kind, once they were looked for


def kind_of(thing: Any) -> Kind | None:
    """Return how a thing is run that is no mere callable, or None."""
    found = type(thing)
    if found not in kinds:
        inherited = [kinds[one] for one in found.__mro__ if kinds.get(one) is not None]
        kinds[found] = inherited[0] if inherited else None
    return kinds[found]
