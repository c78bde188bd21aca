"""What a notebook shows of a future. Nothing is waited for."""

from typing import TYPE_CHECKING, Any

from zuki.drawing.tables import short_repr, table

if TYPE_CHECKING:
    from zuki.lane.future import Future


def html_of(future: "Future[Any]", caption: str, more: tuple[tuple[str, str], ...] = ()) -> str:
    """Return a small table: how a future is, and what came of it.

    Parameters
    ----------
    future : Future
        What to show; that somebody has asked for its exception is not noted.
    caption : str
        What it is.
    more : tuple of (str, str)
        Further rows, between the two.

    Returns
    -------
    str
        HTML.
    """
    state, error, result = future._state, future._exception, future._result
    rows = [("state", state.lower().replace("_and_notified", "")), *more]
    if state == "FINISHED":
        rows.append(("exception", short_repr(error)) if error is not None else ("result", short_repr(result)))
    return table(caption, rows)
