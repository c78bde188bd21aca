"""How many processors: the affinity mask's, else the machine's, and never none."""

import os
import subprocess
import sys

import pytest

from zuki.platform import usable
from zuki.platform.usable import usable_cpus


def test_here():
    assert 1 <= usable_cpus() <= (os.cpu_count() or usable_cpus())


@pytest.mark.parametrize(("mask", "expected"), [({0}, 1), ({1, 5, 7}, 3), (set(), 1)])
def test_the_affinity_mask_counts(monkeypatch, mask, expected):
    monkeypatch.setattr(usable, "cpu_quota", lambda: None)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: mask, raising=False)
    assert usable_cpus() == expected


@pytest.mark.parametrize(("count", "expected"), [(6, 6), (1, 1), (None, 1)])
def test_without_an_affinity_mask(monkeypatch, count, expected):
    monkeypatch.setattr(usable, "cpu_quota", lambda: None)
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: count)
    assert usable_cpus() == expected


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs os.sched_setaffinity")
def test_of_a_process_that_is_bound_to_one_processor():
    text = (
        "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))});"
        "from zuki.platform.usable import usable_cpus; import zuki;"
        "print(usable_cpus(), zuki.Executor().max_threads)"
    )
    environment = {name: value for name, value in os.environ.items() if name != "ZUKI_NUM_THREADS"}
    ended = subprocess.run(
        [sys.executable, "-c", text],
        env={**environment, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert ended.stdout.split() == ["1", "1"]
