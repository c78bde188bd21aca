"""Numba's compiler, with one more step: the functions that enter a body from a frame."""

from numba.core import ir, lowering
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import AnalysisPass, register_pass
from numba.core.typed_passes import (
    AnnotateTypes,
    BaseNativeLowering,
    NativeLowering,
    NativeParforLowering,
    NopythonTypeInference,
)
from numba.parfors.parfor_lowering import ParforLower

from zuki.later import later
from zuki.task.in_progress import innermost
from zuki.task.lowering import add_functions
from zuki.task.recursion import use_registers
from zuki.task.spawners import calls_unknown

writes = later("zuki.task.writes")

_WRITES = "zuki_writes"  # keys in the metadata of a compilation
_CALLS_UNKNOWN = "zuki_calls_unknown"
_MOST_BITS = 63


@register_pass(mutates_CFG=False, analysis_only=True)
class FindWrites(AnalysisPass):
    """Find the arguments that the body may write, and whether it calls functions by their addresses."""

    _name = "zuki_find_writes"

    def __init__(self) -> None:
        AnalysisPass.__init__(self)

    def run_pass(self, state) -> bool:
        """Note it in the compilation's metadata, the arguments as a bit each."""
        names = state.func_id.arg_names
        written = writes.find_writes(state.func_ir, state.typemap, state.calltypes, names)
        bits = 0
        for index, name in enumerate(names):
            if name in written:
                bits |= 1 << min(index, _MOST_BITS - 1)
        state.metadata[_WRITES] = bits
        state.metadata[_CALLS_UNKNOWN] = calls_unknown(state.typemap.values())
        return False


class _WithFunctions:
    """Adds the functions where Numba adds the wrapper that Python calls."""

    def lower_normal_function(self, fndesc) -> None:
        compilation = innermost()
        if compilation is not None:
            compilation.name = fndesc.llvm_func_name
        super().lower_normal_function(fndesc)  # type: ignore[misc]
        if not self.flags.debuginfo:  # type: ignore[attr-defined]
            use_registers(self.function)  # type: ignore[attr-defined]

    def create_cpython_wrapper(self, release_gil: bool = False) -> None:
        super().create_cpython_wrapper(release_gil)  # type: ignore[misc]
        found = self.metadata[_WRITES], self.metadata[_CALLS_UNKNOWN]  # type: ignore[attr-defined]
        add_functions(self.context, self.library, self.fndesc, self.env, *found)  # type: ignore[attr-defined]


class _TaskLower(_WithFunctions, lowering.Lower):
    pass


class _TaskParforLower(_WithFunctions, ParforLower):
    pass


@register_pass(mutates_CFG=True, analysis_only=False)
class TaskLowering(BaseNativeLowering):
    """`NativeLowering` for a task."""

    _name = "zuki_task_lowering"
    lowering_class = _TaskLower


@register_pass(mutates_CFG=True, analysis_only=False)
class TaskParforLowering(BaseNativeLowering):
    """`NativeParforLowering` for a task."""

    _name = "zuki_task_parfor_lowering"
    lowering_class = _TaskParforLower


@register_pass(mutates_CFG=False, analysis_only=True)
class KeepDeclaredResult(AnalysisPass):
    """Let a body that never returns have the result that is declared, not None.

    Who spawns it may have laid out its frame by then: itself, for instance.
    """

    _name = "zuki_keep_declared_result"

    def __init__(self) -> None:
        AnalysisPass.__init__(self)

    def run_pass(self, state) -> bool:
        """Set the type of the result, if there is none."""
        compilation = innermost()
        declared = compilation.task.declared.get(state.args) if compilation is not None else None
        returns = any(isinstance(block.terminator, ir.Return) for block in state.func_ir.blocks.values())
        if declared is not None and not returns:
            state.return_type = declared
        return False


_REPLACED = {NativeLowering: TaskLowering, NativeParforLowering: TaskParforLowering}


class TaskCompiler(CompilerBase):
    """Numba's pipeline for nopython functions, for tasks."""

    def define_pipelines(self) -> list:
        """Return the one pipeline."""
        manager = DefaultPassBuilder.define_nopython_pipeline(self.state)
        manager.passes = [(_REPLACED.get(step, step), why) for step, why in manager.passes]
        manager.add_pass_after(KeepDeclaredResult, NopythonTypeInference)
        manager.add_pass_after(FindWrites, AnnotateTypes)
        manager.finalize()
        return [manager]
