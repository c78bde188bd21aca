"""Quotas of control groups, on fabricated files of both versions."""

import os

import pytest

from zuki.platform import usable
from zuki.platform.cgroups import cpu_quota

V2 = "31 23 0:28 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw\n"
V1 = "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
MEMORY = "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"


def system(root, groups, mounts, files):
    """Write what a system has: the process's groups, the mounts, and files below ``sys/fs/cgroup``."""
    proc = root / "proc/self"
    proc.mkdir(parents=True)
    (proc / "cgroup").write_text(groups)
    (proc / "mountinfo").write_text(mounts)
    for name, text in files.items():
        file = root / "sys/fs/cgroup" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return root


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"a/b/cpu.max": "150000 100000\n"}, 1.5),
        ({"a/b/cpu.max": "max 100000\n"}, None),
        ({"a/b/cpu.max": "400000 100000", "a/cpu.max": "100000 100000"}, 1.0),
        ({"a/b/cpu.max": "max 100000", "a/cpu.max": "50000 100000", "cpu.max": "max 100000"}, 0.5),
        ({}, None),
        ({"a/b/cpu.max": "nonsense"}, None),
        ({"a/b/cpu.max": "0 100000"}, None),
        ({"other/cpu.max": "100000 100000"}, None),
    ],
)
def test_version_2(tmp_path, files, expected):
    assert cpu_quota(system(tmp_path, "0::/a/b\n", V2, files)) == expected


@pytest.mark.parametrize(
    ("quota", "expected"), [("-1", None), ("200000", 2.0), ("25000", 0.25), ("x", None), ("0", None)]
)
def test_version_1(tmp_path, quota, expected):
    files = {
        "cpu,cpuacct/a/cpu.cfs_quota_us": quota,
        "cpu,cpuacct/a/cpu.cfs_period_us": "100000",
        "memory/m/cpu.cfs_quota_us": "1",
    }
    groups = "4:memory:/m\n2:cpu,cpuacct:/a\n0::/\n"
    assert cpu_quota(system(tmp_path, groups, MEMORY + V1, files)) == expected


@pytest.mark.parametrize("path", ["/docker/beef", "/../.."])
def test_a_container_that_sees_only_its_own_group(tmp_path, path):
    mount = V2.replace(" / /sys", " /docker/beef /sys")
    assert cpu_quota(system(tmp_path, f"0::{path}\n", mount, {"cpu.max": "100000 100000"})) == 1.0


def test_both_versions_at_once_and_the_lesser_counts(tmp_path):
    files = {
        "unified/cpu.max": "300000 100000",
        "cpu,cpuacct/cpu.cfs_quota_us": "200000",
        "cpu,cpuacct/cpu.cfs_period_us": "100000",
    }
    mounts = V1 + V2.replace("/sys/fs/cgroup ", "/sys/fs/cgroup/unified ")
    assert cpu_quota(system(tmp_path, "2:cpu,cpuacct:/\n0::/\n", mounts, files)) == 2.0


def test_a_system_without_control_groups(tmp_path):
    assert cpu_quota(tmp_path) is None


def test_here():
    quota = cpu_quota()
    assert quota is None or quota > 0


@pytest.mark.parametrize(
    ("quota", "expected"), [(None, 8), (0.2, 1), (1.0, 1), (1.5, 2), (2.0, 2), (64.0, 8)]
)
def test_usable_processors_are_those_of_the_mask_but_no_more_than_the_quota(monkeypatch, quota, expected):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: set(range(8)), raising=False)
    monkeypatch.setattr(usable, "cpu_quota", lambda: quota)
    assert usable.usable_cpus() == expected
