"""``python -m zuki``, and the command ``zuki``."""

import argparse
import sys

from zuki import top
from zuki.demo import gaussian_process


def main(arguments: list[str] | None = None) -> int:
    """Run a sub-command and return its exit code.

    Parameters
    ----------
    arguments : list of str, optional
        What follows the command's name; default: what the process was given.

    Returns
    -------
    int
        0 if all went well, 2 if the arguments are wrong.
    """
    parser = argparse.ArgumentParser(prog="zuki", description="Task graphs of jitted bodies.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    demo = commands.add_parser("demo", help="recognise handwritten digits: one graph, from pixels to answers")
    gaussian_process.add_arguments(demo)
    demo.set_defaults(run=gaussian_process.run)
    seen = commands.add_parser("top", help="run a script, and show what its executors do")
    top.add_arguments(seen)
    seen.set_defaults(run=top.run)
    given = parser.parse_args(arguments)
    return int(given.run(given))


if __name__ == "__main__":
    sys.exit(main())
