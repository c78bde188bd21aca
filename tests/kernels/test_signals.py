"""Ctrl-C put off to the end of a block; alone, without a pool."""

import signal
import threading

import pytest

from zuki_kernels._signals import deferred_interrupt


@pytest.fixture
def setting():
    """Sets what SIGINT does, for one test."""
    before = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield lambda handler: signal.signal(signal.SIGINT, handler)
    signal.signal(signal.SIGINT, before)


def interrupted(times, told, reached):
    """Run a block in which Ctrl-C is pressed."""
    with deferred_interrupt(lambda: told.append(1)):
        for _ in range(times):
            signal.raise_signal(signal.SIGINT)
        reached.append(list(told))


@pytest.mark.usefixtures("setting")
def test_without_a_signal_nothing_is_called():
    told = []
    with deferred_interrupt(lambda: told.append(1)):
        assert signal.getsignal(signal.SIGINT) is not signal.default_int_handler
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert told == []


@pytest.mark.usefixtures("setting")
@pytest.mark.parametrize("times", [1, 3])
def test_it_is_noted_at_once_and_raised_at_the_end(times):
    told, reached = [], []
    with pytest.raises(KeyboardInterrupt):
        interrupted(times, told, reached)
    assert reached == [[1]]  # told at the first signal
    assert told == [1]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.usefixtures("setting")
def test_it_is_raised_once():
    block = deferred_interrupt(lambda: None)
    with pytest.raises(KeyboardInterrupt):
        block.__exit__(*enter_and_signal(block))
    with deferred_interrupt(lambda: None):
        pass


def enter_and_signal(block):
    block.__enter__()
    signal.raise_signal(signal.SIGINT)
    return None, None, None


@pytest.mark.usefixtures("setting")
def test_an_exception_goes_through_without_a_signal():
    def fail():
        with deferred_interrupt(lambda: None):
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.usefixtures("setting")
def test_an_exception_is_the_context_of_the_interrupt():
    def fail():
        with deferred_interrupt(lambda: None):
            signal.raise_signal(signal.SIGINT)
            raise LookupError

    with pytest.raises(KeyboardInterrupt) as raised:
        fail()
    assert isinstance(raised.value.__context__, LookupError)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.usefixtures("setting")
def test_one_inside_of_another_is_raised_by_the_outer_one():
    told, reached = [], []

    def run():
        with deferred_interrupt(lambda: told.append("outer")):
            with deferred_interrupt(lambda: None):
                signal.raise_signal(signal.SIGINT)
            reached.append(list(told))

    with pytest.raises(KeyboardInterrupt):
        run()
    assert reached == [["outer"]]
    assert told == ["outer"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_handler_of_the_programs_own_is_called_at_once(setting):
    heard = []

    def handler(number, _frame):
        heard.append(number)

    setting(handler)
    with deferred_interrupt(lambda: heard.append("told")):
        assert signal.getsignal(signal.SIGINT) is handler
        signal.raise_signal(signal.SIGINT)
        assert heard == [signal.SIGINT]
    assert heard == [signal.SIGINT]
    assert signal.getsignal(signal.SIGINT) is handler


@pytest.mark.parametrize("value", [signal.SIG_IGN, signal.SIG_DFL])
def test_settings_that_are_no_function_stay(setting, value):
    setting(value)
    with deferred_interrupt(lambda: None):
        assert signal.getsignal(signal.SIGINT) is value
    assert signal.getsignal(signal.SIGINT) is value


def test_a_signal_that_is_ignored_is_not_told(setting):
    setting(signal.SIG_IGN)
    told, reached = [], []
    interrupted(1, told, reached)
    assert reached == [[]]
    assert told == []


@pytest.mark.usefixtures("setting")
def test_outside_the_main_thread_nothing_changes():
    seen = []

    def work():
        with deferred_interrupt(lambda: None):
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(20)
    assert not thread.is_alive()
    assert seen == [signal.default_int_handler]
