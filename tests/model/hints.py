"""What the last full run has noted for the next: which scenario finds which mutant, and how long parts take.

Hints alone: a mutant that its scenario does not find any more is looked for in all of them, and a part that
is not known is taken for a short one. ``python -m tests.model --note`` writes them anew.
"""

import json
from functools import cache
from hashlib import sha256
from pathlib import Path

FILE = Path(__file__).with_name("hints.json")


@cache
def _hints():
    return json.loads(FILE.read_text()) if FILE.exists() else {"killers": {}, "seconds": {}}


def key_of(kernel, mutant, scenarios):
    """What stands for a mutant that some scenarios are to find."""
    return sha256(f"{kernel} {mutant!r} {len(scenarios)}".encode()).hexdigest()[:12]


def in_order(kernel, mutant, scenarios):
    """The scenarios, each with its place, the one that is said to find the mutant first."""
    first = _hints()["killers"].get(key_of(kernel, mutant, scenarios))
    return sorted(enumerate(scenarios), key=lambda placed: placed[0] != first)


def seconds_of(part):
    """How long a part took."""
    return _hints()["seconds"].get(_name(part), 0)


def _name(part):
    return part.file + " slow" * part.slow


def note(ran):
    """Write down what a full run has found."""
    tried = [one for part in ran for row in part.rows for one in row.tried if one.killed]
    hints = {
        "killers": {one.key: one.place for one in tried if one.place > 0},  # 0 comes first anyway
        "seconds": {_name(part.part): round(sum(row.seconds for row in part.rows)) for part in ran},
    }
    hints["seconds"] = {name: seconds for name, seconds in hints["seconds"].items() if seconds > 0}
    FILE.write_text(json.dumps(hints, indent=0, sort_keys=True) + "\n")
