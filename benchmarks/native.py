"""C++ programs: compiled once, kept in a folder under the temporary directory."""

import getpass
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

FLAGS = ("-std=c++17", "-O3", "-march=native", "-pthread")


class AbsentError(Exception):
    """Say why a rival cannot take part."""


def compiled(
    rival: str, source: Path, flags: Sequence[str], libraries: Sequence[str], may_compile: bool = True
) -> Path:
    """Return a compiled program.

    Parameters
    ----------
    rival : str
        For messages.
    source : Path
        Its text.
    flags, libraries : sequence of str
        What the compiler is told besides.
    may_compile : bool
        Compile it where it is not in the cache; a test does not.

    Raises
    ------
    AbsentError
        No compiler, or it does not compile this.
    """
    if os.name != "posix":
        raise AbsentError(f"{rival} skipped: its program is built here for Unix compilers only")
    compiler = shutil.which(os.environ.get("CXX", "c++")) or shutil.which("g++") or shutil.which("clang++")
    if compiler is None:
        raise AbsentError(f"{rival} skipped: no C++ compiler (c++, g++, clang++ or $CXX)")
    command = [compiler, *FLAGS, *flags, str(source)]
    stamp = hashlib.sha256(repr((command, libraries)).encode() + source.read_bytes()).hexdigest()[:16]
    built = _cache(rival) / f"{source.stem}-{stamp}"
    if built.exists():
        return built
    if not may_compile:
        raise AbsentError(
            f"{rival} skipped: its program is not compiled yet (a run of the benchmark compiles it)"
        )
    unfinished = built.with_suffix(f".{os.getpid()}")  # renamed when whole: two runs may compile at once
    outcome = subprocess.run([*command, *libraries, "-o", str(unfinished)], capture_output=True, text=True)
    if outcome.returncode:
        raise AbsentError(f"{rival} skipped: {compiler} failed:\n{outcome.stderr}")
    unfinished.rename(built)
    return built


def _cache(rival: str) -> Path:
    folder = Path(tempfile.gettempdir()) / f"zuki-benchmarks-{getpass.getuser()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise AbsentError(f"{rival} skipped: {folder} belongs to somebody else")
    return folder
