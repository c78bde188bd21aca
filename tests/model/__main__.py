"""Run every scenario and every mutant of the model, and print a table: ``python -m tests.model [word ...]``.

The tests themselves are run, file by file in as many processes as there are processors; the
words pick the files whose names contain one of them. ``--note`` writes down which scenarios find which
mutants, and how long parts take: see `hints`. What a new ``test_<kernel>.py`` declares
is found as pytest finds it. The exit status is 1 if a test fails or a mutant survives.
"""

import os
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter

from .hints import note, seconds_of
from .table import Part, Ran, run, show

FOLDER = Path(__file__).parent


def parts(words):
    """Return the parts to run, those first that took long."""
    files = [
        file for file in sorted(FOLDER.glob("test_*.py"))
        if not words or any(word in file.stem for word in words)
    ]  # fmt: skip
    found = [Part(file.stem, False) for file in files]
    found += [Part(file.stem, True) for file in files if "slow" in file.read_text()]
    return sorted(found, key=seconds_of, reverse=True)


def main(words):
    """Run all parts, print the table as a whole; return the exit status."""
    begun, ran, notes = perf_counter(), [], "--note" in words
    words = [word for word in words if word != "--note"]
    wanted = parts(words)
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as processes:
        asked = {processes.submit(run, part): part for part in wanted}
        for ended in as_completed(asked):
            try:
                ran.append(ended.result())
            except BrokenProcessPool:  # a test ran into its limit, which ends its process
                ran.append(Ran(asked[ended], [], set(), 1, "its process ended, or the other one's"))
            print(f"{len(ran)} of {len(wanted)} parts", end="\r", file=sys.stderr, flush=True)
    status = show(ran, perf_counter() - begun)
    if notes and not words:
        note(ran)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
