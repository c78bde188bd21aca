"""A hundred thousand spawns with arrays lose nothing, and a check that cannot fail would show here."""

import numpy as np

from benchmarks import spawn_leaks


def test_nothing_is_lost(capsys):
    assert spawn_leaks.main(["--spawns", "100000", "--workers", "2"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[-1] == "nothing is lost"
    assert sum(line.strip().startswith("10,0") for line in printed) == 2  # rows of each part


def test_what_is_lost_is_told(counted):
    kept = []

    def lose(count):
        kept.extend(spawn_leaks.copied(np.zeros(3)) for _ in range(count))
        return 0

    assert spawn_leaks.measure(lose, 10_000, 1) == "memory has grown"
    assert "10 tasks" in spawn_leaks.measure(lambda count: 10, 10_000, 1)
