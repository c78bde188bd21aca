"""The run that detached tasks are a part of, while there are any."""

from typing import Any

from zuki.runtime.run import Outline, RunWithoutPython, no_bodies, no_edges


class DetachedRun(RunWithoutPython):
    """Stands among a pool's runs for all detached tasks, from the first of them until none is left.

    So a pool that is shut down waits for them, or stops them, as it does with graphs.
    """

    lost = 0

    def __init__(self) -> None:
        self._kept: list[Any] = []

    def keep(self, kept: Any) -> None:
        """Keep alive what a run that ends has kept alive: tasks that it has detached may use it."""
        self._kept.append(kept)

    def outline(self) -> Outline:
        """Return that it has no nodes."""
        return Outline("detached tasks", 0, no_bodies, str, no_edges)

    def end(self, failures: int, first_failed: int, stopped: bool) -> None:
        """Let go what was kept."""
        self._kept.clear()
