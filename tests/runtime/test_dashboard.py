"""The dashboard: what it shows, that it follows, and that it leaves no thread."""

import types

import pytest

import zuki
from tests.runtime.together import spinning, threads_of, wait_until
from zuki.metrics import dashboard


class Display:
    """Stands for IPython's module: keeps what was displayed."""

    def __init__(self):
        self.pages = []

    def HTML(self, text):  # noqa: N802  (IPython's name)
        return text

    def display(self, page, display_id):
        assert display_id is True
        self.pages.append(page)
        return types.SimpleNamespace(update=self.pages.append)


@pytest.fixture
def display(monkeypatch):
    shown = Display()
    monkeypatch.setattr(dashboard, "import_now", lambda name: shown)
    return shown


def test_it_follows_until_it_is_closed(display):
    with zuki.Executor(max_threads=1, name="seen") as executor:
        with executor.dashboard() as view:
            assert repr(view) == "<zuki.Dashboard: open>"
            assert "seen: 0 tasks so far" in display.pages[0]
            spinning(20).run(executor)
            wait_until(lambda: "seen: 20 tasks so far" in display.pages[-1])
        assert not view.is_open
        assert threads_of("seen-dashboard") == []
        count = len(display.pages)
        spinning(20).run(executor)
        assert len(display.pages) == count
        view.close()  # once more does no harm


def test_it_ends_with_its_executor(display):
    with zuki.Executor(max_threads=1, name="<b>gone") as executor:
        view = executor.dashboard()
        spinning(7).run(executor)
    wait_until(lambda: not view.is_open)
    assert "&lt;b&gt;gone: shut down after 7 tasks" in display.pages[-1]
    assert not any("<b>" in page for page in display.pages)
    view.close()


def test_outside_of_a_notebook_nothing_is_updated(display, monkeypatch):
    monkeypatch.setattr(display, "display", lambda page, display_id: None)
    with zuki.SingleThreadedExecutor(name="plain") as executor, executor.dashboard() as view:
        wait_until(lambda: len(view._looks) > 1)
    assert threads_of("plain-dashboard") == []


def test_bad_input(monkeypatch):
    def import_now(name):
        raise ImportError(name)

    monkeypatch.setattr(dashboard, "import_now", import_now)
    with zuki.SingleThreadedExecutor() as executor, pytest.raises(ImportError, match=r"'zuki\[notebook\]'"):
        executor.dashboard()
    with pytest.raises(zuki.ExecutorShutDownError, match="nothing to see"):
        executor.dashboard()
