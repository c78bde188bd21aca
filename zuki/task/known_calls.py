"""What functions and methods that Numba implements do to the arrays they are called with.

Whatever is not listed here counts as writing all it is given and as returning an alias of it, so a gap costs
a dependency too many and never one too few.
"""

import builtins
import functools
import inspect
import math
import random
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
from numba.core import types
from numba.np.ufunc.dufunc import DUFunc
from numpy.lib import stride_tricks

from zuki.task.known_types import is_array


@dataclass(frozen=True)
class KnownCall:
    """The effect of a call on its operands (for a method: without the object it belongs to).

    Parameters
    ----------
    written : frozenset of int or str
        Positions and keywords of the operands it writes.
    shares : bool
        Whether the result may share memory with the operands.
    writes_object : bool
        Whether it is a method that writes its own object.
    """

    written: frozenset[int | str] = frozenset()
    shares: bool = False
    writes_object: bool = False


def _words(names: str) -> frozenset[str]:
    return frozenset(names.split())


def _named(module: Any, names: str) -> set[Any]:
    """Return the functions of `names` that this version of `module` has."""
    return {getattr(module, name) for name in _words(names) if hasattr(module, name)}


# The result is new memory or a scalar.
_FRESH = (
    _named(
        np,
        """
        all allclose amax amin angle any append arange argmax argmin argpartition argsort argwhere around
        array array_equal average bartlett bincount blackman broadcast_shapes clip column_stack concatenate
        convolve copy corrcoef correlate count_nonzero cov cross cumprod cumsum delete diag diagflat diff
        digitize dot dstack ediff1d empty empty_like extract eye finfo flatnonzero full full_like geomspace
        hamming hanning hstack identity iinfo indices insert interp intersect1d isclose iscomplex
        iscomplexobj isin isneginf isposinf isreal isrealobj isscalar kaiser kron linspace logspace max mean
        median min nanargmax nanargmin nancumprod nancumsum nanmax nanmean nanmedian nanmin nanpercentile
        nanprod nanquantile nanstd nansum nanvar nonzero ones ones_like outer partition percentile prod ptp
        quantile repeat roll roots round searchsorted select setdiff1d setxor1d shape sinc size sort stack
        std sum take take_along_axis trace trapezoid tri tril tril_indices tril_indices_from triu
        triu_indices triu_indices_from union1d unique unwrap vander var vdot vstack where zeros zeros_like
        """,
    )
    # Each of these copies what LAPACK would overwrite (numba/np/linalg.py).
    | _named(
        np.linalg,
        """
        cholesky cond det eig eigh eigvals eigvalsh inv lstsq matrix_power matrix_rank norm pinv qr slogdet
        solve svd
        """,
    )
    | _named(
        np.random,
        """
        beta binomial chisquare choice dirichlet exponential f gamma geometric gumbel hypergeometric laplace
        logistic lognormal logseries multinomial negative_binomial noncentral_chisquare normal pareto
        permutation poisson power rand randint randn random random_sample ranf rayleigh sample seed
        standard_cauchy standard_exponential standard_gamma standard_normal standard_t triangular uniform
        vonmises wald weibull zipf
        """,
    )
    | _named(
        builtins,
        """
        abs bool chr complex divmod float hasattr hash int isinstance len ord pow print range repr round
        slice str type
        """,
    )
    | {function for function in vars(math).values() if callable(function)}
)

# The result may be a view of an operand, hold one, be one (`nan_to_num` of integers) or walk over one.
_SHARING = (
    _named(
        np,
        """
        array_split asarray asarray_chkfinite ascontiguousarray asfortranarray atleast_1d atleast_2d
        atleast_3d broadcast_arrays broadcast_to dsplit expand_dims flip fliplr flipud frombuffer histogram
        hsplit imag moveaxis nan_to_num ndenumerate ndindex nditer ravel real reshape resize rot90 split
        squeeze swapaxes transpose trim_zeros vsplit
        """,
    )
    | _named(stride_tricks, "as_strided sliding_window_view")
    | _named(builtins, "dict enumerate iter list max min next reversed set sorted sum tuple zip")
    | _named(numba, "carray farray literal_unroll literally pndindex prange")
)

# The first operand is written, the others are read.
_WRITING_FIRST = (
    _named(np, "copyto fill_diagonal place put put_along_axis putmask")
    | _named(np.random, "shuffle")
    | _named(random, "shuffle")
)

_FRESH_METHODS = {
    "array": _words(
        """
        all allclose any argmax argmin argsort astype clip conj conjugate copy cumprod cumsum dot flatten
        item max mean min nonzero prod ptp repeat std sum take tobytes var
        """
    ),
    "list": frozenset({"count", "index"}),
    "set": frozenset({"isdisjoint", "issubset", "issuperset"}),
    "tuple": frozenset({"count", "index"}),
}
_SHARING_METHODS = {
    "array": frozenset({"ravel", "reshape", "transpose", "view"}),
    "list": frozenset({"copy"}),
    "set": frozenset({"copy", "difference", "intersection", "symmetric_difference", "union"}),
    "dict": frozenset({"copy", "get", "items", "keys", "values"}),
}
_WRITING_METHODS = {"array": frozenset({"fill", "itemset", "sort"})}
_FAMILIES: dict[Any, str] = {
    types.List: "list",
    types.ListType: "list",
    types.Set: "set",
    types.DictType: "dict",
}

# With these options a function that reads otherwise may write its operands.
_UNSAFE_OPTIONS = frozenset({"copy", "overwrite_input"})


@functools.cache
def _option_positions(function: Callable[..., Any]) -> dict[str, int]:
    """Return the position of each parameter of a NumPy function by its name."""
    try:
        return {name: position for position, name in enumerate(inspect.signature(function).parameters)}
    except (TypeError, ValueError):  # a C function of an older NumPy that does not tell its signature
        return {"out": 2} if function is np.dot else {}


def _given(
    positions: dict[str, int], positional: int, keywords: Collection[str], skipped: int = 0
) -> dict[str, Any]:
    """Return the operand that fills each option that a call gives, by the option's name."""
    given = {name: at - skipped for name, at in positions.items() if skipped <= at < positional + skipped}
    return given | {name: name for name in keywords}


def _ufunc(function: Any, positional: int, keywords: Collection[str]) -> KnownCall:
    inputs = function.nin
    written = {*range(inputs, positional), *(name for name in keywords if name == "out")}
    return KnownCall(frozenset(written))


def _function(function: Any, positional: int, keywords: Collection[str]) -> KnownCall | None:
    if isinstance(function, np.ufunc | DUFunc):
        return _ufunc(function, positional, keywords)
    if function in _WRITING_FIRST:
        return KnownCall(frozenset({0})) if positional else None
    if function not in _FRESH and function not in _SHARING:
        return None
    given = _given(_option_positions(function), positional, keywords)
    if not _UNSAFE_OPTIONS.isdisjoint(given):
        return None
    return KnownCall(frozenset({given["out"]} if "out" in given else ()), shares=function in _SHARING)


def _method(owner: Any, name: str, positional: int, keywords: Collection[str]) -> KnownCall | None:
    if is_array(owner):
        family = "array"
    elif isinstance(owner, types.BaseTuple):
        family = "tuple"
    else:
        family = _FAMILIES.get(type(owner), "")
    if name in _WRITING_METHODS.get(family, ()):
        return KnownCall(writes_object=True)
    shares = name in _SHARING_METHODS.get(family, ())
    if not shares and name not in _FRESH_METHODS.get(family, ()):
        return None
    # A method's parameters are those of NumPy's function of that name, without the array.
    given = {"out": "out"} if "out" in keywords else {}
    if family == "array" and hasattr(np, name) and not isinstance(getattr(np, name), np.ufunc):
        given = _given(_option_positions(getattr(np, name)), positional, keywords, skipped=1)
    return KnownCall(frozenset({given["out"]} if "out" in given else ()), shares=shares)


def known_call(function_type: Any, positional: int, keywords: Collection[str]) -> KnownCall | None:
    """Return what a call does to its operands.

    Parameters
    ----------
    function_type : numba.types.Type
        The type of what is called.
    positional : int
        The number of positional operands.
    keywords : collection of str
        The names of the keyword operands.

    Returns
    -------
    KnownCall or None
        None where it is not known.
    """
    if isinstance(function_type, types.NumberClass | types.ExceptionClass):
        return KnownCall()
    if isinstance(function_type, types.NamedTupleClass):
        return KnownCall(shares=True)
    if isinstance(function_type, types.BoundFunction):
        key: Any = function_type.typing_key  # either "array.copy" or (types.Array, "copy")
        name = key.rpartition(".")[2] if isinstance(key, str) else key[-1]
        return _method(function_type.this, name, positional, keywords)
    if type(function_type) is types.Function:
        try:
            return _function(function_type.typing_key, positional, keywords)
        except TypeError:  # a key that is not hashable is none of ours
            return None
    return None
