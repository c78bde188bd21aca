"""What environment variables say of an executor."""

from collections.abc import Callable
from typing import Any

from zuki.platform.placement import ORDERS
from zuki.runtime.sizing import MOST_THREADS


def _seconds_or_never(text: str) -> float | None:
    return None if text.lower() in ("never", "none") else float(text)


def _order_or_cpus(text: str) -> str | tuple[int, ...]:
    return text.lower() if text.lower() in ORDERS else tuple(int(cpu) for cpu in text.split(","))


def _yes_or_no(text: str) -> bool:
    return _SWITCHES[text.lower()]


def _switch(text: str) -> bool | int:
    return _SWITCHES[text.lower()] if text.lower() in _SWITCHES else int(text)


_SWITCHES = dict.fromkeys(("0", "no", "false", "off"), False)
_SWITCHES |= dict.fromkeys(("1", "yes", "true", "on"), True)
VARIABLES: dict[str, tuple[str, Callable[[str], Any]]] = {
    "ZUKI_NUM_THREADS": ("max_threads", int),
    "ZUKI_MIN_THREADS": ("min_threads", int),
    "ZUKI_KEEP_ALIVE": ("keep_alive", _seconds_or_never),
    "ZUKI_STACK_SIZE": ("stack_size", int),
    "ZUKI_NAME": ("name", str),
    "ZUKI_POLICY": ("policy", str),
    "ZUKI_PYTHON_LANES": ("python_lanes", int),
    "ZUKI_ADAPTIVE_SIZING": ("adaptive_sizing", _yes_or_no),
    "ZUKI_AFFINITY": ("affinity", _order_or_cpus),
    "ZUKI_DEBUG": ("debug", _yes_or_no),
    "ZUKI_TRACE": ("trace", _switch),
    "ZUKI_MEASURE": ("measure", _yes_or_no),
}


def read_variable(variable: str, name: str, read: Callable[[str], Any], text: str) -> Any:
    """Return the value that a variable says; raise, naming the variable, if it says no such value."""
    try:
        value = read(text)
        if name == "max_threads" and not 1 <= value <= MOST_THREADS:
            raise ValueError
        return value
    except (KeyError, ValueError):
        what = "a number"
        if name == "max_threads":
            what = f"a number between 1 and {MOST_THREADS}"
        elif name == "affinity":
            what = f"{', '.join(ORDERS)} or numbers of processors such as 0,2"
        elif name in ("debug", "adaptive_sizing", "measure"):
            what = "0 or 1"
        raise ValueError(f"{variable} must be {what}, not {text!r}") from None
