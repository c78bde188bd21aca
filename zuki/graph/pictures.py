"""A graph as text and as a table: DOT, and what a notebook shows."""

from collections import Counter
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zuki.graph.graph import Graph


def size_of(graph: "Graph") -> str:
    """Return how many nodes and edges a graph has, in words."""
    counts = len(graph), graph._state.contents.edge_count
    nodes, edges = (
        f"{count:,} {noun}{'s' * (count != 1)}" for count, noun in zip(counts, ("node", "edge"), strict=True)
    )
    return f"{nodes}, {edges}"


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
    lines = [f"digraph {_quoted(graph.name)} {{"]
    lines += [f"  {node.id} [label={_quoted(node.name)}];" for node in graph.nodes]
    sources, targets = graph._state.contents.all_edges()
    lines += [
        f"  {source} -> {target};" for source, target in zip(sources.tolist(), targets.tolist(), strict=True)
    ]
    return "\n".join([*lines, "}"]) + "\n"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def html_of(graph: "Graph") -> str:
    """Return a small table: the size of the graph, and how many nodes each body has.

    Parameters
    ----------
    graph : Graph
        What to show.

    Returns
    -------
    str
        HTML without scripts.
    """
    counts: Counter[str] = graph._state.count_bodies()
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td style='text-align:right'>{count:,}</td></tr>"
        for name, count in counts.most_common(20)
    )
    if len(counts) > 20:
        rows += f"<tr><td>{len(counts) - 20} more bodies</td><td></td></tr>"
    title = f"{escape(graph.name)}: {size_of(graph)}"
    return f"<table><caption>{title}</caption><tr><th>body</th><th>nodes</th></tr>{rows}</table>"
