"""METG(50%) after Task Bench: `python -m benchmarks.bench_task_bench [--quick] [--peers]`."""

import argparse
import statistics
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import zuki
from benchmarks import _report
from benchmarks.task_bench.kernels import PEAK_ITERATIONS, Problem, execute_point, measure_peak, run_point
from benchmarks.task_bench.metg import Measurement, crossing, sweep
from benchmarks.task_bench.patterns import PATTERNS, Grid

try:
    import dask
    import dask.threaded
except ImportError:
    dask = None

METHOD = """\
each task checks all its inputs and writes its output; a violation ends the benchmark. A re-run is
checked as strictly, because outputs carry a time that goes on from run to run. Build + run times add_many,
add_edges and run; the arrays of edges are made beforehand. Efficiency is FLOP/s over what as many
processors as there are workers reach at once in the kernel alone (median for median, best for best); in the
column "of cores" over a lone core's peak times the workers, which two processors that share a core cannot
reach. The lines of a block are measured in turn, in rotated order, at each granularity and repetition, each
after a run that is not timed, because the line before has left its own data in the caches. us/task is
wall time * workers / tasks with so few iterations that it is nearly all overhead. A kernel ends by adding its
64 lanes in halves, or, "in chain", by multiplying them one after another as upstream does: as many
operations, but 64 latencies in a row, which count as overhead of every system."""

# No task is declared to write: all of them share one array, each with parts of its own, and inference, which
# looks at whole arrays, would make a queue of them. Their order is that of the explicit edges alone.
point_task = zuki.task(writes=())(execute_point)


def build_graph(problem, edges):
    """Make the graph of all tasks of a problem, whose edges are known."""
    graph = zuki.Graph(problem.grid.pattern)
    step, point = problem.grid.nodes
    graph.add_many(point_task, zuki.each(step), zuki.each(point), problem.memory)
    graph.add_edges(*edges)
    return graph


@dataclass
class Contender:
    """One line of a table: something that runs a problem, and how long it took."""

    problem: Problem
    system: str
    timed: str
    workers: int
    run: object
    seconds: dict = field(default_factory=dict)

    @property
    def what(self):
        return f"{self.system}, {self.timed}" + ", in chain" * int(self.problem.chained)

    def measure(self, iterations):
        self.problem.start(iterations)
        self.run()  # not timed, see METHOD
        self.problem.start(iterations)
        start = time.perf_counter()
        self.run()
        self.seconds.setdefault(iterations, []).append(time.perf_counter() - start)
        if wrongs := self.problem.wrongs():
            sys.exit(f"{self.system}, {self.problem.grid}: {wrongs} violations")

    def measurements(self, summary):
        tasks = self.problem.grid.tasks
        return [
            Measurement(iterations, tasks, self.workers, summary(seconds))
            for iterations, seconds in self.seconds.items()
        ]

    def figures(self, peaks):
        grid = self.problem.grid
        return {
            "pattern": grid.pattern,
            "width": grid.width,
            "steps": grid.steps,
            "tasks": grid.tasks,
            "workers": self.workers,
            "what": self.what,
            "peak of a core, FLOP/s": max(peaks[1]),
            "peak of each of the workers at once, FLOP/s": max(peaks[self.workers]),
            "the same, median": statistics.median(peaks[self.workers]),
            "seconds by iterations": self.seconds,
        }


def zuki_contenders(grid, executors, chained):
    problem = Problem(grid, chained=chained)
    edges = grid.edges()
    yield Contender(problem, "one jitted loop", "run", 1, problem.run_serially)
    for workers, executor in executors.items():
        graph = build_graph(problem, edges)
        yield Contender(problem, "zuki", "re-run", workers, lambda graph=graph, on=executor: graph.run(on))
        yield Contender(
            problem, "zuki", "build + run", workers, lambda on=executor: build_graph(problem, edges).run(on)
        )


def dask_contender(grid, workers):
    problem = Problem(grid)

    def task(step, point, _dependencies):
        run_point(step, point, problem.memory)

    def run():
        graph = {}
        for step, point in zip(*(array.tolist() for array in grid.nodes), strict=True):
            before = grid.clipped(step, point)
            needed = [(step - 1, other) for first, last in before for other in range(first, last + 1)]
            graph[step, point] = (task, step, point, needed)
        last = [(grid.steps - 1, point) for point in range(grid.width)]
        dask.threaded.get(graph, last, num_workers=workers)

    return Contender(problem, "dask.threaded", "build + run", workers, run)


def compare(contenders, iterations, repetitions):
    """Measure contenders in turn and print a line for each; return their figures."""
    for contender in contenders:
        contender.measure(iterations[-1])  # compiles, and starts threads
        contender.seconds.clear()
    peaks = {contender.workers: [] for contender in contenders} | {1: []}
    for repetition in range(repetitions + 1):
        for workers in peaks:
            peaks[workers].append(measure_peak(workers))
        for count in iterations * (repetition < repetitions):
            for turn in range(len(contenders)):
                contenders[(turn + repetition) % len(contenders)].measure(count)
    for contender in contenders:
        print_line(contender, peaks)
    return [contender.figures(peaks) for contender in contenders]


def print_head():
    print(f"{'':60}{'METG(50%), us':>18}{'of cores':>9}{'METG(90%)':>10}{'us/task, iterations':>27}")
    print(f"{'pattern':15}{'width':>5}{'workers':>8}  {'what':30}", end="")
    print("".join(f"{head:>9}" for head in ("median", "best", "median", "median", "2", "4", "8")))


def print_line(contender, peaks):
    grid, of_all, of_one = contender.problem.grid, peaks[contender.workers], max(peaks[1])
    usual, best = contender.measurements(statistics.median), contender.measurements(min)
    cells = []
    for measurements, peak, threshold in (
        (usual, statistics.median(of_all), 0.5),
        (best, max(of_all), 0.5),
        (usual, of_one, 0.5),
        (usual, statistics.median(of_all), 0.9),
    ):
        bound, seconds = crossing(measurements, peak, threshold)
        cells.append(bound + _report.figure(seconds * 1e6))
    floor = {measurement.iterations: measurement.granularity for measurement in usual}
    cells += [_report.figure(floor[count] * 1e6) if count in floor else "-" for count in (2, 4, 8)]
    print(f"{grid.pattern:15}{grid.width:5}{contender.workers:8}  {contender.what:30}", end="")
    print("".join(f"{cell:>9}" for cell in cells), flush=True)


def arguments_of_command():
    parser = argparse.ArgumentParser(description=__doc__)
    usual = ["stencil_1d", "fft", "tree", "nearest", "random_nearest"]
    parser.add_argument("--patterns", nargs="+", choices=PATTERNS, default=usual)
    parser.add_argument("--widths", nargs="+", type=int, default=[4, 16])
    parser.add_argument("--workers", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--coarsest", type=int, default=2048, help="iterations of the longest tasks")
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--peers", action="store_true", help="also dask.threaded, on a smaller graph")
    parser.add_argument("--quick", action="store_true", help="stencil_1d and fft, width 16, 3 repetitions")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write the figures there too")
    chosen = parser.parse_args()
    if chosen.quick:
        chosen.patterns, chosen.widths, chosen.repetitions = ["stencil_1d", "fft"], [16], 3
        chosen.coarsest = min(chosen.coarsest, 512)
    return chosen


def best_of(figures, name):
    return f"{max(line[name + ', FLOP/s'] for line in figures) / 1e9:.1f}"


def main():
    chosen = arguments_of_command()
    _report.opening("METG after Task Bench", METHOD)
    figures = []
    executors = {workers: zuki.Executor(max_threads=workers) for workers in chosen.workers}
    print_head()
    for pattern in chosen.patterns:
        for width in chosen.widths:
            grid = Grid(pattern, width, chosen.steps)
            ends = (False, True) if pattern == "stencil_1d" and width == max(chosen.widths) else (False,)
            for chained in ends:
                contenders = list(zuki_contenders(grid, executors, chained))
                figures += compare(contenders, sweep(chosen.coarsest), chosen.repetitions)
    for executor in executors.values():
        executor.shutdown()
    if chosen.peers and dask is None:
        print("dask is not installed: not measured")
    elif chosen.peers:
        grid = Grid("stencil_1d", 4, 100)
        contenders = [dask_contender(grid, workers) for workers in chosen.workers]
        figures += compare(contenders, sweep(1 << 22, 1 << 12), 3)
    print(f"\nPeak in tasks of {PEAK_ITERATIONS} iterations, GFLOP/s of each: of a core ", end="")
    print(best_of(figures, "peak of a core"), end="")
    for workers in chosen.workers:
        lines = [line for line in figures if line["workers"] == workers]
        print(f"; of {workers} at once {best_of(lines, 'peak of each of the workers at once')}", end="")
    print()
    _report.save(chosen.json, figures)


if __name__ == "__main__":
    main()
