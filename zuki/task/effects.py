"""What a jitted body does with its arguments, found in its typed IR.

Each variable is followed to the arguments whose memory it may reach, without regard to the order of
statements; a statement that writes through a variable writes all of these. What is not known counts as a
write: a call of an unknown function, an operation on a type with operations of its own, an unknown statement,
and putting an array into a container from which it can be taken out again under another name.
"""

from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass
from typing import Any

from numba.core import ir, types

from zuki.task import known_types
from zuki.task.known_calls import known_call
from zuki.task.typed_ir import TypedIR, operands_by_parameter

_NOTHING: frozenset[str] = frozenset()

# Expressions whose value may reach whatever their operands reach.
_PASSING = {
    *("build_list", "build_map", "build_set", "build_tuple", "cast", "phi"),
    *("exhaust_iter", "getiter", "iternext", "pair_first", "pair_second"),
}
# Expressions whose value is new or reaches nothing.
_FRESH = {"arrayexpr", "null", "undef"}
# A function given as an operand may be called with the others.
_FUNCTIONS = (types.Function, types.BoundFunction, types.Dispatcher, types.RecursiveCall, types.FunctionType)
# A terminator only ends a block; what it returns is dealt with before.
_HARMLESS = (ir.Del, ir.Terminator, ir.PopBlock, ir.Print, ir.TryRaise, ir.StaticTryRaise, ir.DynamicTryRaise)


@dataclass(frozen=True)
class Effects:
    """What calling a function does with its arguments.

    Parameters
    ----------
    writes : frozenset of str
        The arguments through which it may write.
    returns : frozenset of str
        The arguments with which its result may share memory.
    """

    writes: frozenset[str]
    returns: frozenset[str]


# Gives the effects of a dispatcher for argument types, None where they are not known.
EffectsOf = Callable[[Any, Any], Effects | None]


class _Search:
    """The state of the search through one function."""

    def __init__(self, typed_ir: TypedIR, effects_of: EffectsOf) -> None:
        self.typed_ir = typed_ir
        self.effects_of = effects_of
        self.reached: dict[str, set[str]] = {}  # variable name -> names of the arguments it may reach
        self.written: set[str] = set()
        self.returned: set[str] = set()

    def run(self) -> Effects:
        """Walk the blocks until nothing is added any more."""
        found = -1
        while found != self.found():
            found = self.found()
            self.walk(self.typed_ir.blocks)
        return Effects(frozenset(self.written), frozenset(self.returned))

    def found(self) -> int:
        return len(self.written) + len(self.returned) + sum(map(len, self.reached.values()))

    def type_of(self, variable: ir.Var) -> Any:
        # A variable without a type counts as of one that no table lists.
        numba_type = self.typed_ir.typemap.get(variable.name)
        return numba_type.type if isinstance(numba_type, types.Optional) else numba_type

    def reach(self, variables: Iterable[ir.Var]) -> Set[str]:
        """Return the arguments that any of `variables` may reach."""
        return _NOTHING.union(*(self.reached.get(variable.name, _NOTHING) for variable in variables))

    def bind(self, target: ir.Var, arguments: Set[str]) -> None:
        """Let the variable `target` reach `arguments`."""
        numba_type = self.type_of(target)
        if not known_types.reaches_memory(numba_type):
            return
        self.reached.setdefault(target.name, set()).update(arguments)
        if not known_types.is_understood(numba_type):
            self.written |= arguments

    def write(self, variable: ir.Var) -> None:
        """Note a write through `variable`."""
        if not known_types.is_readonly(self.type_of(variable)):
            self.written |= self.reach([variable])

    def store(self, container: ir.Var, values: Iterable[ir.Var]) -> None:
        """Note that `values` are put into `container`, from where any alias of it takes them out again."""
        if not known_types.copies_on_store(self.type_of(container)):
            self.written |= self.reach(values)

    def walk(self, blocks: dict[Any, Any]) -> None:
        for block in blocks.values():
            for statement in block.body:
                self.visit(statement)

    def visit(self, statement: Any) -> None:
        if isinstance(statement, ir.Assign):
            self.bind(statement.target, self.value(statement.target, statement.value))
        elif isinstance(statement, ir.SetItem | ir.StaticSetItem | ir.SetAttr):
            self.write(statement.target)
            self.store(statement.target, [statement.value])
        elif isinstance(statement, ir.StoreMap):
            self.write(statement.dct)
            self.store(statement.dct, [statement.key, statement.value])
        elif isinstance(statement, ir.DelItem | ir.DelAttr):
            self.write(statement.target)
        elif isinstance(statement, ir.Return):
            self.returned |= self.reach([statement.value])
        elif isinstance(statement, ir.Expr) and statement.op == "parfor":
            self.walk({"init": statement.init_block, **statement.loop_body})
        elif not isinstance(statement, _HARMLESS):
            self.written |= self.arguments()

    def arguments(self) -> Set[str]:
        """Return the arguments of types that reach memory."""
        typed = zip(self.typed_ir.argument_names, self.typed_ir.argument_types, strict=True)
        return {name for name, numba_type in typed if known_types.reaches_memory(numba_type)}

    def value(self, target: ir.Var, value: Any) -> Set[str]:
        """Return the arguments that an assigned value may reach, and note what computing it writes."""
        if isinstance(value, ir.Arg):
            return {self.typed_ir.argument_names[value.index]}
        if isinstance(value, ir.Var):
            return self.reach([value])
        if isinstance(value, ir.Const | ir.Global | ir.FreeVar):
            return _NOTHING
        if isinstance(value, ir.Yield):
            self.returned |= self.reach([value.value])
            return _NOTHING
        if isinstance(value, ir.Expr):
            return self.expression(target, value)
        self.written |= self.arguments()
        return self.arguments()

    def expression(self, target: ir.Var, expression: ir.Expr) -> Set[str]:
        if expression.op in _FRESH:
            return _NOTHING
        if expression.op in _PASSING:
            return self.reach(expression.list_vars())
        if expression.op in {"getitem", "static_getitem", "typed_getitem"}:
            return self.item(expression)
        if expression.op == "getattr":
            return self.attribute(target, expression)
        if expression.op in {"binop", "unary", "inplace_binop"}:
            return self.operator(target, expression)
        if expression.op == "call":
            return self.call(expression)
        return self.unknown(expression.list_vars())

    def unknown(self, variables: Sequence[ir.Var]) -> Set[str]:
        """Note that anything may happen to what `variables` reach."""
        for variable in variables:
            self.write(variable)
        return self.reach(variables)

    def item(self, expression: ir.Expr) -> Set[str]:
        container = self.type_of(expression.value)
        if not known_types.is_understood(container):
            return self.reach(expression.list_vars())
        index = self.type_of(expression.index) if expression.op == "getitem" else types.none
        if known_types.is_array(container) and known_types.selects_elements(index):
            return _NOTHING
        return self.reach([expression.value])

    def attribute(self, target: ir.Var, expression: ir.Expr) -> Set[str]:
        owner = expression.value
        is_method = isinstance(self.type_of(target), types.BoundFunction)
        if not is_method and not known_types.attribute_is_field(self.type_of(owner), expression.attr):
            return self.unknown([owner])  # a property, or an address that leaves as an integer
        return self.reach([owner])

    def operator(self, target: ir.Var, expression: ir.Expr) -> Set[str]:
        operands = expression.list_vars()
        left = self.type_of(operands[0])
        changes = known_types.reaches_memory(left) and not isinstance(left, types.BaseTuple)
        if expression.op == "inplace_binop" and changes:
            self.write(expression.lhs)
            self.store(expression.lhs, [expression.rhs])
            copies = known_types.copies_on_store(left)
            return self.reach([expression.lhs] if copies else operands)
        usual = all(known_types.is_understood(self.type_of(operand)) for operand in operands)
        if usual and known_types.is_array(self.type_of(target)):
            return _NOTHING
        return self.reach(operands)

    def call(self, expression: ir.Expr) -> Set[str]:
        called = self.type_of(expression.func)
        variables = [variable for variable in expression.list_vars() if variable is not expression.func]
        spread = expression.vararg is not None or expression.varkwarg is not None
        if isinstance(called, types.RecursiveCall):
            called = called.dispatcher_type
        if isinstance(called, types.Dispatcher):
            return self.jitted_call(called.dispatcher, expression, variables, spread)
        calls_back = any(isinstance(self.type_of(variable), _FUNCTIONS) for variable in variables)
        known = known_call(called, len(expression.args), dict(expression.kws))
        if known is None or spread or calls_back:
            return self.unknown([expression.func, *variables])
        operands = {**dict(enumerate(expression.args)), **dict(expression.kws)}
        written = [operands[key] for key in known.written if key in operands]
        for variable in [*written, *([expression.func] if known.writes_object else [])]:
            self.write(variable)
        return self.reach([expression.func, *variables] if known.shares else written)

    def jitted_call(
        self, dispatcher: Any, expression: Any, variables: Sequence[ir.Var], spread: bool
    ) -> Set[str]:
        signature = self.typed_ir.calltypes.get(expression)
        argument_types = signature.args if signature is not None else None
        effects: Effects | None
        if (dispatcher.py_func, argument_types) == self.typed_ir.key:
            effects = Effects(frozenset(self.written), frozenset(self.returned))
        else:
            effects = self.effects_of(dispatcher, argument_types)
        if effects is None:
            return self.unknown(variables)
        given = {} if spread else operands_by_parameter(dispatcher.py_func, expression)
        left = variables if spread else ()  # unpacked operands may go to any parameter
        for name in effects.writes:
            for variable in given.get(name, left):
                self.write(variable)
        return _NOTHING.union(*(self.reach(given.get(name, left)) for name in effects.returns))


def search_effects(typed_ir: TypedIR, effects_of: EffectsOf) -> Effects:
    """Find the effects of one function.

    Parameters
    ----------
    typed_ir : TypedIR
        The function.
    effects_of : callable
        Gives the effects of a jitted function it calls, by dispatcher and argument types; None if not known.

    Returns
    -------
    Effects
        What it may do with its arguments.
    """
    return _Search(typed_ir, effects_of).run()
