"""Import the kernels a second time, interpreted, with every atomic operation handed to the model.

The kernels import one another by relative imports only, so the folder can be
mounted under a second name where `atomics` and `_jit` are others. Each kernel
becomes a generator of atomic operations; a kernel that calls a kernel passes
its operations up.
"""

import ast
import importlib
import sys
from functools import cache
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import GeneratorType, ModuleType

import zuki_kernels

from .memory import ORDERINGS

_NAME = "model_kernels"
_FOLDER = Path(zuki_kernels.__file__).parent


class _Result:
    """What was called without an operation, as an iterator that ends with it at once."""

    def __init__(self, value):
        self.value = value

    def __iter__(self):
        return self

    def __next__(self):
        raise StopIteration(self.value)


def steps_of(result):
    """What to ``yield from`` for what a call has returned: its operations, or none."""
    return result if type(result) is GeneratorType else _Result(result)


class _Traced(ast.NodeTransformer):
    """In each kernel, by either of its marks, let every call yield the operations of its callee."""

    def visit_FunctionDef(self, node):
        if any(getattr(mark, "id", None) in ("kernel", "rare_kernel") for mark in node.decorator_list):
            node.decorator_list = []
            node.body = [self.visit(statement) for statement in node.body]
            node.body.append(ast.copy_location(ast.parse("if False: yield").body[0], node.body[-1]))
        return node

    def visit_Call(self, node):
        self.generic_visit(node)
        call = ast.Call(ast.Name("_steps_of", ast.Load()), [ast.Call(node.func, node.args, [])], [])
        return ast.copy_location(ast.YieldFrom(call), node)


@cache
def _source(path):
    return Path(path).read_text()


@cache
def _compiled(source, path):
    """The code of a kernel file: a mutant is mounted with many others that are as they stand."""
    tree = _Traced().visit(ast.parse(source))
    return compile(ast.fix_missing_locations(tree), path, "exec")


class _Loader(SourceFileLoader):
    def __init__(self, name, path, edit):
        super().__init__(name, path)
        self.edit = edit

    def get_code(self, fullname):  # the bytecode cache holds the kernels as they stand, so it is not asked
        return _compiled(self.edit(_source(self.path), self.name.rpartition(".")[2]), self.path)

    def exec_module(self, module):
        module._steps_of = steps_of
        super().exec_module(module)


class _Finder:
    def __init__(self, edit):
        self.edit = edit

    def find_spec(self, name, path=None, target=None):
        file = _FOLDER / f"{name.rpartition('.')[2]}.py"
        if name.startswith(f"{_NAME}.") and file.exists():
            return spec_from_file_location(name, file, loader=_Loader(name, str(file), self.edit))
        return None


_PLACES = {}  # address -> what a scenario has put there: a table, or a body
_FIRST_ADDRESS = 1 << 12  # above the numbers that kernels give a meaning of their own


def address_of(thing):
    """Return a number by which kernels reach a table or a body (``body(frame)``, a generator function)."""
    address = next((known for known, held in _PLACES.items() if held is thing), None)
    if address is None:
        address = _FIRST_ADDRESS + 16 * len(_PLACES)  # as code is aligned: low bits say more of an entry
        _PLACES[address] = thing
    return address


_ARENAS = []  # tables of one row whose cells lie at addresses one after another
_FIRST_ARENA, _ARENA_BYTES = 1 << 32, 1 << 16


def arena_address(table):
    """Return the address of the first cell of a new table of one row; the others follow it, 8 bytes each."""
    _ARENAS.append(table)
    return _FIRST_ARENA + (len(_ARENAS) - 1) * _ARENA_BYTES


def table_at(address, rows, fields):
    """Return what kernels see at an address."""
    if address >= _FIRST_ARENA:
        arena, offset = divmod(address - _FIRST_ARENA, _ARENA_BYTES)
        return _View(_Block(_ARENAS[arena], 0, offset // 8), rows, fields)
    table = _PLACES[address] if address else Table("nothing", rows, fields)
    if isinstance(table, _Block):
        return _View(table, rows, fields)
    if table.shape != (rows, fields):
        raise ValueError(f"{table.name} is {table.shape}, and is used as {(rows, fields)}")
    return table


class _Block:
    """Cells of a table that kernels reach by the address of the first."""

    def __init__(self, table, row, field):
        self.table, self.row, self.field = table, row, field


def cell_address(table, row, field):
    """Return the number by which kernels reach the cells from a place in a table on."""
    place = row, field
    if place not in table.blocks:
        table.blocks[place] = address_of(_Block(table, row, field))
    return table.blocks[place]


class _View:
    """A part of a table's row, as a table of one row."""

    def __init__(self, block, rows, fields):
        self.block, self.shape = block, (rows, fields)

    def frozen(self):
        return "view", self.block.table.name, self.block.row, self.block.field, self.shape


class Table:
    """A table that kernels may touch by atomics alone: it has no ``__getitem__``.

    ``initial`` says with which values cells start, ``{(row, field): value}``; the others hold 0.
    ``ignored`` names fields that only count events: they read as 0 and their stores are no steps.
    """

    def __init__(self, name, rows, fields, initial=None, ignored=()):
        self.name, self.shape, self.initial, self.ignored = name, (rows, fields), initial or {}, ignored
        self.blocks = {}  # addresses of its cells that somebody asked for

    def frozen(self):
        return "table", self.name

    def check(self, row, field):
        """Raise IndexError for a place outside the table."""
        if not (0 <= row < self.shape[0] and 0 <= field < self.shape[1]):
            raise IndexError(f"{self.name}[{row}, {field}] is outside {self.shape}")


def _operation(kind, order):
    if kind == "fence":

        def perform():
            return (yield kind, order, None, None, None, ())

    else:

        def perform(table, row, field, *operands):
            if isinstance(table, _View):
                block = table.block
                table, row, field = block.table, block.row + row, block.field + field
            table.check(row, field)
            if field in table.ignored:
                return 0
            return (yield kind, order, table, row, field, operands)

    return perform


def atomic(name):
    """Make the operation that a name such as `load_acquire` or `fence_seq_cst` tells."""
    kind, _, order = name.partition("_")
    if order not in ORDERINGS.get(kind, ()):
        raise AttributeError(f"the model knows no {name}")
    return _operation(kind, order)


@cache
def _constants(file):
    """The module-level integers of a kernel file, by name."""
    found = {}
    for statement in ast.parse(file.read_text()).body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            try:
                found[statement.targets[0].id] = int(ast.literal_eval(statement.value))
            except (ValueError, TypeError):
                continue
    return found


def _machine_layer():
    """The modules that the model replaces."""
    contents = {
        "atomics": {"__getattr__": atomic, "fence_here": lambda: None},
        "waiting": {"wait": _operation("wait", None), "wake": _operation("wake", None)},
        "bits": {"leading_zeros": lambda word: 64 - word.bit_length()},
        "clock": {"give_way": lambda: None, "now": lambda: 0, "spin_hint": lambda: None, "ticks": lambda: 0},
        "dispatch": {
            "address_of": cell_address,
            "bare": lambda table, fields: table,
            "call": lambda entry, frame: _PLACES[entry](frame),
            "call_join": lambda function, *words: _PLACES[function](*words),
            "free": lambda address: None,
            "call_python": lambda function, *words: _PLACES[function](*words),
            "prefetch": lambda table, row: None,
            "prefetch_target": lambda table, row, field: None,
            "stack_pointer": lambda: 1,
            "table_at": table_at,
        },
        "current": {"current_hand": None},  # there are no threads that could be asked
        "processors": {"note": None, "use": None, "use_others": None},  # nor processors
        "_jit": {"kernel": None, "rare_kernel": None},
    }
    for name, names in contents.items():
        module = ModuleType(f"{_NAME}.{name}")
        file = _FOLDER / f"{name}.py"
        vars(module).update({**(_constants(file) if file.exists() else {}), **names})
        yield f"{_NAME}.{name}", module


class Kernels:
    """The kernel modules of one mount, by name."""

    def __init__(self, modules):
        vars(self).update(modules)

    def frozen(self):
        return "kernels"


def mount_all(edit=lambda source, name: source, modules=("turn", "starting")):
    """Return kernel modules as generators, and what they import; ``edit(source, name)`` edits sources."""
    for name in [name for name in sys.modules if name.split(".")[0] == _NAME]:
        del sys.modules[name]
    sys.modules[_NAME] = module_from_spec(ModuleSpec(_NAME, None, is_package=True))
    sys.modules.update(_machine_layer())
    finder = _Finder(edit)
    sys.meta_path.insert(0, finder)
    try:
        for module in modules:
            importlib.import_module(f"{_NAME}.{module}")
    finally:
        sys.meta_path.remove(finder)
    return Kernels(
        {name.split(".")[1]: found for name, found in sys.modules.items() if name.startswith(f"{_NAME}.")}
    )


def mount(module, edit=lambda source, name: source):
    """Return one kernel module as generators."""
    return getattr(mount_all(edit, [module]), module)
