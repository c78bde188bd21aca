"""What an idle pool costs: the processor time that parked workers use.

python -m benchmarks.bench_idle [--quick] [--json PATH]
"""

import sys
import time
from collections.abc import Sequence
from pathlib import Path

if __package__ is None:  # run as a file: the folder above is not on the path
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import zuki
from benchmarks import _report

METHOD = "processor time of the whole process, all its threads, over a sleep; 100% is one processor"


@zuki.task
def empty():
    pass


def main(arguments: Sequence[str] | None = None) -> None:
    chosen = _report.options(__doc__.partition("\n")[0], arguments)
    seconds = 2.0 if chosen.quick else 10.0
    _report.opening("An idle pool", f"{METHOD} of {seconds:g} s")
    figures = measure(seconds, (_report.processors(), 4 * _report.processors()))
    _report.save(chosen.json, figures)


def measure(seconds: float, sizes: Sequence[int]) -> dict[str, float]:
    """Print and return the use of the processor, as a fraction, without a pool and with idle pools."""
    figures = {"no pool": _use(seconds)}
    for workers in sizes:
        with zuki.Executor(max_threads=workers) as executor:
            graph = zuki.Graph()
            graph.add_many(empty, count=10_000)
            graph.run(executor)  # a pool starts its threads when there is work for them
            time.sleep(min(0.1, seconds))  # and may spin for a moment before they park
            figures[f"max_threads={workers}, after a run"] = _use(seconds)
    print(_report.table(("pool", "% of a processor"), [(name, 100 * use) for name, use in figures.items()]))
    return figures


def _use(seconds: float) -> float:
    begin, used = time.perf_counter(), time.process_time()
    time.sleep(seconds)
    return (time.process_time() - used) / (time.perf_counter() - begin)


def test_quick_idle_is_measured(capsys):
    figures = measure(0.05, (2,))
    assert len(figures) == 2
    assert "no pool" in capsys.readouterr().out


if __name__ == "__main__":
    main()
