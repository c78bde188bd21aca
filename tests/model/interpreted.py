"""Mount methods of `zuki` itself: what Python does between two looks at what threads share, as generators.

The protocols of lanes are Python: deques, flags and a lock, of which every other thread may see the middle.
A method is taken from its source, changed by an edit if need be, and each of its looks at what is
shared becomes an operation of the model; whoever calls it passes its objects, of which

- a class with a method ``cell(name)`` answers the place of an attribute that threads share, as ``(table, row,
  field, to_value, to_word)``, and None for others;
- a class with a generator method ``truth`` says whether it is true, as a deque that others fill.

Each access is an acquire and a release, and sees the latest value: the interpreter's lock makes it so.
"""

import ast
import sys
import textwrap
from copy import deepcopy
from functools import cache
from pathlib import Path

import zuki

from .mount import atomic, steps_of
from .mutants import pattern
from .snapshot import freeze

_ROOT = Path(zuki.__file__).parent
_look, _put = atomic("add_acq_rel"), atomic("exchange_acq_rel")


def get(thing, name):
    """Read an attribute."""
    cell = getattr(thing, "cell", lambda name: None)(name)
    if cell is None:
        return getattr(thing, name)
    table, row, field, to_value, _ = cell
    return to_value((yield from _look(table, row, field, 0)))


def put(thing, name, value):
    """Write an attribute that threads share."""
    table, row, field, _, to_word = thing.cell(name)
    yield from _put(table, row, field, to_word(value))


def truth(thing):
    """Tell whether something is true."""
    if hasattr(thing, "truth"):
        return (yield from thing.truth())
    return bool(thing)


def goes_on():
    """Tell, in a ``finally``, whether the thread has not been dropped by the search."""
    return sys.exc_info()[0] is not GeneratorExit


def _call_of(function, *args, **keywords):
    if keywords:
        args = (*args, *keywords.values())
    return steps_of(function(*args))


class Question:
    """What a comprehension asks of each thing; equal to the same one, asked again of the same."""

    def __init__(self, asked):
        self.asked = asked

    def __call__(self, thing):
        return self.asked(thing)

    def frozen(self):
        held = [freeze(cell.cell_contents) for cell in self.asked.__closure__ or ()]
        return "question", id(self.asked.__code__), *held


def _any(things, holds):
    for thing in things:
        if (yield from holds(thing)):
            return True
    return False


def _those(things, holds):
    found = ()
    for thing in things:
        if (yield from holds(thing)):
            found += (thing,)
    return found


_HELPERS = {
    "_get": get,
    "_put": put,
    "_truth": truth,
    "_call": _call_of,
    "_any": _any,
    "_those": _those,
    "_goes_on": goes_on,
    "_Question": Question,
}


def _from(name, *args, keywords=()):
    return ast.YieldFrom(ast.Call(ast.Name(name, ast.Load()), list(args), list(keywords)))


class _Interpreted(ast.NodeTransformer):
    """Let each access of an attribute, each call and each question of truth yield."""

    def __init__(self):
        self.names = 0

    def visit_FunctionDef(self, node):
        node.decorator_list, node.returns = [], None
        for argument in (*node.args.args, *node.args.kwonlyargs):
            argument.annotation = None
        node.body = [one for statement in node.body for one in self._statements(statement)]
        node.body.append(ast.parse("if False: yield").body[0])
        return node

    def _statements(self, node):
        found = self.visit(node)
        return found if isinstance(found, list) else [found]

    # ---- expressions -------------------------------------------------------------------------------

    def visit_Attribute(self, node):
        if not isinstance(node.ctx, ast.Load):
            return node
        return _from("_get", self.visit(node.value), ast.Constant(node.attr))

    def visit_Call(self, node):
        if isinstance(node.func, ast.Name):
            if node.func.id == "bool":
                return self._asked(node.args[0])
            if node.func.id == "any":
                return self._each("_any", node.args[0], node.args[0].elt)
        args = [self.visit(one) for one in node.args]
        function = node.func
        if isinstance(function, ast.Attribute):  # a method is looked up as it is: classes do not change
            function = ast.Attribute(self.visit(function.value), function.attr, ast.Load())
        for keyword in node.keywords:
            keyword.value = self.visit(keyword.value)
        return _from("_call", function, *args, keywords=node.keywords)

    def visit_ListComp(self, node):
        return self._each("_those", node, node.generators[0].ifs[0])

    def _each(self, helper, comprehension, question):
        (loop,) = comprehension.generators
        arguments = ast.arguments([], [ast.arg(loop.target.id)], None, [], [], None, [])
        asked = ast.Call(
            ast.Name("_Question", ast.Load()), [ast.Lambda(arguments, self._asked(question))], []
        )
        return _from(helper, self.visit(loop.iter), asked)

    def _asked(self, node):
        """An expression that answers True or False."""
        if isinstance(node, ast.BoolOp):
            return ast.BoolOp(node.op, [self._asked(one) for one in node.values])
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return ast.UnaryOp(node.op, self._asked(node.operand))
        if isinstance(node, ast.Compare | ast.Constant):
            return self.visit(node)
        return _from("_truth", self.visit(node))

    def visit_BoolOp(self, node):
        first, *others = node.values
        if not others:
            return self.visit(first)
        self.names += 1
        name = f"_chosen{self.names}"
        named = ast.NamedExpr(ast.Name(name, ast.Store()), self.visit(first))
        rest = self.visit_BoolOp(ast.BoolOp(node.op, others))
        chosen = (ast.Name(name, ast.Load()), rest)
        if isinstance(node.op, ast.And):
            chosen = chosen[::-1]
        return ast.IfExp(_from("_truth", named), *chosen)

    def visit_UnaryOp(self, node):
        return self._asked(node) if isinstance(node.op, ast.Not) else self.generic_visit(node)

    def visit_IfExp(self, node):
        return ast.IfExp(self._asked(node.test), self.visit(node.body), self.visit(node.orelse))

    # ---- statements --------------------------------------------------------------------------------

    def _body(self, statements):
        return [one for statement in statements for one in self._statements(statement)]

    def visit_If(self, node):
        return ast.If(self._asked(node.test), self._body(node.body), self._body(node.orelse))

    def visit_While(self, node):
        return ast.While(self._asked(node.test), self._body(node.body), [])

    def visit_Assign(self, node):
        if len(node.targets) > 1:
            return [self.visit_Assign(ast.Assign([one], deepcopy(node.value))) for one in node.targets]
        (target,) = node.targets
        if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            pairs = zip(target.elts, node.value.elts, strict=True)
            return [self.visit_Assign(ast.Assign([one], value)) for one, value in pairs]
        return self._put(target, self.visit(node.value))

    def visit_AnnAssign(self, node):
        return self._put(node.target, self.visit(node.value))

    def _put(self, target, value):
        if isinstance(target, ast.Attribute):
            return ast.Expr(_from("_put", self.visit(target.value), ast.Constant(target.attr), value))
        return ast.Assign([target], value)

    def visit_AugAssign(self, node):
        read = ast.Attribute(deepcopy(node.target.value), node.target.attr, ast.Load())
        value = ast.BinOp(self.visit(read), node.op, self.visit(node.value))
        return self._put(node.target, value)

    def visit_Global(self, node):
        return ast.Pass()

    def visit_With(self, node):
        """A lock is held, what is suppressed is caught, and all else does nothing to what is shared."""
        manager = node.items[0].context_expr
        inner = [ast.With(node.items[1:], node.body)] if node.items[1:] else node.body
        body = self._body(inner)
        if isinstance(manager, ast.Call):
            if getattr(manager.func, "id", None) == "suppress":
                return ast.Try(body, [ast.ExceptHandler(manager.args[0], None, [ast.Pass()])], [], [])
            return body
        lock = self.visit(manager)
        enter, leave = (
            ast.Expr(_from("_call", ast.Attribute(lock, name, ast.Load()))) for name in ("take", "give")
        )
        return [enter, ast.Try(body, [], [], [self._unless_abandoned([leave])])]

    def visit_Try(self, node):
        self.generic_visit(node)
        if node.finalbody:
            node.finalbody = [self._unless_abandoned(node.finalbody)]
        return node

    def _unless_abandoned(self, statements):
        """The search drops a thread in the middle of its way: then it must do no more."""
        return ast.If(ast.Call(ast.Name("_goes_on", ast.Load()), [], []), statements, [])


@cache
def _parsed(file):
    """The source of a file of `zuki`, and its tree."""
    source = (_ROOT / file).read_text()
    return source, ast.parse(source)


@cache
def _compiled(source, file, line):
    """The code of a function that begins at a line of a file; all but the mutant are as they stand."""
    tree = ast.increment_lineno(ast.parse(source), line - 1)
    return compile(ast.fix_missing_locations(_Interpreted().visit(tree)), str(_ROOT / file), "exec")


def interpret(file, *names, edit=lambda source, name: source, **replaced):
    """Return functions of a file of `zuki` as generators, by the last part of their names.

    Parameters
    ----------
    file : str
        Below the package, such as ``lane/lane.py``.
    *names : str
        ``function`` or ``Class.method``.
    edit : callable
        ``edit(source, name)`` returns what stands in place of a function's source.
    **replaced
        What globals of these functions are.
    """
    source, module = _parsed(file)
    told, found = dict(_HELPERS), {}
    for name in names:
        holder, _, own = name.rpartition(".")
        within = module.body
        if holder:
            within = next(one for one in within if isinstance(one, ast.ClassDef) and one.name == holder).body
        node = next(one for one in within if isinstance(one, ast.FunctionDef) and one.name == own)
        lines = source.splitlines(keepends=True)[node.lineno - 1 : node.end_lineno]
        exec(_compiled(edit(textwrap.dedent("".join(lines)), name), file, node.lineno), told)
        found[own] = told[own]
    for name, value in _constants(module).items():
        told.setdefault(name, value)
    told.update(replaced)
    return found


def _constants(module):
    """The numbers that a file gives names to."""
    found = {}
    for statement in module.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant):
            found[statement.targets[0].id] = statement.value.value
    return found


def edits(*changes):
    """Return an edit that replaces code in functions: each change is ``(name, old, new)``."""

    def edit(source, name):
        for function, old, new in changes:
            if function == name:
                source, replaced = pattern(old).subn(lambda found, new=new: new, source, count=1)
                assert replaced, f"{name} has no {old!r}"
        return source

    return edit
