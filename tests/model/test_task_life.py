"""A task's life under the model: no wake is lost, no task is run by two, nothing happens after its end."""

import pytest

from zuki_kernels import task_life, task_state

from .explore import explore
from .lives import TASK, WAKER, Lives, store_relaxed
from .mount import atomic, mount_all
from .mutants import assert_killed
from .pct import pct
from .worlds import load_plain, store_plain

MUTANTS = [
    ("spawn", "store_release", "store_relaxed"),
    ("_make_run", "cas_release", "cas_relaxed"),
    ("_make_run", "if has(word, COMPLETED)",
     "if has(word, SCHEDULED): return NOTHING\n        if has(word, COMPLETED)"),
    ("_make_run", "if generation_of(word) != life_of(waker)", "if False"),
    ("_make_run", "if has(word, COMPLETED)", "if False"),
    ("_make_run", "SCHEDULED | RUNNING", "SCHEDULED"),
    ("_make_run", "cancelled(word) if to_its_end else woken(word)", "woken(word)"),
    ("start", "cas_acquire", "cas_relaxed"),
    ("start", "started(word)", "word | RUNNING"),
    ("start", "started(word)", "started(word) | word & CANCELLED"),
    ("pause", "cas_release", "cas_relaxed"),
    ("pause", "return AGAIN if has(word, SCHEDULED) else IDLE", "return IDLE"),
    ("pause", "cas_release(tasks, row, STATE, word, paused(word))",
     "cas_release(tasks, row, STATE, word, paused(word) & ~SCHEDULED)"),
    ("finish", "cas_acq_rel", "cas_release"),
    ("finish", "cas_acq_rel", "cas_acquire"),
    ("finish", "finished(word, by_cancellation)", "word & ~RUNNING | COMPLETED"),
    ("finish", "FREE if is_free(after) else NOTHING", "NOTHING"),
    ("recycle", "recycled(word)", "word & ~COMPLETED"),
]  # fmt: skip
BEYOND_THE_MODEL = {}


def running(row=TASK):
    """The word of a task that somebody runs, as a cell's first value."""
    return {(row, task_life.STATE): task_state.RUNNING | task_state.HELD}


def woken(kernels, wakers=2, runners=1):
    """Wakers race the pause of a task that waits for each of them; several would run it."""
    world = Lives(kernels, news=wakers, queued=True)

    def quiescent(results, memory):
        return world.is_quiet(memory) and "done" in results.values()

    return [world.bring(at) for at in range(wakers)] + [world.runner(wakers)] * runners, None, quiescent


def handed_over(kernels):
    """One thread spawns, another runs: what the task needs was there before it."""
    world = Lives(kernels)

    def spawner():
        yield from world.spawn(TASK, False)

    def check(results, memory):
        return memory.latest(world.freed, 0, 0) != 1 and "not freed"

    return [spawner, world.runner(0)], check, None


def woken_while_it_ends(kernels):
    """A wake races the end of a task: it is over, and in no queue."""
    world = Lives(kernels, initial=running())

    def runner():
        yield from world.step(TASK)
        yield from world.finish(TASK)

    def check(results, memory):
        return not world.is_quiet(memory) and "it is to run after its end"

    return [runner, world.bring(0), world.bring(1)], check, None


def cancelled_while_it_pauses(kernels):
    """A wish to cancel is delivered once, whenever it comes, and brings its reason."""
    world = Lives(kernels, initial=running())

    def canceller():
        yield from store_relaxed(world.news, 0, 1, 1)
        return (yield from world.wake(WAKER, cancels=True))

    def runner():
        yield from world.step(TASK)
        yield from world.pause(TASK)
        delivered = ()
        while True:  # a body that swallows the cancellation
            yield from world.pop(TASK)
            began = yield from world.life.start(world.tasks, TASK)
            yield from world.step(TASK)
            if began == task_life.CANCEL:
                delivered += ((yield from atomic("load_relaxed")(world.news, 0, 1)),)
                if len(delivered) > 1:
                    raise AssertionError("delivered twice")
                yield from store_relaxed(world.news, 0, 0, 1 + delivered[0])
            yield from world.pause(TASK)

    def quiescent(results, memory):
        return memory.latest(world.news, 0, 0) == 2

    return [canceller, world.bring(), runner], None, quiescent


def recycled_under_wakers(kernels, cancels=False):
    """A waker of the first life is late: the second life in the same row hears nothing of it."""
    world = Lives(kernels, initial={(TASK, task_life.STATE): task_state.RUNNING})

    def runner():
        yield from world.finish(TASK)  # nobody holds it: it is recycled
        yield from world.spawn(TASK)
        yield from world.pop(TASK)
        began = yield from world.life.start(world.tasks, TASK)
        paused = yield from world.life.pause(world.tasks, TASK)
        return began, paused

    def late():
        return (yield from world.wake(WAKER, cancels))

    def check(results, memory):
        word = memory.latest(world.tasks, TASK, task_life.STATE)
        if results[0] != (task_life.RUN, task_life.IDLE) or memory.latest(world.freed, 0, 0) != 1:
            return "the second life was disturbed"
        return (word & task_state.SCHEDULED or task_life.PUSH in results.values()) and "woken by an old waker"

    return [runner, late, late], check, None


def awaited(kernels):
    """The end of a task is told with its result; the holder and the finisher agree who is the last."""
    world = Lives(kernels, initial=running())

    def runner():
        yield from world.step(TASK)
        waker = yield from world.finish(TASK)
        if waker >= 0:
            yield from store_relaxed(world.news, 0, waker, 1)
            yield from atomic("fence_release")()
        return waker

    def holder():
        answer = yield from world.awaiting.wait_for(world.tasks, TASK, 1)
        if answer == task_life.OVER:
            result = yield from load_plain(world.objects, TASK, 0)
            yield from store_plain(world.objects, TASK, 0, result)
            yield from world.detach(TASK)
            return result
        return answer

    def check(results, memory):
        told, got = results[0], results[1]
        return (told, got) not in ((1, task_life.NOTHING), (-1, 1)) and "told wrongly"

    return [runner, holder], check, None


SCENARIOS = [
    lambda kernels: woken(kernels, 1, 2),
    handed_over,
    woken_while_it_ends,
    cancelled_while_it_pauses,
    recycled_under_wakers,
    lambda kernels: recycled_under_wakers(kernels, True),
    awaited,
    woken,
]
NAMES = [getattr(scenario, "__name__", "") for scenario in SCENARIOS]


def mounted(edit=lambda source, name: source):
    return mount_all(edit, ["awaiting"])


def look(scenario, **options):
    def find(kernels):
        threads, check, quiescent = scenario(kernels)
        return explore(threads, check, quiescent=quiescent, **options)

    return find


@pytest.mark.parametrize("scenario", SCENARIOS, ids=NAMES)
def test_each_life_goes_as_it_should(scenario):
    look(scenario)(mounted())


@pytest.mark.slow
def test_two_wakers_and_two_runners():
    look(lambda kernels: woken(kernels, 2, 2), preemptions=2)(mounted())


def test_random_schedules_of_more_runners():
    threads, check, quiescent = woken(mounted(), 3, 3)
    pct(threads, check, quiescent=quiescent, runs=100)


@pytest.mark.parametrize("mutant", MUTANTS)
def test_each_ordering_is_needed(mutant):
    assert_killed("task_life", mutant, *map(look, SCENARIOS), entry=mounted)
