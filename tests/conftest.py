"""What tests of several layers ask for, and what a test that hangs leaves behind."""

import faulthandler
import os

import pytest
from numba.core.runtime import _nrt_python

_stderr = pytest.StashKey[int]()


def pytest_configure(config):
    config.stash[_stderr] = os.dup(2)  # while a test runs, 2 is a file of pytest's


def pytest_unconfigure(config):
    faulthandler.cancel_dump_traceback_later()
    os.close(config.stash[_stderr])


@pytest.hookimpl(tryfirst=True)
def pytest_timeout_set_timer(item, settings):
    """Let a test that hangs tell where, shortly before pytest-timeout ends the process.

    In a process of pytest-xdist pytest-timeout has nowhere to write to, so that the process would end without
    a word; and it writes nothing of a thread that holds the interpreter's lock.
    """
    if settings.timeout:
        faulthandler.dump_traceback_later(0.95 * settings.timeout, file=item.config.stash[_stderr])


@pytest.hookimpl(tryfirst=True)
def pytest_timeout_cancel_timer(item):
    faulthandler.cancel_dump_traceback_later()


@pytest.fixture
def counted():
    """Let Numba count its allocations."""
    before = _nrt_python.memsys_stats_enabled()
    _nrt_python.memsys_enable_stats()
    yield
    if not before:
        _nrt_python.memsys_disable_stats()
