"""Colours that can be told apart on light paper and on dark."""

from collections.abc import Iterable

INK, DARK_INK = "#16191d", "#dfe3e8"  # text on light paper, and on dark
PAPER, DARK_PAPER = "#ffffff", "#1c1f24"
LINE = "#868d96"  # 3 : 1 or better against both papers, as EDGE and MARK are
EDGE = "#6b727b"
MARK = "#e0480b"  # the critical path
FAILED = "#c92a2a"
NOT_RUN = "#c9ced4"

_KINDS = (  # by how far apart they are for those who see red and green alike, too
    "#7fb2e5",
    "#f5b461",
    "#8fd0a0",
    "#e79aa6",
    "#b9a5e2",
    "#e3dc7a",
    "#74cfd0",
    "#d6b08c",
    "#e59ad6",
    "#b4bcc5",
)
_SCALE = (  # from short to long: light to dark, so that it can be read without colours, too
    (252, 244, 196),
    (190, 226, 150),
    (108, 198, 158),
    (30, 112, 148),
    (48, 56, 128),
)


def colours_of(kinds: Iterable[str]) -> dict[str, str]:
    """Return a colour for each kind of box; after ten they come again.

    Parameters
    ----------
    kinds : iterable of str
        Names, each once.

    Returns
    -------
    dict
        Colours as ``#rrggbb``, by name.
    """
    return {kind: _KINDS[number % len(_KINDS)] for number, kind in enumerate(kinds)}


def on_scale(part: float) -> str:
    """Return the colour for a part of the greatest value.

    Parameters
    ----------
    part : float
        From 0, light, to 1, dark.

    Returns
    -------
    str
        ``#rrggbb``.
    """
    place = min(max(part, 0.0), 1.0) * (len(_SCALE) - 1)
    below = min(int(place), len(_SCALE) - 2)
    share = place - below
    mixed = (
        round(one + (other - one) * share)
        for one, other in zip(_SCALE[below], _SCALE[below + 1], strict=True)
    )
    return "#" + "".join(f"{value:02x}" for value in mixed)


def ink_on(colour: str) -> str:
    """Return the colour of text that can be read on a colour.

    Parameters
    ----------
    colour : str
        ``#rrggbb``.

    Returns
    -------
    str
        Nearly black, or white.
    """
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return INK if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.195 else "#ffffff"


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
