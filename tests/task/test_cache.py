"""Machine code on disk: found again, and never used when stale."""

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import zuki

ROOT = Path(__file__).parents[2]
HITS = "print(json.dumps([answer, sum(body.stats.cache_hits.values())]))"
MAIN = f"""
import json
import zuki
@zuki.task
def body(x):
    return x + 1
graph = zuki.Graph()
node = graph.add(body, 4)
graph.run()
answer = [body(4), node.result()]
{HITS}
"""
CALLER = f"""
import json
import zuki
import helpers
from helpers import LIMIT
@zuki.task
def body(x):
    return helpers.jitted(x) + helpers.vectorised(x, 1) + helpers.plain(x) + helpers.deep.jitted(x) + LIMIT
answer = body(0)
{HITS}
"""
HELPERS = """
import numba
from numba.extending import register_jitable
from deeper import module as deep
LIMIT = 1
@numba.njit
def inner(x):
    return x + 10
@numba.njit
def jitted(x):
    return inner(x)
@numba.vectorize
def vectorised(x, y):
    return x + 100 * y
@register_jitable
def plain(x):
    return x + 1000
"""
DEEPER = """
import numba
@numba.njit
def jitted(x):
    return x + 10000
"""
ONE_LINE = """
import json
import numpy as np
import zuki
task = zuki.task
first, second = task(lambda x: x + 1), task(lambda x: x + 2)
third, fourth = task(lambda x: np.sin(x)), task(lambda x: np.cos(x))
def read(array): return array[7]
unchecked, checked = zuki.task(read), zuki.task(boundscheck=True)(read)
answer = [first(1), second(1), third(0.0), fourth(0.0)]
unchecked(np.zeros(9))
try:
    checked(np.zeros(3))
except IndexError:
    answer.append("checked")
bodies = (first, second, third, fourth, unchecked, checked)
print(json.dumps([answer, sum(sum(body.stats.cache_hits.values()) for body in bodies)]))
"""
EXECUTED = """
import json
import numpy as np
import zuki
names = {"zuki": zuki}
exec("@zuki.task\\ndef body(x):\\n    return x + 1\\nanswer = body(4)", names)
print(json.dumps([names["answer"], sum(names["body"].stats.cache_hits.values())]))
"""


class Scripts:
    """A folder of scripts and modules, and a cache of its own."""

    def __init__(self, folder):
        self.folder = folder
        paths = os.pathsep.join(map(str, (folder, ROOT, ROOT / "kernels")))
        self.environment = {**os.environ, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    def run(self, text, name="script.py"):
        """Run a script; return what it printed last."""
        self.write(name, text)
        command = [sys.executable, str(self.folder / name)]
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=240, check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture
def scripts(tmp_path):
    return Scripts(tmp_path)


def test_the_second_run_of_a_script_hits(scripts):
    assert scripts.run(MAIN) == [[5, 5], 0]
    assert scripts.run(MAIN) == [[5, 5], 1]
    assert scripts.run(MAIN.replace("x + 1", "x + 2")) == [[6, 6], 0]


def test_an_executed_string_is_not_cached_and_works(scripts):
    assert [scripts.run(EXECUTED) for _ in range(2)] == [[5, 0], [5, 0]]


def test_a_change_of_whatever_a_task_uses_is_noticed(scripts):
    scripts.write("helpers.py", HELPERS)
    scripts.write("deeper/module.py", DEEPER)
    assert scripts.run(CALLER) == [11111, 0]
    assert scripts.run(CALLER) == [11111, 1]
    for text in ("x + 10\n", "100 * y", "x + 1000\n", "LIMIT = 1\n"):
        number = next(word for word in text.split() if word.isdigit())
        scripts.write("helpers.py", HELPERS.replace(text, text.replace(number, number.replace("1", "2"))))
        assert scripts.run(CALLER) == [11111 + int(number), 0]
    scripts.write("helpers.py", HELPERS)
    scripts.write("deeper/module.py", DEEPER.replace("10000", "20000"))
    assert scripts.run(CALLER) == [21111, 0]
    assert scripts.run(CALLER) == [21111, 1]


def test_bodies_and_options_that_share_a_line_are_told_apart(scripts):
    answer = [2, 3, 0.0, 1.0, "checked"]
    assert scripts.run(ONE_LINE) == [answer, 0]
    assert scripts.run(ONE_LINE) == [answer, 6]


def test_a_file_that_changes_while_a_program_runs_leaves_nothing_stale(scripts):
    """What is compiled is the text that was imported, also if the file has another one by then."""
    scripts.write("helpers.py", "import zuki\n@zuki.task\ndef body(x):\n    return x + 1\n")
    script = """
import json, pathlib, sys
from helpers import body
if len(sys.argv) > 1 or {edits}:
    path = pathlib.Path(__file__).with_name("helpers.py")
    path.write_text(path.read_text().replace("x + 1", "x + 2"))
answer = body(0)
"""
    assert scripts.run(script.format(edits=True) + HITS) == [1, 0]
    assert scripts.run(script.format(edits=False) + HITS) == [2, 0]


def test_cells_of_a_notebook(tmp_path):
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    cells = ["import json, zuki", MAIN.replace(HITS, "print(answer)")]
    for _ in range(2):
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in cells])
        nbclient.NotebookClient(
            notebook, timeout=240, resources={"metadata": {"path": str(tmp_path)}}
        ).execute()
        assert notebook.cells[1].outputs[0].text.strip() == "[5, 5]"


@zuki.task(writes=("array",), fastmath=True)
def fill(array, value=3):
    array[:] = value
    return value


UNPICKLE = """
import json, pickle, sys
import numpy as np
import zuki
body = pickle.loads(bytes.fromhex({data!r}))
array = np.zeros(2)
graph = zuki.Graph()
node = graph.add(body, array)
graph.run()
told = [type(body) is zuki.Task, body.targetoptions["fastmath"]]
print(json.dumps([node.result(), array.tolist(), sorted(body.writes), *told]))
"""


@pytest.mark.parametrize("module", ["pickle", "cloudpickle"])
def test_a_task_can_be_pickled(module, scripts):
    dumps = pytest.importorskip(module).dumps
    array = np.zeros(2)
    again = pickle.loads(dumps(fill))
    assert again(array) == 3
    assert scripts.run(UNPICKLE.format(data=dumps(fill).hex())) == [3, [3, 3], ["array"], True, True]


def test_a_task_of_a_script_can_be_sent_by_value(scripts):
    cloudpickle = pytest.importorskip("cloudpickle")

    @zuki.task("int64(float64[::1])")
    def local(array):
        array[0] = 7
        return len(array)

    expected = [2, [7, 0], ["array"], True, False]
    text = UNPICKLE.replace('body.targetoptions["fastmath"]', "False")
    assert scripts.run(text.format(data=cloudpickle.dumps(local).hex())) == expected


def test_what_was_cached_under_another_module_name_is_compiled_again(tmp_path):
    """One file is a module in one program and a script in another, which cannot import that module."""
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "one_file.py").write_text(MAIN)
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    answers = []
    for arguments in (
        ["-c", "import sys; sys.path.insert(0, 'package'); import one_file"],
        ["-m", "package.one_file"],
    ):
        ended = subprocess.run(
            [sys.executable, *arguments],
            cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert ended.returncode == 0, ended.stderr
        answers.append(json.loads(ended.stdout)[0])
    assert answers == [[5, 5], [5, 5]]
