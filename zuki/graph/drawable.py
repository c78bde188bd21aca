"""How a graph looks: what `zuki.Graph` shows of itself."""

from typing import TYPE_CHECKING, Any, cast

from zuki.graph.state import GraphState
from zuki.later import later

if TYPE_CHECKING:
    from zuki.drawing.picture import Picture
    from zuki.graph.graph import Graph

pictures = later("zuki.graph.pictures")


class Drawable:
    """The part of a graph that draws."""

    _state: GraphState

    def draw(
        self,
        path: Any = None,
        *,
        collapse: bool | None = None,
        direction: str | None = None,
        engine: str = "zuki",
    ) -> "Picture":
        """Draw the graph: what runs, and what waits for what.

        Boxes have colours by task. After a run with ``measure=True`` they have them by the time their bodies
        took, and the critical path is bold: the longest way through the graph. After a run that failed, what
        failed is red and what was passed over is pale.

        Parameters
        ----------
        path : str or path-like, optional
            A file to write the picture to. Its name says what kind: ``.svg``; ``.dot`` or ``.gv`` for
            Graphviz's language; what else Graphviz can make, such as ``.pdf``, if that is installed.
        collapse : bool, optional
            Draw one box for each task, with how many nodes it has. Default: if there are more than 300
            nodes; of fewer, those are one box that are alike and many, in a row or between the same nodes.
            False draws each node by itself, up to 1000.
        direction : str, optional
            Where edges lead, ``"down"`` or ``"right"``; default: whichever is less broad, if down is
            too broad for a page.
        engine : str
            ``"zuki"``, or ``"graphviz"`` where that is installed.

        Returns
        -------
        Picture
            SVG, which a notebook shows.

        Raises
        ------
        GraphError
            An argument is none of these; each node of too many is to be drawn; or Graphviz is not installed.
        ImportError
            The package that calls Graphviz is not installed; the message names the extra that brings it.
        OSError
            The file cannot be written.

        Examples
        --------
        >>> import zuki
        >>> graph = zuki.Graph("report")
        >>> data = graph.add(range, 3)
        >>> figure = graph.add(sum, data)
        >>> graph.draw()
        <zuki.Picture of graph 'report': 188 x 169>
        """
        return pictures.draw(cast("Graph", self), path, collapse, direction, engine)

    def to_dot(self) -> str:
        """Return the graph in Graphviz's language.

        Returns
        -------
        str
            One line for each node and each edge.
        """
        return pictures.dot_of(cast("Graph", self))

    def __repr__(self) -> str:
        graph = cast("Graph", self)
        return f"<zuki.Graph {graph.name!r}: {pictures.size_of(graph)}>"

    def _repr_html_(self) -> str:
        return pictures.html_of(cast("Graph", self))
