"""The local state of a suspended generator as a hashable value.

Two snapshots are equal only if the generators will answer the same values with
the same operations: they compare code positions, the variables that are still
to be read, what the expressions begun so far hold on the interpreter's stack,
and the generators delegated to, down to the innermost.
"""

import dis
import gc
from functools import reduce
from types import BuiltinFunctionType, FunctionType, GeneratorType, MethodType, ModuleType

_ENDS = {"RETURN_VALUE", "RETURN_CONST", "RAISE_VARARGS", "RERAISE"}
_VALUES = type(None), bool, int, float, str, bytes, range
_ATOMS = *_VALUES, FunctionType, BuiltinFunctionType, ModuleType, type
_ITERATORS = type(iter(())), type(iter([])), type(iter(range(0))), enumerate, zip, reversed

_live_variables = {}  # id of a code object -> (that object, what is live after each of its instructions)


class SharedStateError(Exception):
    """A thread of a scenario reads a mutable Python object that another could change."""


def _names(instruction):
    named = instruction.argval
    return set(named) if isinstance(named, tuple) else {named}


def _analyse(code):
    """For each instruction, the local variables that a path after it reads before it writes them."""
    instructions = list(dis.get_instructions(code))
    place = {instruction.offset: at for at, instruction in enumerate(instructions)}
    after, before = [set() for _ in instructions], [set() for _ in instructions]
    handlers, changed = set(), True
    while changed:
        changed = False
        for at in reversed(range(len(instructions))):
            instruction, name = instructions[at], instructions[at].opname
            follow = [] if name in _ENDS else [at + 1]
            if instruction.opcode in dis.hasjrel or instruction.opcode in dis.hasjabs:
                jumps_always = name.startswith("JUMP_") and "IF" not in name
                follow = [place[instruction.argval]] + ([] if jumps_always else follow)
            leaving = reduce(set.union, (before[to] for to in follow), set(handlers))
            entering = set(leaving)
            if name == "STORE_FAST":
                entering -= _names(instruction)
            elif "FAST" in name:
                entering |= _names(instruction)
            if name == "PUSH_EXC_INFO" and not entering <= handlers:  # any instruction may lead here
                handlers |= entering
                changed = True
            if leaving != after[at] or entering != before[at]:
                after[at], before[at], changed = leaving, entering, True
    return {instruction.offset: live for instruction, live in zip(instructions, after, strict=True)}


def _live(code):
    known = _live_variables.get(id(code))
    if known is None:
        known = _live_variables[id(code)] = code, _analyse(code)
    return known[1]


def _generator(generator):
    frame, code = generator.gi_frame, generator.gi_code
    if frame is None:
        return "finished"
    variables, live = frame.f_locals, _live(code)[frame.f_lasti]
    referents = gc.get_referents(generator)  # ends with the variables, then the interpreter's stack
    header = max(at for at, value in enumerate(referents) if value is code) + 1
    bound = sum(name in variables for name in code.co_varnames if name not in code.co_cellvars)
    stack = referents[header + bound + len(code.co_cellvars) + len(code.co_freevars) :]
    shared = [_unchanging(variables[name]) for name in code.co_freevars if name in variables]
    live = live | set(code.co_cellvars)
    kept = [(name, freeze(variables[name])) for name in sorted(live) if name in variables]
    return id(code), frame.f_lasti, *kept, *shared, *map(freeze, stack)


def _unchanging(value):
    if isinstance(value, list | dict | set | bytearray):
        raise SharedStateError(
            f"a thread uses {value!r} of an enclosing function; threads share tables alone"
        )
    return freeze(value)


def freeze(value):
    """Return a hashable value equal for equal states of ``value``; TypeError for what cannot be judged."""
    kind = type(value)
    if kind in _ATOMS:
        return value
    if kind is GeneratorType:
        return _generator(value)
    if kind is tuple or kind is list:
        return kind.__name__, *map(freeze, value)
    if kind is dict:
        return "dict", *((freeze(key), freeze(held)) for key, held in value.items())
    if kind is set or kind is frozenset:
        return frozenset(map(freeze, value))
    if kind is MethodType:
        return "method", value.__func__, freeze(value.__self__)
    if kind in _ITERATORS:
        return kind.__name__, freeze(value.__reduce__())
    if hasattr(kind, "frozen"):
        return value.frozen()
    raise TypeError(f"no snapshot of a {kind.__name__}")


def site(generator, skip):
    """Return (function, file, line) of the innermost frame that is not in the file ``skip``."""
    found = None
    while generator is not None and getattr(generator, "gi_frame", None) is not None:
        if generator.gi_code.co_filename != skip:
            frame = generator.gi_frame
            found = generator.gi_code.co_name, generator.gi_code.co_filename, frame.f_lineno
        generator = generator.gi_yieldfrom
    return found
