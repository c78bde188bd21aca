"""How a kernel is compiled: Numba's compiler without what kernels have no use for.

Most kernels are only ever a part of others. Numba would optimise each as if it ran by itself, and
make machine code of it, which nobody calls; here it stays what its callers link, and optimise with
themselves.
"""

from typing import Any, ClassVar

from numba import types
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase
from numba.core.compiler_machinery import PassManager, register_pass
from numba.core.errors import NumbaWarning, WarningsFixer
from numba.core.typed_passes import (
    AnnotateTypes,
    IRLegalization,
    NativeLowering,
    NoPythonBackend,
    NoPythonSupportedFeatureValidation,
    NopythonTypeInference,
    PreLowerStripPhis,
)
from numba.core.typeinfer import TypeInferer
from numba.core.typing import Signature
from numba.core.untyped_passes import (
    DeadBranchPrune,
    FixupArgs,
    GenericRewrites,
    IRProcessing,
    ReconstructSSA,
    RewriteSemanticConstants,
    TranslateByteCode,
)


class _Inferer(TypeInferer):
    """Numba's type inference; what a built-in function makes of given types is asked for once.

    Numba tries all that is known of it, at each call: for ``==`` that is more than a hundred ways.
    """

    _known: ClassVar[dict[tuple[Any, ...], Signature]] = {}

    def resolve_call(self, fnty: types.Type, pos_args: tuple[Any, ...], kw_args: dict[str, Any]) -> Signature:
        """Answer the signature of a call."""
        if type(fnty) is not types.Function:  # kernels know what they are called with
            return super().resolve_call(fnty, pos_args, kw_args)
        call = fnty, pos_args, tuple(kw_args.items())
        if call not in self._known:
            found = super().resolve_call(fnty, pos_args, kw_args)
            if found is None:
                return None
            self._known[call] = found
        return self._known[call]


@register_pass(mutates_CFG=True, analysis_only=False)
class _Inference(NopythonTypeInference):
    """Numba's step of that name, with another inferer."""

    _name = "zuki_inference"

    def run_pass(self, state) -> bool:
        """Find the types of all variables and calls."""
        function, kept = state.func_ir, WarningsFixer(NumbaWarning)
        inferer = _Inferer(state.typingctx, function, kept)
        target = state.targetctx.target
        with state.typingctx.callstack.register(target, inferer, function.func_id, state.args), kept:
            for index, (name, kind) in enumerate(zip(function.arg_names, state.args, strict=True)):
                inferer.seed_argument(name, index, kind)
            if state.return_type is not None:
                inferer.seed_return(state.return_type)
            inferer.build_constraint()
            state.typing_errors = inferer.propagate()
            state.typemap, state.return_type, state.calltypes = inferer.unify()
        return True


class _LinkedLibrary(JITCodeLibrary):
    """Code that is linked into other libraries, and never called from outside of them."""

    def _optimize_final_module(self) -> None:
        """Leave it to the callers, of whom most take the whole of it into themselves."""

    def _finalize_final_module(self) -> None:
        """Make no machine code."""
        self._finalize_dynamic_globals()
        self._finalized = True


@register_pass(mutates_CFG=True, analysis_only=False)
class _LinkedLowering(NativeLowering):
    """Numba's lowering, into a library that is not made ready to run."""

    _name = "zuki_linked_lowering"

    def run_pass(self, state) -> bool:
        """Lower, and register the kernel with the compiler of its callers."""
        library = _LinkedLibrary(state.targetctx.codegen(), state.func_id.func_qualname)
        state.library, state.flags.no_compile = library, True
        super().run_pass(state)
        lowered = state["cr"]
        # Stands for the machine code that there is not: Numba wants a built-in function, each time another
        inside = object().__sizeof__
        state.targetctx.insert_user_function(inside, lowered.fndesc, [library])
        state["cr"] = lowered._replace(cfunc=inside)
        return True


# Without closures, `literally`, `with` blocks, parallel loops and array expressions, which no kernel has
_UNTYPED = (
    TranslateByteCode,
    FixupArgs,
    IRProcessing,
    RewriteSemanticConstants,
    DeadBranchPrune,
    GenericRewrites,
    ReconstructSSA,
)
_TYPED = (
    _Inference,
    PreLowerStripPhis,
    NoPythonSupportedFeatureValidation,
    IRLegalization,
    AnnotateTypes,
)


class KernelCompiler(CompilerBase):
    """Compiles a kernel that Python calls."""

    _lowering = NativeLowering

    def define_pipelines(self) -> list[PassManager]:
        """Answer the only list of steps."""
        steps = PassManager("zuki kernel")
        for step in (*_UNTYPED, *_TYPED, self._lowering, NoPythonBackend):
            steps.add_pass(step, step.__name__)
        steps.finalize()
        return [steps]


class LinkedKernelCompiler(KernelCompiler):
    """Compiles a kernel as a part of others."""

    _lowering = _LinkedLowering
