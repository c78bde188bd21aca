"""A worker that has nothing to do, as a part of the whole pool: see `tests.model.test_turn`."""

import pytest

from . import pools
from .mutants import assert_killed
from .scenario import finders
from .test_turn import SCENARIOS

MUTANTS = [("reason_to_return", "until >= 0 and load_acquire", "until >= 0 and load_relaxed")]
BEYOND_THE_MODEL = {}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_each_ordering_is_needed(mutant):
    assert_killed("idling", mutant, *finders(SCENARIOS), entry=pools.mount_pool)
