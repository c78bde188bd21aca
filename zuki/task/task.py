"""A jitted body: what it is compiled for, and by what it is called."""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import types
from numba._dispatcher import compute_fingerprint
from numba.core import errors, sigutils
from numba.core.registry import CPUDispatcher
from numba.core.typing.typeof import Purpose, typeof

from zuki.errors import TaskError
from zuki.runtime.entering import run_on
from zuki.task.cache import TaskCache
from zuki.task.compiler import TaskCompiler
from zuki.task.in_progress import compilation_of, compiling, known_by_name
from zuki.task.specialisation import Specialisation


class Task(CPUDispatcher):
    """A jitted body that can be called in place, as `numba.njit` would, and be a node of a graph.

    Made by `zuki.task`.

    Parameters
    ----------
    py_func : function
        The body.
    locals, targetoptions, pipeline_class
        As for Numba's dispatchers.
    declared_writes : frozenset of str, optional
        The arguments that the body writes, as the user says; default: found in the body.
    """

    def __init__(
        self,
        py_func: Callable[..., Any],
        locals: dict[str, Any] | None = None,  # noqa: A002  (Numba's name)
        targetoptions: dict[str, Any] | None = None,
        pipeline_class: type = TaskCompiler,
        declared_writes: frozenset[str] | None = None,
    ) -> None:
        super().__init__(py_func, locals, targetoptions, pipeline_class)
        self.declared_writes = declared_writes
        self._specialisations: dict[tuple[types.Type, ...], Specialisation] = {}
        self._by_fingerprint: dict[bytes, Specialisation] = {}
        # what was submitted last, of what has a `start`: that, and itself
        self._last_submitted: tuple[Any, Specialisation] | None = None
        self._described: list[np.dtype] = []  # structured dtypes: a fingerprint names them by address
        parameters = inspect.signature(py_func).parameters.values()
        self.argument_names = tuple(parameter.name for parameter in parameters)
        self._defaults = tuple(p.default for p in parameters if p.default is not inspect.Parameter.empty)
        self.declared: dict[tuple[types.Type, ...], types.Type] = {}  # results of declared signatures
        self._deferred: list[Any] = []  # declared signatures that are compiled at the first use
        self._takes_any_number = any(p.kind is p.VAR_POSITIONAL for p in parameters)

    def enable_caching(self) -> None:
        """Keep the machine code on disk; a change of the body or of what it calls is noticed."""
        self._cache = TaskCache(self.py_func, {**self.targetoptions, "locals": self.locals})

    @property
    def writes(self) -> frozenset[str]:
        """The names of the arguments that the body writes.

        Those given to the decorator, else those found in the signatures compiled so far.
        """
        if self.declared_writes is not None:
            return self.declared_writes
        found = (self.specialise(types).writes for types in list(self.overloads))
        return frozenset().union(*found)

    def run(self, *arguments: Any, executor: Any = None, **named: Any) -> Any:
        """Run the task inside the pool, with the tasks that it spawns; the same as ``zuki.run``.

        Parameters
        ----------
        *arguments, **named
            What it takes, in its place or by its name.
        executor : Executor, optional
            Where it is to run; default: `default_executor`.

        Returns
        -------
        object
            The task's result.

        Raises
        ------
        ExecutorShutDownError
            The executor has been shut down.
        TaskError
            The task cannot take these arguments.
        BaseException
            What a body has raised.
        """
        return run_on(self, executor, arguments, named)

    def in_order(self, arguments: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
        """Return the arguments with those that are given by name in their places."""
        if not named:
            return arguments
        try:
            return inspect.signature(self.py_func).bind(*arguments, **named).args
        except TypeError as error:
            raise TaskError(f"task '{self.__name__}' cannot be called so: {error}") from None

    def complete(self, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return the arguments with the body's defaults behind them; raise if their number is wrong."""
        if self._takes_any_number:
            raise TaskError(
                f"task '{self.__name__}' takes *{self.argument_names[-1]}, which a graph cannot pass"
            )
        missing = len(self.argument_names) - len(arguments)
        if missing < 0 or missing > len(self._defaults):
            wanted = len(self.argument_names)
            least = wanted - len(self._defaults)
            number = str(wanted) if least == wanted else f"{least} to {wanted}"
            raise TaskError(
                f"task '{self.__name__}' takes {number} argument{'s' * (number != '1')} "
                f"({', '.join(self.argument_names)}), not {len(arguments)}"
            )
        return arguments + self._defaults[len(self._defaults) - missing :]

    def compile(self, sig):
        """Compile a signature, or load it."""
        with compiling(self, sigutils.normalize_signature(sig)[0]), known_by_name(self):
            return super().compile(sig)

    def recompile(self) -> None:
        """Compile all signatures anew, with the constants as they are now; graphs keep what they have."""
        self._specialisations.clear()
        self._by_fingerprint.clear()
        self._last_submitted = None
        super().recompile()

    def fold_argument_types(self, args, kws):
        """Answer a call in the task's own body for which types it is compiled: not for constants anew."""
        signature, given = super().fold_argument_types(args, kws)
        plain = tuple(map(types.unliteral, given))
        for arguments in (plain, *self.declared):
            if self.typingctx.callstack.match(self.py_func, arguments) and self._can_take(arguments, plain):
                return signature, arguments
        return signature, given

    def _can_take(self, wanted: tuple[types.Type, ...], given: tuple[types.Type, ...]) -> bool:
        if len(wanted) != len(given):
            return False
        pairs = zip(given, wanted, strict=True)
        return all(self.typingctx.can_convert(have, want) is not None for have, want in pairs)

    def declared_for(self, given: tuple[types.Type, ...]) -> tuple[types.Type, ...] | None:
        """Return the declared argument types that arguments of such types are converted to, or None."""
        if given in self.declared:
            return given
        return next((wanted for wanted in self.declared if self._can_take(wanted, given)), None)

    @property
    def is_compiling(self) -> bool:
        """Tell Numba whether the types of the body are being found: if so, a use of it is recursive.

        When machine code is being written, a task that is spawned there may be compiled, and spawn this one.
        """
        return super().is_compiling and self.typingctx.callstack.findfirst(self.py_func) is not None

    def compile_declared(self) -> None:
        """Compile the declared signatures that could not be compiled when the task was made."""
        for signature in list(self._deferred):
            arguments, _ = sigutils.normalize_signature(signature)
            if compilation_of(self, arguments) is None:
                try:
                    self.compile(signature)
                except errors.NumbaError as error:
                    raise TaskError(f"task '{self.__name__}' does not compile: {error}") from error
                self._deferred.remove(signature)
                if not self._deferred:
                    self.disable_compile()

    def _compile_for_args(self, *args, **kws):
        if self._deferred:
            self.compile_declared()
            return self  # to be called once more
        return super()._compile_for_args(*args, **kws)

    def get_call_template(self, args, kws):
        """Answer a call from another body, for which the signatures must be there."""
        self.compile_declared()
        return super().get_call_template(args, kws)

    def specialise_for(self, arguments: tuple[Any, ...]) -> Specialisation:
        """Return the specialisation for Python values, compiling it at first use."""
        try:
            return self._by_fingerprint[compute_fingerprint(arguments)]
        except (KeyError, NotImplementedError):
            pass
        found = self.specialise(tuple(map(self.type_of, arguments, self.argument_names)))
        try:
            fingerprint = compute_fingerprint(arguments)
        except NotImplementedError:  # a kind of value that Numba types the slow way
            return found
        self._described += [value.dtype for value in arguments if hasattr(value, "dtype")]
        self._by_fingerprint[fingerprint] = found
        return found

    def type_of(self, value: object, name: str) -> types.Type:
        """Return the Numba type of an argument; raise, naming it, if tasks cannot take it."""
        try:
            kind = typeof(value, Purpose.argument)
        except (ValueError, errors.NumbaError) as error:
            what = f"argument '{name}' of task '{self.__name__}'"
            kind, reason = type(value).__name__, str(error).strip()
            raise TaskError(f"{what}: Numba has no type for a {kind}: {reason}") from error
        if getattr(kind, "reflected", False):
            raise TaskError(
                f"argument '{name}' of task '{self.__name__}' is a {type(value).__name__}: "
                "pass a NumPy array, a tuple, or a container of numba.typed"
            )
        return kind

    def specialise(self, argument_types: tuple[types.Type, ...]) -> Specialisation:
        """Return the specialisation for Numba types, compiling it at first use."""
        known = self._specialisations.get(argument_types)
        if known is not None:
            return known
        self.compile_declared()
        compiled = self.overloads.get(argument_types) or self._compile_or_choose(argument_types)
        made = Specialisation(
            self.__name__, self.argument_names, compiled, self.targetctx, self.declared_writes
        )
        self._specialisations[argument_types] = made
        return made

    def _compile_or_choose(self, argument_types: tuple[types.Type, ...]):
        given = ", ".join(map(str, argument_types))
        try:
            if self._can_compile:
                self.compile(argument_types)
                return self.overloads[argument_types]
            chosen = self.typingctx.resolve_function_type(self._numba_type_, argument_types, {})
            if chosen is not None:
                return self.overloads[chosen.args]
        except (errors.NumbaError, KeyError, NotImplementedError) as error:
            if self._can_compile:
                message = f"task '{self.__name__}' does not compile for ({given}):\n{error}"
                raise TaskError(message) from error
        declared = "; ".join(map(str, self.nopython_signatures))
        raise TaskError(f"task '{self.__name__}' was declared for {declared}, which cannot take ({given})")

    def _reduce_states(self) -> dict[str, Any]:
        return {**super()._reduce_states(), "declared_writes": self.declared_writes}

    @classmethod
    def _rebuild(cls, declared_writes=None, **states):  # type: ignore[override]
        rebuilt = super()._rebuild(**states)
        rebuilt.declared_writes = declared_writes
        return rebuilt

    def __repr__(self) -> str:
        return f"<zuki.task {self.py_func.__module__}.{self.py_func.__qualname__}>"
