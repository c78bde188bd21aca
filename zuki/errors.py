"""What zuki raises of its own; a body's own exception is raised as it is."""

NO_THREAD = RuntimeError, MemoryError, OSError  # what the start of a thread raises when there can be no more


class ZukiError(Exception):
    """The base of all errors that are zuki's own."""


class TaskError(ZukiError, TypeError):
    """A task cannot be made, or not called with these arguments."""


class GraphError(ZukiError, ValueError):
    """A graph cannot be built or run as it was asked to."""


class GraphCycleError(GraphError):
    """The nodes of a graph wait for one another in a circle.

    Parameters
    ----------
    message : str
        What is wrong, with the names of the nodes.
    nodes : tuple of Node
        The nodes on the circle, in order.
    """

    def __init__(self, message: str, nodes: tuple = ()) -> None:
        super().__init__(message)
        self.nodes = nodes


class NodeNotRunError(ZukiError, RuntimeError):
    """A node has no result: its graph has not run, or it was passed over after a failure."""


class ExecutorShutDownError(ZukiError, RuntimeError):
    """An executor was asked to run something after its shutdown."""


class DeadlockError(ZukiError, RuntimeError):
    """Coroutines wait, and nothing is left in the process that could wake them."""


class ChannelClosedError(ZukiError, RuntimeError):
    """Something was to be sent to a closed channel, or received from one that has no more items."""
