"""Blocks of spawned tasks in code that is being written: types, frames, and the functions of their tasks."""

from llvmlite import ir
from numba.core import cgutils, errors, types

from zuki.errors import TaskError
from zuki.spawning.handles import JoinHandle, contains_handle
from zuki.task.decorator import task_of
from zuki.task.frames import lay_out, takes_no_space, value_type
from zuki.task.in_progress import compilation_of, innermost

_WORD = ir.IntType(64)
_BYTES = ir.IntType(8).as_pointer()


def handle_of(context, face: str, args) -> JoinHandle:
    """Return the type of the handle of a task that is spawned with arguments of some types.

    Parameters
    ----------
    context : numba typing context
        For conversions to declared types.
    face : str
        What is called, for messages.
    args : sequence of numba types
        The task, and what it is given.
    """
    named = getattr(args[0], "dispatcher_type", args[0]) if args else None  # in its own body, as recursive
    if not isinstance(named, types.Dispatcher):
        raise errors.TypingError(f"{face} takes a task, and the task's arguments by their places")
    task = task_of(named.dispatcher)
    given = tuple(types.unliteral(kind) for kind in args[1:])
    if len(given) != len(task.argument_names):
        wanted = ", ".join(task.argument_names)
        raise errors.TypingError(
            f"{face}: task '{task.__name__}' takes {len(task.argument_names)} arguments ({wanted}), "
            f"not {len(given)}"
        )
    for name, kind in zip(task.argument_names, given, strict=True):
        if contains_handle(kind):
            raise errors.TypingError(
                f"{face}: argument '{name}' of task '{task.__name__}' holds a handle, "
                "which only the task that has spawned can join"
            )
    arguments, result = _resolve(context, face, task, given)
    return JoinHandle(task, result, arguments)


def _resolve(context, face, task, given):
    """Return the types that a task takes for these arguments, and its result's."""
    declared = task.declared_for(given)
    if declared != given and compilation_of(task, given) is not None:
        raise errors.TypingError(
            f"{face}: task '{task.__name__}' spawns itself, so its signature has to be declared: "
            f'@zuki.task("result({", ".join(map(str, given))})")'
        )
    if declared is not None and declared not in task.overloads:
        return declared, task.declared[declared]
    if declared is not None:  # a body that always raises returns None, whatever is declared
        return declared, task.overloads[declared].signature.return_type
    try:
        found = task.specialise(given)
    except TaskError as error:
        raise errors.TypingError(f"{face}: {error}") from error
    return found.argument_types, found.result_type


class Callee:
    """The functions beside a task's body, as the module that is being written sees them."""

    def __init__(self, context, builder, handle) -> None:
        self.context, self.builder, self.handle = context, builder, handle
        task, arguments = handle.task, handle.arguments
        compilation = compilation_of(task, arguments)
        if compilation is None:
            task.compile_declared()  # it may spawn what is being compiled, whose name is known by now
            compiled = task.overloads[arguments]
            context.add_linking_libs([compiled.library])
            self.name = compiled.fndesc.llvm_func_name
        elif compilation.name is None:
            raise errors.LoweringError(
                f"zuki.spawn: task '{task.__name__}' spawns what spawns it, so both signatures have to be "
                "declared"
            )
        else:
            self.name = compilation.name
        self._is_later = compilation is not None and compilation is not innermost()
        self.layout = lay_out(context, handle.result, arguments)

    def _named(self, function: str) -> str:
        return f"zuki.{function}.{self.name}"

    def _function(self, name, kind):
        if self._is_later:
            return self.context.codegen().insert_unresolved_ref(self.builder, kind, name)
        return cgutils.get_or_insert_function(self.builder.module, kind, name)

    def body(self):
        """Return the task's body."""
        kind = self.context.call_conv.get_function_type(self.handle.result, self.handle.arguments)
        return self._function(self.name, kind)

    def entry(self, frame):
        """Call the task's entry; return its failure."""
        return self.builder.call(
            self._function(self._named("entry"), ir.FunctionType(_WORD, [_WORD])), [frame]
        )

    def kind(self):
        """Return the address of the task's description."""
        if self._is_later:
            describe = self._function(self._named("describe"), ir.FunctionType(_WORD, []))
            return self.builder.call(describe, [])
        module, name = self.builder.module, self._named("kind")
        there = module.globals.get(name)
        if there is None:
            there = ir.GlobalVariable(module, ir.ArrayType(_WORD, 3), name)
            there.linkage = "external"
        return self.builder.ptrtoint(there, _WORD)


class Frame:
    """The frame of a spawned task at an address."""

    def __init__(self, context, builder, layout, handle, address) -> None:
        self.context, self.builder, self.layout, self.handle = context, builder, layout, handle
        self._bytes = builder.inttoptr(address, _BYTES)
        self.result_type = value_type(handle.result)

    def _at(self, offset, kind=None):
        place = self.builder.gep(self._bytes, [_WORD(offset)])
        kind = _WORD if kind is None else self.context.get_data_type(kind)
        return self.builder.bitcast(place, kind.as_pointer())

    def is_counted(self, kind) -> bool:
        """Tell whether values of a type hold references that are counted."""
        return not takes_no_space(kind) and self.context.data_model_manager[kind].contains_nrt_meminfo()

    def fill(self, args) -> None:
        """Store the arguments, with references of the frame's own."""
        builder = self.builder
        builder.store(_WORD(0), self._at(0))
        if self.is_counted(self.result_type):
            place = self._at(self.layout.result, self.result_type)
            builder.store(cgutils.get_null_value(place.type.pointee), place)
        for kind, offset, value in zip(self.handle.arguments, self.layout.arguments, args, strict=True):
            if takes_no_space(kind):
                continue
            if isinstance(kind, types.Record):
                builder.store(builder.ptrtoint(value, _WORD), self._at(offset))
                continue
            if self.is_counted(kind):
                self.context.nrt.incref(builder, kind, value)
            self.context.pack_value(builder, kind, value, self._at(offset, kind))

    def arguments(self) -> list:
        """Load the arguments."""
        loaded = []
        for kind, offset in zip(self.handle.arguments, self.layout.arguments, strict=True):
            if takes_no_space(kind):
                loaded.append(self.context.get_dummy_value())
            elif isinstance(kind, types.Record):
                address = self.builder.load(self._at(offset))
                loaded.append(self.builder.inttoptr(address, self.context.get_value_type(kind)))
            else:
                loaded.append(self.context.unpack_value(self.builder, kind, self._at(offset, kind)))
        return loaded

    def give_back(self, loaded) -> None:
        """Give back the references of the arguments."""
        for kind, value in zip(self.handle.arguments, loaded, strict=True):
            if self.is_counted(kind):
                self.context.nrt.decref(self.builder, kind, value)

    def result(self):
        """Load the result: a flag that says whether it is None, and its value."""
        absent = ir.IntType(1)(0)
        if self.layout.absent >= 0:
            word = self.builder.load(self._at(self.layout.absent))
            absent = self.builder.icmp_unsigned("!=", word, _WORD(0))
        if self.result_type is types.none:
            return absent, ir.IntType(8)(0)
        place = self._at(self.layout.result, self.result_type)
        return absent, self.context.unpack_value(self.builder, self.result_type, place)


def run_in_place(context, builder, callee: Callee, size: int, args):
    """Run a task at once, where there is no pool; return its frame, without arguments, and its failure."""
    with builder.goto_entry_block():  # Numba's own way would clear it at each call
        space = builder.alloca(ir.ArrayType(_WORD, size // 8))
    address = builder.ptrtoint(space, _WORD)
    frame = Frame(context, builder, callee.layout, callee.handle, address)
    frame.fill(args)
    failure = callee.entry(address)
    frame.give_back(frame.arguments())
    return frame, failure
