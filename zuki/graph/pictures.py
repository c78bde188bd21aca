"""Pictures of a graph: its own SVG, Graphviz's, and what a notebook shows."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from zuki.drawing.dot import dot_of_sketch, quoted
from zuki.drawing.paint import painted
from zuki.drawing.picture import Picture
from zuki.drawing.words import counted
from zuki.errors import GraphError
from zuki.graph import graphviz
from zuki.graph.sketching import sketch_of

if TYPE_CHECKING:
    from zuki.graph.graph import Graph

_MOST_IN_PAGES = 150  # nodes: a notebook keeps what its cells have shown
_ENGINES = ("zuki", "graphviz")
_DIRECTIONS = ("down", "right")


def size_of(graph: "Graph") -> str:
    """Return how many nodes and edges a graph has, in words."""
    return f"{counted(len(graph), 'node')}, {counted(graph._state.contents.edge_count, 'edge')}"


def draw(graph: "Graph", path: Any, collapse: bool | None, direction: str | None, engine: str) -> Picture:
    """Draw a graph, and write the picture to a file if ``path`` is not None: see `Graph.draw`."""
    if collapse not in (None, True, False):
        raise GraphError(f"collapse must be True, False or None, not {collapse!r}")
    if direction is not None and direction not in _DIRECTIONS:
        raise GraphError(f"direction must be 'down' or 'right', not {direction!r}")
    if engine not in _ENGINES:
        raise GraphError(f"engine must be 'zuki' or 'graphviz', not {engine!r}")
    target = None if path is None else Path(path)
    sketch = sketch_of(graph, collapse)
    dot = dot_of_sketch(sketch, direction)
    about = f"graph {graph.name!r}"
    picture = painted(sketch, direction, about) if engine == "zuki" else graphviz.drawn(dot, about)
    if target is None:
        return picture
    kind = target.suffix.removeprefix(".").lower()
    if kind == "svg":
        picture.save(target)
    elif kind in ("dot", "gv"):
        target.write_text(dot, encoding="utf-8")
    elif kind:
        target.write_bytes(graphviz.rendered(dot, kind))
    else:
        raise GraphError(
            f"the name {str(path)!r} does not say what kind of picture is wanted: end it in .svg"
        )
    return picture


def dot_of(graph: "Graph") -> str:
    """Return the graph in Graphviz's language.

    Parameters
    ----------
    graph : Graph
        What to draw.

    Returns
    -------
    str
        One line for each node and edge.
    """
    lines = [f"digraph {quoted(graph.name)} {{"]
    lines += [f"  {node.id} [label={quoted(node.name)}];" for node in graph.nodes]
    sources, targets = graph._state.contents.all_edges()
    lines += [
        f"  {source} -> {target};" for source, target in zip(sources.tolist(), targets.tolist(), strict=True)
    ]
    return "\n".join([*lines, "}"]) + "\n"


def html_of(graph: "Graph") -> str:
    """Return a picture: of each node in a small graph, else of each name of tasks.

    Parameters
    ----------
    graph : Graph
        What to show.

    Returns
    -------
    str
        HTML without scripts.
    """
    return painted(sketch_of(graph, None, _MOST_IN_PAGES))._repr_html_()
