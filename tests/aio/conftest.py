import pytest

from tests.aio.together import KINDS, make_executor
from zuki.aio import timers


@pytest.fixture(params=KINDS)
def executor(request):
    with make_executor(request.param) as made:
        yield made


@pytest.fixture(scope="module", autouse=True)
def _no_timer_thread_is_left():
    yield
    timers.retire()
