"""A thread that serves: it runs Python tasks in bursts, until nothing is left for it."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextvars import copy_context
from types import CoroutineType
from typing import Any

from zuki.lane.awaiting import running_loop
from zuki.lane.cancelling import put_back, tell
from zuki.lane.coroutines import CoroutineTask, new_task, queue_on
from zuki.lane.driver import RETURNED, make_driver, send
from zuki.lane.generators import closing_generators
from zuki.lane.lane import Lane
from zuki.lane.lanes import Lanes
from zuki.lane.outcome import DONE as _DONE
from zuki.lane.outcome import FINISHED, HAS_LOCK
from zuki.lane.stillness import note_beginning
from zuki.lane.wakers import PARKED, here
from zuki_kernels.task_state import ROW_MASK

STEPS = 32  # steps of coroutines in a burst
_CALLS = 8  # calls


class Servant:
    """What a thread does for lanes now.

    Parameters
    ----------
    lanes : Lanes
        Whose.
    outer : Servant, optional
        What the thread did before, in a step or a call of which it now serves.
    """

    def __init__(self, lanes: Lanes, outer: "Servant | None" = None) -> None:
        self._lanes, self._outer = lanes, outer
        self.current: Any = None  # whose step it is in
        self.held: list[Lane] = []
        self.is_lost = False  # others have its lanes
        self.is_beginning = True  # what is spawned now waits in the queue: see `spawn`
        self.begun = 0  # coroutines, each inside of a step of another one
        self.unfinished = 0  # of them: those whose first step was not their last
        self.returned = 0  # others that have come to their ends

    def spawn(self, coroutine: Any, level: int, name: str | None) -> CoroutineTask[Any]:
        """Let a coroutine run that the current step or call spawns; return its future.

        It begins in place: its first step is taken before this returns, for most that are spawned by the
        thousand end with it, and so never wait in a queue, which keeps the collector of garbage from going
        through all of them. Not so what is spawned in such a step, for then the stack would grow, or is less
        urgent than its spawner, or what several threads may run at once.
        """
        lanes, spawner = self._lanes, self.current
        is_first = not (self.is_beginning or level > spawner._level or lanes.is_ending)
        if not is_first or type(coroutine) is not CoroutineType:
            return queue_on(lanes, coroutine, level, name)
        task = new_task(lanes, coroutine, level)
        if name is not None:
            task._name = name
        self.is_beginning, self.current = True, task
        self.begun += 1
        context, recorder = copy_context(), lanes.recorder
        begun = 0 if recorder is None else time.monotonic_ns()
        try:
            driver = lanes.idle_drivers.pop()
        except IndexError:
            driver = make_driver()
        try:
            yielded = context.run(send, driver, task)
        except BaseException as error:
            self.unfinished += 1
            task._raise(error)
        else:
            if yielded is RETURNED:  # `task._return`, in place
                lanes.idle_drivers.append(driver)
                task._coroutine = None
                if HAS_LOCK and task._wakers is None:  # as `Outcome._close`
                    task._state = FINISHED
                else:
                    task._close(FINISHED)
                if task._number >= 0:
                    task._give_number_back()
            else:
                self.unfinished += 1
                task._context, task._driver = context, driver
                self._put_aside(task, yielded)
        finally:
            self.current, self.is_beginning = spawner, False
            if recorder is not None:
                recorder.note(begun, "step", name or coroutine.__qualname__)
        return task

    def wait_for(self, future: Any, timeout: float | None) -> None:
        """Wait for a future inside of a step or a call."""
        self._lanes.home.wait_for(future, timeout)

    @property
    def lanes(self) -> Lanes:
        """Whose."""
        return self._lanes

    def chain(self) -> "Iterator[Servant]":
        """Go through this one and those in whose steps or calls it serves."""
        servant: Servant | None = self
        while servant is not None:
            yield servant
            servant = servant._outer

    def serves(self, lanes: Lanes) -> bool:
        """Tell whether this thread is in a step or a call of some lanes."""
        return any(servant._lanes is lanes for servant in self.chain())

    def enter(self, wanted: Sequence[Lane]) -> None:
        """Hold those of the lanes that it may."""
        note_beginning()
        with self._lanes.lock:
            self.held = [lane for lane in wanted if lane.enter()]
            self._lanes.away -= self.is_lost
            self.is_lost = False
            self._lanes.entries += 1  # it holds them, and has no task yet: see `Lanes.is_empty`

    def let_go(self) -> None:
        """Let others have its lanes: it is stuck. Any thread; it notices when it is not any more."""
        with self._lanes.lock:
            if self.is_lost:
                return
            self.is_lost = True
            self._lanes.away += 1
            for lane in self.held:
                lane.holders -= 1
        for lane in self.held:
            lane.pass_on()

    def leave(self) -> None:
        """Serve no more."""
        with self._lanes.lock:
            if self.is_lost:
                self._lanes.away -= 1
            else:
                self.is_lost = True  # the watcher may be about to take them away
                for lane in self.held:
                    lane.holders -= 1
        for lane in self.held:
            lane.pass_on()

    def run_noted_steps(self, queue: Any) -> None:
        """Do as `run_steps`, and note each step for a trace."""
        recorder = self._lanes.recorder
        for _ in range(min(STEPS, len(queue))):
            begun, name = time.monotonic_ns(), queue[0].name
            self.run_steps(queue, 1)
            if recorder is not None:
                recorder.note(begun, "step", name)

    def run_steps(self, queue: Any, most: int = STEPS) -> None:
        """Run a burst of steps of the coroutines in a deque."""
        lanes, take, add = self._lanes, queue.popleft, queue.append
        if lanes.is_ending:
            add = put_back
        self.is_beginning = lanes.coroutines.limit > 1  # then it goes to whoever is free
        try:
            for _ in range(most):
                try:
                    self.current = task = take()
                except IndexError:
                    return
                driver = task._driver
                try:
                    if driver is not None and task._wish is None:  # `task._step`, in place
                        yielded = task._context.run(send, driver, None)
                    else:
                        yielded = task._step()
                except BaseException as error:
                    task._raise(error)
                else:
                    if yielded is None:
                        add(task)
                    elif yielded is RETURNED:
                        self.returned += 1
                        task._return()
                    else:
                        self._put_aside(task, yielded)
        finally:
            self.current, self.is_beginning = None, True

    def _put_aside(self, task: Any, yielded: Any) -> None:
        """Do what a coroutine has asked for by what it has yielded."""
        lanes = self._lanes
        if yielded is None or (yielded is PARKED and task._wish is not None):
            lanes.coroutines.ready[task._level].append(task)
        elif yielded is PARKED:
            if task._number < 0:
                task._number = lanes.take_number(task)
            lanes.outbox.append(~((task._number & ROW_MASK) << 1))  # see `exchange.paused`
        else:
            task._complain(yielded)
        if lanes.is_ending:
            tell(task)

    def run_calls(self, queue: Any) -> None:
        """Run a burst of the calls in a deque."""
        take, prepare = queue.popleft, self._lanes.prepare
        for _ in range(_CALLS):
            if prepare is not None and not prepare():
                return
            try:
                call = take()
            except IndexError:
                return
            call._run()
            call = None  # its result is not kept alive for longer
            if self.is_lost:
                return


def serve(
    wanted: Sequence[Lane],
    future: Any = None,
    deadline: float | None = None,
    beat: Callable[["Servant"], Any] | None = None,
) -> bool:
    """Run what is ready in lanes, until nothing is, others have the lanes, or a future is done.

    Parameters
    ----------
    wanted : sequence of Lane
        The lanes to serve, all of one executor; those that others hold are left to them.
    future : Future, optional
        When it is done this returns after the burst.
    deadline : float, optional
        Of the monotonic clock: when this returns after the burst.
    beat : callable, optional
        Called with the servant before each burst.

    Returns
    -------
    bool
        Whether it has stopped at the deadline.
    """
    lanes = wanted[0]._lanes
    outer = here.servant
    here.servant = servant = (lanes.make_servant or Servant)(lanes, outer)
    lanes.roll.add(servant)
    try:
        with outside_of_loops(), closing_generators(lanes):
            return _serve(servant, wanted, future, deadline, beat)
    finally:
        here.servant = outer
        servant.leave()
        lanes.roll.drop(servant)


def _serve(
    servant: Servant,
    wanted: Sequence[Lane],
    future: Any,
    deadline: float | None,
    beat: Callable[["Servant"], Any] | None,
) -> bool:
    lanes = servant._lanes
    servant.enter(wanted)
    while servant.held and not (future is not None and future._state in _DONE):
        worked = False
        for lane in servant.held:
            if beat is not None:
                beat(servant)
            if lane is lanes.calls:
                queue = lane.next_queue()
                if queue:
                    servant.run_calls(queue)
                    worked = True
                continue
            if lanes.outbox or lanes.may_be_rung:
                lanes.exchange()
            queue = lane.next_queue()
            if queue:
                if lanes.recorder is None:
                    servant.run_steps(queue)
                else:
                    servant.run_noted_steps(queue)
                worked = True
        if servant.is_lost:
            servant.enter(wanted)
        elif not worked and not any(lane.has_work() for lane in servant.held):
            return False
        if deadline is not None and time.monotonic() >= deadline:
            return True
    return False


class outside_of_loops:  # noqa: N801  (used as a statement)
    """Let asyncio not take the steps of a ``with`` block for those of the loop that runs on this thread."""

    def __enter__(self) -> None:
        self._loop = running_loop()
        if self._loop is not None:
            sys.modules["asyncio.events"]._set_running_loop(None)

    def __exit__(self, *error: object) -> None:
        if self._loop is not None:
            sys.modules["asyncio.events"]._set_running_loop(self._loop)
