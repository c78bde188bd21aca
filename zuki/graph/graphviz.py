"""Pictures by Graphviz, where it is installed: other layouts, and other files than SVG."""

from typing import Any

from zuki.drawing.picture import Picture
from zuki.errors import GraphError
from zuki.later import import_now

_POINT = 4 / 3  # pixels


def rendered(dot: str, kind: str) -> bytes:
    """Return a picture of a graph in Graphviz's language.

    Parameters
    ----------
    dot : str
        The graph.
    kind : str
        What picture, such as ``"pdf"``.

    Returns
    -------
    bytes
        The content of a file.

    Raises
    ------
    ImportError
        The package that calls Graphviz is not installed; the message names the extra that brings it.
    GraphError
        Graphviz itself is not installed, or knows no such kind of picture.
    """
    graphviz = _find()
    try:
        return graphviz.pipe("dot", kind, dot.encode())  # type: ignore[no-any-return]
    except graphviz.ExecutableNotFound as error:
        raise GraphError(
            "Graphviz's program dot is not installed, and no Python package brings it: apt install graphviz, "
            "brew install graphviz or conda install graphviz"
        ) from error
    except (ValueError, graphviz.CalledProcessError) as error:
        raise GraphError(f"Graphviz makes no {kind!r} of this graph: {error}") from error


def drawn(dot: str, about: str) -> Picture:
    """Return Graphviz's picture of a graph in its language, as SVG.

    Parameters
    ----------
    dot : str
        The graph.
    about : str
        What it shows, for the picture's ``repr``.

    Returns
    -------
    Picture
        Complete.
    """
    svg = rendered(dot, "svg").decode()
    svg = svg[svg.index("<svg") :]
    width, height = (
        float(svg.partition(f'{side}="')[2].partition("pt")[0]) * _POINT for side in ("width", "height")
    )
    return Picture(svg, width, height, about)


def _find() -> Any:
    try:
        return import_now("graphviz")
    except ImportError as error:
        raise ImportError(
            "this picture is made by Graphviz, which the package graphviz calls: "
            "pip install 'zuki[graphviz]'; zuki's own, as SVG, need neither"
        ) from error
