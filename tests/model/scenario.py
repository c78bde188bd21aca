"""Scenarios as test files declare them.

``tests/model/test_<kernel>.py`` declares ``SCENARIOS``, ``{name: Scenario(make, ...)}``. The tests of
the file run them, and ``python -m tests.model`` runs the tests.
"""

import pytest

from .explore import explore
from .mount import mount_all
from .pct import pct


class Scenario:
    """Threads of kernels, what must hold of them, and the search that is to show it.

    Parameters
    ----------
    make : callable
        ``make(kernels)`` returns what `explore` is given: threads, check, and if need be ``quiescent`` and
        ``invariant``.
    random : int, optional
        How many random schedules to run instead of all.
    slow : bool
        Whether the search takes more than a few seconds.
    mutants : dict, optional
        Options in place of ``options`` when a mutant is looked for; None: this scenario looks for none.
    entry : callable
        What mounts the kernels, given an edit of their sources.
    **options
        Options of `explore`, or of `pct` for random schedules.
    """

    def __init__(self, make, *, random=0, slow=False, mutants=(), entry=mount_all, **options):
        self.make, self.random, self.slow, self.mutants, self.entry = make, random, slow, mutants, entry
        self.options = options

    def holds(self):
        """Run the kernels as they stand."""
        self.search(self.entry(), self.options)

    def __call__(self, kernels):
        """Run kernels that a mutant may have changed, as far as that takes."""
        self.search(kernels, {**self.options, **dict(self.mutants or ())})

    def search(self, kernels, options):
        threads, check, *others = self.make(kernels)
        options = {**dict(zip(("quiescent", "invariant"), others, strict=False)), **options}
        if not self.random:
            return explore(threads, check, **options)
        return pct(threads, check, runs=self.random, **options)


def named(scenarios):
    """Parametrize a test over scenarios, by their names."""
    return pytest.mark.parametrize(
        "scenario",
        [
            pytest.param(scenario, id=name, marks=[pytest.mark.slow] * scenario.slow)
            for name, scenario in scenarios.items()
        ],
    )


def finders(scenarios):
    """Return those of the scenarios that look for mutants."""
    return [one for one in scenarios.values() if one.mutants is not None]
