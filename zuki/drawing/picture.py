"""A finished picture: shown by a notebook, kept in a file."""

from pathlib import Path
from typing import Any

_FITS = 1400.0  # pixels: wider ones are not made smaller than they are, but scrolled
_TALLEST = 760  # pixels of a notebook's page


class Picture:
    """An SVG picture. A notebook shows it; `save` keeps it.

    Parameters
    ----------
    svg : str
        The picture, complete.
    width, height : float
        Its size in pixels.
    about : str
        What it shows, for its ``repr``.
    """

    def __init__(self, svg: str, width: float, height: float, about: str) -> None:
        self.svg, self.width, self.height, self._about = svg, width, height, about

    def save(self, path: Any) -> Path:
        """Write the picture to a file.

        Parameters
        ----------
        path : str or path-like
            Where to; a file that is there is replaced.

        Returns
        -------
        Path
            The same.

        Raises
        ------
        OSError
            The file cannot be written.
        """
        target = Path(path)
        target.write_text(self.svg, encoding="utf-8")
        return target

    def _repr_html_(self) -> str:
        fit = "max-width:100%;height:auto" if self.width <= _FITS else "max-width:none"
        shown = self.svg.replace("<svg ", f'<svg style="{fit}" ', 1)
        return f'<div style="max-height:{_TALLEST}px;overflow:auto">{shown}</div>'

    def __repr__(self) -> str:
        return f"<zuki.Picture of {self._about}: {self.width:.0f} x {self.height:.0f}>"
