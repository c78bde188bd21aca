"""The future of a run."""

import time
from typing import TYPE_CHECKING

from zuki.graph.report import Report
from zuki.lane.future import Future
from zuki.lane.outcome import FINISHED
from zuki.later import later
from zuki.runtime.waiting import help_with

if TYPE_CHECKING:
    from zuki.graph.running import GraphRun

shown = later("zuki.lane.shown")


class RunFuture(Future[Report]):
    """A run that has begun.

    Parameters
    ----------
    run : GraphRun
        The run.
    """

    def __init__(self, run: "GraphRun") -> None:
        super().__init__()
        self._run = run
        self.set_running_or_notify_cancel()

    def result(self, timeout: float | None = None) -> Report:
        """Wait for the end of the run; a thread of the pool runs tasks meanwhile.

        Parameters
        ----------
        timeout : float, optional
            Seconds to wait at most.

        Returns
        -------
        Report
            What the run took.

        Raises
        ------
        TimeoutError
            The run has not ended in time; it goes on.
        BaseException
            What the first body that failed raised.
        """
        if not self.done():
            begun = time.monotonic()
            help_with(self._run.pool, self._run, timeout)
            if timeout is not None:
                timeout = max(0.0, timeout - (time.monotonic() - begun))
        return super().result(timeout)

    def _repr_html_(self) -> str:
        if self._state == FINISHED and self._exception is None:
            return self._result._repr_html_()
        done, total = self._run.look()
        return shown.html_of(
            self, f"run of {self._run.name}", (("nodes", f"{done:,} of {total:,} reported as done"),)
        )
