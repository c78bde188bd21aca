"""What a task of Task Bench does: check its inputs, write its output, compute.

Every timestep has output buffers of its own, so a point never overwrites what another may still read, and
waiting for its dependencies is all the order a point needs. Time goes on from run to run (`CLOCK`), so the
buffers of an earlier run of the same graph are wrong input for this one: re-running a graph is checked as
strictly as running it once.
"""

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

VECTORS, LANES = 16, 4  # as many registers as AVX2 has, of four doubles each
PEAK_ITERATIONS = 65_536
SEED = 2.0**-32  # times the number of a point: where one of its lanes starts

# All that the tasks of a graph share is one array of words, since every task holds the description of each
# array among its arguments: seven words. It begins with numbers, whose places these are:
ITERATIONS = 0  # of the compute kernel; may be changed between two runs without building anything again
CHAINED = 1  # whether the lanes are multiplied one after another in the end, as upstream does
CLOCK = 2  # the time of the first timestep of this run
WIDTH = 3  # output buffers of a timestep
PAIRS = 4  # pairs (time, point) in an output buffer
ROW = 5  # words of a row of intervals: how many there are, then the first and last point of each
OUTPUTS = 6  # where the output buffers begin
VIOLATIONS = 7  # where the counts of violations begin, one a task
STEPS = 8  # three words a timestep begin here: first and last point of the step before; where its rows begin


def flops(iterations):
    """Floating-point operations of one task: two a lane and iteration, one a lane at the end."""
    return VECTORS * LANES * (2 * iterations + 1)


def _compute_kernel(combine):
    """Make the kernel A = A * A + A on sixteen vectors of four doubles, of which `combine` makes one number.

    Vectors in the source, rather than a loop for LLVM to vectorise, make sure of sixteen independent chains
    of fused multiply-adds in registers. Lanes start between -1 and 0 and then stay there: no infinity, no
    denormal. One of them starts from `seed` (0 to 1), or LLVM could compute once for all tasks.
    """

    @intrinsic
    def compute(typing_context, iterations, seed):
        def generate(context, builder, signature, arguments):
            double = ir.DoubleType()
            vector = ir.VectorType(double, LANES)
            fused = ir.FunctionType(vector, [vector] * 3)
            multiply_add = cgutils.get_or_insert_function(builder.module, fused, f"llvm.fmuladd.v{LANES}f64")
            values = iter(np.linspace(-0.98, -0.02, VECTORS * LANES).tolist())
            starts = [vector([next(values) for _ in range(LANES)]) for _ in range(VECTORS)]
            seeded = builder.fmul(arguments[1], double(-1.0))
            starts[0] = builder.insert_element(starts[0], seeded, ir.IntType(32)(0))
            registers = [cgutils.alloca_once_value(builder, start) for start in starts]
            with cgutils.for_range(builder, arguments[0]):
                for register in registers:
                    value = builder.load(register)
                    builder.store(builder.call(multiply_add, [value] * 3), register)
            return combine(builder, [builder.load(register) for register in registers])

        return types.float64(types.int64, types.float64), generate

    return compute


def _add_in_halves(builder, vectors):
    while len(vectors) > 1:
        vectors = [builder.fadd(left, right) for left, right in zip(vectors[::2], vectors[1::2], strict=True)]
    first, second, third, fourth = _lanes(builder, vectors)
    return builder.fadd(builder.fadd(first, second), builder.fadd(third, fourth))


def _multiply_in_chain(builder, vectors):
    product = ir.DoubleType()(1.0)
    for lane in _lanes(builder, vectors):
        product = builder.fmul(product, lane)
    return product


def _lanes(builder, vectors):
    index = ir.IntType(32)
    return [builder.extract_element(vector, index(lane)) for vector in vectors for lane in range(LANES)]


compute_bound = _compute_kernel(_add_in_halves)
compute_bound_chained = _compute_kernel(_multiply_in_chain)


def execute_point(step, point, memory):
    """Be one task: check every input, write the output, compute; count what is wrong in an entry of its own.

    One function without helpers: a call would hand the array on, and count references to it.
    """
    now = memory[CLOCK] + step
    width, pairs, outputs = memory[WIDTH], memory[PAIRS], memory[OUTPUTS]
    first_point, last_point = memory[STEPS + 3 * step], memory[STEPS + 3 * step + 1]
    row = memory[STEPS + 3 * step + 2] + point * memory[ROW]
    task = step * width + point
    for interval in range(row + 1, row + 1 + 2 * memory[row], 2):
        first = max(memory[interval], first_point)
        last = min(memory[interval + 1], last_point)
        for dependency in range(first, last + 1):
            place = outputs + 2 * pairs * ((step - 1) * width + dependency)
            for pair in range(place, place + 2 * pairs, 2):
                if memory[pair] != now - 1 or memory[pair + 1] != dependency:
                    memory[memory[VIOLATIONS] + task] += 1
    place = outputs + 2 * pairs * task
    for pair in range(place, place + 2 * pairs, 2):
        memory[pair] = now
        memory[pair + 1] = point
    if memory[CHAINED]:
        result = compute_bound_chained(memory[ITERATIONS], point * SEED)
    else:
        result = compute_bound(memory[ITERATIONS], point * SEED)
    # This use of the result keeps LLVM from dropping the kernel; not even NaN passes.
    if not -VECTORS * LANES < result <= VECTORS * LANES:
        memory[memory[VIOLATIONS] + task] += 1


run_point = njit(nogil=True)(execute_point)


@njit(nogil=True)
def run_serially(steps, points, memory):
    """Run all nodes in order in one loop: the least that any scheduler could cost."""
    for node in range(steps.size):
        run_point(steps[node], points[node], memory)


@njit(nogil=True)
def compute_repeatedly(iterations, times):
    """Run the kernel and nothing else; the sum of the results keeps all of them."""
    total = 0.0
    for number in range(times):
        total += compute_bound(iterations, number * SEED)
    return total


def measure_peak(processors=1, tasks=40):
    """FLOP/s of each of some processors at once inside the compute kernel, in tasks of 65,536 iterations.

    The best of some tries. Two processors that a machine makes of one core share its arithmetic units, and
    reach little more together than one alone.
    """
    compute_repeatedly(1, 1)
    if processors == 1:
        seconds = [_seconds(compute_repeatedly, PEAK_ITERATIONS, 1) for _ in range(tasks)]
        return flops(PEAK_ITERATIONS) / min(seconds)
    with ThreadPoolExecutor(processors) as threads:

        def together():
            list(threads.map(compute_repeatedly, [PEAK_ITERATIONS] * processors, [tasks] * processors))

        together()
        return tasks * flops(PEAK_ITERATIONS) / min(_seconds(together) for _ in range(3))


def _seconds(function, *arguments):
    start = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - start


class Problem:
    """A grid with the memory that its tasks work on.

    Parameters
    ----------
    grid : Grid
        The pattern.
    output_bytes : int
        Bytes that each point writes; a multiple of 16.
    chained : bool
        Multiply the lanes of the kernel one after another at the end of a task, as upstream does, instead of
        adding them in halves. As many operations, but 64 latencies in a row.
    """

    def __init__(self, grid, output_bytes=16, chained=False):
        if output_bytes < 16 or output_bytes % 16:
            raise ValueError("output_bytes must be a positive multiple of 16, the size of a pair")
        self.grid, self.chained = grid, chained
        plan, buffers, pairs = _plan(grid), grid.steps * grid.width, output_bytes // 16
        outputs = len(plan)
        violations = outputs + 2 * pairs * buffers
        self.memory = np.full(violations + buffers, -1)
        self.memory[:outputs] = plan
        self.memory[violations:] = 0
        self.memory[[CHAINED, PAIRS, OUTPUTS, VIOLATIONS]] = chained, pairs, outputs, violations
        self.outputs = self.memory[outputs:violations].reshape(buffers, pairs, 2)
        self.violations = self.memory[violations:].reshape(grid.steps, grid.width)

    def start(self, iterations):
        """Make ready for the next run."""
        self.memory[ITERATIONS] = iterations
        self.memory[CLOCK] += self.grid.steps

    def wrongs(self):
        """Count what the tasks of all runs found wrong, and outputs that are not those of the last run."""
        step, point = self.grid.nodes
        written = self.outputs[step * self.grid.width + point]
        expected = np.stack([self.memory[CLOCK] + step, point], axis=1)
        return int(self.violations.sum()) + int((written != expected[:, None]).any(axis=2).sum())

    def run_serially(self):
        """Run all tasks in one jitted loop, in the order of the nodes."""
        run_serially(*self.grid.nodes, self.memory)


def _plan(grid):
    """Return the memory up to the output buffers: the numbers, three words a timestep, rows of intervals."""
    intervals = [
        [grid.dependencies(dependence_set, point) for point in range(grid.width)]
        for dependence_set in range(grid.dependence_sets)
    ]
    row = 1 + 2 * max(len(of_point) for of_set in intervals for of_point in of_set)
    rows = np.zeros((grid.dependence_sets, grid.width, row), np.int64)
    for dependence_set, of_set in enumerate(intervals):
        for point, of_point in enumerate(of_set):
            rows[dependence_set, point, 0] = len(of_point)
            rows[dependence_set, point, 1 : 1 + 2 * len(of_point)] = np.array(of_point, np.int64).ravel()
    steps = np.zeros((grid.steps, 3), np.int64)
    steps[0, 1] = -1  # nothing comes before the first step
    steps[1:, 0] = grid.offsets[:-1]
    steps[1:, 1] = (grid.offsets + grid.widths - 1)[:-1]
    first_row = STEPS + steps.size
    steps[:, 2] = first_row + grid.dependence_set(np.arange(grid.steps)) * grid.width * row
    numbers = np.zeros(STEPS, np.int64)
    numbers[[WIDTH, ROW]] = grid.width, row
    return np.concatenate([numbers, steps.ravel(), rows.ravel()])
