"""Run every benchmark here, one after the other, and keep what it prints.

    python -m benchmarks [--quick] [NAME ...]

What `bench_graphs.py` prints goes to `results/graphs.txt`, and its figures, where it takes `--json`, to
`results/graphs.json`. A file without a command of its own holds pytest-benchmark functions: pytest runs it.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
RESULTS = FOLDER / "results"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="passed on: smaller, fewer, noisier")
    parser.add_argument("names", nargs="*", metavar="NAME", help="graphs for bench_graphs.py; all by default")
    chosen = parser.parse_args()
    found = {path.stem.removeprefix("bench_"): path for path in sorted(FOLDER.glob("bench_*.py"))}
    unknown = set(chosen.names) - set(found)
    if unknown:
        parser.error(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(found)}")
    RESULTS.mkdir(exist_ok=True)
    failed = [name for name in chosen.names or found if not run(name, found[name], chosen.quick)]
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def run(name: str, path: Path, quick: bool) -> bool:
    """Run one benchmark, showing its lines as they come; return whether it ended well."""
    command = command_for(name, path, quick)
    print(f"\n$ {' '.join(['python', *command[1:]])}", flush=True)
    begin = time.perf_counter()
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    with (
        open(RESULTS / f"{name}.txt", "w") as kept,
        subprocess.Popen(
            command,
            cwd=FOLDER.parent,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process,
    ):
        for line in process.stdout:
            print(line, end="", flush=True)
            kept.write(line)
    print(f"({time.perf_counter() - begin:.0f} s)", flush=True)
    return process.returncode == 0


def command_for(name: str, path: Path, quick: bool) -> list[str]:
    """Return the command line that runs one benchmark with the options that it takes."""
    text = path.read_text()
    results = str((RESULTS / f"{name}.json").relative_to(FOLDER.parent))
    if '__name__ == "__main__"' not in text:
        file = str(path.relative_to(FOLDER.parent))
        under_pytest = ["pytest", "-q", "-p", "no:cacheprovider", "--benchmark-enable", "--benchmark-only"]
        return [sys.executable, "-m", *under_pytest, f"--benchmark-json={results}", file]
    command = [sys.executable, "-m", f"benchmarks.{path.stem}", *(["--quick"] if quick else [])]
    takes_json = "--json" in text or "_report.options(" in text
    return command + (["--json", results] if takes_json else [])


if __name__ == "__main__":
    sys.exit(main())
