"""How a kernel is compiled and cached: the one decorator, and the honest cache stamp."""

from collections.abc import Callable
from hashlib import sha256
from inspect import signature
from pathlib import Path
from threading import RLock
from typing import Any, ParamSpec, TypeVar

from numba import types
from numba.core.caching import FunctionCache, IndexDataCacheFile
from numba.core.registry import CPUDispatcher

from ._pipeline import KernelCompiler, LinkedKernelCompiler
from ._signals import held_back
from ._target import WAY

P = ParamSpec("P")
R = TypeVar("R")


def hash_of_sources(folder: Path) -> str:
    """Hash the text of every module in ``folder``."""
    return sha256(b"".join(path.read_bytes() for path in sorted(folder.glob("*.py")))).hexdigest()


KERNEL_SOURCES = hash_of_sources(Path(__file__).parent)


class _NamedFiles(IndexDataCacheFile):
    """Numba's cache files, but each named by what is in it.

    Numba numbers them: two processes that fill an empty cache at once may give one
    number to two specialisations, and later one is loaded for the other.
    """

    def load(self, key: object) -> object:
        """Read an entry; None if there is none, or if it names a module that is not to be found here.

        One file may be imported under several names, as a module and as a script.
        """
        try:
            return super().load(key)
        except ImportError:
            return None

    def save(self, key: object, data: object) -> None:
        """Write an entry and then name it in the index."""
        number = int(sha256(repr(key).encode()).hexdigest()[:12], 16)
        name = self._data_name(number)
        self._save_data(name, data)
        overloads = self._load_index()
        overloads[key] = name
        self._save_index(overloads)


class StampedCache(FunctionCache):
    """Numba's on-disk cache, stamped with more than the function's own file.

    Numba stamps a function with its own file alone, but a function compiles in
    what it calls: without this, editing one file leaves the machine code of its
    callers in another file stale.

    Parameters
    ----------
    function : callable
        The Python function whose machine code is cached.
    stamp : object
        Whatever else the machine code was made from; equal stamps may share it.
    """

    def __init__(self, function: Callable[..., object], stamp: object) -> None:
        super().__init__(function)
        both = self._impl.locator.get_source_stamp(), stamp
        # how threads wait is compiled in; each way has files of its own, so that another one empties none
        base = f"{self._impl.filename_base}.{WAY}"
        self._cache_file = _NamedFiles(self._cache_path, base, both)


class LazyCache:
    """A `StampedCache` that is made when it is first asked: looking for its place on disk takes a while.

    Parameters
    ----------
    function : callable
        The Python function whose machine code is cached.
    stamp : callable
        Answers what `StampedCache` wants to know.
    """

    def __init__(self, function: Callable[..., object], stamp: Callable[[], object]) -> None:
        self._function, self._stamp = function, stamp
        self._made: StampedCache | None = None

    def __getattr__(self, name: str) -> object:
        if self._made is None:
            self._made = StampedCache(self._function, self._stamp())
        return getattr(self._made, name)


def _kernel_stamp() -> object:
    return KERNEL_SOURCES


_OPTIONS = {"nopython": True, "nogil": True, "forceinline": True, "no_cfunc_wrapper": True}


class _Kernel(CPUDispatcher):
    """A kernel's dispatcher: one specialisation for all integers, also where a caller passes a constant.

    Most kernels are called by other kernels alone. Those get code that Python cannot call, and that is
    not cached, for their callers are: it takes a third less time to compile.
    """

    _inlined: CPUDispatcher | None = None

    def compile(self, sig):
        """Compile or load; Ctrl-C waits for it: inside of Numba it would be lost, or leave a lock locked."""
        with held_back():
            return super().compile(sig)

    def get_call_template(self, args, kws):
        """Answer a call from another kernel; Numba would compile one specialisation for each constant."""
        if self._inlined is None:
            options = {**self.targetoptions, "no_cpython_wrapper": True}
            self._inlined = CPUDispatcher(
                self.py_func, targetoptions=options, pipeline_class=LinkedKernelCompiler
            )
        return self._inlined.get_call_template(tuple(map(types.unliteral, args)), kws)

    def get_overload(self, sig):
        """Answer which code it is that another kernel calls."""
        return self._inlined.get_overload(sig)


making = RLock()  # of all kernels: to be made takes 0.1 ms; who forks waits for it


class _UnmadeKernel(_Kernel):
    """A kernel that nobody has called or compiled in yet: it becomes a `_Kernel` when it is first asked.

    Numba's dispatchers take a while to make, and most kernels are only ever seen inside of a caller whose
    machine code is in the cache.
    """

    _KNOWN = frozenset(("__class__", "__dict__", "__doc__", "__module__", "__name__"))

    def __init__(self, function: Callable[..., object], options: dict[str, bool]) -> None:
        # and not Numba's, which is for later
        object.__getattribute__(self, "__dict__").update(
            _given=(function, options),
            __doc__=function.__doc__,
            __module__=function.__module__,
            __name__=function.__name__,
        )

    def __call__(self, *args: object, **kwargs: object) -> object:
        """Make the dispatcher and call it; from then on Numba's own way of calling is taken."""
        return self.__call__(*args, **kwargs)

    def __getattribute__(self, name: str) -> Any:
        if name in _UnmadeKernel._KNOWN:
            return object.__getattribute__(self, name)
        with making:
            given = object.__getattribute__(self, "__dict__").pop("_given", None)
            if given is not None:  # nobody has made it, and it is not this thread that just makes it
                function, options = given
                function.__signature__ = signature(function)  # Numba asks for it twice
                _Kernel.__init__(self, function, targetoptions=options, pipeline_class=KernelCompiler)
                self._cache = LazyCache(function, _kernel_stamp)
                self.__class__ = _Kernel  # now that all is there: others ask it without the lock
        return object.__getattribute__(self, name)


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile ``function`` for any thread to run without the interpreter lock.

    Kernels are small and called from one another on the path of every task, so
    they are marked for inlining; the cost is code size in the few big callers.
    """
    return _kernel(function, _OPTIONS)


def short_kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Do as `kernel`, of what is over sooner than the interpreter lock could be given up and taken again."""
    return _kernel(function, {**_OPTIONS, "nogil": False})


def rare_kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Do as `kernel`, but leave ``function`` a function of its own: it is called rarely, from a hot loop.

    What is inlined takes registers from what surrounds it, also while it does not run.
    """
    return _kernel(function, {**_OPTIONS, "forceinline": False})


def _kernel(function: Callable[P, R], options: dict[str, bool]) -> Callable[P, R]:
    return _UnmadeKernel(function, dict(options))  # type: ignore[return-value]  # called as the function is


def entry_of(function: Callable[P, R]) -> Callable[P, R]:
    """Return what calls the only compiled specialisation of a kernel without a look at the arguments' types.

    It takes half the time. Arguments of other types raise TypeError, or are converted.
    """
    (only,) = function.overloads.values()  # type: ignore[attr-defined]
    return only.entry_point


def code_of(function: Callable[P, R]) -> int:
    """Return the address of the only compiled specialisation of a kernel, to be called as Numba calls it."""
    (only,) = function.overloads.values()  # type: ignore[attr-defined]
    return int(only.library.get_pointer_to_function(only.fndesc.llvm_func_name))
