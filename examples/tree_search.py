"""A tree that nobody knows before it is searched: T1 of the Unbalanced Tree Search benchmark.

How many children a node has follows from a random number, and the random number from the node's state: the
SHA-1 digest of its parent's state and its own place among the children. So each subtree can be searched
without the others, and no one can tell how large it is but by searching it. All implementations of the
benchmark find the same tree (Olivier, Huan, Liu, Prins, Dinan, Sadayappan and Tseng, "UTS: An Unbalanced Tree
Search Benchmark", LCPC 2006). Its options for T1 are ``-t 1 -a 3 -d 10 -b 4 -r 19``: a geometric
distribution with the mean 4 down to depth 10, and the seed 19.

Numbers have 32 bits in SHA-1 and 64 in Numba, so what has run over is cut off where it matters.
"""
# ruff: noqa: RUF005 -- tuples are added: Numba stumbles over stars in them

import hashlib
import math
import time

import numpy as np
from numba import int64, njit, uint32

import zuki

SEED = 19
CHILDREN = 4.0  # on average
MOST_CHILDREN = 100
DEPTH = 10  # nodes there have no children
T1 = (4_130_071, 10, 3_305_118)  # nodes, depth, leaves

PADDING = (
    uint32(1 << 31),
    *[uint32(0)] * 8,
    uint32(8 * 24),
)  # an end bit, zeros, the message's 24 bytes in bits
INITIAL = tuple(map(uint32, (0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0)))
PARITY_EARLY, PARITY_LATE = uint32(0x6ED9EBA1), uint32(0xCA62C1D6)
CHOICE, MAJORITY = uint32(0x5A827999), uint32(0x8F1BBCDC)


@njit(inline="always")
def rotate(word, bits):
    """Rotate a word of 32 bits to the left."""
    return uint32(word << bits | word >> 32 - bits)


@njit
def child_state(state, number):
    """Answer the state of a node's child: SHA-1 (FIPS 180-4) of 24 bytes, which are one block.

    Parameters
    ----------
    state : tuple of 5 uint32
        The state of the node.
    number : int
        Which of its children.
    """
    schedule = state + (uint32(number),) + PADDING  # 16 words at a time of the 80
    a, b, c, d, e = INITIAL
    for step in range(80):
        if step < 20:
            mixed = (b & c | ~b & d) + CHOICE
        elif step < 40:
            mixed = (b ^ c ^ d) + PARITY_EARLY
        elif step < 60:
            mixed = (b & c | b & d | c & d) + MAJORITY
        else:
            mixed = (b ^ c ^ d) + PARITY_LATE
        a, b, c, d, e = uint32(rotate(a, 5) + mixed + e + schedule[0]), a, rotate(b, 30), c, d
        following = rotate(schedule[13] ^ schedule[8] ^ schedule[2] ^ schedule[0], 1)
        schedule = schedule[1:] + (following,)
    return (
        uint32(INITIAL[0] + a),
        uint32(INITIAL[1] + b),
        uint32(INITIAL[2] + c),
        uint32(INITIAL[3] + d),
        uint32(INITIAL[4] + e),
    )


@njit
def children_of(state, depth):
    """Answer how many children a node has: a random number, geometrically distributed."""
    if depth >= DEPTH:
        return 0
    uniform = (state[4] & 0x7FFFFFFF) / 2147483648.0
    stop = 1 / (1 + CHILDREN)  # the chance at each child that there is no other one
    return min(math.floor(math.log(1 - uniform) / math.log(1 - stop)), MOST_CHILDREN)


@zuki.task("UniTuple(int64, 3)(UniTuple(uint32, 5), int64, int64, int64)")
def search(parent, depth, first, last):
    """Search the children ``first`` to ``last`` of a node, and what is below them.

    Parameters
    ----------
    parent : tuple of 5 uint32
        The state of the node.
    depth : int
        At which depth the children are.
    first, last : int
        The first child, and the one behind the last.

    Returns
    -------
    tuple of int
        Nodes, depth and leaves of what was searched.
    """
    if last - first > 1:
        middle = (first + last) // 2
        handle = zuki.spawn(search, parent, depth, first, middle)
        right = search(parent, depth, middle, last)
        left = zuki.join(handle)
        return left[0] + right[0], max(left[1], right[1]), left[2] + right[2]
    state = child_state(parent, first)
    children = children_of(state, depth)
    if children == 0:
        return 1, depth, 1
    nodes, deepest, leaves = search(state, depth + 1, int64(0), children)  # a literal has another type
    return 1 + nodes, deepest, leaves


def root_of(seed):
    """Return the state of a tree's root."""
    digest = hashlib.sha1(bytes(16) + seed.to_bytes(4, "big")).digest()
    return tuple(np.frombuffer(digest, ">u4").astype(np.uint32))


def search_tree(seed, executor=None):
    """Return how many nodes a tree has, its depth, and how many leaves."""
    root = root_of(seed)
    nodes, deepest, leaves = zuki.run(search, root, 1, 0, children_of(root, 0), executor=executor)
    return 1 + nodes, deepest, leaves


def main():
    """Search, at one worker and at all."""
    for threads in (1, None):  # None: as many as there are processors
        with zuki.Executor(threads) as executor:
            zuki.run(search, root_of(SEED), DEPTH - 2, 0, 4, executor=executor)  # compiles, or loads
            start = time.perf_counter()
            found = search_tree(SEED, executor)
            seconds = time.perf_counter() - start
        nodes, deepest, leaves = found
        print(
            f"{nodes:,} nodes, depth {deepest}, {leaves:,} leaves: "
            f"{seconds:.3f} s at {executor.max_threads} workers"
        )
        if found != T1:
            raise SystemExit(f"T1 has {T1[0]:,} nodes, depth {T1[1]}, {T1[2]:,} leaves")


if __name__ == "__main__":
    main()
