"""Text for pictures: what may stand in them, how wide it is, and times in words."""

import unicodedata
from html import escape

_REFUSED = frozenset("\ufffe\uffff\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))


def printable(text: str, most: int = 10_000) -> str:
    """Return text without what no document may hold, on one line, cut to a length.

    Parameters
    ----------
    text : str
        Any text.
    most : int
        How many columns it may take.

    Returns
    -------
    str
        Not escaped.
    """
    enough = 4 * most  # characters, for a column may hold several
    kept = "".join("\N{REPLACEMENT CHARACTER}" if _is_refused(one) else one for one in text[:enough])
    line = " ".join(kept.split())
    if columns(line) <= most and not text[enough:].strip():
        return line
    while columns(line) > most - 1:
        line = line[:-1]
    return line + "…"


def _is_refused(character: str) -> bool:
    """Tell of what XML does not allow, not even escaped, and of what turns text round."""
    if character in "\t\n\r":
        return False
    category = unicodedata.category(character)
    return (
        category in ("Cc", "Cs")
        or character in "\ufffe\uffff\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    )


def columns(text: str) -> int:
    """Return how wide text is in a font whose letters are all as wide.

    Parameters
    ----------
    text : str
        One line.

    Returns
    -------
    int
        Two for each character of East Asian width, none for marks on others.
    """
    return sum(
        0 if unicodedata.combining(one) else 1 + (unicodedata.east_asian_width(one) in "WF") for one in text
    )


def escaped(text: str, most: int = 10_000) -> str:
    """Return `printable` text as it is written in HTML and SVG."""
    return escape(printable(text, most))


def in_words(seconds: float) -> str:
    """Return a time with its unit, to two or three digits.

    Parameters
    ----------
    seconds : float
        Not negative.

    Returns
    -------
    str
        Such as ``13 µs`` or ``2.5 s``.
    """
    if seconds <= 0:
        return "0 s"
    for unit, name in _UNITS:
        if seconds >= 0.9995 * unit or name == "ns":
            value = seconds / unit
            return f"{value:.2g} {name}" if value < 9.95 else f"{value:,.0f} {name}"
    raise AssertionError  # the last unit takes all


def times(name: str, count: int) -> str:
    """Return a name, and how often it is there.

    Parameters
    ----------
    name : str
        Of what is counted.
    count : int
        How many.

    Returns
    -------
    str
        The name alone for 1.
    """
    return name if count == 1 else f"{name} × {count:,}".strip()


def counted(count: int, noun: str) -> str:
    """Return a number and a noun, in the plural but for 1.

    Parameters
    ----------
    count : int
        How many.
    noun : str
        Of one.

    Returns
    -------
    str
        Such as ``1,024 nodes``.
    """
    return f"{count:,} {noun}{'s' * (count != 1)}"
