"""A graph as text, as a picture and as DOT."""

import shutil
import threading
import time
from xml.etree import ElementTree

import numpy as np
import pytest

import zuki
from tests.graph import bodies
from zuki.drawing.colours import FAILED, MARK
from zuki.graph import graphviz

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def executor():
    with zuki.Executor(max_threads=2) as made:
        yield made


@pytest.fixture
def graph():
    made = zuki.Graph('<b>"A" & \\B</b>')
    first = made.add(bodies.plus, 1, 2, name='say "hi"\n\\')
    made.add(bodies.plus, first, first)
    made.add_many(bodies.nothing, count=2, after=first, name="<i>")
    return made


def test_repr(graph):
    assert repr(zuki.Graph()) == "<zuki.Graph 'graph': 0 nodes, 0 edges>"
    assert repr(graph) == f"<zuki.Graph {graph.name!r}: 4 nodes, 3 edges>"
    assert repr(graph.nodes[1]) == f"<zuki.Node 1 'plus-1' of {graph.name!r}>"
    assert repr(graph.nodes) == f"<zuki.Nodes 0 to 3 of {graph.name!r}>"
    assert repr(zuki.each([1, 2])) == "zuki.each(<2 values>)"
    many = zuki.Graph("many")
    many.add_many(bodies.nothing, count=1_000)
    many.add(bodies.nothing, after=many.nodes[0])
    assert repr(many) == "<zuki.Graph 'many': 1,001 nodes, 1 edge>"


def test_an_empty_graph_is_true():
    assert zuki.Graph()


def texts(picture):
    return [element.text for element in ElementTree.fromstring(picture.svg).iter(f"{SVG}text")]


def titles(picture):
    return [element.text for element in ElementTree.fromstring(picture.svg).iter(f"{SVG}title")]


def chain(count, task=bodies.nothing, name="chain"):
    made = zuki.Graph(name)
    made.add_many(task, count=count)
    made.add_edges(np.arange(count - 1), np.arange(1, count))
    return made


# ---- each node ----------------------------------------------------------------------------------------


def test_a_box_for_each_node(graph):
    picture = graph.draw()
    assert texts(picture) == [
        '<b>"A" & \\B</b>: 4 nodes, 3 edges',
        'say "hi" \\',
        "plus-1",
        "<i>[0]",
        "<i>[1]",
        "plus × 2",
        "nothing × 2",
    ]
    assert titles(picture)[1] == "plus-1: node 1, task plus"
    assert repr(picture).startswith(f"<zuki.Picture of graph {graph.name!r}: ")


def test_html_is_escaped(graph):
    graph.add(lambda: None, name="<script>alert(1)</script>")
    page = graph._repr_html_()
    assert "<b>" not in page
    assert "<i>" not in page
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "&lt;lambda&gt;" in page


def test_an_empty_graph(executor):
    empty = zuki.Graph("none")
    for _ in range(2):
        for collapse in (None, True, False):
            assert texts(empty.draw(collapse=collapse)) == ["none: 0 nodes, 0 edges"]
        assert "none: 0 nodes, 0 edges" in empty._repr_html_()
        empty.run(executor, measure=True)


def test_edges_are_there_frozen_or_not(graph, executor):
    before = graph.draw().svg
    graph.run(executor)
    assert graph.draw().svg == before
    graph.add(bodies.nothing, after=graph.nodes[3])
    assert "<b>" not in graph.draw().svg
    assert texts(graph.draw())[0].endswith(": 5 nodes, 4 edges")


def test_a_cycle_can_be_looked_at(executor):
    circle = chain(3, name="circle")
    circle.add_edges(circle.nodes[2:], circle.nodes[:1])
    with pytest.raises(zuki.GraphCycleError):
        circle.run(executor)
    assert "stroke-dasharray" in circle.draw().svg
    circle.add_edges([1], [1])
    assert circle.draw().svg.count("<path") > 4
    with pytest.raises(zuki.GraphCycleError):
        circle.run(executor)


def test_many_nodes_alike_are_one_box():
    fan = zuki.Graph("fan")
    first = fan.add(bodies.nothing, name="first")
    some = fan.add_many(bodies.plus, zuki.each(np.arange(40)), 1, after=first)
    fan.add(bodies.nothing, after=some, name="last")
    assert texts(fan.draw())[1:4] == ["first", "plus × 40", "last"]
    assert {"40"} <= set(texts(fan.draw()))
    assert titles(fan.draw())[1] == "40 nodes of plus, 1 to 40"
    assert len(titles(fan.draw(collapse=False))) == 42
    few = zuki.Graph("few")
    few.add_many(bodies.nothing, count=16)
    assert len(titles(few.draw())) == 16


def test_many_nodes_in_a_row_are_one_box():
    assert texts(chain(100).draw())[1:] == ["nothing × 100", "nothing × 100"]
    assert len(titles(chain(100).draw(collapse=False))) == 100
    assert len(titles(chain(16).draw())) == 16
    forked = chain(100)
    forked.add(bodies.nothing, after=forked.nodes[50], name="aside")
    assert texts(forked.draw())[1:5] == ["nothing × 51", "nothing × 49", "aside", "nothing × 101"]


def test_edges_that_others_imply_are_left_out_where_there_are_many():
    dense = zuki.Graph("dense")
    dense.add_many(bodies.nothing, count=12)
    sources, targets = np.triu_indices(12, 1)
    dense.add_edges(sources, targets)
    assert texts(dense.draw())[:2] == [
        "dense: 12 nodes, 66 edges",
        "55 edges that others imply are left out",
    ]
    assert len(titles(dense.draw())) == 12


# ---- one box for each task ----------------------------------------------------------------------------


def test_large_graphs_are_drawn_by_task():
    large = zuki.Graph("large")
    first = large.add_many(bodies.nothing, count=290, name="named")
    large.add_many(bodies.plus, zuki.each(np.arange(11)), 1)
    large.add_edges(np.repeat(first.ids, 11), np.tile(np.arange(290, 301), 290))
    large.add_edges(first[1:], first[:-1])
    picture = large.draw()
    assert texts(picture) == [
        "large: 301 nodes, 3,479 edges",
        "one box for each task: it has more than 300 nodes",
        "nothing",
        "× 290",
        "plus",
        "× 11",
        "3,190",
    ]
    assert titles(picture) == ["nothing: 290 nodes, 289 edges among them", "plus: 11 nodes"]
    assert texts(large.draw(collapse=True))[1] == "nothing"  # nobody needs to be told why
    small = chain(10)
    assert texts(small.draw(collapse=True))[1:] == ["nothing", "× 10"]
    with pytest.raises(zuki.GraphError, match="has 1,001 nodes, and at most 1,000 can be drawn one by one"):
        chain(1001).draw(collapse=False)


def test_a_page_shows_fewer_nodes_than_a_picture():
    large = chain(151)
    large.add_edges(np.arange(0, 140), np.arange(5, 145))
    assert len(titles(large.draw())) > 100
    assert large._repr_html_().count("<title>") == 1


def test_the_rarest_of_too_many_tasks_share_a_box():
    many = zuki.Graph("many")
    for number in range(60):

        def body():
            pass

        body.__name__ = f"body{number}"
        many.add(body)
        if number == 50:
            many.add(body)
    words = texts(many.draw(collapse=True))
    assert "body50" in words
    assert "21 other tasks" in words
    assert len(titles(many.draw(collapse=True))) == 40
    assert "and 46 more" in texts(many.draw())


def test_a_million_nodes(executor):
    large = zuki.Graph("million")
    large.add_many(bodies.nothing, count=500_000)
    large.add_many(bodies.plus, zuki.each(np.arange(500_000)), 1)
    large.add_edges(np.arange(999_999), np.arange(1, 1_000_000))
    large.add_edges(np.arange(500_000), np.arange(500_000, 1_000_000))
    before = large.draw()
    assert texts(before)[2:6] == ["nothing", "× 500,000", "plus", "× 500,000"]
    assert "500,001" in texts(before)
    large.run(executor, measure=True)
    after = large.draw()
    assert "critical path: 1,000,000 nodes, " in " ".join(texts(after))
    assert len(after.svg) < 10_000


def test_edges_over_too_many_layers():
    deep = zuki.Graph("deep")
    for number in range(300):

        def body():
            pass

        body.__name__ = f"body{number % 7}"
        deep.add(body)
    deep.add_edges(np.arange(149), np.arange(1, 150))  # two chains
    deep.add_edges(np.arange(150, 299), np.arange(151, 300))
    deep.add_edges(
        np.arange(90), np.arange(210, 300)
    )  # what the second needs of the first is sixty layers up
    assert texts(deep.draw())[1] == "one box for each task: its edges cross too many layers"
    with pytest.raises(zuki.GraphError, match="edges over too many layers"):
        deep.draw(collapse=False)


# ---- after a run --------------------------------------------------------------------------------------


def test_a_measured_run_gives_colours_and_the_critical_path(executor):
    timed = zuki.Graph("timed")
    first = timed.add(time.sleep, 0.002, name="first")
    slow, fast = (
        timed.add(time.sleep, 0.2, after=first, name="slow"),
        timed.add(time.sleep, 0.001, after=first, name="fast"),
    )
    timed.add(time.sleep, 0.002, after=[slow, fast], name="last")
    timed.run(executor)
    assert "critical path" not in " ".join(texts(timed.draw()))
    timed.run(executor, measure=True)
    picture = timed.draw()
    words = texts(picture)
    assert [word for word in words if word.startswith("critical path: 3 nodes, ")]
    assert words[words.index("slow") + 1].endswith(" ms")
    marked = [
        group.find(f"{SVG}title").text.partition(":")[0]
        for group in ElementTree.fromstring(picture.svg).iter(f"{SVG}g")
        if any(rect.get("stroke") == MARK for rect in group.findall(f"{SVG}rect"))
    ]
    assert marked == ["first", "slow", "last"]
    fills = [
        group.find(f"{SVG}rect").get("fill")
        for group in ElementTree.fromstring(picture.svg).iter(f"{SVG}g")
        if group.find(f"{SVG}title") is not None
    ]
    assert len(set(fills)) > 2
    assert " in all" in " ".join(texts(timed.draw(collapse=True)))
    timed.run(executor)  # what was measured stays
    assert texts(timed.draw()) == words
    timed.add(bodies.nothing)  # a node of which nobody knows how long it takes
    assert "critical path" not in " ".join(texts(timed.draw()))


def test_a_failure_is_seen(executor):
    failing = zuki.Graph("failing")
    first = failing.add(bodies.nothing, name="first")
    bad = failing.add(bodies.refuse_small, np.zeros(3), 1, 1.0, after=first, name="bad")
    failing.add(bodies.nothing, after=bad, name="never")
    for measure in (False, True):
        with pytest.raises(ValueError, match="too small"):
            failing.run(executor, measure=measure)
        picture = failing.draw()
        assert {"1 failed", "1 not run"} <= set(texts(picture))
        assert "critical path" not in " ".join(texts(picture))
        told = titles(picture)
        assert (told[1].endswith(", failed"), told[2].endswith(", not run")) == (True, True)
        assert FAILED in picture.svg
        assert "0 s" not in texts(picture)
    assert "1 failed" in texts(failing.draw(collapse=True))


def test_a_running_graph_can_be_drawn():
    begun, go = threading.Event(), threading.Event()
    graph = zuki.Graph("running")
    graph.add(lambda: (begun.set(), go.wait(30)))
    with zuki.Executor(max_threads=1) as executor:
        run = graph.submit(executor)
        assert begun.wait(30)
        assert texts(graph.draw())[0] == "running: 1 node, 0 edges"
        go.set()
        run.result(30)


# ---- files, directions, Graphviz ----------------------------------------------------------------------


def test_direction():
    line = chain(5)
    down, right = line.draw(), line.draw(direction="right")
    assert down.height > right.height
    assert right.width > down.width
    with pytest.raises(zuki.GraphError, match="direction must be 'down' or 'right', not 'up'"):
        line.draw(direction="up")


def test_what_is_no_argument():
    line = chain(5)
    with pytest.raises(zuki.GraphError, match="engine must be 'zuki' or 'graphviz', not 'dot'"):
        line.draw(engine="dot")
    with pytest.raises(zuki.GraphError, match="collapse must be True, False or None, not 'yes'"):
        line.draw(collapse="yes")
    with pytest.raises(TypeError):
        line.draw(3)


def test_files(tmp_path):
    line = chain(5, name="é")
    picture = line.draw(tmp_path / "chain.svg")
    assert (tmp_path / "chain.svg").read_text(encoding="utf-8") == picture.svg
    line.draw(str(tmp_path / "chain.GV"))
    assert (tmp_path / "chain.GV").read_text(encoding="utf-8").startswith("digraph {")
    with pytest.raises(zuki.GraphError, match=r"does not say what kind of picture is wanted"):
        line.draw(tmp_path / "chain")
    with pytest.raises(FileNotFoundError, match=r"nowhere.*chain\.svg"):
        line.draw(tmp_path / "nowhere" / "chain.svg")
    (tmp_path / "folder.svg").mkdir()
    with pytest.raises(IsADirectoryError, match=r"folder\.svg"):
        line.draw(tmp_path / "folder.svg")


class FakeGraphviz:
    """What zuki calls of the package graphviz."""

    class ExecutableNotFound(RuntimeError):  # noqa: N818  (its name there)
        pass

    class CalledProcessError(RuntimeError):
        pass

    def __init__(self, raised=None):
        self.raised = raised

    def pipe(self, engine, kind, dot):
        if self.raised:
            raise self.raised
        if kind == "nothing":
            raise ValueError("unknown format: 'nothing'")
        assert engine == "dot"
        if kind == "svg":
            return b'<?xml version="1.0"?>\n<!DOCTYPE svg>\n<svg width="90pt" height="30pt"></svg>'
        return kind.encode() + dot


def test_graphviz(tmp_path, monkeypatch):
    monkeypatch.setattr(graphviz, "import_now", lambda name: FakeGraphviz())
    line = chain(5)
    picture = line.draw(engine="graphviz")
    assert (picture.svg, picture.width, picture.height) == (
        '<svg width="90pt" height="30pt"></svg>',
        120,
        40,
    )
    line.draw(tmp_path / "chain.pdf", direction="right")
    written = (tmp_path / "chain.pdf").read_bytes()
    assert written.startswith(b"pdfdigraph {")
    assert b"rankdir=LR" in written
    with pytest.raises(zuki.GraphError, match="Graphviz makes no 'nothing' of this graph: unknown format"):
        line.draw(tmp_path / "chain.nothing")
    missing = FakeGraphviz(FakeGraphviz.ExecutableNotFound("no dot"))
    monkeypatch.setattr(graphviz, "import_now", lambda name: missing)
    with pytest.raises(zuki.GraphError, match="program dot is not installed"):
        line.draw(engine="graphviz")
    assert not (tmp_path / "chain.nothing").exists()


def test_without_graphviz(tmp_path, monkeypatch):
    def missing(name):
        raise ModuleNotFoundError(f"No module named {name!r}")

    monkeypatch.setattr(graphviz, "import_now", missing)
    line = chain(5)
    for ask in (lambda: line.draw(engine="graphviz"), lambda: line.draw(tmp_path / "chain.png")):
        with pytest.raises(ImportError, match=r"pip install 'zuki\[graphviz\]'"):
            ask()
    assert list(tmp_path.iterdir()) == []
    assert line.draw(tmp_path / "chain.svg")


def test_graphviz_itself(tmp_path):
    pytest.importorskip("graphviz")
    if shutil.which("dot") is None:
        pytest.skip("Graphviz's program dot is not installed")
    picture = chain(5).draw(tmp_path / "chain.png", engine="graphviz")
    assert ElementTree.fromstring(picture.svg).tag == f"{SVG}svg"
    assert picture.width > 10
    assert (tmp_path / "chain.png").read_bytes().startswith(b"\x89PNG")


def test_dot(graph, executor):
    lines = graph.to_dot().splitlines()
    assert lines[0] == r'digraph "<b>\"A\" & \\B</b>" {'
    assert lines[1:5] == [
        r'  0 [label="say \"hi\"\n\\"];',
        '  1 [label="plus-1"];',
        '  2 [label="<i>[0]"];',
        '  3 [label="<i>[1]"];',
    ]
    assert sorted(lines[5:-1]) == ["  0 -> 1;", "  0 -> 2;", "  0 -> 3;"]
    assert lines[-1] == "}"
    graph.run(executor)
    assert sorted(graph.to_dot().splitlines()) == sorted(lines)
    last = graph.add(bodies.nothing, after=graph.nodes[3])
    assert "  3 -> 4;" in graph.to_dot()
    assert f'  4 [label="{last.name}"];' in graph.to_dot()
    assert zuki.Graph("none").to_dot() == 'digraph "none" {\n}\n'
