"""Waiting with locks and conditions: the lot itself, and a part of the suite that waits so.

Some tests only say something where `ZUKI_WAIT=portable`. The last one runs them so.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.kernels.threads_of import run_together
from tests.runtime.script import run_script
from zuki.runtime.tables import make_table
from zuki_kernels import _portable_wait, waiting
from zuki_kernels._jit import kernel
from zuki_kernels._portable_wait import bucket_of
from zuki_kernels._target import PORTABLE, WAY
from zuki_kernels.atomics import load_acquire, store_release

ROOT = Path(__file__).parents[2]
LIMIT = 240  # seconds

# What a pool does with its waits: sleeps and wakes of each kind, threads that come and go, forks
SELECTION = [
    "tests/kernels/test_waiting.py",
    "tests/kernels/test_portable_wait.py",
    "tests/kernels/test_pulse.py",
    "tests/runtime/test_callers.py",
    "tests/runtime/test_fork.py::test_while_runs_are_in_flight",
]
only_portable = pytest.mark.skipif(WAY != PORTABLE, reason="threads wait otherwise here")


@kernel
def wait_while_zero(table, field):
    while load_acquire(table, 0, field) == 0:
        waiting.wait(table, 0, field, 0, waiting.FOREVER)


@kernel
def set_and_wake(table, field):
    store_release(table, 0, field, 1)
    waiting.wake(table, 0, field, 1)


def test_rows_of_workers_are_spread_over_the_buckets():
    rows = 32
    for start in (0x7F0000000000, 0x1000, 0x5581A2B3C480):
        buckets = [bucket_of(start + 384 * row) for row in range(rows)]  # a worker's row has 384 bytes
        assert all(0 <= bucket < 64 for bucket in buckets)
        assert len(set(buckets)) > rows // 2


@only_portable
def test_two_cells_of_one_bucket_are_told_apart():
    table = make_table(1, 1024)
    wait_while_zero(make_table(1, 1) + 1, 0)  # compiles
    set_and_wake(table, 1)
    buckets = [bucket_of(table.ctypes.data + 8 * field) for field in range(1024)]
    other = buckets.index(buckets[0], 1)

    def move():
        for field in (0, other):
            time.sleep(0.02)
            set_and_wake(table, field)

    run_together(lambda: wait_while_zero(table, 0), lambda: wait_while_zero(table, other), move)


@only_portable
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_forked_child_finds_nobody_in_the_lot():
    """Not even what a thread held that the child does not have."""
    run_script(
        """
import ctypes
from tests.kernels.test_portable_wait import set_and_wake
from zuki.runtime.tables import make_table
from zuki_kernels import _portable_wait

table = make_table(1, 1)
set_and_wake(table, 0)
held = _portable_wait.LOT + _portable_wait.BUCKET_SIZE * _portable_wait.bucket_of(table.ctypes.data)
assert ctypes.CDLL(None).pthread_mutex_lock(ctypes.c_void_p(held)) == 0
child = os.fork()
if child == 0:
    signal.alarm(20)  # ends it if it hangs
    set_and_wake(table, 0)
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
"""
    )


@only_portable
def test_the_lot_begins_at_a_cache_line():
    assert _portable_wait.LOT % _portable_wait.BUCKET_SIZE == 0
    assert _portable_wait.LOT > 0


@pytest.mark.skipif(WAY == PORTABLE, reason="this run is one")
def test_a_part_of_the_suite_passes_with_it():
    """For all of it: ``ZUKI_WAIT=portable python -m pytest``."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not slow", *SELECTION]
    ended = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "ZUKI_WAIT": PORTABLE, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout
    assert " passed" in ended.stdout
