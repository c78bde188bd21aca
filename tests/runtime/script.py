"""Running Python in a process of its own, with a limit, for what a test's process must not suffer."""

import os
import subprocess
import sys
import textwrap

# Which thread hangs where is told before the limit ends the process.
_HEAD = """
import faulthandler, os, signal, sys, threading, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
faulthandler.dump_traceback_later({limit} - 5, exit=True)
import numpy as np
import zuki
from tests.runtime.bodies import increment, mark, milliseconds, nothing, spin
"""


def run_script(text, *arguments, limit=60, status=0, **environment):
    """Run ``text`` after the imports above; return what it printed, and fail if it did not end well."""
    ended = subprocess.run(
        [sys.executable, "-c", _HEAD.format(limit=limit) + textwrap.dedent(text), *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **environment},
        capture_output=True,
        text=True,
        timeout=limit,
    )
    assert ended.returncode == status, f"status {ended.returncode}\n{ended.stdout}\n{ended.stderr}"
    return ended.stdout
