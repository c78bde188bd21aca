import threading

import numpy as np
from llvmlite import binding

from tests.kernels.runs_of import cells_at
from zuki_kernels import current


def test_a_thread_holds_what_it_was_given_and_gives_back_what_it_held():
    before = current.hold(4096)
    try:
        assert current.hold(8192) == 4096
        assert current.hold(0) == 8192
        assert current.hold(4096) == 0
    finally:
        assert current.hold(before) == 4096


def test_each_thread_has_its_own():
    found, before = [], current.hold(4096)
    try:

        def other():
            found.append(current.hold(8192))
            found.append(current.hold(0))

        thread = threading.Thread(target=other)
        thread.start()
        thread.join(60)
        assert found == [0, 8192]
        assert current.hold(4096) == 4096
    finally:
        current.hold(before)


def test_both_ways_to_look_find_the_same():
    before, distance = current.hold(4096), int(current.place[1])
    try:
        current.place[1] = -1  # as where the C library keeps the words elsewhere
        assert current.hold(8192) == 4096
        current.place[1] = distance
        assert current.hold(4096) == 8192
    finally:
        current.place[1] = distance
        current.hold(before)


def test_code_of_older_and_newer_layouts_is_led_nowhere():
    for layout in (*range(1, current.LAYOUT), current.LAYOUT + 1, current.LAYOUT + 50):
        address = binding.address_of_symbol(current.symbol_of(layout))
        assert np.array_equal(cells_at(address, 2), [-1, -1])
