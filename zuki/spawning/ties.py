"""Values that compare alike and are not the same: what a stable sort of floats has to put in order."""

import numpy as np

from zuki.task.decorator import task


@task
def ties_of(values, words):
    """Return the NaNs, and the zeros if their signs differ, in the order in which they stand."""
    minus = np.uint64(1) << np.uint64(8 * words.itemsize - 1)
    nan_count = zero_count = negative_count = 0
    for i in range(len(values)):
        nan_count += values[i] != values[i]
        zero_count += values[i] == 0
        negative_count += np.uint64(words[i]) == minus
    nans = np.empty(nan_count, values.dtype)
    zeros = np.empty(zero_count if negative_count else 0, values.dtype)
    nan_count = zero_count = 0
    for value in values:
        if value != value:
            nans[nan_count] = value
            nan_count += 1
        elif value == 0 and len(zeros):
            zeros[zero_count] = value
            zero_count += 1
    return nans, zeros


@task
def restore(values, nans, zeros):
    """Put NaNs and zeros among sorted values, in the order in which they stood before."""
    for i in range(len(nans)):
        values[len(values) - len(nans) + i] = nans[i]
    first = 0
    if len(zeros):
        for value in values:
            first += value < 0
    for i in range(len(zeros)):
        values[first + i] = zeros[i]
