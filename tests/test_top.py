"""``zuki top``: a script runs as it would by itself; what its executors do is shown on the standard error."""

import io
import os
import subprocess
import sys
import threading
import time

import pytest

import zuki
from zuki import top
from zuki.__main__ import main
from zuki.runtime.lifecycle import pools

SCRIPT = """
import sys
import time

import zuki

if __name__ == "__main__":
    print(sys.argv[1:], sys.path[0])
    with zuki.Executor(max_threads=2, name="mine") as executor:
        for _ in range(3):
            assert list(executor.map(abs, range(-10, 0))) == list(range(10, 0, -1))
            time.sleep(0.3)
    {end}
"""


@pytest.fixture
def script(tmp_path):
    """Return a function that writes a script that ends in some way, and returns its path."""

    def write(end="pass"):
        path = tmp_path / "script.py"
        path.write_text(SCRIPT.format(end=end))
        return str(path)

    return write


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(params=["plain", "rich"])
def screen_of(request):
    if request.param == "plain":
        return top.Plain
    pytest.importorskip("rich")
    return top.Rich


def test_as_it_is_typed(script, tmp_path):
    ended = subprocess.run(
        [sys.executable, "-m", "zuki", "top", "--interval", "0.05", script(), "-x", "--interval", "y"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == f"['-x', '--interval', 'y'] {tmp_path}\n"
    assert "mine, in all: 30 tasks" in ended.stderr
    assert "utilisation" in ended.stderr
    assert ended.stderr.count("mine, in ") == 1  # it is no terminal


def test_a_terminal_shows_it_meanwhile(screen_of, script, monkeypatch):
    stream, before, argv = Terminal(), set(threading.enumerate()), sys.argv[:]
    monkeypatch.setattr(top, "screen_on", lambda _: screen_of(stream))
    others = set(pools())  # of other tests: a screen has no room for them
    monkeypatch.setattr(top, "pools", lambda: [pool for pool in pools() if pool not in others])
    monkeypatch.setenv("TERM", "xterm")
    zuki.SingleThreadedExecutor().metrics()  # the first look of a process may have to compile
    assert main(["top", "--interval", "0.05", script()]) == 0
    shown = stream.getvalue()
    assert "mine, in the last " in shown
    assert "mine, in all: 30 tasks" in shown
    assert sys.argv == argv
    assert not [thread for thread in set(threading.enumerate()) - before if thread.name == "zuki-top"]


@pytest.mark.parametrize(
    ("end", "code", "told"),
    [
        ("sys.exit(3)", 3, ""),
        ("sys.exit()", 0, ""),
        ("sys.exit('no more')", 1, "no more"),
        ("1 / 0", 1, "ZeroDivisionError"),
    ],
)
def test_a_script_ends_as_it_would(script, end, code, told, capsys):
    assert main(["top", script(end)]) == code
    printed = capsys.readouterr().err
    assert told in printed
    assert "mine, in all: 30 tasks" in printed


def test_an_interrupt_goes_on(script, capsys):
    with pytest.raises(KeyboardInterrupt):
        main(["top", script("raise KeyboardInterrupt")])
    assert "mine, in all: 30 tasks" in capsys.readouterr().err


def test_a_script_without_executors(tmp_path, capsys):
    (tmp_path / "quiet.py").write_text("print(__name__)")
    assert main(["top", str(tmp_path / "quiet.py")]) == 0
    assert capsys.readouterr().out == "__main__\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_forked_child_leaves_the_screen_to_its_parent(monkeypatch):
    written = io.StringIO()
    view = top.View(top.Plain(written), 0.01)
    monkeypatch.setattr(os, "getpid", lambda: -1)
    view.close()
    assert written.getvalue() == ""
    monkeypatch.undo()
    view.close()
    assert written.getvalue()


def test_without_threads(monkeypatch):
    def refuse(thread):
        raise RuntimeError("can't start new thread")

    written = io.StringIO()
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        view = top.View(top.Plain(written), 0.01)
    time.sleep(0.03)
    assert written.getvalue() == ""
    view.close()
    assert written.getvalue()


def test_without_rich(monkeypatch):
    def missing(name):
        raise ModuleNotFoundError(f"No module named {name!r}")

    monkeypatch.setattr(top, "import_now", missing)
    assert type(top.screen_on(io.StringIO())) is top.Plain


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["no such file.py"], "there is no file no such file.py"),
        (["--interval", "0", "x.py"], "--interval must be at least 0.01"),
        (["--interval", "inf", "x.py"], "--interval must be at least 0.01"),
    ],
)
def test_what_is_wrong(arguments, told, capsys):
    assert main(["top", *arguments]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("zuki top: ")
    assert told in printed.err
    assert printed.err.count("\n") == 1
