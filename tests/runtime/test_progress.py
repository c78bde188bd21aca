"""`zuki.progress`: a bar of all that an executor does."""

import contextlib
import io
import threading
import time

import numpy as np
import pytest

import zuki
from tests.graph import bodies
from zuki.runtime import progress as module

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(params=[zuki.MultiThreadedExecutor, zuki.SingleThreadedExecutor])
def executor(request):
    with request.param(max_threads=2, name="mine") as made:
        yield made


@contextlib.contextmanager
def shown(executor, **options):
    """Show a bar, and add what it writes to a list; no thread of it is left."""
    before, written, pieces = set(threading.enumerate()), io.StringIO(), []
    with contextlib.redirect_stderr(written):
        try:
            with zuki.progress(executor, **options):
                yield pieces
        finally:
            pieces.append(written.getvalue())
    left = [thread.name for thread in set(threading.enumerate()) - before]
    assert not [name for name in left if not name.startswith(executor.name)]


async def seven():
    await zuki.yield_now()
    return 7


def test_calls_coroutines_and_graphs(executor):
    graph = zuki.Graph()
    graph.add_many(bodies.plus, zuki.each(np.arange(100)), 1)
    executor.submit(abs, -1).result()  # before the block: not counted
    with shown(executor) as written:
        assert list(executor.map(abs, range(-10, 0))) == list(range(10, 0, -1))
        assert executor.run(seven()) == 7
        executor.run(graph)
    assert "mine: 100%" in written[0]
    assert "111/111" in written[0]


def test_it_moves_meanwhile(executor):
    with shown(executor, total=8, description="slow") as written:
        for _ in range(4):
            executor.submit(time.sleep, 0.15).result()
    assert any(f"| {done}/8" in written[0] for done in (1, 2, 3))
    assert "slow:  50%" in written[0]
    assert "| 4/8" in written[0]


def test_a_block_that_raises(executor):
    with pytest.raises(ZeroDivisionError), shown(executor) as written:
        executor.submit(divmod, 1, 0).result()
    assert "mine: " in written[0]


def test_nothing_was_done(executor):
    with shown(executor) as written:
        pass
    assert "mine: 0task" in written[0]


def test_the_default_executor(capsys):
    with zuki.progress(description="usual"):
        assert zuki.submit(abs, -3).result() == 3
    assert "usual: 100%" in capsys.readouterr().err


def test_what_is_no_argument(executor, monkeypatch):
    with pytest.raises(TypeError, match=r"executor must be a zuki\.Executor, not a int"):
        zuki.progress(3)
    with pytest.raises(ValueError, match="total must be between 0"):
        zuki.progress(executor, total=-1)
    with pytest.raises(TypeError, match="description must be a string, not a int"):
        zuki.progress(executor, description=3)

    def missing(name):
        raise ModuleNotFoundError(f"No module named {name!r}")

    monkeypatch.setattr(module, "import_now", missing)
    with pytest.raises(ImportError, match=r"zuki\.progress needs tqdm: pip install 'zuki\[progress\]'"):
        zuki.progress(executor)


class Widget:
    """What tqdm's bars for notebooks are made of."""

    def __init__(self):
        self.max, self.bar_style, self.layout = 1, "info", type("Layout", (), {"width": "20px"})()


def test_the_end_of_a_notebooks_bar_moves():
    class Bar:
        def __init__(self, total, **options):
            self.total, self.n, self.widget = total, 0, Widget()
            self.container = type("Container", (), {"children": (None, self.widget, None)})()
            bars.append(self)

        def update(self, done):
            self.n += done

        def close(self):
            self.is_closed = True

    bars, looks = [], [(0, None), (1, 4), (3, 5)]
    with module.SampledBar(Bar, lambda: looks.pop(0) if len(looks) > 1 else looks[0]):
        while len(looks) > 1:
            time.sleep(0.01)
    (bar,) = bars
    assert (bar.n, bar.total, bar.is_closed) == (3, 5, True)
    assert (bar.widget.max, bar.widget.bar_style, bar.widget.layout.width) == (5, "", None)


def test_without_threads(monkeypatch):
    def refuse(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with (
        contextlib.redirect_stderr(io.StringIO()) as written,
        module.SampledBar(module.find_tqdm("a test"), lambda: (2, 2), desc="alone"),
    ):
        pass
    assert "alone: 100%" in written.getvalue()
