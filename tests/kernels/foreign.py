"""Compile every kernel for machines that are not here, and print the assembly.

A program of its own, for it turns Numba's compiler over: a function's types are inferred once,
then it is lowered for the first target, and for each other one if its lowering has asked for the
target; if not, only the module's head differs. All functions of a target are collected in one
module, optimised with Numba's own passes, and handed to LLVM's code generator for that target.
Nothing is linked or run.

    python -m tests.kernels.foreign FOLDER probes

writes one file of assembly for each target into a folder: of the kernels of `probes`, for all
targets. With `all` instead: of every kernel too, for one target of each system and processor.
"""

import importlib
import inspect
import sys
from collections import defaultdict
from pathlib import Path

from llvmlite import binding, ir
from numba import float64, int32, int64, types, uint32
from numba.core import typed_passes
from numba.core.caching import NullCache
from numba.core.codegen import CPUCodegen, CPUCodeLibrary
from numba.core.compiler import _make_subtarget
from numba.core.cpu import CPUContext
from numba.core.registry import cpu_target
from numba.core.runtime.nrt import rtsys

import zuki_kernels
from tests.kernels import probes
from zuki_kernels import _pipeline, _target
from zuki_kernels._jit import _Kernel
from zuki_kernels._machine import TABLE
from zuki_kernels._types import Table

# name -> triple, processor, and how threads wait where that is not the system's best way
SYSTEMS = {
    "linux-x86": ("x86_64-unknown-linux-gnu", "x86-64", "futex"),
    "linux-arm": ("aarch64-unknown-linux-gnu", "cortex-a72", None),  # without single-instruction atomics
    "macos-arm": ("arm64-apple-darwin23.4.0", "apple-m1", None),
    "windows-x86": ("x86_64-pc-windows-msvc", "x86-64", None),
}
TARGETS = SYSTEMS | {
    "old-macos-arm": ("arm64-apple-darwin22.0.0", "apple-m1", "ulock"),
    "portable-linux": ("x86_64-unknown-linux-musl", "x86-64", "portable"),
    "portable-macos": ("arm64-apple-darwin20.0.0", "apple-m1", "portable"),
    "portable-windows": ("x86_64-pc-windows-gnu", "x86-64", "portable"),
}

# Arguments that are arrays but not tables: by name, what `zuki/graph/contents.py` passes
ARRAYS = {
    **dict.fromkeys(("edges", "moved_edges"), uint32[::1]),
    "segments": int64[:, ::1],
    "path": int64[::1],
    "costs": float64[::1],
    "ways": float64[::1],
    **dict.fromkeys(("sources", "targets", "taken_sources", "taken_targets", "order"), int32[::1]),
    **dict.fromkeys(("predecessors", "successors", "levels", "piece_of", "rows"), int32[::1]),
}
SCALARS = {int: types.int64, bool: types.boolean, float: types.float64, Table: TABLE}
SCALARS[tuple[int, int, int]] = types.UniTuple(types.int64, 3)


# What callers know a function by, the same for all targets. Never called; Numba wants something built in.
ENTRIES = defaultdict(lambda: [].append)


class _Module(ir.Module):
    """A module that knows whether a lowering has asked what it is compiled for."""

    was_asked = False

    @property
    def triple(self):
        self.was_asked = True
        return self._triple

    @triple.setter
    def triple(self, triple):
        self._triple = triple


class _Library(CPUCodeLibrary):
    """Hands on what is added to it, and links nothing: one module holds all."""

    def __init__(self, codegen, name):
        super().__init__(codegen, name)
        self.texts, self.is_for_all = [], True

    def add_ir_module(self, ir_module):
        self.is_for_all = self.is_for_all and not ir_module.was_asked
        self.texts.append(str(ir_module))
        self._codegen.collect(self.texts[-1])

    def add_linking_library(self, library):
        pass

    def finalize(self):
        self._finalized = True


class _Codegen(CPUCodegen):
    _library_class = _Library

    def __init__(self, triple, processor):
        self.triple, self.processor = triple, processor
        super().__init__("zuki.foreign")

    def _init(self, llvm_module):
        target = binding.Target.from_triple(self.triple)
        self._tm = target.create_target_machine(cpu=self.processor, opt=3, codemodel="jitdefault", jit=True)
        self._target_data = self._tm.target_data
        self._data_layout = str(self._target_data)
        self.everything = binding.parse_assembly(str(self._create_empty_module("everything")))

    def _create_empty_module(self, name):
        module = _Module(name)
        module.triple, module.data_layout = self.triple, self._data_layout or ""
        return module

    def _customize_tm_features(self):
        return ""  # the processor's own

    def _customize_tm_options(self, options):
        pass

    def _add_module(self, module):
        pass

    def collect(self, text):
        body = text[text.index("\n", text.index("target datalayout")) :]
        head = f'target triple = "{self.triple}"\ntarget datalayout = "{self._data_layout}"\n'
        self.everything.link_in(binding.parse_assembly(head + body))

    def emit(self):
        manager, builder = self._module_pass_manager(opt=2, loop_vectorize=False, slp_vectorize=False)
        manager.run(self.everything, builder)
        self.everything.verify()
        return self._tm.emit_assembly(self.everything)


class _Context(CPUContext):
    """What Numba lowers for; functions are compiled and stay where they are."""

    def __init__(self, typing, triple, processor):
        self.foreign = triple, processor
        super().__init__(typing)

    def init(self):
        self.is32bit = False
        self._internal_codegen = _Codegen(*self.foreign)

    def create_cpython_wrapper(self, *args, **options):
        pass

    def create_cfunc_wrapper(self, *args, **options):
        pass

    def post_lowering(self, module, library):
        pass

    def get_executable(self, library, fndesc, env):
        return ENTRIES[fndesc.mangled_name]


def lower_for_all(contexts):
    """Let Numba lower each function that it has typed once for each of the contexts."""
    lower_once = typed_passes.NativeLowering.run_pass
    first, *others = contexts

    def run_pass(self, state):
        done = lower_once(self, state)
        if state.targetctx.codegen() is not first.codegen():
            return done  # a helper that a lowering asked for: it is for that target
        result, library, context = state.cr, state.library, state.targetctx
        for other in others:
            if library.is_for_all:
                for text in library.texts:
                    other.codegen().collect(text)
                other.insert_user_function(result.cfunc, result.fndesc, [library])
            else:
                state.targetctx, state.library = _make_subtarget(other, state.flags), None
                lower_once(self, state)
        state.cr, state.library, state.targetctx = result, library, context
        return done

    typed_passes.NativeLowering.run_pass = run_pass
    _pipeline._LinkedLowering.run_pass = run_pass  # here one module holds all, whoever calls it


def kernels(module):
    """Yield each kernel of a module that others may call, and the types of its arguments."""
    for value in vars(module).values():
        if not isinstance(value, _Kernel) or value.py_func.__module__ != module.__name__:
            continue
        value._cache = NullCache()
        if not value.py_func.__name__.startswith("_"):  # the others come with these
            parameters = inspect.signature(value.py_func).parameters.values()
            yield value, tuple(SCALARS.get(item.annotation) or ARRAYS[item.name] for item in parameters)


def main(folder, targets, modules):
    binding.initialize_all_targets()
    binding.initialize_all_asmprinters()
    rtsys.initialize(cpu_target.target_context)
    contexts = {name: _Context(cpu_target.typing_context, *target[:2]) for name, target in targets.items()}
    _target.WAYS.update({triple: way for triple, _, way in targets.values() if way})
    for context in contexts.values():
        context.refresh()
    lower_for_all(list(contexts.values()))
    vars(cpu_target)["_toplevel_target_context"] = next(iter(contexts.values()))
    for function, kinds in [item for module in modules for item in kernels(module)]:  # caches off first
        function.compile(kinds)
    for name, context in contexts.items():
        (folder / f"{name}.s").write_text(context.codegen().emit())


if __name__ == "__main__":
    if sys.argv[2] == "all":
        names = sorted(path.stem for path in Path(zuki_kernels.__file__).parent.glob("*.py"))
        found = [importlib.import_module(f"zuki_kernels.{name}") for name in names]
        main(Path(sys.argv[1]), SYSTEMS, [*found, probes])
    else:
        main(Path(sys.argv[1]), TARGETS, [probes])
