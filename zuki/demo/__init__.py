"""The main job, on real input: recognise handwritten digits."""

import gzip
import warnings
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float64]  # a digit a row, its pixels from 0 to 1
Labels = npt.NDArray[np.int64]  # which digit it is

DIGITS = Path(__file__).parent / "data" / "digits.csv.gz"
DARKEST = 16  # pixels in the file go from 0 to this
CLASSES = 10


def load_digits(path: Path) -> tuple[Points, Labels]:
    """
    Read digits from a file of comma separated numbers, gzipped if its name ends in ``.gz``.

    Parameters
    ----------
    path : Path
        A digit a row: its pixel counts, 0 to 16, and last what it is, 0 to 9.

    Returns
    -------
    points : ndarray, shape (n, pixels)
        The pixels, from 0 to 1.
    labels : ndarray of int64, shape (n,)
        What the digits are.

    Raises
    ------
    ValueError
        When the file cannot be read, or holds something else; in one line.
    """
    try:
        with (
            warnings.catch_warnings(action="ignore"),  # NumPy's of an empty file: refused below
            (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8") as file,
        ):
            table = np.loadtxt(file, delimiter=",", ndmin=2)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error).partition("\n")[0]
        raise ValueError(f"cannot read {path}: {reason}") from error
    if table.shape[0] < 3 or table.shape[1] < 2:
        raise ValueError(f"{path} needs 3 or more rows of pixels and a label, not {table.shape}")
    pixels, labels = table[:, :-1], table[:, -1]
    if not ((pixels >= 0) & (pixels <= DARKEST)).all():
        raise ValueError(f"{path} has a pixel that is not between 0 and {DARKEST}")
    if not np.isin(labels, range(CLASSES)).all():
        raise ValueError(f"{path} has a label (the last column) that is not a digit from 0 to 9")
    return np.ascontiguousarray(pixels / DARKEST), labels.astype(np.int64)
