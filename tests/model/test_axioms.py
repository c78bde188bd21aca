"""The model of memory allows exactly what the axioms of C11 do, within its limits: on random programs."""

from random import Random

import pytest

from . import axioms
from .explore import explore
from .test_litmus import CELLS, X, Y, thread

NAMES = (
    "load_relaxed", "load_relaxed", "load_acquire", "load_acquire", "store_relaxed", "store_relaxed",
    "store_release", "add_relaxed", "add_acq_rel", "add_release", "exchange_acquire", "cas_acq_rel",
    "cas_relaxed", "fence_seq_cst", "fence_seq_cst", "fence_acq_rel", "fence_acquire", "fence_release",
)  # fmt: skip
OPERANDS = {"load": 0, "fence": 0, "cas": 2}


def random_program(seed, lengths):
    """Threads of random operations; stores of one program write distinct values."""
    random, values = Random(seed), iter(range(1, 100))

    def operation():
        name = random.choice(NAMES)
        kind = name.partition("_")[0]
        if kind == "fence":
            return (name,)
        operands = [next(values) for _ in range(OPERANDS.get(kind, 1))]
        if kind == "cas":
            operands[0] = random.randrange(3)
        return (name, random.choice((X, Y)), *operands)

    return [[operation() for _ in range(length)] for length in lengths]


def by_the_model(threads):
    found = set()

    def check(results, memory):
        answers = sum((results[slot] for slot in range(len(threads))), ())
        found.add((answers, tuple(memory.latest(CELLS, 0, cell) for cell in (X, Y))))

    explore([thread(*steps) for steps in threads], check)
    return found


@pytest.mark.parametrize("lengths", [(3, 3), (4, 2), (2, 2, 2), (3, 1, 1)], ids=str)
def test_the_model_allows_what_the_axioms_do(lengths):
    for seed in range(40):
        program = random_program(seed, lengths)
        assert by_the_model(program) == axioms.outcomes(program), program


SC = ("fence_seq_cst",)
STORE_X, STORE_Y = ("store_relaxed", X, 1), ("store_relaxed", Y, 1)
LOAD_X, LOAD_Y = ("load_relaxed", X), ("load_relaxed", Y)
REL_Y, ACQ_Y = ("store_release", Y, 1), ("load_acquire", Y)
TAKE_X = ("cas_acquire", X, 0, 1)
TEXTBOOK = {
    "message passing": [[STORE_X, REL_Y], [ACQ_Y, LOAD_X]],
    "message passing, relaxed": [[STORE_X, STORE_Y], [LOAD_Y, LOAD_X]],
    "store buffering": [[STORE_X, LOAD_Y], [STORE_Y, LOAD_X]],
    "store buffering, fences": [[STORE_X, SC, LOAD_Y], [STORE_Y, SC, LOAD_X]],
    "write to read causality": [[STORE_X], [("load_acquire", X), REL_Y], [ACQ_Y, LOAD_X]],
    "write to read causality, relaxed": [[STORE_X], [LOAD_X, STORE_Y], [LOAD_Y, LOAD_X]],
    "R": [[STORE_X, SC, STORE_Y], [("store_relaxed", Y, 2), SC, LOAD_X]],
    "S": [[("store_relaxed", X, 2), REL_Y], [ACQ_Y, STORE_X]],
    "S, relaxed": [[("store_relaxed", X, 2), STORE_Y], [LOAD_Y, STORE_X]],
    "2+2W, fences": [[STORE_X, SC, ("store_relaxed", Y, 2)], [STORE_Y, SC, ("store_relaxed", X, 2)]],
    "2+2W, releases": [
        [STORE_X, ("store_release", Y, 2)], [STORE_Y, ("store_release", X, 2)]
    ],
    "CoRR": [[STORE_X, ("store_relaxed", X, 2)], [LOAD_X, LOAD_X]],
    "CoRW": [[LOAD_X, STORE_X], [("store_relaxed", X, 2)]],
    "CoWR": [[STORE_X, LOAD_X], [("store_relaxed", X, 2)]],
    "CoWW": [[STORE_X, ("store_relaxed", X, 2)], [LOAD_X]],
    "a release sequence": [[STORE_X, REL_Y], [("add_relaxed", Y, 1)], [ACQ_Y, LOAD_X]],
    "a lock": [[TAKE_X, STORE_Y, ("store_release", X, 0)], [TAKE_X, LOAD_Y]],
}  # fmt: skip


@pytest.mark.parametrize("program", TEXTBOOK.values(), ids=TEXTBOOK)
def test_textbook_programs(program):
    assert by_the_model(program) == axioms.outcomes(program)


def test_a_load_that_is_met_late_reads_nothing_old():
    """The search had relied on a thread that it did not know yet; the axioms found it."""
    program = [[("fence_acquire",), LOAD_Y, STORE_Y], [LOAD_Y, ("fence_release",), LOAD_Y]]
    assert by_the_model(program) == axioms.outcomes(program)


IRIW = [[STORE_X], [STORE_Y], [LOAD_X, SC, LOAD_Y], [LOAD_Y, SC, LOAD_X]]


def test_independent_reads_of_independent_writes():
    found = by_the_model(IRIW)
    assert found == axioms.outcomes(IRIW)
    assert (1, 0, 1, 0) not in {answers for answers, _ in found}


@pytest.mark.parametrize(
    ("program", "more"),
    [
        ([[LOAD_X, STORE_Y], [LOAD_Y, STORE_X]], {((1, 1), (1, 1))}),
        ([[STORE_X, ("store_relaxed", Y, 2)], [STORE_Y, ("store_relaxed", X, 2)]], {((), (1, 1))}),
    ],
    ids=["load buffering", "2+2W"],
)
def test_limits_of_the_model_are_all_that_it_leaves_out(program, more):
    assert axioms.outcomes(program, with_a_run=False) - by_the_model(program) == more
