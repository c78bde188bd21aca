"""Run the examples whose results are known exactly, again and again, at 1, 2 and 8 workers.

python -m tests.examples.repeat [REPETITIONS]
"""

import statistics
import sys
import time

import zuki
from benchmarks import _report
from examples import nqueens, smith_waterman, tree_search

WORKERS = (1, 2, 8)
SCORE = 687  # of the two genomes, by the plain loop


def jobs():
    """Return by name a function of an executor, and what it has to return."""
    genomes = [smith_waterman.load_genome(path) for path in (smith_waterman.FIRST, smith_waterman.SECOND)]
    tile = smith_waterman.TILE
    return {
        "tree search T1": (lambda pool: tree_search.search_tree(tree_search.SEED, pool), tree_search.T1),
        "nqueens(12)": (lambda pool: nqueens.count_ways(12, pool), 14200),
        "alignment by graph": (lambda pool: smith_waterman.score_by_graph(*genomes, tile, pool), SCORE),
        "alignment by recursion": (
            lambda pool: smith_waterman.score_by_recursion(*genomes, tile, pool),
            SCORE,
        ),
    }


def repeat(job, expected, workers, repetitions):
    """Return the seconds of each run, and what was found that was not expected."""
    seconds, wrong = [], []
    with zuki.Executor(workers) as executor:
        for _ in range(repetitions):
            start = time.perf_counter()
            found = job(executor)
            seconds.append(time.perf_counter() - start)
            if found != expected:
                wrong.append(found)
    return seconds, wrong


def main(repetitions):
    rows, failures = [], []
    for name, (job, expected) in jobs().items():
        for workers in WORKERS:
            seconds, wrong = repeat(job, expected, workers, repetitions)
            exact = f"{repetitions - len(wrong)} of {repetitions}"
            rows.append((name, workers, exact, statistics.median(seconds), min(seconds), max(seconds)))
            failures += [f"{name} at {workers} workers: {found}" for found in wrong]
    print(_report.table(("example", "workers", "exact", "median, s", "least, s", "most, s"), rows))
    if failures:
        raise SystemExit("\n".join(failures))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50)
