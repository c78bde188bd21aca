"""`parallel_for` and its kin in jitted code: a call becomes a call of the task that does it."""

import inspect
from functools import cache
from typing import TYPE_CHECKING

from numba.core import errors, types, typing
from numba.core.typing.templates import AbstractTemplate, infer_global
from numba.extending import lower_builtin

from zuki.errors import TaskError
from zuki.later import later
from zuki.spawning import algorithms
from zuki.task.task import Task

if TYPE_CHECKING:
    from zuki.spawning.plans import Reading

plans = later("zuki.spawning.plans")

_POSITIONAL = "argument_"  # how names of arguments begin that are given by their places


def _function_of(kind):
    return kind.dispatcher if isinstance(kind, types.Dispatcher) else None


@cache
def _reading_of_types() -> "Reading":
    return plans.Reading(
        function_of=_function_of,
        items_of=lambda kind: kind.types if isinstance(kind, types.BaseTuple) else None,
        type_of=lambda task, name, kind: types.unliteral(kind),
    )


def _reading_of_values(builder) -> "Reading":
    """Return how to read pairs of a type and a value in code that is being written."""

    def items_of(pair):
        kind, value = pair
        if not isinstance(kind, types.BaseTuple):
            return None
        return [(item, builder.extract_value(value, index)) for index, item in enumerate(kind.types)]

    return plans.Reading(lambda pair: _function_of(pair[0]), items_of, lambda task, name, pair: pair[0])


def _told(keywords, kinds):
    """Leave out what says nothing: None, and what was not given."""
    return {
        name: value
        for (name, value), kind in zip(keywords.items(), kinds, strict=True)
        if not isinstance(kind, types.NoneType | types.Omitted)
    }


def _compiled(task: Task):
    (compiled,) = task.overloads.values()
    return compiled


class _Template(AbstractTemplate):
    def generic(self, args, kws):
        face = type(self).key  # not `self.key`, which would be a method
        if "executor" in kws:
            raise errors.TypingError(
                f"zuki.{face.__name__}: there is no choice of an executor in jitted code; "
                "the one that runs the code is used"
            )
        args = tuple(map(types.unliteral, args))
        kws = {name: types.unliteral(kind) for name, kind in kws.items()}
        try:
            reading = _reading_of_types()
            task = plans.plan(face, plans.read(face, args, _told(kws, kws.values()), reading), reading)
        except (TaskError, TypeError) as error:  # a TypeError: the arguments do not fit to the parameters
            raise errors.TypingError(str(error)) from error
        names = [f"{_POSITIONAL}{index}" for index in range(len(args))] + list(kws)
        parameters = [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in names]
        chosen = typing.signature(_compiled(task).signature.return_type, *args, *kws.values())
        return chosen.replace(pysig=inspect.Signature(parameters))


def _lower_call_of(face):
    def lower(context, builder, signature, args):
        names, kinds = list(signature.pysig.parameters), signature.args
        pairs = list(zip(kinds, args, strict=True))
        count = sum(name.startswith(_POSITIONAL) for name in names)

        def read_all(values, reading):
            keywords = dict(zip(names[count:], values[count:], strict=True))
            return plans.read(face, values[:count], _told(keywords, kinds[count:]), reading)

        reading = _reading_of_types()
        compiled = _compiled(plans.plan(face, read_all(kinds, reading), reading))
        leaves = read_all(pairs, _reading_of_values(builder)).leaves()
        taken = compiled.signature
        given = [
            context.cast(builder, value, kind, wanted)
            for (kind, value), wanted in zip(leaves, taken.args, strict=True)
        ]
        context.add_linking_libs([compiled.library])
        return context.call_internal(builder, compiled.fndesc, taken, given)

    return lower


for _face in (
    algorithms.parallel_for,
    algorithms.parallel_for_range,
    algorithms.parallel_invoke,
    algorithms.parallel_map,
    algorithms.parallel_reduce,
    algorithms.parallel_scan,
):
    infer_global(_face)(type(f"_{_face.__name__}", (_Template,), {}))
    lower_builtin(_face, types.VarArg(types.Any))(_lower_call_of(_face))
