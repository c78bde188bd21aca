"""What a fresh process pays before its first graph has run: the import, and a cold and a warm first run.

python -m benchmarks.bench_import [--quick] [--rounds N] [--json PATH]
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

if __package__ is None:  # run as a file: the folder above is not on the path
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import _report

METHOD = "each sample a fresh process that times itself after the interpreter's start; medians; wall time"

IMPORTS = """
import time
begin = time.perf_counter()
import numba
numba_there = time.perf_counter()
import zuki
print([numba_there - begin, time.perf_counter() - numba_there])
"""

# A file, not `-c`: Numba caches only what has a file that it can stamp.
FIRST_RUN = '''
"""A small graph of two bodies with array arguments."""
import numpy as np
import zuki
import time

begin = time.perf_counter()

@zuki.task(writes=("y",))
def scale(x, y, by):
    for i in range(len(x)):
        y[i] = x[i] * by

@zuki.task
def total(y):
    answer = 0.0
    for value in y:
        answer += value
    return answer

x, y = np.ones(100), np.zeros(100)
graph = zuki.Graph("first")
scaled = graph.add(scale, x, y, 2.0)
summed = graph.add(total, y, after=scaled)
with zuki.Executor(max_threads=2) as executor:
    graph.run(executor)
    first = time.perf_counter() - begin
    assert summed.result() == 200.0
    begin = time.perf_counter()
    graph.run(executor)
    print([first, time.perf_counter() - begin])
'''


def main(arguments: Sequence[str] | None = None) -> None:
    chosen = _report.options(__doc__.partition("\n")[0], arguments)
    rounds = chosen.rounds or (3 if chosen.quick else 11)
    cold_rounds = min(rounds, 1 if chosen.quick else 3)
    _report.opening(
        "Import and first run", f"{METHOD}; {rounds} rounds, {cold_rounds} of them with an empty cache too"
    )
    imports = [seconds_of_imports() for _ in range(rounds)]
    cold, warm = seconds_of_first_runs(cold_rounds, rounds)
    _print_table(imports, cold, warm)
    _report.save(
        chosen.json, {"numba_and_zuki_above_it": imports, "cold_and_again": cold, "warm_and_again": warm}
    )


def seconds_of_imports() -> list[float]:
    """Return the seconds of importing Numba, and of importing zuki after it."""
    return _answer(["-c", IMPORTS], {})


def seconds_of_first_runs(cold: int, warm: int) -> tuple[list[list[float]], list[list[float]]]:
    """Return the seconds of (first run, re-run), with empty caches and with what those left there."""
    colds, warms = [], []
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "first_run.py"
        program.write_text(FIRST_RUN)
        for turn in range(cold):
            colds.append(_answer([str(program)], {"NUMBA_CACHE_DIR": f"{folder}/cache{turn}"}))
        for turn in range(warm if cold else 0):
            warms.append(_answer([str(program)], {"NUMBA_CACHE_DIR": f"{folder}/cache{turn % cold}"}))
    return colds, warms


def _answer(arguments: list[str], environment: dict[str, str]) -> list[float]:
    """Run Python in a fresh process that finds the packages where this one does; return what it prints."""
    found = [find_spec(name).origin for name in ("zuki", "zuki_kernels")]
    paths = [str(Path(origin).parents[1]) for origin in found]
    usual = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment = usual | {"PYTHONPATH": os.pathsep.join(paths)} | environment
    outcome = subprocess.run(
        [sys.executable, *arguments], env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    return json.loads(outcome.stdout)


def _print_table(imports: list[list[float]], cold: list[list[float]], warm: list[list[float]]) -> None:
    measured = {
        "import numba": [numba for numba, _ in imports],
        "import zuki, above numba": [above for _, above in imports],
        "first graph after the import, cache empty": [first for first, _ in cold],
        "first graph after the import, cache filled": [first for first, _ in warm],
        "the same graph again": [again for _, again in warm],
    }
    rows = [
        (what, statistics.median(seconds) * 1e3, min(seconds) * 1e3, max(seconds) * 1e3, len(seconds))
        for what, seconds in measured.items()
    ]
    print(_report.table(("what", "ms, median", "least", "most", "samples"), rows), flush=True)


def test_quick_import_is_measured(capsys):
    imports = [seconds_of_imports()]
    _print_table(imports, [[1.0, 0.1]], [[0.5, 0.1]])  # a cold first run takes longer than a test may
    assert all(seconds > 0 for seconds in imports[0])
    assert "import zuki, above numba" in capsys.readouterr().out


if __name__ == "__main__":
    main()
