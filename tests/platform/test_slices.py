"""What a thread asks of the system for itself: short slices, and nothing else is changed."""

import ctypes
import os
import threading
from types import SimpleNamespace

import pytest

import zuki
from tests.runtime.together import LIMIT, at_once
from zuki.platform import slices
from zuki_kernels._target import LINUX, MACOS, X86, Target

needs_slices = pytest.mark.skipif(slices.slice_here() == 0, reason="the system knows of no slices")

REFUSING = SimpleNamespace(syscall=lambda *_: -1)  # a library


def in_a_thread(call):
    """Return what a call returns in a thread of its own: what is asked for stays with the thread."""
    return at_once(1, lambda _: call())[0]


@needs_slices
def test_a_thread_has_the_slice_that_was_asked_for():
    before = slices.slice_here()

    def asked():
        return slices.shorten(), slices.slice_here(), slices.shorten()

    assert in_a_thread(asked) == (True, slices.SLICE, False)
    assert slices.slice_here() == before > slices.SLICE


@needs_slices
def test_threads_of_a_pool_have_short_slices_and_callers_have_not():
    before = slices.slice_here()
    with zuki.Executor(2) as executor:
        assert executor.submit(slices.slice_here).result(LIMIT) == slices.SLICE
    assert slices.slice_here() == before


@needs_slices
def test_a_thread_stays_as_nice_as_it_was():
    def asked():
        niceness = os.nice(3)
        return slices.shorten(), os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) - niceness

    assert in_a_thread(asked) == (True, 0)


@needs_slices
def test_a_policy_that_somebody_has_chosen_stays():
    def asked():
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
        return slices.shorten(), os.sched_getscheduler(0)

    assert in_a_thread(asked) == (False, os.SCHED_BATCH)


@needs_slices
def test_a_slice_that_is_shorter_stays(monkeypatch):
    def asked():
        with monkeypatch.context() as patched:
            patched.setattr(slices, "SLICE", slices.SLICE // 2)
            slices.shorten()
        return slices.shorten(), slices.slice_here()

    assert in_a_thread(asked) == (False, slices.SLICE // 2)


@pytest.mark.parametrize(
    ("name", "stand_in"),
    [
        ("target_named", lambda _: Target(X86, MACOS)),
        ("target_named", lambda _: Target("i386", LINUX)),
        ("target_named", lambda _: Target("s390x", LINUX)),
        ("ctypes", SimpleNamespace(**{**vars(ctypes), "CDLL": lambda _: REFUSING})),
    ],
    ids=["another system", "32 bits", "another processor", "refused"],
)
def test_where_there_are_none_nothing_is_asked(monkeypatch, name, stand_in):
    monkeypatch.setattr(slices, name, stand_in)
    assert not slices.shorten()
    assert slices.slice_here() == 0
