from zuki.runtime.tables import make_table
from zuki_kernels import activity, counters, event

COLUMNS = [name for name in vars(counters) if name.isupper() and name != "WORKER_FIELDS"]


def test_it_adds_to_one_cell():
    workers = make_table(2, counters.WORKER_FIELDS)
    counters.count(workers, 1, counters.TASKS, 3)
    counters.count(workers, 1, counters.TASKS, -1)
    assert workers[1, counters.TASKS] == 2
    assert workers.sum() == 2


def test_columns_do_not_overlap_nor_share_the_line_of_the_event():
    places = sorted(getattr(counters, name) for name in COLUMNS)
    assert len(set(places)) == len(places) > 20
    assert places[0] >= event.EVENT + 16  # the event's line is for others to write
    assert max(places) < activity.SINCE
    assert activity.SPENT + activity.ACTIVITIES <= counters.WORKER_FIELDS
    assert counters.WORKER_FIELDS % 16 == 0
