"""SVG that is complete in itself: no script, no font of its own, dark where its reader's page is dark.

Colours are attributes, for light paper: programs that know no style sheets show that. A style sheet
overrides them for dark paper, which it finds by the reader's setting, or by what Jupyter and VS
Code write into their pages.
"""

from zuki.drawing.colours import DARK_INK, DARK_PAPER, INK, PAPER
from zuki.drawing.words import escaped

SIZE = 11.5  # pixels of text
LETTER = 0.605 * SIZE  # how broad a letter is
LINE_HEIGHT = 15.0
_FONT = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace"

_DARK = f".paper{{fill:{DARK_PAPER}}} .ink{{fill:{DARK_INK}}} .halo{{stroke:{DARK_PAPER}}}"


def _dark_rules() -> str:
    """Return the style sheet."""
    rules = [rule.split("{") for rule in _DARK.split(" ")]
    system = "".join(
        f".zuki-picture:not([data-jp-theme-light=true] *) {name}{{{what}" for name, what in rules
    )
    pages = "[data-jp-theme-light=false]", ".vscode-dark", "[data-theme=dark]"
    page = "".join(
        ",".join(f"{page} .zuki-picture {name}" for page in pages) + f"{{{what}" for name, what in rules
    )
    return f"@media (prefers-color-scheme:dark){{{system}}}{page}"


STYLE = _dark_rules()


def number(value: float) -> str:
    """Return a length in as few characters as a tenth of a pixel takes."""
    return f"{value:.1f}".removesuffix(".0")


def text(
    x: float,
    y: float,
    words: str,
    *,
    colour: str = "",
    is_title: bool = False,
    is_small: bool = False,
    anchor: str = "",
    halo: str = "",
) -> str:
    """Return an element of text.

    Parameters
    ----------
    x, y : float
        Where it begins, on its base line; or its middle, with ``anchor="middle"``.
    words : str
        What it says; escaped here.
    colour : str
        Of the letters, on light paper and dark; default: whatever can be read on the paper.
    is_title, is_small : bool
        How large it is.
    anchor : str
        SVG's ``text-anchor``.
    halo : str
        A colour around the letters, so that they can be read on lines.

    Returns
    -------
    str
        SVG.
    """
    kind = f'fill="{colour}"' if colour else f'class="ink{" halo" * bool(halo)}" fill="{INK}"'
    if halo:
        kind += f' stroke="{halo}" stroke-width="3" paint-order="stroke"'
    if anchor:
        kind += f' text-anchor="{anchor}"'
    if is_title:
        kind += ' font-weight="600"'
    if is_small:
        kind += f' font-size="{SIZE - 1.5}"'
    return f'<text x="{number(x)}" y="{number(y)}" {kind}>{escaped(words)}</text>'


def document(width: float, height: float, drawn: list[str], about: str) -> str:
    """Return a whole picture.

    Parameters
    ----------
    width, height : float
        Its size, in pixels.
    drawn : list of str
        Its elements.
    about : str
        What it shows, for those who do not see it.

    Returns
    -------
    str
        SVG, a document and an element of HTML.
    """
    size = f"{number(width)} {number(height)}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="zuki-picture" width="{number(width)}" '
        f'height="{number(height)}" viewBox="0 0 {size}" role="img" aria-label="{escaped(about)}" '
        f'font-family="{_FONT}" font-size="{SIZE}"><style>{STYLE}</style>'
        f'<rect class="paper" width="100%" height="100%" rx="6" fill="{PAPER}"/>{"".join(drawn)}</svg>'
    )
