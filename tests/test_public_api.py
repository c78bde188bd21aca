"""What ``import zuki`` gives, and what it costs in other packages."""

import inspect
import os
import subprocess
import sys
from enum import Enum
from importlib.metadata import PackageNotFoundError, version

import pytest

import zuki

# Packages of others whose modules are loaded after an import
LOADED = """
import sys
before = set(sys.modules)
import {}
loaded = {{name.split(".")[0] for name in set(sys.modules) - before}}
print(*sorted(loaded - sys.stdlib_module_names))
"""


def packages_loaded_by(name):
    ended = subprocess.run(
        [sys.executable, "-c", LOADED.format(name)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr == ""
    return set(ended.stdout.split())


def test_zuki_loads_nothing_that_numba_does_not():
    own = {"zuki", "zuki_kernels"}
    loaded = packages_loaded_by("zuki")
    assert own <= loaded
    assert loaded - own <= packages_loaded_by("numba") | {"llvmlite", "numba", "numpy"}


def test_all_is_sorted_and_complete():
    assert zuki.__all__ == sorted(zuki.__all__)
    public = {
        name for name in dir(zuki) if not name.startswith("_") and not inspect.ismodule(getattr(zuki, name))
    }
    assert public == set(zuki.__all__)


def test_what_few_programs_use_is_imported_later():
    """Also by ``from zuki import``; what there is not is told as of any module."""
    program = """
import sys
import zuki
later = {name for name in zuki.__all__ if name not in vars(zuki)}
assert {"trace", "TaskGroup", "Picture", "tune", "progress", "Metrics"} <= later, later
parts = {".".join(name.split(".")[:2]) for name in sys.modules if name.startswith("zuki.")}
assert not parts & {"zuki.aio", "zuki.drawing", "zuki.metrics", "zuki.tracing"}, parts
from zuki import TaskGroup, trace
assert trace is zuki.trace and {"trace", "TaskGroup"} <= set(vars(zuki))
try:
    zuki.bogus
except AttributeError as error:
    print(error)
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == "module 'zuki' has no attribute 'bogus'\n"


@pytest.mark.parametrize("name", zuki.__all__)
def test_a_public_name_is_there_and_documented(name):
    value = getattr(zuki, name)
    assert value.__name__ == name
    assert inspect.getdoc(value), name
    assert value.__doc__, "inherited"


def members():
    """Yield what public classes have, or inherit from classes of zuki's that are not public themselves."""
    classes = {name: getattr(zuki, name) for name in zuki.__all__ if inspect.isclass(getattr(zuki, name))}
    for value in list(classes.values()):
        own = (base for base in value.__mro__ if base.__module__.split(".")[0] == "zuki")
        classes.update((base.__name__, base) for base in own)
    for name, value in classes.items():
        for member, function in vars(value).items():
            if not member.startswith("_") and (callable(function) or isinstance(function, property)):
                yield pytest.param(function, id=f"{name}.{member}")


@pytest.mark.parametrize("member", list(members()))
def test_a_public_method_is_documented(member):
    assert member.__doc__
    assert member.__doc__.strip().splitlines()[0].endswith(".")


@pytest.mark.parametrize("name", zuki.__all__)
def test_parameters_are_documented(name):
    value = getattr(zuki, name)
    if inspect.isclass(value) and issubclass(value, Exception | Enum):
        return
    for parameter in inspect.signature(value).parameters:
        assert parameter in value.__doc__, parameter


def test_errors_have_one_base():
    errors = [getattr(zuki, name) for name in zuki.__all__ if name.endswith("Error")]
    assert errors
    assert all(issubclass(error, zuki.ZukiError) for error in errors)


def test_the_version_is_that_of_the_package():
    assert zuki.__version__.count(".") == 2
    try:
        installed = version("zuki")
    except PackageNotFoundError:
        return  # run from a checkout
    assert installed == zuki.__version__
