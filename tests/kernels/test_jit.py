"""The cache of kernels: everything is kept, and nothing stale is used."""

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numba
import pytest

import zuki_kernels
from zuki_kernels._jit import (
    KERNEL_SOURCES,
    StampedCache,
    _Kernel,
    _UnmadeKernel,
    hash_of_sources,
    kernel,
)

ROOT = Path(__file__).parents[2]
FAR = """
from ._jit import kernel

@kernel
def far(x):
    return x + 1
"""
NEAR = """
from . import far
from ._jit import kernel

@kernel
def near(x):
    return far.far(x) * 10
"""
LOOK = """
import json
from small_kernels import far, near
answer = near.near(4)
print(json.dumps([answer, sum(near.near.stats.cache_hits.values())]))
"""
EVERYTHING = """
import json
import sys
import numpy as np
import zuki
from numba.core.dispatcher import Dispatcher

@zuki.task
def add(x, y):
    return x + y

with zuki.Executor(max_threads=2) as executor:
    graph = zuki.Graph()
    nodes = graph.add_many(add, zuki.each(np.arange(100)), 1)
    graph.run(executor)
    graph.submit(executor).result(60)
kernels = {
    value.__qualname__: [sum(value.stats.cache_hits.values()), sum(value.stats.cache_misses.values())]
    for name, module in list(sys.modules.items())
    if name.startswith("zuki_kernels.")
    for value in vars(module).values()
    if isinstance(value, Dispatcher)
}
kernels["task"] = [sum(add.stats.cache_hits.values()), sum(add.stats.cache_misses.values())]
print(json.dumps(kernels))
"""


def run(program, folder, cache, *paths, **variables):
    """Run a program in a process of its own, with a cache of its own; return what it printed."""
    script = folder / "script.py"
    script.write_text(program)
    environment = {
        **os.environ,
        "NUMBA_CACHE_DIR": str(cache),
        "PYTHONPATH": os.pathsep.join(map(str, paths)),
        "PYTHONDONTWRITEBYTECODE": "1",
        **variables,
    }
    command = [sys.executable, str(script)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture
def package(tmp_path):
    """A package with the project's `_jit` and two kernels, one calling the other."""
    folder = tmp_path / "small_kernels"
    folder.mkdir()
    for name in ("_jit.py", "_pipeline.py", "_signals.py", "_target.py"):
        shutil.copy(Path(zuki_kernels.__file__).parent / name, folder)
    (folder / "__init__.py").write_text("")
    (folder / "far.py").write_text(FAR)
    (folder / "near.py").write_text(NEAR)
    return folder


def test_an_edit_of_a_callee_in_another_file_is_noticed(package, tmp_path):
    cache = tmp_path / "cache"
    look = (LOOK, tmp_path, cache, tmp_path)
    assert run(*look) == [50, 0]
    assert run(*look) == [50, 1]
    (package / "far.py").write_text(FAR.replace("x + 1", "x + 2"))
    assert run(*look) == [60, 0]
    assert run(*look) == [60, 1]


def test_each_way_to_wait_has_a_cache_of_its_own(package, tmp_path):
    """What was compiled for one is never loaded for the other, and does not drive it out."""
    look = (LOOK, tmp_path, tmp_path / "cache", tmp_path)
    assert run(*look, ZUKI_WAIT="") == [50, 0]
    assert run(*look, ZUKI_WAIT="portable") == [50, 0]
    assert run(*look, ZUKI_WAIT="") == [50, 1]
    assert run(*look, ZUKI_WAIT="portable") == [50, 1]


def test_everything_is_cached(tmp_path):
    """A first process fills an empty cache, a second one compiles nothing."""
    everything = (EVERYTHING, tmp_path, tmp_path / "cache", ROOT, ROOT / "kernels")
    first, second = run(*everything), run(*everything)
    assert {name for name, (_, misses) in first.items() if misses} >= {
        "turn",
        "sit_down",
        "place_edges",
        "task",
    }
    assert [name for name, (_, misses) in second.items() if misses] == []
    assert {name for name, (hits, _) in second.items() if hits} >= {"turn", "sit_down", "place_edges", "task"}


def double(x):
    return 2 * x


def entries(folder):
    return {path.name: path.read_bytes() for path in folder.rglob("*.nbc")}


def fill(folder, monkeypatch, signatures, stamp="stamp"):
    """Compile a function for signatures into the cache in a folder; return the dispatcher."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(folder))
    made = numba.njit(double)
    made._cache = StampedCache(double, stamp)
    for signature in signatures:
        made.compile(signature)
    return made


def test_an_entry_is_named_by_its_key(tmp_path, monkeypatch):
    """In whatever order two processes fill an empty cache, one name is never given to two specialisations."""
    one, other = "int64(int64)", "float64(float64)"
    fill(tmp_path / "a", monkeypatch, [one])
    fill(tmp_path / "b", monkeypatch, [other])
    fill(tmp_path / "c", monkeypatch, [other, one])
    first, second, both = (set(entries(tmp_path / name)) for name in "abc")
    assert len(first) == len(second) == 1
    assert first.isdisjoint(second)
    assert both == first | second


def test_an_index_that_another_process_wrote_is_filled_up(tmp_path, monkeypatch):
    fill(tmp_path, monkeypatch, ["int64(int64)"])
    fill(tmp_path, monkeypatch, ["float64(float64)"])
    again = fill(tmp_path, monkeypatch, ["int64(int64)", "float64(float64)"])
    assert sum(again.stats.cache_hits.values()) == 2


def test_another_stamp_is_another_cache(tmp_path, monkeypatch):
    fill(tmp_path, monkeypatch, ["int64(int64)"])
    assert sum(fill(tmp_path, monkeypatch, ["int64(int64)"], "other").stats.cache_hits.values()) == 0
    assert sum(fill(tmp_path, monkeypatch, ["int64(int64)"], "other").stats.cache_hits.values()) == 1


def test_the_stamp_of_kernels_covers_every_file(tmp_path):
    folder = Path(zuki_kernels.__file__).parent
    assert hash_of_sources(folder) == KERNEL_SOURCES
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("__pycache__"))
    assert hash_of_sources(copy) == KERNEL_SOURCES
    for file in copy.glob("*.py"):
        text = file.read_text()
        file.write_text(text + "\n")
        assert hash_of_sources(copy) != KERNEL_SOURCES
        file.write_text(text)


@kernel
def add(x, y):
    return x + y


@kernel
def add_constants(x):
    return add(add(x, 3), 5) + add(7, 9)


def test_constants_do_not_make_specialisations():
    assert add_constants(1) == 25
    assert add.signatures in ([], [(numba.int64, numba.int64)])  # none where the caller came from the cache


def test_a_kernel_is_made_when_it_is_first_asked():
    @kernel
    def double(x):
        return 2 * x

    assert type(double) is _UnmadeKernel
    assert (double.__name__, double.__doc__, double.__module__) == ("double", None, __name__)
    assert type(double) is _UnmadeKernel
    assert double.signatures == []
    assert type(double) is _Kernel
    assert double(4) == 8


def test_a_kernel_is_made_once():
    @kernel
    def double(x):
        return 2 * x

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: id(double.overloads), range(100), timeout=60))
    assert set(found) == {id(double.overloads)}


def test_what_is_not_there_is_told_of_an_unmade_kernel():
    @kernel
    def double(x):
        return 2 * x

    with pytest.raises(AttributeError, match="no attribute 'bogus'"):
        _ = double.bogus
    assert double(4) == 8


def test_a_kernel_inside_of_another_has_no_machine_code():
    @kernel
    def inner(x):
        return 3 * x

    @kernel
    def outer(x):
        return inner(x) + 1

    assert outer(4) == 13
    (inside,) = inner._inlined.overloads.values()
    (outside,) = outer.overloads.values()
    assert not inside.library._codegen._engine.is_symbol_defined(inside.fndesc.mangled_name)
    assert inner.signatures == []
    assert outside.library._codegen._engine.is_symbol_defined(outside.fndesc.mangled_name)
    assert inner(5) == 15  # now it has


def test_a_kernel_that_does_not_compile_is_told():
    @kernel
    def wrong(x):
        return x.bogus

    @kernel
    def caller(x):
        return wrong(x)

    with pytest.raises(numba.TypingError, match="bogus"):
        caller(1)
