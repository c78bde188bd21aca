"""What tests of several layers ask for."""

import pytest
from numba.core.runtime import _nrt_python


@pytest.fixture
def counted():
    """Let Numba count its allocations."""
    before = _nrt_python.memsys_stats_enabled()
    _nrt_python.memsys_enable_stats()
    yield
    if not before:
        _nrt_python.memsys_disable_stats()
