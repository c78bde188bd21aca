"""Python callables and jitted tasks in one graph: read files, count on all processors, write a summary.

Reading is Python's work: such nodes hold the interpreter's lock, and run one at a time. Counting is jitted:
it runs on the pool's threads, without the lock, while other files are still read. What waits for what is
inferred here, too: a Python callable counts as a writer of each array that it is given.
"""

import tempfile
from pathlib import Path

import numpy as np

import zuki

FILES = 24
LINES = 4000  # measurements a file


def write_files(folder, random):
    """Make the input: measurements of some sensors, one a line."""
    paths = [folder / f"sensor-{number:02}.txt" for number in range(FILES)]
    for path in paths:
        np.savetxt(path, random.normal(size=LINES).cumsum(), fmt="%.6f")
    return paths


def read_file(path, values):
    """Read one file into an array: plain Python, as it would be without zuki."""
    values[:] = np.loadtxt(path)


@zuki.task
def remove_trend(values):
    """Subtract the straight line from the first value to the last, in place."""
    first, slope = values[0], (values[-1] - values[0]) / (len(values) - 1)
    for i in range(len(values)):
        values[i] -= first + slope * i


@zuki.task
def count_crossings(values, level):
    """Count how often the values pass a level on their way up."""
    crossings = 0
    for i in range(1, len(values)):
        crossings += values[i - 1] < level <= values[i]
    return crossings


def summarise(*crossings):
    """Write one line about all files. What the other nodes returned comes as Python values."""
    return f"{sum(crossings)} crossings in {len(crossings)} files, at most {max(crossings)} in one"


def build_graph(paths, table):
    """Add three nodes for each file, and one that waits for all."""
    graph = zuki.Graph("sensors")
    crossings = []
    for path, values in zip(paths, table, strict=True):
        graph.add(read_file, path, values, name=f"read {path.name}")
        graph.add(remove_trend, values)  # waits for the reading: it writes `values`
        crossings.append(graph.add(count_crossings, values, 0.0))
    return graph, crossings, graph.add(summarise, *crossings)


def main():
    """Run the graph with a progress bar, and check its result against plain calls."""
    with tempfile.TemporaryDirectory() as folder:
        paths = write_files(Path(folder), np.random.default_rng(0))
        graph, crossings, summary = build_graph(paths, np.empty((FILES, LINES)))
        report = graph.run(progress=True)  # needs tqdm: pip install 'zuki[progress]'
        print(report)
        print(summary.result())

        for path, counted in zip(paths, crossings, strict=True):
            values = np.loadtxt(path)
            remove_trend(values)  # a task is also a function
            if counted.result() != count_crossings(values, 0.0):
                raise SystemExit(f"{path.name} differs")


if __name__ == "__main__":
    main()
