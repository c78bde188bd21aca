"""Run a notebook in a kernel of its own, and write it with what its cells have shown.

python -m tests.examples.run_notebook NOTEBOOK RESULT
"""

import sys

import nbformat
from nbclient import NotebookClient

PATIENCE = 400  # seconds for a cell: the first ones compile


def main(source, result):
    notebook = nbformat.read(source, as_version=4)
    NotebookClient(
        notebook, timeout=PATIENCE, startup_timeout=PATIENCE, iopub_timeout=60, kernel_name="python3"
    ).execute()
    nbformat.write(notebook, result)


if __name__ == "__main__":
    main(*sys.argv[1:])
