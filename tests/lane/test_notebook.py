"""A real Jupyter kernel: awaits at the top level, interrupts, and cells that are run again."""

import signal
import threading
import time

import pytest

nbclient = pytest.importorskip("nbclient")
nbformat = pytest.importorskip("nbformat")
pytest.importorskip("ipykernel")

pytestmark = [
    pytest.mark.timeout(300),
    # of Jupyter's own: it looks for files where they are no more, and closes sockets when it is collected
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

AWAITS = """
import zuki

@zuki.task
def double(number):
    return 2 * number

async def child(number):
    await zuki.yield_now()
    return number + 1

graph = zuki.Graph()
node = graph.add(double, 4)
await graph
print(await zuki.submit(pow, 2, 10), await zuki.spawn(child(1)), node.result())
print(zuki.run(child(2)))
for _ in range(2):
    print(await zuki.submit(double, 21))
"""

BEGINS = """
@zuki.task
def slow(number):
    total = 0
    for index in range(number):
        total = (total * 6364136223846793005 + index) ^ (total >> 17)
    return total

graph = zuki.Graph()
graph.add_many(slow, 1_000_000, count=100_000)
print("begun", flush=True)
graph.run()
"""

BEGINS_COROUTINE = """
async def endless():
    while True:
        await zuki.yield_now()

print("begun", flush=True)
zuki.run(endless())
"""

GOES_ON = "print(zuki.run(child(5)), await zuki.submit(double, 3))"

REDEFINES = """
@zuki.task
def double(number):
    return 20 * number

print(double(1), await zuki.submit(double, 2), await zuki.submit(double, 2), zuki.run(double, 3))
"""


class Kernel:
    """A Jupyter kernel that runs cells."""

    def __init__(self, folder):
        self.notebook = nbformat.v4.new_notebook()
        resources = {"metadata": {"path": str(folder)}}
        self.client = nbclient.NotebookClient(
            self.notebook, timeout=200, resources=resources, allow_errors=True
        )

    def run(self, text):
        """Return what a cell prints, and the name of what it raises or None."""
        cell = nbformat.v4.new_code_cell(text)
        self.notebook.cells.append(cell)
        self.client.execute_cell(cell, len(self.notebook.cells) - 1)
        printed = "".join(output.text for output in cell.outputs if output.output_type == "stream")
        raised = [output.ename for output in cell.outputs if output.output_type == "error"]
        return printed, raised[0] if raised else None

    def run_and_interrupt(self, text):
        """Do as `run`, and interrupt the kernel when the cell has printed something."""
        cell = nbformat.v4.new_code_cell(text)

        def interrupt():
            while not any(output.output_type == "stream" for output in cell.outputs):
                time.sleep(0.05)
            time.sleep(0.3)
            self.client.km.provisioner.process.send_signal(signal.SIGINT)  # as the kernel's manager does

        thread = threading.Thread(target=interrupt, daemon=True)
        thread.start()
        self.notebook.cells.append(cell)
        self.client.execute_cell(cell, len(self.notebook.cells) - 1)
        thread.join(10)
        raised = [output.ename for output in cell.outputs if output.output_type == "error"]
        return raised[0] if raised else None


def test_cells(tmp_path):
    kernel = Kernel(tmp_path)
    with kernel.client.setup_kernel():
        assert kernel.run(AWAITS) == ("1024 2 8\n3\n42\n42\n", None)
        assert kernel.run_and_interrupt(BEGINS) == "KeyboardInterrupt"
        assert kernel.run(GOES_ON) == ("6 6\n", None)
        assert kernel.run_and_interrupt(BEGINS_COROUTINE) == "KeyboardInterrupt"
        assert kernel.run(GOES_ON) == ("6 6\n", None)
        assert kernel.run(REDEFINES) == ("20 40 40 60\n", None)
        assert kernel.run(AWAITS) == ("1024 2 8\n3\n42\n42\n", None)
