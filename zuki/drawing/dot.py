"""From a sketch to DOT, the language of Graphviz."""

from zuki.drawing.colours import EDGE, LINE, MARK, ink_on
from zuki.drawing.sketch import Sketch
from zuki.drawing.words import printable


def quoted(text: str) -> str:
    """Return text as DOT's strings are written.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        With its quotes.
    """
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def dot_of_sketch(sketch: Sketch, direction: str | None) -> str:
    """Return a sketch in Graphviz's language.

    Parameters
    ----------
    sketch : Sketch
        What to draw.
    direction : str or None
        Where lines lead, ``"down"`` or ``"right"``; None: down.

    Returns
    -------
    str
        With colours and the critical path; the legend is left out.
    """
    caption = "\n".join(printable(line) for line in sketch.caption if line)
    lines = [
        "digraph {",
        f"  graph [label={quoted(caption)}, labelloc=t, rankdir={'LR' if direction == 'right' else 'TB'}];",
        f'  node [shape=box, style="filled,rounded", color="{EDGE}", fontname=monospace, fontsize=11];',
        f'  edge [color="{LINE}", fontname=monospace, fontsize=10, arrowsize=0.6];',
    ]
    for number, box in enumerate(sketch.boxes):
        look = f'fillcolor="{box.colour}", fontcolor="{ink_on(box.colour)}"'
        if box.is_marked:
            look += f', color="{MARK}", penwidth=3'
        label, title = quoted("\n".join(map(printable, box.label))), quoted(printable(box.title))
        lines.append(f"  {number} [label={label}, tooltip={title}, {look}];")
    for (source, target), count in sketch.lines.items():
        looks = [f'label="{count:,}"'] if count > 1 else []
        if (source, target) in sketch.marked:
            looks += [f'color="{MARK}"', "penwidth=3"]
        look = f" [{', '.join(looks)}]" if looks else ""
        lines.append(f"  {source} -> {target}{look};")
    return "\n".join([*lines, "}"]) + "\n"
