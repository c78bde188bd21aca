"""Vectors of words, as a partition moves them: by AVX-512, or by AVX2."""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.registry import cpu_target
from numba.extending import intrinsic

STEP = 8  # vectors that are moved at once

# Bits of a vector of the processor for which Numba compiles, or none
_FEATURES = cpu_target.target_context.codegen().magic_tuple()[2]
_BITS = 512 if "+avx512f" in _FEATURES else 256 if "+avx2" in _FEATURES else 0
ARE_HERE = _BITS > 0

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

    def put(self, words, chosen, count, left, right):
        """Store the chosen words, so many, from one address on, and the others before another.

        The rest of a vector's places at either may be written over.
        """
        if self.count == 16:
            self._put_packed(words, chosen, count, left, right)
        else:
            parted = self._parted(words, chosen)
            self._store(parted, left)
            self._store(parted, self._before(right, _WORD(self.count)))

    def _put_packed(self, words, chosen, count, left, right):
        compress = self._function("x86.avx512.mask.compress", self.kind, self.kind, self.kind, self._chosen)
        unknown = ir.Constant(self.kind, ir.Undefined)
        self._store(self.builder.call(compress, [words, unknown, chosen]), left)
        rest = self.builder.sub(_WORD(self.count), count)
        mask = self.builder.sub(self.builder.shl(_WORD(1), rest), _WORD(1))
        first = self.builder.bitcast(self.builder.trunc(mask, self._mask), self._chosen)
        others = self.builder.call(compress, [words, unknown, self.builder.not_(chosen)])
        place, align = self._before(right, rest), ir.IntType(32)
        store = self._function("masked.store", ir.VoidType(), self.kind, place.type, align, self._chosen)
        self.builder.call(store, [others, place, align(self.bits // 8), first])

    def _parted(self, words, chosen):
        """Return words in another order: the chosen ones first, then the others."""
        mask = self.builder.zext(self.builder.bitcast(chosen, self._mask), _WORD)
        orders = self.builder.gep(self._orders(), [ir.IntType(32)(0), mask])
        order = self.builder.bitcast(self.builder.load(orders), ir.VectorType(ir.IntType(8), 8))
        kind = ir.VectorType(ir.IntType(_BITS // 8), 8)
        name = "x86.avx512.permvar.di.512" if _BITS == 512 else "x86.avx2.permd"
        given = [self.builder.bitcast(words, kind), self.builder.zext(order, kind)]
        return self.builder.bitcast(
            self.builder.call(self._function(name, kind, kind, kind), given), self.kind
        )

    def _orders(self):
        """Return a table: 8 bytes for each mask, the places of the words it chooses and of the others."""
        name, masks, each = f"zuki.orders_of_{self.count}_words", 1 << self.count, 8 // self.count
        found = self.builder.module.globals.get(name)
        if found is None:
            kind = ir.ArrayType(_WORD, masks)
            found = ir.GlobalVariable(self.builder.module, kind, name)
            found.linkage, found.global_constant = "internal", True
            orders = []
            for mask in range(masks):
                words = sorted(range(self.count), key=lambda place: not mask >> place & 1)
                places = bytes(each * word + part for word in words for part in range(each))
                orders.append(int.from_bytes(places, "little"))
            found.initializer = ir.Constant(kind, orders)
        return found

    def _store(self, words, pointer):
        self.builder.store(words, pointer, align=self.bits // 8)

    def _before(self, pointer, count):
        """Return the address of a vector so many words before another."""
        words = self.builder.bitcast(pointer, self.kind.element.as_pointer())
        return self.builder.bitcast(self.builder.gep(words, [self.builder.neg(count)]), pointer.type)

    def _function(self, name, result, *kinds):
        """Return a function of LLVM, of these vectors where its name does not say of which."""
        vectors = f".v{self.count}i{self.bits}"
        tail = {"masked.store": f"{vectors}.p0", "x86.avx512.mask.compress": vectors}.get(name, "")
        made = ir.FunctionType(result, kinds)
        return cgutils.get_or_insert_function(self.builder.module, made, f"llvm.{name}{tail}")


def _bits_of(array):
    """Return the bits of an array's words, or None if vectors do not hold such."""
    if isinstance(array, types.Array) and array.dtype in (types.uint32, types.uint64) and array.layout == "C":
        return array.dtype.bitwidth
    return None


@intrinsic
def lanes_in(typing, array):
    """Return how many words of an array a vector holds; a constant."""
    bits = _bits_of(array)

    def emit(context, builder, signature, args):
        return _WORD(_BITS // bits)

    return None if bits is None else (types.int64(array), emit)


def _put(count, typing, source, place, lesser, left, others, right, base, below, pivot):
    """Type and emit what moves some vectors; see `put_vector`."""
    bits = _bits_of(source)
    if bits is None or not source == lesser == others or not base == below == pivot == source.dtype:
        return None

    def emit(context, builder, signature, args):
        vectors = _Vectors(context, builder, bits)
        order = [vectors.filled(word) for word in args[6:]]
        here = vectors.pointer(source, args[0], args[1])
        step = [vectors.load(builder.gep(here, [_WORD(index)])) for index in range(count)]
        chosen = [vectors.less(words, *order) for words in step]
        left, right = args[3], args[5]
        for words, some in zip(step, chosen, strict=True):
            found = vectors.how_many(some)
            ends = vectors.pointer(lesser, args[2], left), vectors.pointer(others, args[4], right)
            vectors.put(words, some, found, *ends)
            left = builder.add(left, found)
            right = builder.sub(right, builder.sub(_WORD(vectors.count), found))
        return context.make_tuple(builder, signature.return_type, [left, right])

    word, index = source.dtype, types.int64
    takes = source, index, lesser, index, others, index, word, word, word
    return types.UniTuple(index, 2)(*takes), emit


@intrinsic
def put_vector(typing, source, place, lesser, left, others, right, base, below, pivot):
    """Move the words of a vector to where a partition has room; return the new ends of the room.

    Those from `place` on with lesser keys than a pivot go into `lesser`, to `left` and after; the others into
    `others`, before `right`. Each is to have room for all of them, which may be written over.
    """
    return _put(1, typing, source, place, lesser, left, others, right, base, below, pivot)


@intrinsic
def put_step(typing, source, place, lesser, left, others, right, base, below, pivot):
    """Do as `put_vector` with `STEP` vectors, which are all read before any is written."""
    return _put(STEP, typing, source, place, lesser, left, others, right, base, below, pivot)
