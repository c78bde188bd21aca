"""CPython's own tests of executors and futures, pointed at zuki's; a program, for they want a process.

    python -m tests.lane.cpython

A Python that comes without its `test` package, or has an older one, is told so and ends with 77.
"""

import importlib
import sys
import unittest

import zuki

MODULES = ("test_thread_pool", "test_as_completed", "test_wait", "test_init", "test_shutdown", "test_future")

# By the end of a test's id: why it does not apply
LEFT_OUT = {
    "test_default_workers": "wants `_max_workers` to be the processors and 4; zuki has as many as processors",
    "test_saturation": "counts `_threads`, a private name",
    "test_idle_thread_reuse": "counts `_threads`, a private name",
    "test_hang_global_shutdown_lock": "is about ThreadPoolExecutor by name",
    "test_threads_terminate": "counts `_threads`, a private name",
    "test_context_manager_shutdown": "is about ThreadPoolExecutor by name, and its `_threads`",
    "test_del_shutdown": "is about ThreadPoolExecutor by name, and its `_threads`",
    "test_shutdown_no_wait": "is about ThreadPoolExecutor by name, and its `_threads`",
    "test_thread_names_assigned": "is about ThreadPoolExecutor by name, and its `_threads`",
    "test_thread_names_default": "is about ThreadPoolExecutor by name, and its `_threads`",
    "test_cancel_futures_wait_false": "is about ThreadPoolExecutor by name",
    "test_interpreter_shutdown": "imports the class from concurrent.futures: see test_exit.py",
    "test_submit_after_interpreter_shutdown": "imports the class from concurrent.futures: see test_exit.py",
    "test_hang_gh83386": "imports the class from concurrent.futures: see test_exit.py",
    "test_cancel_futures": "wants one of 50 calls to have begun, though nobody has given way to a thread",
    "test_repr": "makes futures of the base class when it is imported, and looks at their texts",
    "test_multiple_set_result": "looks for the base class's text of a state",
    "test_multiple_set_exception": "looks for the base class's text of a state",
    "test_cancel": "sets `_state` of a future by hand; futures here are claimed, too",
    "test_cancelled": "sets `_state` by hand in futures of the base class",
    "test_done": "the same",
    "test_running": "the same",
    "test_result_with_timeout": "the same",
    "test_result_with_success": "sets `_state` by hand, on another thread",
    "test_result_with_cancel": "the same",
    "test_exception_with_timeout": "the same",
    "test_exception_with_success": "the same",
}


def point_at_zuki():
    """Let the tests' classes use zuki's executor and future."""
    util = importlib.import_module("test.test_concurrent_futures.util")
    make = util.create_executor_tests

    def of_threads_alone(remote_globals, mixin, bases=(util.BaseTestCase,), executor_mixins=None):
        if executor_mixins is None or util.ThreadPoolMixin in executor_mixins:
            make(remote_globals, mixin, bases=bases, executor_mixins=(util.ThreadPoolMixin,))

    util.create_executor_tests = of_threads_alone
    util.ThreadPoolMixin.executor_type = zuki.Executor


def load(name):
    """Return a module of tests; its own futures are zuki's."""
    module = importlib.import_module(f"test.test_concurrent_futures.{name}")
    if name == "test_future":
        module.Future = zuki.Future
    return module


def flat(suite):
    """Yield the tests of a suite, each once."""
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from flat(test)
        else:
            yield test


def is_ours(test):
    """Tell whether a test has to do with threads, and applies."""
    name = type(test).__name__
    return "Process" not in name and "Resources" not in name and test.id().rpartition(".")[2] not in LEFT_OUT


def main():
    """Run the tests; return the exit status."""
    try:
        point_at_zuki()
    except ImportError as error:
        print(error)
        return 77
    with zuki.Executor(1) as executor:  # compiled before any test takes the time
        executor.submit(int).result()
    suite = unittest.TestSuite()
    seen = set()
    for name in MODULES:
        for test in flat(unittest.defaultTestLoader.loadTestsFromModule(load(name))):
            if is_ours(test) and test.id() not in seen:
                seen.add(test.id())
                suite.addTest(test)
    outcome = unittest.TextTestRunner(verbosity=1).run(suite)
    return 0 if outcome.wasSuccessful() and outcome.testsRun > 35 else 1


if __name__ == "__main__":
    sys.exit(main())
