"""``python -m zuki``, as it is typed."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import pytest

from zuki.__main__ import main

ROOT = Path(__file__).parents[1]


def zuki_command(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "zuki", *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        timeout=100,
    )


def test_the_demo_recognises_digits():
    ended = zuki_command("demo", "--tile", "64", "--workers", "2", "--repeat", "1")
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr == ""
    lines = {line.split()[0]: line for line in ended.stdout.splitlines()}
    assert list(lines) == ["digits", "graph", "first", "build", "run", "factor", "accuracy", "numpy"]
    accuracy = re.search(r"accuracy +(\d\.\d+) ", lines["accuracy"])
    assert float(accuracy[1]) >= 0.97
    difference = re.search(r"by (\S+) \(relative\)", lines["factor"])
    assert float(difference[1]) < 1e-8


def test_the_demo_draws(tmp_path, capsys):
    folder = tmp_path / "new" / "pictures"
    asked = ["demo", "--tile", "256", "--workers", "2", "--repeat", "1", "--trace", str(folder)]
    assert main(asked) == 0
    written = [
        Path(line.split(maxsplit=1)[1])
        for line in capsys.readouterr().out.splitlines()
        if line.startswith("wrote")
    ]
    assert written == sorted(folder.iterdir())
    picture = ElementTree.parse(folder / "graph.svg").getroot()
    words = " ".join(picture.itertext())
    assert "gaussian process: " in words
    assert "critical path: " in words
    for name, word in (("timeline.svg", "gemm"), ("scaling.svg", "workers")):
        assert word in " ".join(ElementTree.parse(folder / name).getroot().itertext()), name
    events = json.loads((folder / "trace.json").read_text())["traceEvents"]
    tasks = {event["args"].get("task") for event in events if event.get("cat") == "node"}
    assert tasks >= {"kernel_tile", "potrf", "trsm", "syrk", "gemm"}
    (tmp_path / "file").write_text("")
    assert main([*asked[:-1], str(tmp_path / "file")]) == 2
    assert capsys.readouterr().err.startswith("zuki demo: ")


def test_without_a_command():
    ended = zuki_command()
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert "COMMAND" in ended.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--tile", "0"], "--tile must be at least 1"),
        (["--workers", "-1"], "--workers must be at least 1"),
        (["--workers", "100000"], "max_threads"),
        (["--repeat", "0"], "--repeat must be at least 1"),
        (["--tile", "1"], "too many tiles"),
        (["--data", "no such file"], "no such file"),
    ],
)
def test_values_that_are_wrong(arguments, told, capsys):
    assert main(["demo", *arguments]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert told in printed.err
    assert printed.err.count("\n") == 1
    assert printed.err.startswith("zuki demo: ")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "COMMAND"),
        (["dance"], "dance"),
        (["demo", "--tile", "x"], "--tile"),
        (["demo", "--colour"], "--colour"),
        (["demo", "digits"], "digits"),
    ],
)
def test_arguments_that_are_not_understood(arguments, told, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert told in printed.err.splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [(["--help"], ["demo"]), (["demo", "--help"], ["--tile", "--workers", "--repeat", "--data", "--trace"])],
)
def test_help(arguments, told, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 0
    printed = capsys.readouterr().out
    assert all(word in printed for word in told)


def test_the_installed_command_is_the_same():
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    assert scripts == {"zuki": f"{main.__module__}:{main.__name__}"}
