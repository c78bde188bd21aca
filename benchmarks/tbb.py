"""oneTBB: builds the C++ programs beside this file and runs them."""

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.graphs import Graph
from benchmarks.native import AbsentError, compiled

GRAPHS = Path(__file__).with_name("peers_tbb.cpp")  # its flow graph
LOOPS = Path(__file__).with_name("peers_tbb_loops.cpp")  # its parallel_for
TASKS = Path(__file__).with_name("peers_tbb_tasks.cpp")  # its task_group
SORTS = Path(__file__).with_name(
    "peers_tbb_sorts.cpp"
)  # its parallel_sort, and a quicksort on its task_group
PREFIX = Path(sys.prefix)  # where pip puts the headers and libraries of tbb-devel


def program(may_compile: bool = True, source: Path = GRAPHS) -> Path:
    """Return a compiled program.

    Parameters
    ----------
    may_compile : bool
        Compile it where it is not in the cache; a test does not.
    source : Path
        Its text.

    Raises
    ------
    AbsentError
        No compiler, no package `tbb-devel`, or they do not work together.
    """
    if not (PREFIX / "include/oneapi/tbb/flow_graph.h").exists():
        raise AbsentError("oneTBB skipped: its headers are not in this environment (pip install tbb-devel)")
    libraries = [f"-L{PREFIX}/lib", f"-Wl,-rpath,{PREFIX}/lib", "-ltbb"]
    return compiled("oneTBB", source, [f"-I{PREFIX}/include"], libraries, may_compile)


def measure(program: Path, graph: Graph, workers: int, repeats: int) -> dict:
    """Build `graph` in a fresh process, run it once to warm up and count, then time `repeats` runs of it.

    Returns
    -------
    dict
        Seconds as `nodes_seconds`, `edges_seconds`, `first_seconds` and the list `runs`; `tasks`, `edges`.
    """
    arguments = [graph.kind, *graph.parameters, workers, repeats]
    outcome = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, check=True)
    answer = json.loads(outcome.stdout)
    if (answer["tasks"], answer["edges"]) != (graph.n, len(graph.src)):
        raise AssertionError(f"the two builders of {graph.kind} differ: {answer}")
    return answer


def measure_tasks(program: Path, problem: str, size: int, workers: int, repeats: int) -> dict:
    """Solve a problem by spawned tasks in a fresh process, a small one first to warm up.

    Returns
    -------
    dict
        What was `found`, and the seconds of each run as the list `runs`.
    """
    arguments = [problem, size, workers, repeats]
    outcome = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, check=True)
    return json.loads(outcome.stdout)


def measure_sort(program: Path, way: str, kind: str, file: Path, workers: int, repeats: int) -> list[float]:
    """Sort the numbers in a file in a fresh process, once to warm up; return the seconds of `repeats` sorts.

    Parameters
    ----------
    program : Path
        Made of `SORTS`.
    way, kind : str
        "parallel_sort" or "quicksort"; "int32", "int64" or "float64".
    file : Path
        What is sorted, as an array's memory.
    workers, repeats : int
        How many threads, how often.
    """
    arguments = [way, kind, file, workers, repeats]
    outcome = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, check=True)
    return json.loads(outcome.stdout)


def measure_loop(program: Path, way: str, file: Path, workers: int, repeats: int) -> list[float]:
    """Run a loop in a fresh process, once to warm up; return the seconds of `repeats` runs.

    Parameters
    ----------
    program : Path
        Made of `LOOPS`.
    way : str
        "serial" or "parallel".
    file : Path
        How many steps each round takes, as an array's memory.
    workers, repeats : int
        How many threads, how often.
    """
    arguments = [way, file, workers, repeats]
    outcome = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, check=True)
    return json.loads(outcome.stdout)
