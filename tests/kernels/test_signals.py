"""What signal handlers raise, held back to the end of a block; alone, without a pool."""

import contextlib
import os
import signal
import threading

import pytest

from zuki_kernels._signals import call_body, held_back


class Alarm(BaseException):
    pass


def raise_alarm(*_):
    raise Alarm


HANDLERS = {signal.SIGINT: signal.default_int_handler, signal.SIGALRM: raise_alarm}


@pytest.fixture(params=[(signal.SIGINT, KeyboardInterrupt), (signal.SIGALRM, Alarm)], ids=["ctrl-c", "own"])
def number_and_error(request):
    return request.param


@pytest.fixture(autouse=True)
def setting():
    """Sets what a signal does, for one test; first, handlers that raise."""
    before = {number: signal.getsignal(number) for number in HANDLERS}
    for number, handler in HANDLERS.items():
        signal.signal(number, handler)
    yield signal.signal
    for number, handler in before.items():
        signal.signal(number, handler)
    assert held_back._innermost is None


def are_in_place():
    return all(signal.getsignal(number) is handler for number, handler in HANDLERS.items())


def test_without_a_signal_nothing_is_called():
    told = []
    with held_back() as held:
        held.tell(lambda: told.append(1))
        assert not are_in_place()
    assert are_in_place()
    assert told == held.errors == []


@pytest.mark.parametrize("times", [1, 3])
def test_it_is_told_at_once_and_raised_at_the_end(number_and_error, times):
    number, error = number_and_error
    told, reached = [], []

    def run():
        with held_back() as held:
            held.tell(lambda: told.append(1))
            for _ in range(times):
                signal.raise_signal(number)
            reached.append(list(told))

    with pytest.raises(error):
        run()
    assert reached == [[1] * times]
    assert are_in_place()
    with held_back():  # raised once
        pass


def test_who_asks_late_is_told_at_once(number_and_error):
    number, error = number_and_error
    told = []

    def run():
        with held_back() as held:
            signal.raise_signal(number)
            held.tell(lambda: told.append(1))
            held.tell(None)
            signal.raise_signal(number)

    with pytest.raises(error):
        run()
    assert told == [1]


def test_an_exception_goes_through_without_a_signal():
    with pytest.raises(LookupError), held_back():
        raise LookupError
    assert are_in_place()


def test_an_exception_is_the_context_of_what_was_held_back(number_and_error):
    number, error = number_and_error

    def fail():
        with held_back():
            signal.raise_signal(number)
            raise LookupError

    with pytest.raises(error) as raised:
        fail()
    assert isinstance(raised.value.__context__, LookupError)
    assert are_in_place()


def test_one_inside_of_another_leaves_it_to_that(number_and_error):
    number, error = number_and_error
    told, reached = [], []

    def run():
        with held_back() as outer:
            outer.tell(lambda: told.append("outer"))
            with held_back() as inner:
                inner.tell(lambda: told.append("inner"))
                signal.raise_signal(number)
            reached.append(list(told))

    with pytest.raises(error):
        run()
    assert reached == [["inner", "outer"]]
    assert are_in_place()


def test_a_body_hears_it_at_once_and_the_block_around_it_at_its_end(number_and_error):
    number, error = number_and_error
    reached = []

    def body(value):
        with contextlib.suppress(error):
            signal.raise_signal(number)
            reached.append("not reached")
        reached.append(value)
        return value

    def run():
        with held_back() as held:
            reached.append(call_body(body, [3]))
            reached.append(len(held.errors))

    with pytest.raises(error):
        run()
    assert reached == [3, 3, 1]


def test_a_block_inside_of_a_body_raises_at_its_own_end(number_and_error):
    number, error = number_and_error
    reached = []

    def body():
        try:
            with held_back():
                signal.raise_signal(number)
                reached.append("inner")
        except error:
            reached.append("body")

    def run():
        with held_back():
            call_body(body, ())
            reached.append("outer")

    with pytest.raises(error):
        run()
    assert reached == ["inner", "body", "outer"]
    assert are_in_place()


def test_outside_of_a_block_a_body_is_called_as_ever(number_and_error):
    number, error = number_and_error
    with pytest.raises(error):
        call_body(signal.raise_signal, [number])
    assert call_body(divmod, (7, 2)) == (3, 1)


def test_a_handler_that_returns_is_called_at_once(setting):
    heard = []
    setting(signal.SIGINT, lambda number, frame: heard.append((number, frame is not None)))
    with held_back() as held:
        signal.raise_signal(signal.SIGINT)
        assert heard == [(signal.SIGINT, True)]
    assert held.errors == []
    assert len(heard) == 1


def test_a_handler_that_is_set_inside_stays(setting):
    def handler(*_):
        pass

    with held_back():
        setting(signal.SIGINT, handler)
    assert signal.getsignal(signal.SIGINT) is handler


def test_a_handler_that_a_body_sets_is_held_back_by_blocks_inside(setting):
    reached = []

    def body():
        setting(signal.SIGINT, raise_alarm)
        try:
            with held_back():
                signal.raise_signal(signal.SIGINT)
                reached.append("inner")
        except Alarm:
            reached.append("body")

    def run():
        with held_back():
            call_body(body, ())

    with pytest.raises(Alarm):
        run()
    assert reached == ["inner", "body"]


def test_each_block_holds_back_the_handlers_of_its_own_time(setting):
    raised = []
    for handler in (raise_alarm, signal.default_int_handler, signal.default_int_handler, raise_alarm):
        setting(signal.SIGINT, handler)
        try:
            with held_back():
                signal.raise_signal(signal.SIGINT)
                raised.append("held")
        except BaseException as error:
            raised.append(type(error))
        assert signal.getsignal(signal.SIGINT) is handler
    assert raised == ["held", Alarm, *["held", KeyboardInterrupt] * 2, "held", Alarm]


@pytest.mark.parametrize("value", [signal.SIG_IGN, signal.SIG_DFL])
def test_settings_that_are_no_function_stay(setting, value):
    setting(signal.SIGINT, value)
    with held_back():
        assert signal.getsignal(signal.SIGINT) is value
    assert signal.getsignal(signal.SIGINT) is value


def test_a_stand_in_that_was_left_is_put_back():
    left = held_back()
    left.__enter__()
    held_back._innermost = None  # as if an exception had come while it was to be put back
    assert not are_in_place()
    with pytest.raises(Alarm):
        signal.raise_signal(signal.SIGALRM)  # as without it
    with held_back():
        pass
    assert are_in_place()


def test_outside_the_main_thread_nothing_changes():
    seen = []

    def work():
        with held_back():
            seen.append(are_in_place())

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(20)
    assert not thread.is_alive()
    assert seen == [True]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_child_of_another_thread_is_in_no_block():
    statuses = []

    def fork():
        child = os.fork()
        if child == 0:
            os._exit(0 if held_back._innermost is None and are_in_place() else 1)
        statuses.append(os.waitpid(child, 0)[1])

    with held_back():
        thread = threading.Thread(target=fork)
        thread.start()
        thread.join(20)
    assert statuses == [0]
