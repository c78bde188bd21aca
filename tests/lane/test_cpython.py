"""CPython's own tests of executors pass for zuki's."""

import os
import subprocess
import sys

import pytest


@pytest.mark.slow
def test_cpythons_tests_of_executors():
    ended = subprocess.run(
        [sys.executable, "-m", "tests.lane.cpython"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        timeout=240,
    )
    if ended.returncode == 77:
        pytest.skip(ended.stdout.strip())  # this Python comes without them
    assert ended.returncode == 0, ended.stderr
