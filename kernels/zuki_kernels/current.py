"""Which hand is the calling thread's: one word that each thread has for itself.

LLVM's thread-local globals abort the process under Numba, so the word is a POSIX thread key's.
glibc keeps the first keys' values inside the thread's own descriptor, at a distance from the
thread pointer that is the same in all threads: where a trial finds it, a look is two loads
(0.3 ns) instead of a call of `pthread_getspecific` (1.8 ns).

Compiled code reaches key and distance by the name of a symbol, which may be cached; the numbers
may not. The name carries the number of the layout of `hands`: code that was cached under another
layout, an older or a newer one, finds no hand there, and runs its tasks in place.
"""

import ctypes
import sys
import threading

import numpy as np
from llvmlite import binding, ir
from numba import types

from ._jit import kernel
from ._machine import WORD, call_symbol, compiles_to
from ._target import LINUX, WINDOWS, target_of

LAYOUT = 6  # to be raised with every change of the columns of a hand, of a block or of a description

_LATER = 100  # layouts of newer ones that may have left code in a cache, which this one is to survive
_NO_DISTANCE = -1
# Of a thread's descriptor: what glibc has had since 2.4 on 64 bits, and less than lies above it
_DESCRIPTOR_WORDS = 280
_TRIAL = 0x5A7B_1234_C0DE_9876

place = np.array([0, _NO_DISTANCE], np.int64)  # key, distance
_nowhere = np.array([-1, _NO_DISTANCE], np.int64)  # for code of another layout


def symbol_of(layout: int) -> str:
    """Return the name by which compiled code finds the key."""
    return f"zuki.current_hand.{layout}"


def _distance(library: ctypes.CDLL, key: int) -> int:
    """Return the bytes from the thread pointer to the key's value, or -1 if they are not known."""
    library.pthread_setspecific.argtypes = [ctypes.c_uint, ctypes.c_void_p]
    library.pthread_self.restype = ctypes.c_void_p
    found: list[set[int]] = []

    def look() -> None:
        library.pthread_setspecific(key, _TRIAL)
        words = (ctypes.c_uint64 * _DESCRIPTOR_WORDS).from_address(library.pthread_self())
        with_trial = {index for index, word in enumerate(words) if word == _TRIAL}
        library.pthread_setspecific(key, _TRIAL - 1)
        found.append({index for index in with_trial if words[index] == _TRIAL - 1})
        library.pthread_setspecific(key, None)

    look()
    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    both = found[0] & found[1]
    return 8 * both.pop() if len(both) == 1 else _NO_DISTANCE


def _make_key() -> None:
    if sys.platform == "win32":
        place[0] = ctypes.windll.kernel32.TlsAlloc()  # type: ignore[attr-defined]
    else:
        library, key = ctypes.CDLL(None), ctypes.c_uint()
        if library.pthread_key_create(ctypes.byref(key), None) != 0:
            raise OSError("no thread key is left")
        place[0] = key.value
        if sys.platform == "linux" and hasattr(library, "gnu_get_libc_version"):
            place[1] = _distance(library, key.value)
    binding.add_symbol(symbol_of(LAYOUT), place.ctypes.data)
    for layout in range(1, LAYOUT + _LATER):
        if layout != LAYOUT:
            binding.add_symbol(symbol_of(layout), _nowhere.ctypes.data)


_make_key()


def _word_of_place(builder, index):
    name, kind = symbol_of(LAYOUT), ir.ArrayType(WORD, 2)
    place_there = builder.module.globals.get(name)
    if place_there is None:
        place_there = ir.GlobalVariable(builder.module, kind, name)
        place_there.linkage = "external"
    return builder.load(builder.gep(place_there, [ir.IntType(32)(0), ir.IntType(32)(index)], inbounds=True))


def emit_current_hand(builder):
    """Emit the look at the calling thread's word; return it as a number."""
    if target_of(builder).system != LINUX:
        return _emit_call(builder)
    distance = _word_of_place(builder, 1)
    with builder.if_else(builder.icmp_signed(">=", distance, WORD(0)), likely=True) as (near, far):
        with near:
            pointer = call_symbol(builder, "llvm.thread.pointer.p0", ir.IntType(8).as_pointer(), [])
            spot = builder.add(builder.ptrtoint(pointer, WORD), distance)
            found_near = builder.load(builder.inttoptr(spot, WORD.as_pointer()))
            near_block = builder.block
        with far:
            found_far = _emit_call(builder)
            far_block = builder.block
    hand = builder.phi(WORD)
    hand.add_incoming(found_near, near_block)
    hand.add_incoming(found_far, far_block)
    return hand


def _emit_call(builder):
    """Emit the look by the system's own function; code of another layout finds nothing."""
    key = builder.trunc(_word_of_place(builder, 0), ir.IntType(32))
    name = "TlsGetValue" if target_of(builder).system == WINDOWS else "pthread_getspecific"
    with builder.if_else(builder.icmp_signed(">=", key, ir.IntType(32)(0))) as (keyed, keyless):
        with keyed:
            value = call_symbol(builder, name, WORD, [key])
            keyed_block = builder.block
        with keyless:
            keyless_block = builder.block
    found = builder.phi(WORD)
    found.add_incoming(value, keyed_block)
    found.add_incoming(WORD(0), keyless_block)
    return found


def _lower_current(context, builder, signature, args):
    return emit_current_hand(builder)


def _lower_set(context, builder, signature, args):
    key = builder.trunc(_word_of_place(builder, 0), ir.IntType(32))
    name = "TlsSetValue" if target_of(builder).system == WINDOWS else "pthread_setspecific"
    call_symbol(builder, name, ir.IntType(32), [key, args[0]])
    return context.get_dummy_value()


@compiles_to(_lower_current, types.int64)
def current_hand() -> int:
    """Return the address of the calling thread's hand, or 0."""
    raise NotImplementedError


@compiles_to(_lower_set, types.void, types.int64)
def set_current_hand(hand: int) -> None:
    """Let a hand, or none (0), be the calling thread's."""
    raise NotImplementedError


@kernel
def hold(hand: int) -> int:
    """Let a hand, or none (0), be the calling thread's; return which was before."""
    before = current_hand()
    set_current_hand(hand)
    return before
