"""An integral by adaptive quadrature: intervals are halved where the function is wild, and only there.

The function swings faster and faster towards zero, and its integral is known in closed form. Each task looks
at one interval: Simpson's rule for the whole is compared with Simpson's rule for the two halves, and where
they differ too much, the halves are integrated instead, one of them by a task that is spawned. The tree that
comes of it is deep on the left and shallow on the right; cutting the interval into equal pieces would leave
nearly all the work in one of them.

The sums are taken along the tree, not in the order in which tasks end: the result is the same number, to the
last bit, with any number of workers.
"""

import math
import time

from numba import njit

import zuki

START, STOP = 1e-4, 1.0
TOLERANCE = 1e-9


@njit
def function(x):
    """Answer the derivative of ``x**2 * sin(1 / x)``."""
    return 2 * x * math.sin(1 / x) - math.cos(1 / x)


def known_integral(start, stop):
    """Return the integral by the fundamental theorem of calculus."""
    return stop**2 * math.sin(1 / stop) - start**2 * math.sin(1 / start)


@zuki.task("float64(float64, float64, float64, float64, float64, float64, float64)")
def refine(start, stop, left, middle, right, whole, tolerance):
    """Integrate over an interval.

    Parameters
    ----------
    start, stop : float
        The interval.
    left, middle, right : float
        The function at its start, in its middle and at its end.
    whole : float
        What Simpson's rule makes of these.
    tolerance : float
        How far off the result may be.
    """
    center = (start + stop) / 2
    lower, upper = function((start + center) / 2), function((center + stop) / 2)
    first = (center - start) / 6 * (left + 4 * lower + middle)
    second = (stop - center) / 6 * (middle + 4 * upper + right)
    error = (
        first + second - whole
    ) / 15  # Lyness 1969: the two rules differ by 15 times the better one's error
    if abs(error) <= tolerance or center in (start, stop):
        return first + second + error
    handle = zuki.spawn(refine, start, center, left, lower, middle, first, tolerance / 2)
    above = refine(center, stop, middle, upper, right, second, tolerance / 2)
    return zuki.join(handle) + above


def integrate(start, stop, tolerance, executor=None):
    """Return the integral of `function` from ``start`` to ``stop``."""
    left, middle, right = function(start), function((start + stop) / 2), function(stop)
    whole = (stop - start) / 6 * (left + 4 * middle + right)
    return zuki.run(refine, start, stop, left, middle, right, whole, tolerance, executor=executor)


def main():
    """Integrate, at one worker and at all."""
    known = known_integral(START, STOP)
    for threads in (1, None):  # None: as many as there are processors
        with zuki.Executor(threads) as executor:
            integrate(0.5, STOP, TOLERANCE, executor)  # compiles, or loads what was compiled
            start = time.perf_counter()
            found = integrate(START, STOP, TOLERANCE, executor)
            seconds = time.perf_counter() - start
        error = abs(found - known)
        print(f"{found:.12f}, off by {error:.0e}: {seconds:.3f} s at {executor.max_threads} workers")
        if not error <= TOLERANCE:
            raise SystemExit(f"it is {known:.12f}")


if __name__ == "__main__":
    main()
