"""Compiling kernels before they are wanted, each with the kinds of its arguments."""

from collections.abc import Iterable
from typing import Any

from numba import types

from zuki_kernels._machine import TABLE

_KINDS = {"i": types.int64, "t": TABLE, "b": types.boolean}


def compile_all(wanted: Iterable[tuple[Any, str]]) -> None:
    """Compile kernels, or load them: each with the kinds of its arguments. One thread at a time."""
    for function, kinds in wanted:
        function.compile(tuple(_KINDS[kind] for kind in kinds))
