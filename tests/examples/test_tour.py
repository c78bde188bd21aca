"""The notebook examples/tour.ipynb, run from its first cell to its last."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOUR = ROOT / "examples" / "tour.ipynb"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    """Return the notebook's cells after a run, which takes place in a process of its own."""
    for needed in ("nbclient", "ipykernel", "tqdm"):
        pytest.importorskip(needed)
    folder = tmp_path_factory.mktemp("tour")
    ended = subprocess.run(
        [sys.executable, "-m", "tests.examples.run_notebook", str(TOUR), str(folder / "tour.ipynb")],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)])},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=850,
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads((folder / "tour.ipynb").read_text(encoding="utf-8"))["cells"]


def shown(cells, beginning):
    """Return what the cell with a line that begins so has shown: its value, and its streams."""
    (cell,) = [
        cell
        for cell in cells
        if cell["cell_type"] == "code" and any(line.startswith(beginning) for line in cell["source"])
    ]
    value, streams = "", ""
    for output in cell["outputs"]:
        data = output.get("data", {})
        value = "".join(data.get("text/html", data.get("text/plain", value)))
        streams += "".join(output.get("text", []))
    return value, streams


def test_it_is_kept_without_what_it_has_shown():
    kept = json.loads(TOUR.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in kept if cell["cell_type"] == "code"]
    assert len(code) > 10
    assert not any(cell["outputs"] or cell["execution_count"] for cell in code)


def test_nothing_that_it_shows_is_foreign_or_large(cells):
    for cell in cells:
        for output in cell.get("outputs", []):
            page = "".join(output.get("data", {}).get("text/html", []))
            assert "<script" not in page
            assert len(page) < 60_000


def test_graphs_are_drawn(cells):
    before, _ = shown(cells, "graph = factorisation")
    after, _ = shown(cells, "graph.draw()")
    assert "Cholesky: 20 nodes, 30 edges" in before
    assert "critical path" not in before
    assert re.search(r"critical path: \d+ nodes, \d", after)
    large, _ = shown(cells, "large = ")
    assert "one box for each task: it has more than 150 nodes" in large
    failed, told = shown(cells, "roots = ")
    assert "1 failed" in failed
    assert "in node 'root of -1' of graph 'roots'" in told


def test_a_bar_was_shown(cells):
    report, bar = shown(cells, "mandelbrot.run(progress=True)")
    assert "Mandelbrot: 100%" in bar
    assert "400/400" in bar
    assert "run of Mandelbrot" in report


def test_metrics_are_shown(cells):
    counted, bar = shown(cells, "before = executor.metrics()")
    assert "<td>spawned</td><td>317,810</td><td>317,810</td>" in counted  # fib(28) - 1
    assert "<td>nodes</td><td>21</td><td>21</td>" in counted
    assert "<td>calls</td><td>3</td><td>3</td>" in counted
    durations, latencies = shown(cells, "with zuki.Executor(max_threads=2, measure=True)")
    assert "durations of tasks: 20, mean" in durations  # a picture, of the nodes that run something
    assert "time from ready to begin: 20, mean" in latencies
    assert "counted: 100%" in bar
    assert "tasks so far" in shown(cells, "with executor.dashboard")[0]


def test_tasks_loops_and_coroutines(cells):
    assert shown(cells, "zuki.run(fib, 30)")[0] == "832040"
    assert shown(cells, "4 * zuki.parallel_reduce")[0].startswith("3.14159")
    assert shown(cells, "await zuki.spawn")[0] == "[0, 2, 4, 6, 8]"
    assert "finished" in shown(cells, "future = ")[0]
    assert "run of Cholesky" in shown(cells, "await graph")[0]


def test_executors(cells):
    assert "up to 2" in shown(cells, "executor = zuki.Executor")[0]
    assert "shut down" in shown(cells, "executor.shutdown()")[0]


def test_a_trace_is_shown(cells):
    timeline, _ = shown(cells, "trace.timeline()")
    assert "worker 0" in timeline
    assert "critical path" in timeline
    curve, _ = shown(cells, "trace.scaling()")
    assert "Predicted speed-up" in curve
