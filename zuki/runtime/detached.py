"""The run that detached tasks are a part of, while there are any."""

from zuki.runtime.run import Outline, Run, RunWithoutPython, no_bodies, no_edges


class DetachedRun(RunWithoutPython):
    """Stands among a pool's runs for all detached tasks, from the first of them until none is left.

    So a pool that is shut down waits for them, or stops them, as it does with graphs.
    """

    lost = 0

    def __init__(self) -> None:
        self._kept: list[Run] = []

    def keep(self, run: Run) -> None:
        """Keep alive what a run has kept alive that ends: tasks that it has detached may use it."""
        self._kept.append(run)

    def outline(self) -> Outline:
        """Return that it has no nodes."""
        return Outline("detached tasks", 0, no_bodies, str, no_edges)

    def end(self, failures: int, first_failed: int, stopped: bool) -> None:
        """Let go what was kept."""
        self._kept.clear()
