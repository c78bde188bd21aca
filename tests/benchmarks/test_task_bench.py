"""Task Bench is what it should be: patterns, validation, kernel, METG, and zuki's runs of it."""

import platform

import numpy as np
import pytest
from llvmlite.binding import get_host_cpu_features

import zuki
from benchmarks.bench_task_bench import build_graph
from benchmarks.task_bench.kernels import Problem, compute_repeatedly, flops, run_point
from benchmarks.task_bench.metg import Measurement, crossing, sweep
from benchmarks.task_bench.patterns import PATTERNS, Grid, hash_of

STEPS = 23  # prime, so that no period of dependence sets ends together with it
SHAPES = [
    (pattern, width)
    for pattern in PATTERNS
    for width in (1, 2, 3, 4, 5, 8, 11)
    if not (pattern == "stencil_1d_periodic" and width < 3) and not (pattern == "spread" and width < 4)
]


def make_grid(pattern, width, **options):
    return Grid(pattern, width, STEPS, **({"period": 2} | options))


def has_point(grid, step, point):
    """Whether the timestep has the point, from the definitions of Task Bench."""
    if step < 0:
        return False
    first, width = 0, grid.width
    if grid.pattern == "dom":
        first = max(0, step + grid.width - grid.steps)
        width = min(grid.width, step + 1, grid.steps - step)
    elif grid.pattern == "tree":
        width = min(grid.width, 2**step)
    return first <= point < first + width


def depends(grid, step, point, other):
    """Whether `point` of the timestep waits for `other`, both within the width: one case after another."""
    width, radix = grid.width, grid.radix
    near = point - radix // 2 <= other <= point + (radix - 1) // 2
    match grid.pattern:
        case "trivial":
            return False
        case "no_comm":
            return other == point
        case "stencil_1d":
            return abs(other - point) <= 1
        case "stencil_1d_periodic":
            return (other - point) % width in (0, 1, width - 1)
        case "dom":
            return other in (point - 1, point)
        case "tree":
            return other == point // 2
        case "fft":
            depth = max(1, int(np.ceil(np.log2(width))))
            return other == point or abs(other - point) == 2 ** ((step + depth - 1) % depth)
        case "all_to_all":
            return True
        case "nearest":
            return near
        case "spread":
            turned = step % grid.period
            return any(
                (point + k * width // radix + (turned if k else 0)) % width == other for k in range(radix)
            )
        case "random_nearest":
            draw = hash_of(radix, step % grid.period, other, point) / 2**64
            return near and (other == point or draw < grid.fraction)


def covered(intervals):
    return [point for first, last in intervals for point in range(first, last + 1)]


def slow_edges(grid):
    number = {node: at for at, node in enumerate(zip(*(a.tolist() for a in grid.nodes), strict=True))}
    return {
        (number[step - 1, other], number[step, point])
        for step, point in number
        for other in range(grid.width)
        if has_point(grid, step - 1, other) and depends(grid, step, point, other)
    }


@pytest.mark.parametrize(("pattern", "width"), SHAPES)
def test_nodes_and_edges_are_those_of_the_definition(pattern, width):
    grid = make_grid(pattern, width)
    nodes = [(step, point) for step in range(STEPS) for point in range(width) if has_point(grid, step, point)]
    assert list(zip(*grid.nodes, strict=True)) == nodes
    assert grid.tasks == len(nodes)
    edges = list(zip(*(array.tolist() for array in grid.edges()), strict=True))
    assert len(edges) == len(set(edges))
    assert set(edges) == slow_edges(grid)


@pytest.mark.parametrize(("pattern", "width"), SHAPES)
def test_clipped_dependencies_are_the_edges_of_a_node(pattern, width):
    grid = make_grid(pattern, width)
    sources, destinations = grid.edges()
    for node, (step, point) in enumerate(zip(*grid.nodes, strict=True)):
        before = covered(grid.clipped(step, point))
        expected = (
            sources[destinations == node] - grid.starts[max(0, step - 1)] + grid.offsets[max(0, step - 1)]
        )
        assert sorted(before) == sorted(expected)


@pytest.mark.parametrize(("pattern", "width"), SHAPES)
def test_reverse_dependencies_mirror_the_dependencies(pattern, width):
    widest = width // 2 if pattern == "spread" else 5  # a spread with period 2 needs two points for each hop
    points = range(width)
    for radix in range(widest + 1):
        grid = make_grid(pattern, width, radix=radix)
        for turn in range(grid.dependence_sets):
            forwards = {(a, b) for b in points for a in covered(grid.dependencies(turn, b))}
            backwards = {(a, b) for a in points for b in covered(grid.reverse_dependencies(turn, a))}
            assert forwards == backwards


def test_known_patterns():
    assert Grid("nearest", 8, 2, radix=5).dependencies(0, 4) == [(2, 6)]
    assert Grid("nearest", 8, 2, radix=4).dependencies(0, 4) == [(2, 5)]
    assert Grid("fft", 16, 9).dependencies(2, 5) == [(1, 1), (5, 5), (9, 9)]
    assert Grid("spread", 9, 2).dependencies(1, 1) == [(1, 1), (5, 5), (8, 8)]
    assert [Grid("fft", 16, 9).dependence_set(step) for step in range(1, 6)] == [0, 1, 2, 3, 0]
    assert Grid("dom", 4, 6).widths.tolist() == [1, 2, 3, 3, 2, 1]
    assert Grid("tree", 6, 5).widths.tolist() == [1, 2, 4, 6, 6]


def test_the_hash_is_the_same_everywhere():
    assert hash_of(0) == 0xE220A8397B1DCDAF  # the first number of SplitMix64 from seed 0
    draws = np.array([hash_of(3, 0, at, at + 1) for at in range(2000)]) / 2.0**64
    assert abs((draws < 0.25).mean() - 0.25) < 0.05


@pytest.mark.parametrize(
    ("pattern", "width", "options"),
    [
        ("ring", 4, {}),
        ("fft", 0, {}),
        ("stencil_1d_periodic", 2, {}),
        ("spread", 4, {"period": 3}),
        ("nearest", 4, {"radix": -1}),
    ],
)
def test_grids_that_cannot_be(pattern, width, options):
    with pytest.raises(ValueError, match=r"unknown|at least|needs"):
        Grid(pattern, width, STEPS, **options)


@pytest.mark.parametrize("size", [0, 8, 24])
def test_outputs_hold_whole_pairs(size):
    with pytest.raises(ValueError, match="multiple of 16"):
        Problem(make_grid("trivial", 2), output_bytes=size)


@pytest.mark.parametrize("output_bytes", [16, 64])
@pytest.mark.parametrize(("pattern", "width"), SHAPES)
def test_in_order_nothing_is_wrong(pattern, width, output_bytes):
    problem = Problem(make_grid(pattern, width), output_bytes)
    for iterations in (0, 3):
        problem.start(iterations)
        problem.run_serially()
        assert problem.wrongs() == 0


@pytest.mark.parametrize("pattern", [pattern for pattern in PATTERNS if pattern != "trivial"])
def test_every_edge_is_checked(pattern):
    """Run the source of an edge after its destination, as a graph without the edge may do."""
    problem = Problem(make_grid(pattern, 5))
    steps, points = problem.grid.nodes
    sources, destinations = problem.grid.edges()
    for source, destination in list(zip(sources, destinations, strict=True))[:: len(sources) // 20]:
        problem.start(iterations=1)
        late = [node for node in range(source, destination + 1) if node != source] + [source]
        for node in [*range(source), *late, *range(destination + 1, problem.grid.tasks)]:
            run_point(steps[node], points[node], problem.memory)
        assert problem.violations[steps[destination], points[destination]] > 0
        problem.violations[:] = 0


def test_the_outputs_of_an_earlier_run_are_wrong_inputs():
    problem = Problem(make_grid("stencil_1d", 4))
    problem.start(1)
    problem.run_serially()
    problem.start(1)
    assert problem.wrongs() == problem.grid.tasks  # nothing was written in this run
    run_point(1, 0, problem.memory)
    assert problem.violations[1, 0] == 2


def test_a_task_left_out_is_noticed():
    problem = Problem(make_grid("no_comm", 3))
    steps, points = problem.grid.nodes
    problem.start(1)
    for step, point in zip(steps[:-1], points[:-1], strict=True):
        run_point(step, point, problem.memory)
    assert problem.wrongs() == 1


def test_the_kernel_computes_what_it_says():
    lanes = np.linspace(-0.98, -0.02, 64)
    lanes[0] = 0.0  # the seed of the first call
    for _ in range(5):
        lanes = lanes * lanes + lanes
    assert compute_repeatedly(5, 1) == pytest.approx(lanes.sum(), rel=1e-14)
    assert flops(5) == 64 * 2 * 5 + 64


def test_the_kernel_has_fused_multiply_adds_in_its_loop():
    compute_repeatedly(1, 1)
    (assembly,) = compute_repeatedly.inspect_asm().values()
    (code,) = compute_repeatedly.inspect_llvm().values()
    assert code.count("call <4 x double> @llvm.fmuladd.v4f64") >= 16
    if platform.machine() == "aarch64" or get_host_cpu_features().get("fma"):
        assert assembly.count("vfmadd") + assembly.count("fmla") >= 16


def test_metg_interpolates_where_the_efficiency_crosses():
    peak = 1e9
    tasks, workers, overhead = 1000, 2, 3e-6
    measurements = [
        Measurement(count, tasks, workers, tasks / workers * (flops(count) / peak + overhead))
        for count in sweep(1024)
    ]
    bound, metg = crossing(measurements, peak)
    assert bound == ""
    assert metg == pytest.approx(2 * overhead, rel=0.05)  # half of the time is overhead
    coarse, fine = measurements[:3], measurements[-3:]
    assert crossing(coarse, peak) == ("<", coarse[-1].granularity)
    assert crossing(fine, peak) == (">", fine[0].granularity)
    with pytest.raises(ValueError, match="peak"):
        crossing(measurements, peak / 4)


def test_metg_of_two_points_by_hand():
    coarse = Measurement(iterations=10, tasks=100, workers=1, seconds=1.0)
    fine = Measurement(iterations=5, tasks=100, workers=1, seconds=0.9)
    peak = (
        flops(10) * 100 / 0.75
    )  # the coarse run reaches 0.75, the fine one 0.75 * 704 / 1344 / 0.9 = 0.4365
    assert crossing([fine, coarse], peak)[1] == pytest.approx(0.01 - 0.001 * 0.25 / (0.75 - 0.43650793))


@pytest.fixture(scope="module")
def executor():
    with zuki.Executor(max_threads=2) as two_workers:
        yield two_workers


@pytest.mark.parametrize(("pattern", "width"), SHAPES)
def test_zuki_runs_every_pattern_in_order(executor, pattern, width):
    problem = Problem(make_grid(pattern, width))
    graph = build_graph(problem, problem.grid.edges())
    for iterations in (16, 0, 3):
        problem.start(iterations)
        graph.run(executor)
        assert problem.wrongs() == 0


def test_zuki_runs_wide_outputs_and_both_kernels(executor):
    problem = Problem(make_grid("random_nearest", 11, radix=5), output_bytes=1024, chained=True)
    graph = build_graph(problem, problem.grid.edges())
    problem.start(1024)
    graph.run(executor)
    assert problem.wrongs() == 0
