"""`parallel_for` and its kin in jitted code: a call becomes a call of the task that does it."""

import inspect

from numba.core import errors, types, typing
from numba.core.typing.templates import AbstractTemplate, infer_global
from numba.extending import lower_builtin

from zuki.errors import TaskError
from zuki.spawning import algorithms
from zuki.spawning.plans import groups_of, leaves_of, plan_of
from zuki.task.task import Task

_FACES = (
    algorithms.parallel_for,
    algorithms.parallel_for_range,
    algorithms.parallel_invoke,
    algorithms.parallel_map,
    algorithms.parallel_reduce,
    algorithms.parallel_scan,
)


def _is_nothing(kind) -> bool:
    return isinstance(kind, types.NoneType | types.Omitted)


def _items_of_type(kind) -> list:
    return list(kind.types) if isinstance(kind, types.BaseTuple) else [kind]


def _plan(face, args, keywords) -> Task:
    """Return the task for a call with arguments of these types."""
    told = {name: kind for name, kind in keywords.items() if not _is_nothing(kind)}
    groups = groups_of(face, args, told, _items_of_type)
    return plan_of(face, groups, lambda function, name, kind: types.unliteral(kind))


def _compiled(task: Task):
    (compiled,) = task.overloads.values()
    return compiled


class _Template(AbstractTemplate):
    def generic(self, args, kws):
        face = type(self).key  # not `self.key`, which would be a method
        if "executor" in kws:
            raise errors.TypingError(
                f"zuki.{face.__name__}: in jitted code there is no choice of an executor: "
                "it runs on that which runs the code"
            )
        args, kws = tuple(map(types.unliteral, args)), {n: types.unliteral(k) for n, k in kws.items()}
        try:
            task = _plan(face, args, kws)
        except (TaskError, TypeError) as error:
            raise errors.TypingError(str(error)) from error
        names = [f"argument_{index}" for index in range(len(args))] + list(kws)
        parameters = [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in names]
        chosen = typing.signature(_compiled(task).signature.return_type, *args, *kws.values())
        return chosen.replace(pysig=inspect.Signature(parameters))


def _lower(face):
    def lower(context, builder, signature, args):
        names = list(signature.pysig.parameters)
        positional = sum(name.startswith("argument_") for name in names)
        kinds = signature.args
        task = _plan(face, kinds[:positional], dict(zip(names[positional:], kinds[positional:], strict=True)))
        pairs = list(zip(kinds, args, strict=True))
        told = {
            name: pair
            for name, pair in zip(names[positional:], pairs[positional:], strict=True)
            if not _is_nothing(pair[0])
        }

        def items_of(pair):
            kind, value = pair
            if not isinstance(kind, types.BaseTuple):
                return [pair]
            return [(item, builder.extract_value(value, index)) for index, item in enumerate(kind.types)]

        leaves = leaves_of(groups_of(face, pairs[:positional], told, items_of))
        compiled = _compiled(task)
        taken = compiled.signature
        given = [
            context.cast(builder, value, kind, wanted)
            for (kind, value), wanted in zip(leaves, taken.args, strict=True)
        ]
        context.add_linking_libs([compiled.library])
        return context.call_internal(builder, compiled.fndesc, taken, given)

    return lower


for _face in _FACES:
    infer_global(_face)(type(f"_{_face.__name__}", (_Template,), {}))
    lower_builtin(_face, types.VarArg(types.Any))(_lower(_face))
