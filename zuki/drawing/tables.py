"""Tables for notebooks: text in HTML, in whatever colours the page has."""

from collections.abc import Iterable
from reprlib import Repr

from zuki.drawing.words import escaped, printable

_LEFT = "text-align:left"
_MOST = 200  # columns of a cell
_short = Repr()
_short.maxstring = _short.maxother = 120


def table(caption: str, rows: Iterable[tuple[str, str]]) -> str:
    """Return a table of names and values.

    Parameters
    ----------
    caption : str
        What it is about.
    rows : iterable of (str, str)
        A name and a value each; escaped here.

    Returns
    -------
    str
        HTML without scripts, and without colours: it is as dark or light as the page.
    """
    lines = "".join(
        f'<tr><th style="{_LEFT}">{escaped(name, _MOST)}</th>'
        f'<td style="{_LEFT}">{escaped(value, _MOST)}</td></tr>'
        for name, value in rows
    )
    return (
        f'<table><caption style="{_LEFT};font-weight:600">{escaped(caption, _MOST)}</caption>{lines}</table>'
    )


def short_repr(value: object) -> str:
    """Return how a value shows itself, short, whatever that raises.

    Parameters
    ----------
    value : object
        Anything.

    Returns
    -------
    str
        At least its class.
    """
    try:
        return printable(_short.repr(value), _MOST)
    except Exception:
        return f"<{type(value).__name__}, whose repr raises>"
