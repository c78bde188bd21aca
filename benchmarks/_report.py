"""What every benchmark here shares: its options, the machine's line, taking turns, and tables."""

import argparse
import gc
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import llvmlite
import numba
import numpy as np

METHOD = "systems take turns within each round, in an order that rotates; medians over rounds; wall time"


def options(description: str, arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the options that every benchmark takes.

    Returns
    -------
    argparse.Namespace
        `quick`, `rounds` (None where not given) and `json` (a path, or None).
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument(
        "--quick", action="store_true", help="smaller and fewer: seconds, and noisier figures"
    )
    parser.add_argument("--rounds", type=int, help="how often each system takes its turn")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write the figures there too")
    return parser.parse_args(arguments)


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def worker_counts() -> list[int]:
    """Return 1, 2, 4, ... and the number of processors."""
    most = processors()
    return sorted({1 << k for k in range(most.bit_length()) if 1 << k <= most} | {most})


def machine() -> str:
    """Return one line on the machine and the versions; the load says how busy it was with other things."""
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return (
        f"{_processor_name()}, {processors()} processors{load}, {platform.system()} {platform.machine()}, "
        f"{platform.python_implementation()} {platform.python_version()}, Numba {numba.__version__}, "
        f"llvmlite {llvmlite.__version__}, NumPy {np.__version__}"
    )


def timed(system: Callable[[], object]) -> Callable[[], float]:
    """Return a function that calls a system once, and answers the seconds that took."""

    def sample() -> float:
        begin = time.perf_counter()
        system()
        return time.perf_counter() - begin

    return sample


def take_turns(systems: dict[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Call every system once a round, so that what else the machine does falls on all of them alike.

    Parameters
    ----------
    systems : dict
        Name to a function that answers one sample.
    rounds : int
        Samples of each system.
    """
    samples: dict[str, list[float]] = {name: [] for name in systems}
    names = list(systems)
    for turn in range(rounds):
        first = turn % max(len(names), 1)
        for name in names[first:] + names[:first]:
            samples[name].append(systems[name]())
    return samples


def after_a_collection(function: Callable[[], float]) -> Callable[[], float]:
    """Let no system's sample begin with garbage of the one before."""

    def sample() -> float:
        gc.collect()
        return function()

    return sample


def ratio(samples: Sequence[float], baseline: Sequence[float]) -> float:
    """Return the median over the rounds of one system's sample over the baseline's of the same round."""
    return statistics.median(a / b for a, b in zip(samples, baseline, strict=True))


def figure(value: int | float) -> str:
    """Return a count as it is, any other number to three digits or to the unit, whichever is finer."""
    if isinstance(value, int) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def table(heads: Sequence[str], rows: Iterable[Sequence[str | int | float]]) -> str:
    """Return an aligned Markdown table; columns of figures are flush right."""
    cells = [[cell if isinstance(cell, str) else figure(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
    left = [not any(row[at][:1].isdigit() for row in cells) for at in range(len(heads))]

    def line(row: Sequence[str]) -> str:
        padded = (
            f"{c:<{w}}" if flush else f"{c:>{w}}" for c, w, flush in zip(row, widths, left, strict=True)
        )
        return f"| {' | '.join(padded)} |"

    rule = (("-" * w if flush else "-" * (w - 1) + ":") for w, flush in zip(widths, left, strict=True))
    return "\n".join((line(heads), f"| {' | '.join(rule)} |", *map(line, cells)))


def opening(title: str, method: str = METHOD) -> None:
    """Print what is measured, where and how."""
    print(f"# {title}\n\nmachine: {machine()}\nmethod:  {method}\n", flush=True)


def save(path: Path | None, figures: object) -> None:
    """Write the figures with the machine and the command line as JSON, where a path was given."""
    if path is not None:
        path.write_text(
            json.dumps({"machine": machine(), "command": sys.argv, "figures": figures}, indent=1) + "\n"
        )


def _processor_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "processor unknown"
    return next(
        (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")),
        "processor unknown",
    )
