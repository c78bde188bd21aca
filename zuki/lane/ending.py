"""What ends with the interpreter, after all executors: what coroutines wait for while those end.

Modules that are imported later, perhaps when the interpreter ends already, add to this list, which
`zuki.runtime.lifecycle` calls.
"""

from collections.abc import Callable

last: list[Callable[[], object]] = []  # the newest is called first
