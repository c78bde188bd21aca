"""Every kernel becomes machine code for each system and processor, with the barriers that it asks for.

Compiled here, not run: `foreign` says how.
"""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import zuki_kernels
from tests.kernels.foreign import SYSTEMS, TARGETS
from zuki_kernels import _target
from zuki_kernels._target import ARM, LINUX, MACOS, OTHER, WINDOWS, X86, Target, choose_way, target_named

FOLDER = Path(zuki_kernels.__file__).parent
ROOT = Path(__file__).parents[2]
LIMIT = 500  # seconds; all kernels for four targets take half of that where others use the processors, too

pytestmark = pytest.mark.timeout(LIMIT + 60)

BARRIER = r"\block\s+orl|\bmfence\b"  # LLVM takes what is faster on the processor
ADDED = r"\block\s+(xadd|add|sub|inc|dec)"  # the others where nobody wants what was before
PLAIN = r"^(?!.*(\block\b|\bxchg|fence\b))"  # none of these; an exchange with memory locks without saying so

# What the probe of an operation must contain: on x86; on ARM without and with single-instruction atomics
INSTRUCTIONS = {
    "load_relaxed": (PLAIN, r"^(?!.*\b(ldar|ldapu?r|dmb))", r"^(?!.*\b(ldar|ldapu?r|dmb))"),
    "load_acquire": (PLAIN, r"\bldar\b", r"\bldapu?r\b"),
    "store_relaxed": (PLAIN, r"^(?!.*\b(stlu?r|dmb))", r"^(?!.*\b(stlu?r|dmb))"),
    "store_release": (PLAIN, r"\bstlr\b", r"\bstlu?r\b"),
    "add_relaxed": (ADDED, r"\bldxr\b.*\bstxr\b", r"\bldadd\b"),
    "add_acq_rel": (ADDED, r"\bldaxr\b.*\bstlxr\b", r"\bldaddal\b"),
    "or_acq_rel": (r"\block\s+(cmpxchg|or|bts)", r"\bldaxr\b.*\bstlxr\b", r"\bldsetal\b"),
    "exchange_acquire": (r"\bxchg", r"\bldaxr\b.*\bstxr\b", r"\bswpa\b"),
    "exchange_release": (r"\bxchg", r"\bldxr\b.*\bstlxr\b", r"\bswpl\b"),
    "exchange_acq_rel": (r"\bxchg", r"\bldaxr\b.*\bstlxr\b", r"\bswpal\b"),
    "cas_relaxed": (r"\block\s+cmpxchg", r"\bldxr\b.*\bstxr\b", r"\bcas\b"),
    "cas_acquire": (r"\block\s+cmpxchg", r"\bldaxr\b.*\bstxr\b", r"\bcasa\b"),
    "cas_release": (r"\block\s+cmpxchg", r"\bldxr\b.*\bstlxr\b", r"\bcasl\b"),
    "cas_acq_rel": (r"\block\s+cmpxchg", r"\bldaxr\b.*\bstlxr\b", r"\bcasal\b"),
    "fence_acquire": (PLAIN, r"\bdmb\s+ishld\b", r"\bdmb\s+ishld\b"),
    "fence_release": (PLAIN, r"\bdmb\s+ish\b", r"\bdmb\s+ish\b"),
    "fence_seq_cst": (BARRIER, r"\bdmb\s+ish\b", r"\bdmb\s+ish\b"),
    "fence_here": (PLAIN, r"^(?!.*\bdmb)", r"^(?!.*\bdmb)"),
    "fence_everywhere": ("", "", ""),  # a call of the system, where it has one
    "spin_hint": (r"\bpause\b", r"\byield\b", r"\byield\b"),
}

# The functions of the system that kernels call, by what they are for
CLOCK = {
    "linux": {"clock_gettime", "sched_yield"},
    "macos": {"clock_gettime_nsec_np", "sched_yield"},
    "windows": {"QueryPerformanceCounter", "QueryPerformanceFrequency", "SwitchToThread"},
}
PROCESSORS = {"linux": {"sched_getaffinity", "sched_setaffinity", "sched_getcpu"}}
POSIX = {"zuki_parking_lot", "pthread_mutex_lock", "pthread_mutex_unlock"} | {
    "pthread_cond_wait",
    "pthread_cond_broadcast",
}
WAITS = {
    "linux-x86": {"syscall"},
    "linux-arm": {"syscall"},
    "macos-arm": {
        "os_sync_wait_on_address",
        "os_sync_wait_on_address_with_timeout",
        "os_sync_wake_by_address_any",
        "os_sync_wake_by_address_all",
    },
    "windows-x86": {
        "WaitOnAddress",
        "WakeByAddressSingle",
        "WakeByAddressAll",
        "FlushProcessWriteBuffers",
    },
    "old-macos-arm": {"__ulock_wait2", "__ulock_wake"},
    "portable-linux": POSIX | {"pthread_cond_timedwait"},
    "portable-macos": POSIX | {"pthread_cond_timedwait_relative_np"},
    "portable-windows": {
        "zuki_parking_lot",
        "AcquireSRWLockExclusive",
        "ReleaseSRWLockExclusive",
        "SleepConditionVariableSRW",
        "WakeAllConditionVariable",
    },
}
OF_A_SYSTEM = set().union(*CLOCK.values(), *PROCESSORS.values(), *WAITS.values())


def column_of(target):
    triple, processor, _ = TARGETS[target]
    return 0 if target_named(triple).processor == X86 else 2 if processor == "apple-m1" else 1


def compile_for(folder, wanted):
    """Return the assembly for each target, compiled in a process of its own."""
    paths = os.pathsep.join(filter(None, [str(ROOT), *sys.path]))
    ended = subprocess.run(
        [sys.executable, "-m", "tests.kernels.foreign", str(folder), wanted],
        env={**os.environ, "PYTHONPATH": paths, "ZUKI_WAIT": ""},
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return {path.stem: path.read_text() for path in folder.glob("*.s")}


def functions_of(assembly):
    """Return the texts of a file's functions by module and name; each is there once for each signature."""
    found = {}
    for part in re.split(r"^(?=_*_ZN\w+:)", assembly, flags=re.MULTILINE)[1:]:
        text, names = part[part.index("_ZN") + 3 : part.index(":")], []
        while number := re.match(r"\d+", text):
            start, end = number.end(), number.end() + int(number[0])
            names.append(text[start:end])
            text = text[end:]
        found.setdefault(tuple(names[-2:]), []).append(part)
    return found


@pytest.fixture(scope="module")
def probes(tmp_path_factory):
    return compile_for(tmp_path_factory.mktemp("probes"), "probes")


@pytest.fixture(scope="module")
def everything(tmp_path_factory):
    return compile_for(tmp_path_factory.mktemp("everything"), "all")


def holds(pattern, text):
    return re.search(pattern, text, re.DOTALL) is not None


@pytest.mark.parametrize("target", TARGETS)
def test_each_operation_has_its_instruction(probes, target):
    functions = functions_of(probes[target])
    wrong = [
        name
        for name, patterns in INSTRUCTIONS.items()
        for text in functions["probes", name]
        if not holds(patterns[column_of(target)], text)
    ]
    assert not wrong


def test_each_operation_has_a_probe():
    tree = ast.parse((FOLDER / "atomics.py").read_text())
    functions = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    operations = {name for name in functions if not name.startswith("_")}
    assert operations | {"spin_hint"} == INSTRUCTIONS.keys()


@pytest.mark.parametrize("target", TARGETS)
def test_a_fence_of_all_threads_is_a_call_where_the_system_has_one(probes, target):
    (text,) = functions_of(probes[target])["probes", "fence_everywhere"]
    called = next((name for name in ("syscall", "FlushProcessWriteBuffers") if name in text), None)
    wanted = {"linux": "syscall", "windows": "FlushProcessWriteBuffers"}
    assert called == wanted.get(target.partition("-")[0])


@pytest.mark.parametrize("target", TARGETS)
def test_threads_wait_and_are_steered_and_clocks_are_read_as_the_system_does(probes, target):
    system = next(name for name in CLOCK if name in target)
    prefix = "_" if system == "macos" else ""
    words = {word.removeprefix(prefix) for word in re.findall(r"\w+", probes[target])}
    assert words & OF_A_SYSTEM == CLOCK[system] | PROCESSORS.get(system, set()) | WAITS[target]


def asked_for():
    """Yield each kernel's name and the operations that its own source calls."""
    for path in sorted(FOLDER.glob("*.py")):
        for node in ast.parse(path.read_text()).body:
            marks = [mark.id for mark in getattr(node, "decorator_list", ()) if isinstance(mark, ast.Name)]
            if "kernel" in marks or "rare_kernel" in marks:
                names = {ast.unparse(call.func) for call in ast.walk(node) if isinstance(call, ast.Call)}
                yield (path.stem, node.name), names & INSTRUCTIONS.keys()


# Operations whose instruction a kernel may have merged with another's: any of the stronger ones will do
STRONGER = {
    "fence_acquire": ("fence_acquire", "fence_seq_cst"),
    "exchange_acquire": ("exchange_acquire", "exchange_acq_rel"),
}


@pytest.mark.slow
@pytest.mark.parametrize("target", SYSTEMS)
def test_each_kernel_becomes_machine_code_with_the_barriers_it_asks_for(everything, target):
    functions, kernels = functions_of(everything[target]), dict(asked_for())
    assert len(kernels) > 100
    assert [name for name in kernels if name not in functions] == []
    column, missing = column_of(target), []
    for kernel, operations in kernels.items():
        for name in operations:
            patterns = [INSTRUCTIONS[other][column] for other in STRONGER.get(name, (name,))]
            if any(pattern.startswith("^(?!") for pattern in patterns):
                continue  # an operation that is nothing but an access
            missing += [
                (kernel, name)
                for text in functions[kernel]
                if not any(holds(pattern, text) for pattern in patterns)
            ]
    assert not missing


@pytest.mark.parametrize(
    ("triple", "target"),
    [
        ("x86_64-unknown-linux-gnu", Target(X86, LINUX)),
        ("aarch64-unknown-linux-musl", Target(ARM, LINUX)),
        ("arm64-apple-darwin23.4.0", Target(ARM, MACOS)),
        ("amd64-pc-windows-msvc", Target(X86, WINDOWS)),
        ("riscv64-unknown-freebsd", Target("riscv64", OTHER)),
    ],
)
def test_a_target_is_known_by_its_triple(triple, target):
    assert target_named(triple) == target


@pytest.mark.parametrize(
    ("target", "absent", "wanted", "way"),
    [
        (Target(X86, LINUX), "", "", "futex"),
        (Target(X86, LINUX), "", "portable", "portable"),
        (Target("riscv64", LINUX), "", "", "portable"),
        (Target(ARM, MACOS), "", "", "os_sync"),
        (Target(ARM, MACOS), "", "ulock", "ulock"),
        (Target(ARM, MACOS), "os_sync_wait_on_address_with_timeout", "", "ulock"),
        (Target(X86, WINDOWS), "", "", "wait_on_address"),
        (Target(X86, WINDOWS), "WaitOnAddress", "", "portable"),
        (Target(X86, OTHER), "", "", "portable"),
    ],
)
def test_the_best_way_that_is_there_is_chosen(target, absent, wanted, way):
    assert choose_way(target, wanted, lambda names: absent not in names) == way


@pytest.mark.parametrize("wanted", ["ulock", "nonsense"])
def test_a_way_that_is_not_there_is_an_error(wanted):
    with pytest.raises(ValueError, match=f"ZUKI_WAIT must be one of futex, portable .*'{wanted}'"):
        choose_way(Target(X86, LINUX), wanted, lambda names: True)


def test_a_function_that_is_not_there_is_not_found():
    assert _target.are_here(())
    assert not _target.are_here(("zuki_has_no_such_function",))
