"""What becomes of exceptions that nobody can catch, and of what else a program should hear of."""

import logging
import sys
import traceback
from types import SimpleNamespace

log = logging.getLogger("zuki")


def report_lost(error: BaseException, message: str, about: object) -> None:
    """Let the program hear of an exception that nobody can catch."""
    if sys.unraisablehook is sys.__unraisablehook__:  # it takes nothing that Python code can make
        text = "".join(traceback.format_exception(error))
        told = message if about is None else f"{message} {about!r}"
        print(f"{told}:\n{text}", end="", file=sys.stderr)
        return
    kinds = type(error), error, error.__traceback__, message, about
    names = "exc_type", "exc_value", "exc_traceback", "err_msg", "object"
    sys.unraisablehook(SimpleNamespace(**dict(zip(names, kinds, strict=True))))  # type: ignore[arg-type]
