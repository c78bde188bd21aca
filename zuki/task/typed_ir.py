"""The typed IR of a jitted function's overload: the one its compilation left, or a fresh one."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from numba.core.annotations.type_annotations import TypeAnnotation
from numba.core.compiler import CompilerBase, DefaultPassBuilder, Flags, compile_extra
from numba.core.compiler_machinery import AnalysisPass, PassManager, register_pass
from numba.core.registry import CPUDispatcher
from numba.core.typed_passes import NopythonTypeInference


@dataclass(frozen=True)
class TypedIR:
    """A function's blocks with the types of its variables and calls.

    Parameters
    ----------
    function : callable
        The Python function.
    argument_names : tuple of str
        The names of its arguments.
    blocks : dict
        Numba's IR blocks by label.
    typemap : dict
        Types by variable name.
    calltypes : dict
        Signatures by expression.
    """

    function: Callable[..., Any]
    argument_names: tuple[str, ...]
    blocks: dict[int, Any]
    typemap: dict[str, Any]
    calltypes: dict[Any, Any]

    @property
    def argument_types(self) -> tuple[Any, ...]:
        """The types of the arguments, in order."""
        return tuple(self.typemap["arg." + name] for name in self.argument_names)

    @property
    def key(self) -> tuple[Any, ...]:
        """The function and its argument types: what tells one specialisation from another."""
        return (self.function, self.argument_types)


@register_pass(mutates_CFG=False, analysis_only=True)
class _KeepTypedIR(AnalysisPass):
    """End a compilation with the typed IR as its result."""

    _name = "zuki_keep_typed_ir"

    def __init__(self) -> None:
        super().__init__()

    def run_pass(self, state: Any) -> bool:
        state.cr = TypedIR(
            state.func_id.func,
            tuple(state.func_ir.arg_names),
            state.func_ir.blocks,
            state.typemap,
            state.calltypes,
        )
        return False


class _TypingOnly(CompilerBase):
    """Numba's pipeline up to and including type inference."""

    def define_pipelines(self) -> list[Any]:
        passes = PassManager("zuki typing only")
        passes.passes.extend(DefaultPassBuilder.define_untyped_pipeline(self.state).passes)
        passes.add_pass(NopythonTypeInference, "nopython frontend")
        passes.add_pass(_KeepTypedIR, "keep typed IR")
        passes.finalize()
        return [passes]


def typed_ir_of(dispatcher: Any, argument_types: tuple[Any, ...]) -> TypedIR:
    """Return the typed IR of `dispatcher` for `argument_types`.

    Parameters
    ----------
    dispatcher : numba.core.registry.CPUDispatcher
        A jitted function.
    argument_types : tuple of numba.types.Type
        The types of its arguments, defaults folded in.

    Returns
    -------
    TypedIR
        What compiling it in this process left, or else (it came from a cache) the outcome of inferring anew.

    Raises
    ------
    TypeError
        Where `dispatcher` is not compiled by Numba's CPU target in nopython mode.
    """
    if not isinstance(dispatcher, CPUDispatcher):
        raise TypeError(f"{dispatcher} is not a function jitted for the CPU")
    compiled: Any = dispatcher.overloads.get(argument_types)
    if compiled is not None and compiled.objectmode:
        raise TypeError(f"{dispatcher} is compiled in object mode")
    annotation = compiled.type_annotation if compiled is not None else None
    if isinstance(annotation, TypeAnnotation):
        identity = annotation.func_id
        return TypedIR(
            identity.func,
            tuple(identity.arg_names),
            annotation.blocks,
            annotation.typemap,
            annotation.calltypes,
        )
    flags = Flags()
    target = dispatcher.targetdescr
    target.options.parse_as_flags(flags, dispatcher.targetoptions)
    return compile_extra(
        target.typing_context,
        target.target_context,
        dispatcher.py_func,
        argument_types,
        None,
        flags,
        dispatcher.locals,
        pipeline_class=_TypingOnly,
    )


def operands_by_parameter(function: Callable[..., Any], call: Any) -> dict[str, tuple[Any, ...]]:
    """Return the variables that a call expression gives to each parameter of `function`.

    Parameters
    ----------
    function : callable
        The Python function called.
    call : numba.core.ir.Expr
        The call, without unpacked operands.

    Returns
    -------
    dict of str to tuple of numba.core.ir.Var
        One variable for a plain parameter, any number for ``*args``.
    """
    bound = inspect.signature(function).bind(*call.args, **dict(call.kws)).arguments
    return {name: given if isinstance(given, tuple) else (given,) for name, given in bound.items()}
