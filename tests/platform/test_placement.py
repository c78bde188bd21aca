"""In which order bound threads take processors: a pure function, on fabricated machines."""

import random

import pytest

from tests.platform.machines import Machine
from zuki.platform.placement import places
from zuki.platform.topology import Cpu, Cpus


@pytest.mark.parametrize(
    ("told", "compact", "scatter"),
    [
        ({"cores": 4}, [0, 1, 2, 3], [0, 1, 2, 3]),
        ({"cores": 2, "threads": 2}, [0, 2, 1, 3], [0, 1, 2, 3]),
        (
            {"cores": 2, "threads": 2, "siblings_are_neighbours": True},
            [0, 1, 2, 3],
            [0, 2, 1, 3],
        ),
        ({"packages": 2, "cores": 2}, [0, 1, 2, 3], [0, 2, 1, 3]),
        ({"packages": 2, "cores": 1, "threads": 2}, [0, 2, 1, 3], [0, 1, 2, 3]),
        ({"caches": 2, "cores": 2}, [0, 1, 2, 3], [0, 2, 1, 3]),
        (
            {"packages": 2, "nodes": 2, "caches": 1, "cores": 1},
            [0, 1, 2, 3],
            [0, 2, 1, 3],
        ),
        (
            {"nodes": 2, "caches": 2, "cores": 2, "threads": 2},
            [0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15],
            [0, 4, 2, 6, 1, 5, 3, 7, 8, 12, 10, 14, 9, 13, 11, 15],
        ),
    ],
)
def test_orders(tmp_path, told, compact, scatter):
    cpus = Machine(tmp_path, **told).read()
    assert places(cpus, "compact") == tuple(compact)
    assert places(cpus, "scatter") == tuple(scatter)


def test_only_what_is_usable_has_a_place(tmp_path):
    cpus = Machine(tmp_path, packages=2, cores=2, threads=2).read([0, 3, 4, 6, 7])
    assert places(cpus, "compact") == (0, 4, 6, 3, 7)
    assert places(cpus, "scatter") == (0, 6, 3, 4, 7)
    assert places(cpus, (7, 1, 0)) == (7, 0)
    assert places(cpus, (1, 2)) == ()


def test_scatter_gives_each_thread_a_core_of_its_own_for_as_long_as_there_is_one(tmp_path):
    cpus = Machine(tmp_path, packages=2, nodes=2, caches=2, cores=3, threads=2).read()
    order = places(cpus, "scatter")
    core_of = {cpu.number: cpu.core for cpu in cpus.online}
    node_of = {cpu.number: cpu.numa_node for cpu in cpus.online}
    assert len({core_of[cpu] for cpu in order[:24]}) == 24
    for count in (4, 8, 24, 48):
        on_nodes = [node_of[cpu] for cpu in order[:count]]
        assert {on_nodes.count(node) for node in range(4)} == {count // 4}


def test_compact_uses_no_more_than_it_must(tmp_path):
    cpus = Machine(tmp_path, packages=2, nodes=2, caches=2, cores=3, threads=2).read()
    order = places(cpus, "compact")
    core_of = {cpu.number: cpu.core for cpu in cpus.online}
    caches = [set(cache.cpus) for cache in cpus.caches if cache.level == 3]
    nodes = [set(group) for group in cpus.numa_nodes.values()]
    for count in range(1, 49):
        taken = set(order[:count])
        assert len({core_of[cpu] for cpu in taken}) == -(-count // 2)
        assert sum(bool(cache & taken) for cache in caches) == -(-count // 6)
        assert sum(bool(node & taken) for node in nodes) == -(-count // 12)


def test_a_machine_of_which_nothing_is_known():
    cpus = Cpus(tuple(Cpu(number, number) for number in range(4)), (1, 2, 3))
    assert places(cpus, "compact") == places(cpus, "scatter") == (1, 2, 3)


def test_caches_that_only_some_processors_have(tmp_path):
    machine = Machine(tmp_path, cores=4)
    for cpu in range(2):
        machine.cache(cpu, 4, 4, "Unified", "64M", [0, 1])
    cpus = machine.read()
    assert sorted(places(cpus, "compact")) == sorted(places(cpus, "scatter")) == [0, 1, 2, 3]


@pytest.mark.parametrize("seed", range(20))
def test_each_usable_processor_has_one_place(tmp_path, seed):
    chance = random.Random(seed)
    told = {name: chance.randint(1, 3) for name in ("packages", "nodes", "caches", "cores", "threads")}
    machine = Machine(tmp_path, **told, siblings_are_neighbours=chance.random() < 0.5)
    usable = sorted(chance.sample(range(machine.count), chance.randint(1, machine.count)))
    for affinity in ("compact", "scatter"):
        assert sorted(places(machine.read(usable), affinity)) == usable
