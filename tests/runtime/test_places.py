"""Threads that are bound to processors, what they start, and what their rows say of NUMA nodes."""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest

import zuki
from tests.runtime.together import LIMIT, Marked, threads_of
from zuki.platform import binding
from zuki.platform.topology import Cpu, Cpus
from zuki.runtime import places
from zuki.runtime.places import Places
from zuki.runtime.tables import make_table
from zuki_kernels.counters import WORKER_FIELDS
from zuki_kernels.nearness import NUMA_NODE

pytestmark = pytest.mark.timeout(240)

needs_binding = pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs os.sched_setaffinity")
USABLE = sorted(os.sched_getaffinity(os.getpid())) if hasattr(os, "sched_getaffinity") else []
needs_two = pytest.mark.skipif(len(USABLE) < 2, reason="needs two processors")


def mask_here():
    return os.sched_getaffinity(0)


def masks_of_all(executor, count):
    """Let as many calls run at once; return where each of the threads may run, by its name."""
    barrier = threading.Barrier(count)

    def call():
        barrier.wait(LIMIT)
        return threading.current_thread().name, mask_here()

    return dict(call.result(LIMIT) for call in [executor.submit(call) for _ in range(count)])


@needs_binding
@pytest.mark.parametrize("cpu", USABLE[:2])
def test_a_thread_has_the_mask_that_was_asked_for(cpu, monkeypatch):
    monkeypatch.delenv("ZUKI_NUM_THREADS", raising=False)  # it says more than the number of processors does
    with zuki.Executor(affinity=[cpu]) as executor:
        assert executor.max_threads == 1
        assert executor.submit(mask_here).result(LIMIT) == {cpu}
    assert mask_here() == set(USABLE)


@needs_binding
@needs_two
@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
def test_threads_take_processors_in_order_and_go_round(order):
    told = [USABLE[place] for place in order]
    with zuki.Executor(4, affinity=told, python_lanes=4, name="bound") as executor:
        masks = masks_of_all(executor, 4)
    assert masks == {f"bound-{row}": {told[row % 2]} for row in range(4)}


@needs_binding
@pytest.mark.parametrize("affinity", ["compact", "scatter"])
def test_an_order_is_that_of_the_machine(affinity):
    with zuki.Executor(min(len(USABLE), 4), affinity=affinity, python_lanes=min(len(USABLE), 4)) as executor:
        masks = masks_of_all(executor, executor.max_threads)
    taken = [min(mask) for mask in masks.values()]
    assert all(len(mask) == 1 for mask in masks.values())
    assert len(set(taken)) == len(taken)
    assert set(taken) <= set(USABLE)


@needs_binding
def test_the_environment_binds_the_default_pool():
    program = """
import os, zuki
assert zuki.default_executor().config.affinity == (min(os.sched_getaffinity(0)),)
print(zuki.submit(os.sched_getaffinity, 0).result(60), len(os.sched_getaffinity(0)))
"""
    ended = subprocess.run(
        [sys.executable, "-c", program],
        env={
            **{name: value for name, value in os.environ.items() if name != "ZUKI_NUM_THREADS"},
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            "ZUKI_AFFINITY": str(USABLE[0]),
        },
        capture_output=True,
        text=True,
        timeout=LIMIT,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.strip() == f"{{{USABLE[0]}}} {len(USABLE)}"


@needs_binding
@needs_two
def test_a_caller_that_helps_is_not_bound_and_graphs_run():
    marked, masks = Marked(), []
    marked.graph.add(lambda: masks.append((threading.current_thread().name, mask_here())))
    with zuki.Executor(2, affinity=USABLE[:1], name="bound") as executor:
        for _ in range(3):
            marked.graph.run(executor)
        marked.check(3)
        executor.submit(mask_here).result(LIMIT)
    for name, mask in masks:
        assert mask == ({USABLE[0]} if name.startswith("bound-") else set(USABLE))
    assert mask_here() == set(USABLE)
    assert threads_of("bound") == []


@needs_binding
@needs_two
def test_what_bound_threads_start_is_not_bound_if_zuki_starts_it():
    def ask_others():
        with zuki.Executor(1) as other:
            unbound = other.submit(mask_here).result(LIMIT)
            told = zuki.ExecutorConfig(affinity=USABLE)  # the process may use all of them
        return mask_here(), unbound, told.affinity

    async def ask_a_thread():
        return mask_here(), await zuki.to_thread(mask_here)

    with zuki.Executor(2, affinity=USABLE[1:2]) as executor:
        bound, unbound, told = executor.submit(ask_others).result(LIMIT)
        assert (bound, unbound, told) == ({USABLE[1]}, set(USABLE), tuple(USABLE))
        assert executor.spawn(ask_a_thread()).result(LIMIT) == ({USABLE[1]}, set(USABLE))


@needs_binding
@needs_two
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_a_child_that_a_bound_thread_forks_may_run_where_its_parent_may():
    program = f"""
import os, warnings, zuki
warnings.simplefilter("ignore")
def fork():
    child = os.fork()
    if child == 0:
        with zuki.Executor(1) as executor:
            found = os.sched_getaffinity(0), executor.submit(os.sched_getaffinity, 0).result(60)
        os._exit(0 if found == ({set(USABLE)},) * 2 else 1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
with zuki.Executor(affinity={USABLE[:1]}) as executor:
    print(executor.submit(fork).result(60))
"""
    ended = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        timeout=LIMIT,
    )
    assert ended.stdout.strip() == "0", ended.stderr


@needs_binding
def test_a_default_number_of_threads_is_not_more_than_the_processors_named(monkeypatch):
    monkeypatch.delenv("ZUKI_NUM_THREADS", raising=False)
    told = zuki.ExecutorConfig(affinity=USABLE[:1])
    assert (told.max_threads, told.follows_processors) == (1, False)
    assert told.changed(name="other").affinity == (USABLE[0],)
    assert zuki.ExecutorConfig(affinity="scatter").follows_processors
    assert zuki.ExecutorConfig(3, affinity=np.array(USABLE[:1])).max_threads == 3
    monkeypatch.setenv("ZUKI_NUM_THREADS", "2")
    assert zuki.ExecutorConfig(affinity=USABLE[:1]).max_threads == 2


@needs_binding
def test_processors_that_are_not_usable_are_named():
    with pytest.raises(ValueError, match=r"may not use: \[4095\]; it may use \[.*\]$"):
        zuki.Executor(2, affinity=[USABLE[0], 4095])


def test_where_the_system_binds_no_threads(monkeypatch):
    monkeypatch.delattr(os, "sched_setaffinity", raising=False)
    assert zuki.ExecutorConfig(1).affinity is None
    with pytest.raises(ValueError, match=f"affinity is not to be had: {sys.platform} binds no threads"):
        zuki.ExecutorConfig(1, affinity="compact")


@pytest.mark.parametrize(
    ("text", "expected"), [("Compact", "compact"), ("scatter", "scatter"), (" 0 , 1", (0, 1)), ("0", (0,))]
)
@needs_binding
@needs_two
def test_the_variable(monkeypatch, text, expected):
    monkeypatch.setattr("zuki.runtime.config.affinity_mask", lambda: (0, 1))
    assert zuki.ExecutorConfig.from_environment({"ZUKI_AFFINITY": text}).affinity == expected


@pytest.mark.parametrize("text", ["close", "0-1", "0,,1"])
def test_nonsense_in_the_variable(text):
    with pytest.raises(ValueError, match="ZUKI_AFFINITY must be compact, scatter or numbers of processors"):
        zuki.ExecutorConfig.from_environment({"ZUKI_AFFINITY": text})


# ---- without threads ------------------------------------------------------------------------------


class Bound:
    """Stands for a machine of two nodes, and for where the calling thread was bound to."""

    def __init__(self, monkeypatch, affinity, usable=(0, 1, 2, 3), refuses=()):
        self.at, self.usable, self.refuses = None, usable, refuses
        online = tuple(Cpu(number, number, 0, number % 2) for number in range(4))
        self.workers = make_table(8, WORKER_FIELDS)
        self.places = Places(affinity, self.workers, lambda: Cpus(online, (0, 1, 2, 3)))
        monkeypatch.setattr(places, "affinity_mask", lambda: self.usable)
        monkeypatch.setattr(places, "bind", self.bind)
        monkeypatch.setattr(places, "unbind", lambda: self.bind(self.usable))
        monkeypatch.setattr(places, "current_cpu", lambda: 3)

    def bind(self, cpus):
        self.at = tuple(cpus)
        return not set(cpus) & set(self.refuses)

    def start(self, row):
        """Return where a new thread is, and its node as its row says it."""
        self.places.take(row)
        self.places.settle(row)
        return self.at, self.workers[row, NUMA_NODE] - 1


def test_a_place_that_is_given_back_is_the_next_ones(monkeypatch):
    made = Bound(monkeypatch, "compact")
    assert [made.start(row) for row in (4, 2, 7)] == [((0,), 0), ((2,), 0), ((1,), 1)]
    made.places.give_back(2)
    assert made.start(5) == ((2,), 0)
    assert made.start(2) == ((3,), 1)
    assert made.start(3) == ((0,), 0)  # they go round


def test_processors_that_the_process_loses_are_left_out(monkeypatch):
    made = Bound(monkeypatch, (3, 1))
    assert made.start(0) == ((3,), 1)
    made.usable = (0, 1)
    assert made.start(1) == ((1,), 1)
    made.usable = (0, 2)
    assert made.start(2) == ((0, 2), 1)  # none of them is left: not bound; it happens to be on node 1
    made.usable, made.refuses = (0, 1, 2, 3), (1,)
    assert made.start(4) == ((0, 1, 2, 3), 1)  # lost between the look and the call


def test_threads_that_are_not_bound_say_where_they_begin(monkeypatch):
    made = Bound(monkeypatch, None)
    assert made.start(1) == ((0, 1, 2, 3), 1)
    made.places.settle_guest(0)
    assert made.workers[0, NUMA_NODE] == 1 + 1
    monkeypatch.setattr(places, "current_cpu", lambda: -1)
    made.places.settle_guest(0)
    assert made.workers[0, NUMA_NODE] == 0


def test_where_there_is_one_node_rows_say_nothing(monkeypatch):
    monkeypatch.setattr(places.sysfs, "has_several_nodes", lambda: False)
    monkeypatch.setattr(places, "topology", None)  # nobody reads all that the system tells
    workers = make_table(2, WORKER_FIELDS)
    made = Places(None, workers)
    made.take(1)
    made.settle(1)
    made.settle_guest(0)
    assert not workers.any()


def test_a_pool_on_two_nodes(monkeypatch):
    """All of it, on a machine that is said to have two nodes, each with one processor."""
    online = tuple(Cpu(number, number, 0, index) for index, number in enumerate(USABLE or [0, 1]))
    monkeypatch.setattr(places.sysfs, "has_several_nodes", lambda: True)
    monkeypatch.setattr(places.topology, "read", lambda: Cpus(online, tuple(USABLE)))
    told = {"affinity": USABLE} if hasattr(os, "sched_setaffinity") else {}
    marked = Marked()
    with zuki.Executor(4, **told) as executor:
        for _ in range(20):
            marked.graph.run(executor)
        marked.graph.submit(executor).result(LIMIT)
        rows = executor._pool.tables.workers[:, NUMA_NODE]
        if len(online) > 1 and sys.platform == "linux":
            assert rows.any()
        assert set(rows) <= {0, *range(1, len(online) + 1)}
    marked.check(21)


def test_where_the_calling_thread_is():
    cpu = binding.current_cpu()
    assert cpu == -1 or not USABLE or cpu in USABLE
