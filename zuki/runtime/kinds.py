"""What executors can be given beside callables, as futures: each kind says how it is begun.

`entering` says how each is run to its end. Graphs and tasks are known in layers above this one; they enter
themselves here.
"""

from collections.abc import Callable
from typing import Any

# By type: what is called with executor, thing, arguments, options and level, and returns a future.
# Also of types that are no kind, once they were looked for.
submits: dict[type, Callable[..., Any] | None] = {}


def submit_of(thing: Any) -> Callable[..., Any] | None:
    """Return how a thing is begun that is no mere callable, or None."""
    found = type(thing)
    if found not in submits:
        inherited = [submits[one] for one in found.__mro__ if submits.get(one) is not None]
        submits[found] = inherited[0] if inherited else None
    return submits[found]
