"""Modules that are imported when something of them is first asked for: pictures, traces, notebooks' tables.

Most programs ask for none of that, and all pay for what ``import zuki`` takes.
"""

from importlib import import_module
from threading import RLock
from types import ModuleType
from typing import Any

# Held while a module is imported here. Python locks each module meanwhile, which in the child of a fork would
# stay locked for ever: so who forks waits for this one.
importing = RLock()


def import_now(name: str) -> ModuleType:
    """Import a module while threads of the pool may run: no fork cuts it in two."""
    with importing:
        return import_module(name)


class _LaterModule(ModuleType):
    """Stands for a module until that is needed."""

    def __getattr__(self, name: str) -> Any:
        found = getattr(import_now(self.__name__), name)
        setattr(self, name, found)  # not asked again
        return found


def later(name: str) -> Any:
    """Return what imports a module when an attribute of it is first asked for.

    Parameters
    ----------
    name : str
        The module's whole name, written out: the tests of layers read it.

    Returns
    -------
    module
        Its attributes are the module's.

    Examples
    --------
    >>> from zuki.later import later
    >>> colorsys = later("colorsys")
    >>> colorsys.rgb_to_hsv(0.0, 0.0, 1.0)
    (0.6666666666666666, 1.0, 1.0)
    """
    return _LaterModule(name)
