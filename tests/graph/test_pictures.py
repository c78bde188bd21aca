"""A graph as text, as a table and as DOT."""

import pytest

import zuki
from tests.graph import bodies


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


def test_html_is_escaped(graph):
    table = graph._repr_html_()
    assert "<b>" not in table
    assert "<caption>&lt;b&gt;&quot;A&quot; &amp; \\B&lt;/b&gt;: 4 nodes, 3 edges</caption>" in table
    assert "<td>plus</td><td style='text-align:right'>2</td>" in table
    assert "<td>nothing</td><td style='text-align:right'>2</td>" in table
    graph.add(lambda: None)
    assert "<td>&lt;lambda&gt;</td>" in graph._repr_html_()


def test_html_names_the_most_frequent_bodies():
    graph = zuki.Graph()
    for number in range(25):

        def body():
            pass

        body.__name__ = f"body{number}"
        graph.add(body)
    graph.add(body)
    table = graph._repr_html_()
    assert table.index("body24") < table.index("body0")
    assert "<td>5 more bodies</td>" in table


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
