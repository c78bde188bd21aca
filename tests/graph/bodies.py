"""Bodies of the tests of graphs."""

import numpy as np

import zuki


@zuki.task
def plus(x, y):
    return x + y


@zuki.task
def nothing():
    pass


@zuki.task
def fill(values, x):
    values[:] = x


@zuki.task
def double(values):
    values *= 2


@zuki.task
def total(values):
    return values.sum()


@zuki.task
def ramp(count):
    return np.arange(count) * 1.0


@zuki.task
def pair(x):
    return x, 0.5 * x


@zuki.task
def sum_of_pair(both):
    return both[0] + both[1]


@zuki.task
def first_of(records):
    return records[0]


@zuki.task
def sum_of_record(record):
    return record.x + record.y


@zuki.task
def move_record(record, x):
    record.x = x


@zuki.task
def maybe(x):
    if x > 0:
        return x
    return None


@zuki.task
def bounded(x, least=0, most=9):
    return min(max(x, least), most)


@zuki.task
def any_number(*values):
    return len(values)


@zuki.task("int64(int64)")
def declared(x):
    return x + 1


@zuki.task(writes=())  # only edges, priorities and costs order the nodes: for runs with one thread
def stamp(counter, order, place):
    order[counter[0]] = place
    counter[0] += 1


@zuki.task
def refuse_small(values, place, least):
    if values[place] < least:
        raise ValueError("too small", place)
    values[place] += 1
    return place


FAILING_LINE = refuse_small.py_func.__code__.co_firstlineno + 3
