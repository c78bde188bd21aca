"""What a pool runs."""

from typing import Protocol

from zuki_kernels._types import Table


class Run(Protocol):
    """One execution of a graph, as it is handed to a pool."""

    plan: Table  # one row: the fields NODES to LEVELS_USED of a run
    epoch: int  # how often the graph has run, this run included
    times: int  # address of a nanoseconds cell for each node, or 0
    batch: int  # after how many nodes a worker reports at the latest
    slot: int  # where the pool keeps it while it runs
    lost: int  # spawned tasks that have failed besides the one whose exception is raised

    def run_python(self, node: int, stopped: bool) -> int:
        """Run the body of a node that needs the interpreter; return how it went, as `turn` names it."""

    def fail(self, node: int, failure: int) -> int:
        """Hear what a task has raised that such a body has left behind; return how the node went."""

    def end(self, failures: int, first_failed: int, stopped: bool) -> None:
        """Hear that the run has ended; called once, before anyone who waits goes on."""
