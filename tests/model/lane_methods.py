"""The methods of `zuki` that are mounted for lanes, and what stands in place of what threads do not share."""

from zuki.errors import ZukiError
from zuki.lane.outcome import DONE, FINISHED
from zuki.lane.priority import NORMAL

from .interpreted import edits, interpret

_METHODS = {
    "lane/lane.py": (
        "Lane.has_work", "Lane.next_queue", "Lane.enter", "Lane.is_left_alone", "Lane.pass_on", "Lane.call",
        "Lane.take_all",
    ),
    "lane/lanes.py": (
        "Lanes.wake", "Lanes.exchange", "Lanes.take_back", "Lanes.refuse", "Lanes.is_empty",
    ),
    "lane/serving.py": ("Servant.enter", "Servant.let_go", "Servant.leave", "_serve"),
    "lane/parking.py": ("attend", "_take_out"),
    "lane/coroutines.py": ("queue_on",),
    "runtime/home.py": ("PoolHome.wait_for",),
    "runtime/closing.py": ("Closing.end_if_empty", "Closing._is_without_python"),
    "runtime/multi_threaded.py": (
        "MultiThreadedExecutor._submit_call", "MultiThreadedExecutor._take_back",
    ),
}  # fmt: skip

_FITTING = (  # what threads do not share, or the model has in another way
    ("Lane.enter", "with self._lanes.lock:", "if True:"),  # `Servant.enter` holds it already
    ("attend", "here.servant", "future.outer"),
    ("attend", "Parking()", "future.parking"),
    ("PoolHome.wait_for", "row_of_this_thread(self._pool) is not None", "False"),
    ("PoolHome.wait_for", "serves or here.servant is not None", "True"),
    ("Lanes.take_back", "task._forsake()", "self.forsake(task)"),
    ("Lanes.refuse", "other._forsake()", "self.forsake(other)"),
    ("queue_on", "new_task(lanes, coroutine, level)", "coroutine"),
    ("Lanes.exchange",
     "requests = outbox[:_AT_ONCE] count = len(requests)"
     "self._requests[0, :count] = requests del outbox[:count]"
     "ready, over = exchange.exchange(self._pool, self._tasks, self._requests, count, self._answers)"
     "if ready: self._make_ready(self._answers[0, :ready].tolist())"
     "if over: self._set_free(self._answers[0, -over:].tolist())",
     "self.hand_over()"),
    ("Lanes.exchange", "exchange.is_anyone_rung(self._pool)", "self.rung"),
    ("queue_on", "next(lane.tally.spawned)", "pass"),
    ("queue_on", "task._context = copy_context()", "pass"),
)  # fmt: skip


def mount_lanes(edit=lambda source, name: source):
    """Return the methods, by their names, of the sources as they stand or are edited."""
    fit, found = edits(*_FITTING), {}
    replaced = {
        "FINISHED": FINISHED, "_DONE": DONE, "Patience": _Patience, "note_beginning": _nothing,
        "serve": _serve_of, "attend": lambda *arguments: found["attend"](*arguments), "CoroutineType": int,
        "Call": lambda lanes, function, args, kwargs: function, "ZukiError": ZukiError, "NORMAL": NORMAL,
        "_take_out": lambda *arguments: found["_take_out"](*arguments),
    }  # fmt: skip
    for file, names in _METHODS.items():
        methods = interpret(file, *names, edit=lambda source, name: edit(fit(source, name), name), **replaced)
        for name in names:
            found[name] = methods[name.rpartition(".")[2]]
    return Methods(found)


def _nothing():
    """Do nothing that another thread sees."""


class Methods:
    """What `mount_lanes` has found."""

    def __init__(self, found):
        self.found = found

    def frozen(self):
        return "methods"


class _Patience:
    """That of a thread which never looks for a deadlock."""

    def frozen(self):
        return "patience"

    def left(self):
        return -1.0

    def is_in_vain(self):
        return False


def _serve_of(wanted, future, deadline):
    """Serve as the thread that waits for a future."""
    return wanted[0]._lanes.serve(future.servant, wanted, future)
