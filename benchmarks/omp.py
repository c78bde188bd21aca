"""OpenMP's tasks: builds the C++ program beside this file and runs it, under a time limit."""

import json
import subprocess
from pathlib import Path

from benchmarks import native

TASKS = Path(__file__).with_name("peers_omp_tasks.cpp")


def program(may_compile: bool = True) -> Path:
    """Return the compiled program; raise `native.AbsentError` where that cannot be."""
    return native.compiled("OpenMP", TASKS, ["-fopenmp"], [], may_compile)


def measure_tasks(program: Path, problem: str, size: int, workers: int, limit: float) -> dict | None:
    """Solve a problem once by spawned tasks in a fresh process, a small one first to warm up.

    Returns
    -------
    dict or None
        What was `found`, and the `seconds`; None if it takes more than ``limit`` seconds.
    """
    command = [program, problem, str(size), str(workers)]
    try:
        outcome = subprocess.run(command, capture_output=True, text=True, check=True, timeout=limit)
    except subprocess.TimeoutExpired:
        return None
    return json.loads(outcome.stdout)
