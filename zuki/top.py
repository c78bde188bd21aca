"""``zuki top``: run a script, and show what its executors do meanwhile; only counters are read."""

import argparse
import math
import os
import runpy
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO
from weakref import WeakKeyDictionary

from zuki.errors import NO_THREAD
from zuki.later import import_now
from zuki.metrics.metrics import Metrics
from zuki.runtime.lifecycle import pools
from zuki.runtime.metering import metrics_of
from zuki.runtime.pool import Pool

_INTERVAL = 0.5  # seconds between two looks
_WRONG, _FAILED = 2, 1  # as exit codes: of the command, of the script
_UP, _CLEAR = "\x1b[{}F", "\x1b[J"  # on terminals: to the begin of the line so far above; all from here on


class Plain:
    """Draws on a terminal, over what it has drawn before; elsewhere only the end.

    Parameters
    ----------
    stream : file
        Where to.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._drawn = stream, 0
        self._is_terminal = stream.isatty()

    def draw(self, text: str) -> None:
        """Show a text in the place of the last one."""
        if self._is_terminal:
            back = _UP.format(self._drawn) + _CLEAR if self._drawn else ""
            self._stream.write(f"{back}{text}\n")
            self._stream.flush()
            self._drawn = text.count("\n") + 1

    def end(self, text: str) -> None:
        """Show the last text, which stays."""
        self.draw(text)
        if not self._is_terminal:
            self._stream.write(f"{text}\n")


class Rich:
    """Draws with `rich`, below what the script prints.

    Parameters
    ----------
    stream : file
        Where to.
    """

    def __init__(self, stream: TextIO) -> None:
        self._text = import_now("rich.text").Text
        console = import_now("rich.console").Console(file=stream)
        self._live: Any = import_now("rich.live").Live(console=console, auto_refresh=False)
        self._live.start()

    def draw(self, text: str) -> None:
        """Show a text in the place of the last one."""
        self._live.update(self._text(text, no_wrap=True), refresh=True)

    def end(self, text: str) -> None:
        """Show the last text, which stays."""
        self._live.update(self._text(text, no_wrap=True))
        self._live.stop()


def screen_on(stream: TextIO) -> "Plain | Rich":
    """Return what draws there: with `rich` where it is installed.

    Parameters
    ----------
    stream : file
        Where to.

    Returns
    -------
    Plain or Rich
        To be ended by its ``end``.
    """
    try:
        return Rich(stream)
    except ImportError:
        return Plain(stream)


class View:
    """What is shown of all executors of this process, until it is closed.

    Parameters
    ----------
    screen : Plain or Rich
        Where it is drawn.
    interval : float
        Seconds between two looks.
    """

    def __init__(self, screen: "Plain | Rich", interval: float) -> None:
        self._screen, self._interval, self._process = screen, interval, os.getpid()
        self._before: WeakKeyDictionary[Pool, Metrics] = WeakKeyDictionary()  # it keeps no pool alive
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._draw_again, name="zuki-top", daemon=True)
        with suppress(*NO_THREAD):  # no more threads: there is the end to be seen
            self._thread.start()

    def _draw_again(self) -> None:
        while not self._ended.wait(self._interval):
            self._screen.draw(self._page(is_over=False))

    def _page(self, is_over: bool) -> str:
        """Return what happened since the last look, or (``is_over``) all."""
        parts = []
        for pool in sorted((pool for pool in pools() if pool.is_used), key=lambda pool: pool.begun):
            now = metrics_of(pool)
            shown = now if is_over or pool not in self._before else now - self._before[pool]
            self._before[pool] = now
            told = "in all" if shown is now else f"in the last {shown.seconds:.1f} s"
            parts.append(f"{pool.name}, {told}: {shown.tasks.total.ended:,} tasks\n\n{shown}")
        return "\n\n".join(parts) or "no executor has run anything so far"

    def close(self) -> None:
        """Show what all executors have done, and stop."""
        if os.getpid() != self._process:  # a forked child leaves the screen to its parent
            return
        self._ended.set()
        if self._thread.ident is not None:
            self._thread.join()
        self._screen.end(self._page(is_over=True))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command understands.

    Parameters
    ----------
    parser : ArgumentParser
        The sub-command's.
    """
    parser.add_argument(
        "--interval", type=float, default=_INTERVAL, metavar="SECONDS", help="between two looks; default: 0.5"
    )
    parser.add_argument("script", metavar="SCRIPT", help="a Python file")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, metavar="...", help="what it is given")


def run(given: argparse.Namespace) -> int:
    """Run a script, and show what its executors do.

    Parameters
    ----------
    given : Namespace
        What `add_arguments` has asked for.

    Returns
    -------
    int
        The script's exit code; 2 if it cannot be run.
    """
    if not 0.01 <= given.interval < math.inf:
        print(f"zuki top: --interval must be at least 0.01, not {given.interval:g}", file=sys.stderr)
        return _WRONG
    script = Path(given.script)
    if not script.is_file():
        print(f"zuki top: there is no file {given.script}", file=sys.stderr)
        return _WRONG
    view = View(screen_on(sys.stderr), given.interval)
    try:
        with _as_main(script, given.arguments):
            runpy.run_path(str(script), run_name="__main__")
    except SystemExit as ended:
        if ended.code is None or isinstance(ended.code, int):
            return ended.code or 0
        print(ended.code, file=sys.stderr)
        return _FAILED
    except Exception:
        traceback.print_exc()
        return _FAILED
    finally:
        view.close()
    return 0


@contextmanager
def _as_main(script: Path, arguments: list[str]) -> Iterator[None]:
    """Let the process look as if the script had been started by itself."""
    before = sys.argv, sys.path[:]
    sys.argv, sys.path[:1] = [str(script), *arguments], [str(script.resolve().parent)]
    try:
        yield
    finally:
        sys.argv, sys.path[:] = before
