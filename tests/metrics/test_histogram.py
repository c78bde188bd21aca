"""Histograms: buckets, sums, what is shown, and what is taken from a trace."""

import math
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import zuki
from tests.tracing.bodies import take
from zuki.metrics.histogram import Histogram, bucket_of, lower_bound


@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.integers(0, 2**52), min_size=1))
def test_a_time_is_in_the_bucket_that_begins_below_it(times):
    for time, bucket in zip(times, bucket_of(np.array(times)), strict=True):
        low, high = lower_bound(int(bucket)), lower_bound(int(bucket) + 1)
        assert low <= time < high
        assert high - low <= max(1, low / 8)


def test_buckets_follow_one_another():
    bounds = [lower_bound(bucket) for bucket in range(300)]
    assert bounds == sorted(set(bounds))
    assert bucket_of(np.array(bounds)).tolist() == list(range(300))


@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.integers(0, 10**12), min_size=1), st.floats(0, 100))
def test_a_percentile_is_not_below_the_exact_one_and_an_eighth_above_at_most(times, percent):
    made = Histogram("times", np.array(times))
    exact = sorted(times)[max(math.ceil(len(times) * percent / 100), 1) - 1]
    found = made.percentile(percent) * 1e9
    assert exact <= found * (1 + 1e-9)
    assert found <= exact * 1.125 + 1.001
    assert sum(count for _, _, count in made) == made.count == len(times)
    assert made.total == pytest.approx(sum(times) * 1e-9)


@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.integers(0, 10**12)), st.lists(st.integers(0, 10**12)))
def test_differences(before, since):
    earlier = Histogram("times", np.array(before, np.int64))
    later = Histogram("times", np.array(before + since, np.int64))
    difference = later - earlier
    expected = Histogram("times", np.array(since, np.int64))
    assert list(difference) == list(expected)
    assert difference.count == len(since)
    assert difference.total == pytest.approx(expected.total, abs=1e-9)
    if since:
        with pytest.raises(ValueError, match="the later one"):
            earlier - later


def test_equal_ones():
    one, same = (Histogram("times", np.array([3, 100])) for _ in range(2))
    assert one == same
    assert hash(one) == hash(same)
    assert one != Histogram("times", np.array([2, 101]))
    assert one != Histogram("others", np.array([3, 100]))
    assert one != 3
    with pytest.raises(TypeError):
        one - 3


def test_how_it_looks():
    made = Histogram("<script>", np.array([3, 100, 110, 1_000_000, -5]))
    lines = str(made).splitlines()
    assert lines[0].startswith("<script>: 5, mean 200 µs, p50 ")
    assert sum(int(line.split()[2].replace(",", "")) for line in lines[1:]) == 5
    picture = ElementTree.fromstring(made._repr_html_())
    assert "<script>: 5" in " ".join(picture.itertext())
    assert "script>" not in made._repr_html_().replace("&lt;script&gt;", "")
    assert made.to_dict()["count"] == 5
    assert repr(made) == "<zuki histogram of <script>: " + lines[0].split(": ", 1)[1] + ">"


def test_of_nothing():
    made = Histogram("nothing", np.zeros(0, np.int64))
    assert (made.count, len(made), list(made), made.mean, made.percentile(99)) == (0, 0, [], 0.0, 0.0)
    assert str(made) == "nothing: nothing"
    ElementTree.fromstring(made._repr_html_())
    with pytest.raises(ValueError, match="between 0 and 100, not 101"):
        made.percentile(101)


def test_of_a_trace():
    graph = zuki.Graph("waits")
    first = graph.add(take, 200_000)
    rest = [graph.add(take, 1000, after=first) for _ in range(20)]
    graph.add(take, 1000, after=rest)
    with zuki.Executor(max_threads=2) as executor:
        graph.run(executor)
        with zuki.trace(executor) as trace:
            graph.run(executor)
    assert trace.durations().count == trace.durations("take").count == trace.latencies().count == 22
    events = trace.events
    assert trace.durations().total == pytest.approx(
        (events.ended - events.begun)[events.is_task].sum() * 1e-9
    )
    # what follows from the first waits for at least those that the same worker runs before it
    assert trace.latencies().total < 22 * trace.seconds
    with pytest.raises(zuki.ZukiError, match="no task 'bogus' is in the trace; there are take"):
        trace.durations("bogus")


def test_of_a_trace_of_nothing():
    with zuki.trace() as trace:
        pass
    assert trace.latencies().count == trace.durations().count == 0
    with pytest.raises(zuki.ZukiError, match="there are none"):
        trace.durations("take")
