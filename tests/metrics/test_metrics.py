"""Metrics as values: differences, dictionaries, text and HTML."""

import json
import pickle
from dataclasses import FrozenInstanceError, replace
from html.parser import HTMLParser

import pytest

import zuki
from zuki.metrics.counts import Queues, Steals, TaskCounts, Tasks, Threads, Worker
from zuki.metrics.shown import seconds


def made(**changes):
    metrics = zuki.Metrics(
        executor="mine",
        begun=100.0,
        moment=110.0,
        seconds=10.0,
        tasks=Tasks(nodes=TaskCounts(20, 15, 1, 2, 2), calls=TaskCounts(5, 5)),
        python_nodes=3,
        steals=Steals(10, 4, 2, 8, (3, 1)),
        overflow=7,
        parks=6,
        wakes=5,
        spurious_wakes=1,
        contention=9,
        queues=Queues(deques=2),
        threads=Threads(2, 1, 1),
        workers=(Worker(12, 3, 4, 5, 2.0, 1.0, 1.0, 2), Worker(4, 1, 2, 0, 1.0, 0.0, 3.0)),
    )
    return replace(metrics, **changes)


def test_they_cannot_be_changed():
    metrics = made()
    with pytest.raises(FrozenInstanceError):
        metrics.parks = 0
    with pytest.raises(AttributeError):
        metrics.tasks.nodes.run = 0
    assert hash(metrics) == hash(made())
    assert metrics == made()


def test_a_difference():
    earlier = made(
        moment=104.0,
        seconds=4.0,
        tasks=Tasks(nodes=TaskCounts(8, 5, 1, 0, 2)),
        steals=Steals(3, 1, 1, 1, (1,)),
        parks=2,
        queues=Queues(deques=99),
        threads=Threads(1, 0, 1),
        workers=(Worker(2, 1, 1, 1, 0.5, 0.5, 0.5, 9),),
    )
    passed = made() - earlier
    assert passed.seconds == 6.0
    assert passed.tasks.nodes == TaskCounts(12, 10, 0, 2, 2)
    assert passed.tasks.calls == TaskCounts(5, 5)
    assert passed.steals == Steals(7, 3, 1, 7, (2, 1))
    assert (passed.parks, passed.wakes, passed.overflow) == (4, 0, 0)
    assert passed.queues == Queues(deques=2)
    assert passed.threads == Threads(1, 1, 1)
    assert passed.workers == (Worker(10, 2, 3, 4, 1.5, 0.5, 0.5, 2), Worker(4, 1, 2, 0, 1.0, 0.0, 3.0))
    assert made() - made() == made(
        seconds=0.0,
        tasks=Tasks(nodes=TaskCounts(queued=2)),
        python_nodes=0,
        steals=Steals(by_victim=(0, 0)),
        overflow=0,
        parks=0,
        wakes=0,
        spurious_wakes=0,
        contention=0,
        threads=Threads(now=1),
        workers=(Worker(queued=2), Worker()),
    )


def test_what_has_no_difference():
    with pytest.raises(ValueError, match="metrics of two executors, 'mine' and 'yours'"):
        made() - made(executor="yours")
    with pytest.raises(ValueError, match="or of two processes"):
        made() - made(begun=3.0)
    with pytest.raises(ValueError, match="are the later ones"):
        made() - made(moment=111.0)
    with pytest.raises(TypeError):
        made() - 1


def test_what_follows_from_them():
    metrics = made()
    assert metrics.tasks.total == TaskCounts(25, 20, 1, 2, 2)
    assert metrics.tasks.total.ended == 23
    assert metrics.tasks_per_steal == 2.0
    assert made(steals=Steals()).tasks_per_steal == 0.0
    assert metrics.utilisation == 3 / 8
    assert [worker.utilisation for worker in metrics.workers] == [0.5, 0.25]
    assert Worker().utilisation == 0.0


def test_a_dictionary_is_what_json_takes():
    told = made().to_dict()
    assert json.loads(json.dumps(told)) == told
    assert told["tasks"]["nodes"] == {"spawned": 20, "run": 15, "failed": 1, "cancelled": 2, "queued": 2}
    assert told["workers"][1]["parked"] == 3.0
    assert told["steals"]["by_victim"] == [3, 1]
    assert pickle.loads(pickle.dumps(made())) == made()


def test_text():
    lines = str(made()).splitlines()
    assert lines[0].split() == ["tasks", "spawned", "run", "failed", "cancelled", "queued"]
    assert lines[1].split() == ["nodes", "20", "15", "1", "2", "2"]
    assert lines[3].split() == ["all", "25", "20", "1", "2", "2"]
    assert any(
        line.startswith("steals") and "4 of 10 tries, 2 lost, 2.0 tasks each" in line for line in lines
    )
    assert any("##########+++++....." in line for line in lines)
    assert "waiting      2 deques" in lines
    assert max(map(len, lines)) < 100


def test_text_of_nothing_and_of_many_workers():
    nothing = made(tasks=Tasks(), workers=(), seconds=0.0, queues=Queues())
    assert "none" in str(nothing)
    assert "waiting      nothing" in str(nothing)
    many = made(workers=(Worker(running=1.0),) * 100, steals=Steals())
    assert str(many).endswith("and 68 more workers")
    assert "and 68 more workers" in many._repr_html_()


class _Checker(HTMLParser):
    """Keeps which elements are open, and which there were."""

    def __init__(self):
        super().__init__()
        self.open, self.seen = [], []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_html_is_small_whole_and_without_scripts():
    html = made(executor="<script>alert(1)</script>")._repr_html_()
    checker = _Checker()
    checker.feed(html)
    assert checker.open == []
    tags = [tag for tag, _ in checker.seen]
    assert "script" not in tags
    assert not [attributes for _, attributes in checker.seen if {"src", "href", "onload"} & attributes.keys()]
    assert "&lt;script&gt;" in html
    assert tags.count("table") == 3
    assert len(html) < 4000
    assert "http" not in html


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0 ns"),
        (5e-9, "5 ns"),
        (1.5e-6, "1.5 us"),
        (0.25, "250 ms"),
        (3.0, "3 s"),
        (1234.5, "1.23e+03 s"),
    ],
)
def test_seconds(value, text):
    assert seconds(value) == text
