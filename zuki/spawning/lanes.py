"""Vectors of words, as a partition moves them: compares and compressed stores of AVX-512."""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.registry import cpu_target
from numba.extending import intrinsic

from zuki.spawning.prefetching import emit_prefetch

_BITS = 512  # of a vector
_STEP = 8  # vectors that are read before any of their words is stored

# Whether the processor for which Numba compiles has the instructions
ARE_HERE = "+avx512f" in cpu_target.target_context.codegen().magic_tuple()[2]

_ORDERS = "zuki.orders_of_words"
_WORD = ir.IntType(64)


class _Vectors:
    """What is emitted for vectors of words of so many bits."""

    def __init__(self, context, builder, bits: int) -> None:
        self.context, self.builder = context, builder
        self.bits, self.count = bits, _BITS // bits
        self.kind = ir.VectorType(ir.IntType(bits), self.count)
        self._mask = ir.IntType(self.count)
        self._chosen = ir.VectorType(ir.IntType(1), self.count)

    def pointer(self, array, value, place):
        """Return the address of the vector that begins at a place of an array."""
        made = self.context.make_array(array)(self.context, self.builder, value)
        return self.builder.bitcast(self.builder.gep(made.data, [place]), self.kind.as_pointer())

    def load(self, pointer):
        """Return the vector at an address."""
        return self.builder.load(pointer, align=self.bits // 8)

    def filled(self, word):
        """Return a vector of the same word in all places."""
        unknown, first = ir.Constant(self.kind, ir.Undefined), ir.IntType(32)
        one = self.builder.insert_element(unknown, word, first(0))
        places = ir.Constant(ir.VectorType(first, self.count), [0] * self.count)
        return self.builder.shuffle_vector(one, unknown, places)

    def less(self, words, base, below, pivot):
        """Return which words have lesser keys than a pivot."""
        sign = self.builder.ashr(words, ir.Constant(self.kind, [self.bits - 1] * self.count))
        keys = self.builder.sub(self.builder.xor(words, self.builder.and_(sign, below)), base)
        return self.builder.icmp_unsigned("<", keys, pivot)

    def how_many(self, chosen):
        """Return how many words are chosen."""
        return self.builder.zext(self.builder.ctpop(self.builder.bitcast(chosen, self._mask)), _WORD)

    def packed(self, words, chosen):
        """Return the chosen words, one after the other from the first place on; the rest may be anything."""
        compress = self._function("x86.avx512.mask.compress", self.kind, self.kind, self.kind, self._chosen)
        return self.builder.call(compress, [words, ir.Constant(self.kind, ir.Undefined), chosen])

    def parted(self, words, chosen):
        """Return words in another order: the chosen ones first, and the others last."""
        mask = self.builder.zext(self.builder.bitcast(chosen, self._mask), _WORD)
        orders = self.builder.load(
            self.builder.gep(_orders_of(self.builder.module), [ir.IntType(32)(0), mask])
        )
        order = self.builder.zext(
            self.builder.bitcast(orders, ir.VectorType(ir.IntType(8), self.count)), self.kind
        )
        made = ir.FunctionType(self.kind, [self.kind, self.kind])
        name = "llvm.x86.avx512.permvar.di.512"
        return self.builder.call(
            cgutils.get_or_insert_function(self.builder.module, made, name), [words, order]
        )

    def store(self, words, pointer):
        """Store a vector."""
        self.builder.store(words, pointer, align=self.bits // 8)

    def store_first(self, words, pointer, count):
        """Store so many words of a vector, from its first place on."""
        mask = self.builder.sub(self.builder.shl(_WORD(1), count), _WORD(1))
        first = self.builder.bitcast(self.builder.trunc(mask, self._mask), self._chosen)
        align = ir.IntType(32)
        store = self._function("masked.store", ir.VoidType(), self.kind, pointer.type, align, self._chosen)
        self.builder.call(store, [words, pointer, align(self.bits // 8), first])

    def _function(self, name, result, *kinds):
        tail = ".p0" if name == "masked.store" else ""
        name = f"llvm.{name}.v{self.count}i{self.bits}{tail}"
        return cgutils.get_or_insert_function(self.builder.module, ir.FunctionType(result, kinds), name)


def _orders_of(module):
    """Return a table: for each mask of 8 words the numbers of those it chooses, then of the others, as bytes."""
    found = module.globals.get(_ORDERS)
    if found is None:
        kind = ir.ArrayType(_WORD, 256)
        found = ir.GlobalVariable(module, kind, _ORDERS)
        found.linkage, found.global_constant = "internal", True
        orders = [sorted(range(8), key=lambda place: not mask >> place & 1) for mask in range(256)]
        found.initializer = ir.Constant(kind, [int.from_bytes(bytes(order), "little") for order in orders])
    return found


def _bits_of(array):
    """Return the bits of an array's words, or None if vectors do not hold such."""
    if isinstance(array, types.Array) and array.dtype in (types.uint32, types.uint64) and array.layout == "C":
        return array.dtype.bitwidth
    return None


@intrinsic
def step_in(typing, array):
    """Return how many words of an array `put_step` moves; a constant."""
    bits = _bits_of(array)

    def emit(context, builder, signature, args):
        return _WORD(_STEP * _BITS // bits)

    return None if bits is None else (types.int64(array), emit)


@intrinsic
def put_step(typing, source, place, ahead, lesser, left, others, right, base, below, pivot):
    """Move the words of some vectors to where a partition has room; return the new ends of the room.

    Those from `place` on with lesser keys than a pivot go into `lesser`, to `left` and after; the others into
    `others`, before `right`. Each is to have room for all of them, which may be written over. What lies at
    `ahead` will be at hand, if it is memory.
    """
    bits = _bits_of(source)
    if bits is None or not source == lesser == others or not base == below == pivot == source.dtype:
        return None

    def emit(context, builder, signature, args):
        vectors = _Vectors(context, builder, bits)
        order = [vectors.filled(word) for word in args[7:]]
        here, soon = (vectors.pointer(source, args[0], place) for place in args[1:3])
        for index in range(_STEP):
            emit_prefetch(builder, builder.gep(soon, [_WORD(index)]))
        step = [vectors.load(builder.gep(here, [_WORD(index)])) for index in range(_STEP)]
        chosen = [vectors.less(words, *order) for words in step]
        counts = [vectors.how_many(some) for some in chosen]
        left, right = args[4], args[6]
        for words, some, count in zip(step, chosen, counts, strict=True):
            rest = builder.sub(_WORD(vectors.count), count)
            if bits == 64:
                parted = vectors.parted(words, some)
                vectors.store(parted, vectors.pointer(lesser, args[3], left))
                last = builder.sub(right, _WORD(vectors.count))
                vectors.store(parted, vectors.pointer(others, args[5], last))
                left, right = builder.add(left, count), builder.sub(right, rest)
                continue
            vectors.store(vectors.packed(words, some), vectors.pointer(lesser, args[3], left))
            left, right = builder.add(left, count), builder.sub(right, rest)
            place = vectors.pointer(others, args[5], right)
            vectors.store_first(vectors.packed(words, builder.not_(some)), place, rest)
        return context.make_tuple(builder, signature.return_type, [left, right])

    word, index = source.dtype, types.int64
    takes = source, index, index, lesser, index, others, index, word, word, word
    return types.UniTuple(index, 2)(*takes), emit
