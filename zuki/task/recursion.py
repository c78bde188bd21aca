"""A body that calls itself hands its result on in registers.

Numba's functions write their result, and what they raise, through pointers: a call clears two places on the
stack, and what it returns is a load. Of a tree of tiny tasks that is half the time. So where a body calls
itself, what Numba has written is inlined into a function that returns status, exception and result in
registers, and calls that one; for everybody else the body is what it was.
"""

from llvmlite import ir

_FITS = (ir.IntType, ir.FloatType, ir.DoubleType, ir.PointerType)  # one register


def use_registers(function: ir.Function) -> None:
    """Let a body's calls of itself return in registers.

    Parameters
    ----------
    function : llvmlite.ir.Function
        The body, as Numba has lowered it, in a module that has not been compiled.
    """
    result, excinfo = (argument.type.pointee for argument in function.args[:2])
    own_calls = [
        instruction
        for block in function.blocks
        for instruction in block.instructions
        if isinstance(instruction, ir.CallInstr) and instruction.callee is function
    ]
    if not own_calls or not isinstance(result, _FITS) or "noinline" in function.attributes:
        return
    inner = _move(function)
    shim = _made_like(inner, f"zuki.shim.{function.name}")
    shim.linkage = "internal"
    shim.attributes.add("alwaysinline")
    for call in own_calls:
        call.callee = shim
    kinds = [argument.type for argument in inner.args[2:]]
    returned = ir.LiteralStructType([inner.function_type.return_type, excinfo, result])
    direct = ir.Function(function.module, ir.FunctionType(returned, kinds), f"zuki.direct.{function.name}")
    direct.linkage = "internal"
    _fill_direct(direct, inner, result, excinfo)
    _fill_shim(shim, direct)
    _fill_shim(function, direct)


def _move(function: ir.Function) -> ir.Function:
    """Move what a function contains to a new one, which is inlined wherever it is called."""
    inner = _made_like(function, f"zuki.inner.{function.name}")
    for part in ("args", "blocks", "scope"):
        here, there = getattr(function, part), getattr(inner, part)
        setattr(function, part, there)
        setattr(inner, part, here)
    for block in inner.blocks:
        block.parent = inner
    inner.linkage = "internal"
    inner.attributes.add("alwaysinline")
    return inner


def _made_like(function: ir.Function, name: str) -> ir.Function:
    made = ir.Function(function.module, function.function_type, name)
    for argument, model in zip(made.args, function.args, strict=True):
        for attribute in model.attributes:
            argument.add_attribute(attribute)
    return made


def _fill_direct(direct, inner, result, excinfo) -> None:
    builder = ir.IRBuilder(direct.append_basic_block("entry"))
    places = builder.alloca(result), builder.alloca(excinfo)
    for place in places:
        builder.store(ir.Constant(place.type.pointee, None), place)
    status = builder.call(inner, [*places, *direct.args])
    answer = ir.Constant(direct.function_type.return_type, ir.Undefined)
    for index, value in enumerate((status, builder.load(places[1]), builder.load(places[0]))):
        answer = builder.insert_value(answer, value, index)
    builder.ret(answer)


def _fill_shim(shim, direct) -> None:
    builder = ir.IRBuilder(shim.append_basic_block("entry"))
    answer = builder.call(direct, shim.args[2:])
    builder.store(builder.extract_value(answer, 2), shim.args[0])
    builder.store(builder.extract_value(answer, 1), shim.args[1])
    builder.ret(builder.extract_value(answer, 0))
