"""Every ``# order:`` comment of the kernels has a mutant, or a reason why the model cannot judge it."""

import importlib

import pytest

from .mutants import FOLDER, orderings, uncovered

KERNELS = sorted(path.stem for path in FOLDER.glob("*.py") if list(orderings(path.stem)))


@pytest.mark.parametrize("kernel", KERNELS)
def test_each_ordering_is_judged(kernel):
    tests = importlib.import_module(f"{__package__}.test_{kernel}")
    missing, strangers = uncovered(kernel, tests.MUTANTS, tests.BEYOND_THE_MODEL)
    assert not missing, f"no mutant of {kernel}.py touches {missing}"
    assert not strangers, f"BEYOND_THE_MODEL names what {kernel}.py does not order: {strangers}"
