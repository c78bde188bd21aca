"""What is to be in a picture: boxes, lines and a legend, without any place."""

from dataclasses import dataclass, field

from zuki.drawing.layers import Line


@dataclass(frozen=True, slots=True)
class Box:
    """A box.

    Parameters
    ----------
    label : tuple of str
        What is written in it, a line each, where there is room.
    title : str
        What is shown while a pointer is on it.
    colour : str
        ``#rrggbb``.
    is_marked : bool
        It is on the critical path.
    is_stack : bool
        It stands for several.
    is_faint : bool
        It has not run.
    """

    label: tuple[str, ...]
    title: str
    colour: str
    is_marked: bool = False
    is_stack: bool = False
    is_faint: bool = False


@dataclass(frozen=True, slots=True)
class Sketch:
    """What is to be in a picture.

    Parameters
    ----------
    caption : tuple of str
        What stands above it, a line each.
    boxes : list of Box
        Numbered from 0.
    lines : dict
        For each line, a pair of boxes, how many edges it stands for.
    marked : set of (int, int)
        The lines on the critical path.
    legend : list of (str, str)
        Colours and what they mean.
    scale : (str, str) or None
        What the colours of `zuki.drawing.colours.on_scale` mean, at the light end and at the dark one.
    path : str
        What the marked lines mean; empty if none are.
    """

    caption: tuple[str, ...]
    boxes: list[Box]
    lines: dict[Line, int]
    marked: set[Line] = field(default_factory=set)
    legend: list[tuple[str, str]] = field(default_factory=list)
    scale: tuple[str, str] | None = None
    path: str = ""
