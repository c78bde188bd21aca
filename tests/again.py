"""Repeat tests that may hang once in a hundred times.

python -m tests.again [--times N] [--limit SECONDS] [FILE ...]

Each repetition is a process of its own, ended after so many seconds, and then counted as one that hangs:
pytest's own limits end a test sooner, and print where its threads are. What a repetition printed that failed
is shown. Ends with 1 if any did. Without files: the tests of beginnings and ends.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LIFECYCLE = (
    "tests/lane/test_lifecycle.py",
    "tests/runtime/test_exit.py",
    "tests/runtime/test_fork.py",
    "tests/runtime/test_retire.py",
    "tests/runtime/test_shutdown.py",
    "tests/runtime/test_starting.py",
)


def repeat(files: Sequence[str], times: int, limit: float) -> int:
    """Run the files' tests so many times; return how many repetitions failed or hung."""
    failed = 0
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *files]
    begun = time.monotonic()
    for number in range(1, times + 1):
        try:
            ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=limit)
            problem = ended.stdout + ended.stderr if ended.returncode else ""
        except subprocess.TimeoutExpired as hung:
            problem = f"not over after {limit:g} s\n{hung.stdout or ''}{hung.stderr or ''}"
        if problem:
            failed += 1
            print(f"repetition {number} failed:\n{problem}", flush=True)
        elif number % 10 == 0 or number == times:
            print(f"{number} repetitions, {failed} failed, {time.monotonic() - begun:.0f} s", flush=True)
    return failed


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m tests.again", description=__doc__.partition("\n")[0])
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--limit", type=float, default=600.0, help="seconds that one repetition may take")
    parser.add_argument("files", nargs="*", default=list(LIFECYCLE))
    chosen = parser.parse_args(arguments)
    return 1 if repeat(chosen.files, chosen.times, chosen.limit) else 0


if __name__ == "__main__":
    sys.exit(main())
