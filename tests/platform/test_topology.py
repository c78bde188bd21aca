"""What is known of processors: from fabricated files, from none, and from those that are here."""

import dataclasses
import os

import pytest

import zuki
from tests.platform.machines import Machine
from zuki.platform import sysfs, topology


def test_here():
    found = zuki.platform.cpus()
    assert isinstance(found, zuki.platform.Cpus)
    numbers = [cpu.number for cpu in found.online]
    assert numbers == sorted(set(numbers))
    assert set(found.usable) <= set(numbers)
    for groups in (found.cores, found.packages, found.numa_nodes):
        assert sorted(cpu for cpus in groups.values() for cpu in cpus) == numbers
    if hasattr(os, "sched_getaffinity"):
        assert set(found.usable) == os.sched_getaffinity(os.getpid())
    assert "usable of" in repr(found)
    assert "NUMA nodes" in found._repr_html_()


def test_it_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        zuki.platform.cpus().usable = ()


def test_what_there_is_not():
    assert {"Cache", "Cpu", "Cpus", "cpus"} <= set(dir(zuki.platform))
    assert zuki.platform.Cache is topology.Cache
    with pytest.raises(AttributeError, match=r"'zuki\.platform' has no attribute 'gpus'"):
        _ = zuki.platform.gpus


def test_two_packages_of_two_nodes(tmp_path):
    machine = Machine(tmp_path, packages=2, nodes=2, caches=1, cores=2, threads=2)
    found = machine.read(range(0, 16, 2))
    assert found.usable == (0, 2, 4, 6, 8, 10, 12, 14)
    assert found.cores == {core: (core, core + 8) for core in range(8)}
    assert found.packages == {0: (0, 1, 2, 3, 8, 9, 10, 11), 1: (4, 5, 6, 7, 12, 13, 14, 15)}
    assert found.numa_nodes == {node: tuple(2 * node + one for one in (0, 1, 8, 9)) for node in range(4)}
    assert found.online[13] == zuki.platform.Cpu(number=13, core=5, package=1, numa_node=2)
    assert found.quota is None
    assert len(found.caches) == 8 + 8 + 8 + 4
    assert found.caches[0] == zuki.platform.Cache(1, "data", 32 << 10, (0, 8))
    assert found.caches[-1] == zuki.platform.Cache(3, "unified", 32 << 20, (6, 7, 14, 15))
    assert repr(found) == "<zuki.platform.Cpus: 8 usable of 16, 8 cores, 2 packages, 4 NUMA nodes>"
    for text in (
        "8 of 16: 0,2,4,6,8,10,12,14", "8 of 2 processors", "4: 0 has 0-1,8-9; 1 has",
        "L3 unified", "32 MiB each; 4 of 4 processors", "L1 data", "32 KiB each",
    ):  # fmt: skip
        assert text in found._repr_html_(), text
    assert sysfs.has_several_nodes(tmp_path)


def test_the_quota_is_told(tmp_path):
    machine = Machine(tmp_path, cores=4)
    for name, text in {
        "proc/self/cgroup": "0::/\n",
        "proc/self/mountinfo": "31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
        "sys/fs/cgroup/cpu.max": "150000 100000\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert machine.read().quota == 1.5
    assert repr(machine.read()).endswith("4 usable of 4, 4 cores, 1 NUMA node, quota 1.5>")
    assert "1.5 processors&#x27; time" in machine.read()._repr_html_()


def test_where_the_system_tells_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    found = topology.read(tmp_path, [0, 1, 2])
    assert found.online == tuple(zuki.platform.Cpu(number, number) for number in range(3))
    assert (found.caches, found.quota) == ((), None)
    assert found.numa_nodes == {0: (0, 1, 2)}
    assert "L1" not in found._repr_html_()
    assert not sysfs.has_several_nodes(tmp_path)


@pytest.mark.parametrize("count", [3, None])
def test_on_a_system_without_masks(tmp_path, monkeypatch, count):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: count)
    assert topology.read(tmp_path).usable == tuple(range(count or 1))


def test_processors_that_are_switched_off_are_not_there(tmp_path):
    machine = Machine(tmp_path, cores=4)
    machine.write("cpu/online", "0-1,3")
    assert [cpu.number for cpu in machine.read([0, 3]).online] == [0, 1, 3]


def test_what_files_do_not_tell_is_made_up(tmp_path):
    for number in (0, 1, 2):
        (tmp_path / f"sys/devices/system/cpu/cpu{number}").mkdir(parents=True)
    machine = object.__new__(Machine)
    machine.root = tmp_path
    machine.write("cpu/online", "some of them")  # then it is the folders that tell
    (tmp_path / "sys/devices/system/cpu/cpufreq").mkdir()
    machine.write("cpu/cpu0/topology/thread_siblings_list", "0-1")  # as old kernels call it
    machine.write("cpu/cpu1/topology/core_cpus_list", "0,2-")
    machine.write("cpu/cpu2/topology/core_cpus_list", "5")  # it is none of these
    machine.write("cpu/cpu2/topology/physical_package_id", "-1")
    machine.write("cpu/cpu0/cache/index0/level", "1")
    machine.write("cpu/cpu0/cache/index0/size", "lots")
    machine.write("cpu/cpu1/cache/index0/level", "one")
    machine.write("node/node3/cpulist", "0-1")
    machine.write("node/node4/cpulist", "")  # memory only
    found = topology.read(tmp_path, [0])
    assert [(cpu.number, cpu.core, cpu.package, cpu.numa_node) for cpu in found.online] == [
        (0, 0, 0, 3), (1, 1, 0, 3), (2, 2, 0, 3),
    ]  # fmt: skip
    assert found.caches == (zuki.platform.Cache(1, "unified", 0, (0,)),)
    assert "unknown size" in found._repr_html_()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0-3,8,10-11", (0, 1, 2, 3, 8, 10, 11)),
        ("5", (5,)),
        ("2,1", (1, 2)),
        ("", ()),
        ("3-", ()),
        ("a", ()),
        ("0-99999999999", ()),
        ("3-1", ()),
    ],
)
def test_lists_of_numbers(text, expected):
    assert sysfs.numbers(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("32K", 32768), ("2M", 2 << 20), ("1G", 1 << 30), ("64", 64), ("", 0), ("K", 0)]
)
def test_sizes(text, expected):
    assert sysfs.size(text) == expected
