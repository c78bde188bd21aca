"""Bodies written as text over one set of arguments, and what zuki finds that they write."""

import textwrap

import numba
import numpy as np
from numba import typed
from numba.core.annotations.type_annotations import TypeAnnotation
from numba.core.compiler import CompilerBase, DefaultPassBuilder, Flags, compile_extra
from numba.core.compiler_machinery import AnalysisPass, register_pass
from numba.core.registry import cpu_target
from numba.core.typed_passes import AnnotateTypes, NopythonTypeInference

from zuki.task.writes import find_writes

RECORD = np.dtype([("x", np.float64), ("n", np.int64), ("v", np.float64, (3,))], align=True)
found = []


@register_pass(mutates_CFG=False, analysis_only=True)
class Find(AnalysisPass):
    _name = "test_find_writes"

    def __init__(self):
        super().__init__()

    def run_pass(self, state):
        arguments = (state.func_ir, state.typemap, state.calltypes, state.func_id.arg_names)
        found.append(find_writes(*arguments))
        return False


@register_pass(mutates_CFG=False, analysis_only=True)
class Stop(AnalysisPass):
    _name = "test_stop"

    def __init__(self):
        super().__init__()

    def run_pass(self, state):
        state.cr = state.type_annotation
        return False


class Finding(CompilerBase):
    """Numba's own pipeline, looking after type inference and before lowering, which it leaves out."""

    def define_pipelines(self):
        passes = DefaultPassBuilder.define_nopython_pipeline(self.state)
        passes.add_pass_after(Find, NopythonTypeInference)
        passes.add_pass_after(Find, AnnotateTypes)
        last = max(at for at, (step, _) in enumerate(passes.passes) if step is Find)
        del passes.passes[last + 1 :]
        passes.add_pass(Stop, "stop")
        passes.finalize()
        return [passes]


def arguments():
    """Return fresh arguments for the bodies, by name."""
    square = np.arange(16.0).reshape(4, 4)
    readonly = square.copy()
    readonly.flags.writeable = False
    records = np.zeros(3, RECORD).view(np.recarray)
    return {
        "A": square + 1.5,
        "B": square + 2.5,
        "C": square + 3.5,
        "V": np.arange(4.0) + 5,
        "I": np.array([2, 0, 1, 3]),
        "Z": np.arange(4.0) + 1j,
        "F": readonly,
        "R": records,
        "r": np.ones(1, RECORD).view(np.recarray)[0],
        "T": (np.arange(3.0), np.arange(3.0) + 1),
        "L": typed.List([3.0, 1.0, 2.0]),
        "D": numba.typed.Dict.empty(numba.int64, numba.float64),
        "x": 0.5,
        "n": 1,
    }


def make_body(text, **names):
    """Return the function of `text` over all the arguments; a name in `names` may be used as a global."""
    source = f"def body({', '.join(arguments())}):\n" + textwrap.indent(textwrap.dedent(text), "    ")
    namespace = {"np": np, "numba": numba, **names}
    exec(source, namespace)
    return namespace["body"]


def found_by_inference(body, given, **options):
    """Return what is found in `body` for the types of `given`, at both places of the pipeline."""
    flags = Flags()
    cpu_target.options.parse_as_flags(flags, {"nopython": True, **options})
    found.clear()
    result = compile_extra(
        cpu_target.typing_context,
        cpu_target.target_context,
        body,
        tuple(numba.typeof(value) for value in given),
        None,
        flags,
        {},
        pipeline_class=Finding,
    )
    assert isinstance(result, TypeAnnotation)
    early, late = found
    return early, late


def snapshot(value):
    """Return what `value` holds now, in a form that compares by value."""
    if isinstance(value, np.ndarray | np.void):
        return value.tobytes()
    if isinstance(value, tuple):
        return tuple(map(snapshot, value))
    if isinstance(value, typed.Dict):
        return tuple(value.items())
    return tuple(value) if isinstance(value, typed.List) else value


def changed_by(function, given):
    """Run `function` on the values of the dict `given`, and return the names of those that changed."""
    before = {name: snapshot(value) for name, value in given.items()}
    function(*given.values())
    return {name for name, value in given.items() if snapshot(value) != before[name]}
