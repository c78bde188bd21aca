"""What all functions that are compiled beside a body have in common: they read and write its frame."""

from llvmlite import ir
from numba.core import types

from zuki.task.frames import lay_out, takes_no_space, value_type

WORD = ir.IntType(64)
BYTES = ir.IntType(8).as_pointer()


def symbol(function: str, description) -> str:
    """Return the name of a function beside the body that ``description`` (a numba fndesc) names."""
    return f"zuki.{function}.{description.llvm_func_name}"


class Emitter:
    """Writes functions into a module.

    Parameters
    ----------
    context, module
        Numba's target context, and the LLVM module.
    description, environment
        Numba's descriptor of the body, and its environment.
    """

    def __init__(self, context, module, description, environment) -> None:
        self.context, self.module = context, module
        self.description, self.environment = description, environment
        self.layout = lay_out(context, description.restype, description.argtypes)
        self.result = value_type(description.restype)

    def _name_of(self, function):
        return symbol(function, self.description)

    def _define(self, name, kind):
        function = ir.Function(self.module, kind, self._name_of(name))
        return ir.IRBuilder(function.append_basic_block("entry")), function.args

    def _at(self, builder, frame, offset, kind=None):
        """Return a pointer to what lies at ``offset`` in the frame."""
        place = builder.gep(frame, [WORD(offset)])
        if kind is None:
            return builder.bitcast(place, WORD.as_pointer())
        return builder.bitcast(place, self.context.get_data_type(kind).as_pointer())

    def _load(self, builder, frame, offset, kind):
        if takes_no_space(kind):
            return self.context.get_dummy_value()
        return self.context.unpack_value(builder, kind, self._at(builder, frame, offset, kind))

    def _load_argument(self, builder, frame, index):
        kind, offset = self.description.argtypes[index], self.layout.arguments[index]
        if isinstance(kind, types.Record):
            return builder.inttoptr(
                builder.load(self._at(builder, frame, offset)), self.context.get_value_type(kind)
            )
        return self._load(builder, frame, offset, kind)

    def _store(self, builder, frame, offset, kind, value):
        if kind is not types.none:
            self.context.pack_value(builder, kind, value, self._at(builder, frame, offset, kind))

    def _is_counted(self, kind) -> bool:
        return not takes_no_space(kind) and self.context.data_model_manager[kind].contains_nrt_meminfo()
