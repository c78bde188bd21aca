"""All that lanes have accepted is cancelled: calls that have not begun, and each coroutine, once.

A coroutine whose step runs now is nowhere to be found. So who cancels first says that all are to
end, and then looks; who runs a step first puts the coroutine where it is found, and then looks
whether all are to end.
"""

from typing import TYPE_CHECKING

from zuki.lane.lanes import Lanes

if TYPE_CHECKING:
    from zuki.lane.coroutines import CoroutineTask


def cancel_all(lanes: Lanes) -> None:
    """Cancel the calls that have not begun, and wish every coroutine to end."""
    for call in lanes.calls.take_all():
        call._forsake()
    cancel_coroutines(lanes)


def cancel_coroutines(lanes: Lanes) -> None:
    """Wish every coroutine to end that was accepted before."""
    lanes.is_ending = True
    for task in lanes.unfinished():
        tell(task)
    lanes.coroutines.pass_on()


def tell(task: "CoroutineTask") -> None:
    """Wish a coroutine to end, because all are to; not twice. Any thread."""
    me = object()
    if task.__dict__.setdefault("_teller", me) is me:
        task.cancel()


def put_back(task: "CoroutineTask") -> None:
    """Let a coroutine wait for its next step while all are to end."""
    task.lanes.coroutines.ready[task._level].append(task)
    tell(task)
