"""A user's function that Numba has cached, under another zuki whose hands have another layout."""

import os
import re
import shutil
import sys
from pathlib import Path

import zuki_kernels
from tests.runtime.script import run_script
from zuki_kernels.current import LAYOUT

USERS = """
import numba, zuki

@zuki.task("int64(int64)")
def double(number):
    return 2 * number

@numba.njit(cache=True)
def sum_of_doubles(number):
    first, second = zuki.spawn(double, number), zuki.spawn(double, number + 1)
    return zuki.join(second) + zuki.join(first)
"""

# A hand is the thread's, and there is no pool: what is spawned is counted in the hand, or runs in place.
SCRIPT = """
from users import sum_of_doubles
from zuki.runtime.tables import Tables
from zuki_kernels import blocks, current, hands, seats

tables = Tables(1)
tables.provide_arena(0)
before = seats.take_hand(tables.hands, 0, 0, 0, False)
answer = sum_of_doubles(20)
current.hold(before)
spawned = tables.hands[0, hands.STAMP] // blocks.ONE_STAMP
hits = sum(sum_of_doubles.stats.cache_hits.values())
print(answer, spawned, hits, current.LAYOUT)
"""


def answers(*folders):
    """Run the script, with modules from these folders first."""
    paths = os.pathsep.join(map(str, (*folders, *filter(None, sys.path))))
    answer, spawned, hits, layout = run_script(SCRIPT, limit=200, PYTHONPATH=paths).split()
    assert answer == "82"
    return int(spawned), int(hits), int(layout)


def test_code_of_another_layout_runs_its_tasks_in_place(tmp_path):
    (tmp_path / "users.py").write_text(USERS)
    assert answers(tmp_path) == (2, 0, LAYOUT)
    assert answers(tmp_path) == (2, 1, LAYOUT)  # from the cache
    package = tmp_path / "newer" / "zuki_kernels"
    shutil.copytree(Path(zuki_kernels.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    replace(package / "current.py", rf"LAYOUT = {LAYOUT}\b", f"LAYOUT = {LAYOUT + 1}")
    replace(package / "hands.py", r"NEWEST = 18\b", "NEWEST = 20")  # a hand, as old code would see it,
    replace(package / "hands.py", r"ARENA_FRESH = 20\b", "ARENA_FRESH = 18")  # would be in ruins
    assert answers(package.parent, tmp_path) == (0, 1, LAYOUT + 1)


def replace(file, old, new):
    text, count = re.subn(old, new, file.read_text(encoding="utf-8"))
    assert count == 1
    file.write_text(text, encoding="utf-8")
