"""The documents say what is so: code runs, links lead somewhere, tables have the kernels' columns."""

import ast
import importlib
import importlib.util
import os
import re
import subprocess
import sys
import tomllib
from enum import EnumMeta
from pathlib import Path
from urllib.parse import unquote

import pytest

import zuki
import zuki_kernels

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
KERNELS = sorted(path for path in (ROOT / "kernels/zuki_kernels").glob("*.py") if path.stem != "__init__")
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md"), ROOT / "examples/README.md"])
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
LIMIT = 240  # seconds

# Calls whose third argument is a field of the table that is the first
BY_FIELD = re.compile(r"(load|store|add|or|exchange|cas)_\w+|count|wait|wake|note|use|use_others")


def page_name(path):
    return str(path.relative_to(ROOT))


# ---- code -----------------------------------------------------------------------------------------


def run(arguments, folder):
    """Run Python in a process of its own, from a checkout or an installed zuki alike."""
    paths = os.pathsep.join(filter(None, sys.path))
    ended = subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        timeout=LIMIT,
    )
    assert ended.returncode == 0, f"{ended.stdout}\n{ended.stderr}"
    return ended.stdout


def test_the_readme_runs(tmp_path):
    blocks = re.findall(r"^```python\n(.*?)^```", (ROOT / "README.md").read_text(), re.DOTALL | re.MULTILINE)
    assert blocks
    (tmp_path / "readme.py").write_text("\n".join(blocks))
    printed = run(["readme.py"], tmp_path)
    assert "True" in printed
    assert "no real root [\"in node 'root[1]' of graph 'roots', called with x: float64\"]" in printed


def test_the_page_on_coroutines_runs(tmp_path):
    text = (DOCS / "coroutines.md").read_text()
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert len(blocks) == 5
    waits = """
async def set_later(once):
    zuki.spawn(set_soon(once))
    await once.wait()
    return once.wakers

async def set_soon(once):
    await zuki.yield_now()
    once.set()

print(zuki.run(set_later(Once())))
"""
    (tmp_path / "page.py").write_text("\n".join([*blocks, waits]))
    assert run(["page.py"], tmp_path).split("\n") == ["[0, 2, 4]", "20000.0", "[0, 1, 2]", "7", "[]", ""]


def test_the_page_on_traces_runs(tmp_path):
    text = (DOCS / "tracing.md").read_text()
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    (tmp_path / "page.py").write_text("\n".join(blocks))
    assert "smooth" in run(["page.py"], tmp_path)
    assert (tmp_path / "run.json").stat().st_size > 1000
    assert (tmp_path / "timeline.svg").stat().st_size > 1000


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs os.sched_setaffinity")
def test_the_page_on_processors_runs(tmp_path):
    text = (DOCS / "processors.md").read_text()
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    (tmp_path / "page.py").write_text("\n".join(blocks))
    printed = run(["page.py"], tmp_path).split("\n")
    assert printed[0].startswith("<zuki.platform.Cpus: ")
    assert printed[-2] == "bound"


def test_the_page_on_metrics_runs(tmp_path):
    text = (DOCS / "metrics.md").read_text()
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    (tmp_path / "page.py").write_text("\n".join(blocks))
    assert "\n100 " in run(["page.py"], tmp_path)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs(example, tmp_path):
    assert run([str(example)], tmp_path)


def test_the_examples_are_listed():
    text = (ROOT / "examples/README.md").read_text()
    assert not [path.name for path in EXAMPLES if f"[`{path.name}`]({path.name})" not in text]


# ---- kernels and their fields ---------------------------------------------------------------------


def test_each_kernel_file_is_described():
    text = (DOCS / "architecture.md").read_text()
    assert not [path.name for path in KERNELS if f"\n| `{path.name}` |" not in text]
    named = set(re.findall(r"^\| `(\w+\.py)` \|", text, re.MULTILINE))
    assert named == {path.name for path in KERNELS}


def test_each_named_file_is_there():
    names = {
        (page_name(page), name)
        for page in PAGES
        for name in re.findall(r"`([\w/]+/[\w/]+\.py)`", page.read_text())
    }
    assert names
    assert not [(page, name) for page, name in names if not (ROOT / name).exists()]


def name_of(node):
    """Return the constant that an expression names; of ``ANSWER + 1``, ANSWER."""
    if isinstance(node, ast.BinOp):
        return name_of(node.left)
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def names_in_field_position(tree):
    """Yield what stands where a kernel says which field it means."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and len(node.args) > 2 and BY_FIELD.fullmatch(name_of(node.func)):
            yield name_of(node.args[2])
        elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Tuple):
            yield name_of(node.slice.elts[-1])
        elif isinstance(node, ast.For) and isinstance(
            node.iter, ast.Tuple
        ):  # of fields, or fields and values
            for item in node.iter.elts:
                yield name_of(item.elts[0] if isinstance(item, ast.Tuple) else item)


def fields():
    """Return file, name and column of each constant that stands in field position somewhere."""
    used = {name for path in KERNELS for name in names_in_field_position(ast.parse(path.read_text()))}
    found = set()
    for path in KERNELS:
        for statement in ast.parse(path.read_text()).body:
            if isinstance(statement, ast.Assign) and name_of(statement.targets[0])[:1].isupper():
                name = name_of(statement.targets[0])
                if name in used and isinstance(statement.value, ast.Constant):
                    module = importlib.import_module(f"{zuki_kernels.__name__}.{path.stem}")
                    found.add((path.name, name, getattr(module, name)))
    return found


def test_the_tables_are_those_of_the_kernels():
    rows = re.findall(
        r"^\| (\d+) \| `(\w+)` \| `(\w+\.py)` \|", (DOCS / "tables.md").read_text(), re.MULTILINE
    )
    described = {(file, name, int(column)) for column, name, file in rows}
    assert len(described) == len(rows)
    assert described == fields()


# ---- links and versions ---------------------------------------------------------------------------


def anchors(page):
    """Return what the headings of a page are called in links."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = unquote(target).partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), target
        assert there.is_relative_to(ROOT), target
        assert not anchor or anchor in anchors(there), target


if importlib.util.find_spec("numpydoc"):  # of the extra `docs`

    def public_names():
        for value in (getattr(zuki, name) for name in zuki.__all__):
            if value is zuki.Task or isinstance(value, EnumMeta):
                continue  # the parameters are those of Numba's dispatchers, or of all enumerations
            name = f"{value.__module__}.{value.__qualname__}"
            yield name
            if isinstance(value, type) and not issubclass(value, Exception):
                hidden = getattr(value, "__slots__", ())
                yield from (
                    f"{name}.{member}" for member in vars(value) if member[0] != "_" and member not in hidden
                )

    @pytest.mark.parametrize("name", list(public_names()))
    def test_a_public_name_is_documented(name):
        settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
        wanted = settings["tool"]["numpydoc_validation"]["checks"]
        found = importlib.import_module("numpydoc.validate").validate(name)["errors"]
        assert not [problem for problem in found if problem[0] in wanted]


def test_each_decision_is_listed():
    listed = (DOCS / "decisions/README.md").read_text()
    pages = [path for path in (DOCS / "decisions").glob("*.md") if path.name != "README.md"]
    assert pages
    assert not [path.name for path in pages if f"({path.name})" not in listed]


def test_the_changelog_begins_with_this_version():
    project = (ROOT / "pyproject.toml").read_text()
    version = re.search(r'^version = "(.+)"$', project, re.MULTILINE).group(1)
    changes = (ROOT / "CHANGELOG.md").read_text()
    assert re.search(r"^## ([\w.]+)", changes, re.MULTILINE).group(1) == version
    assert zuki.__version__ == version
