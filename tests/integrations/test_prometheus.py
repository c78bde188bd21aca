"""What Prometheus reads of an executor."""

import importlib
import re

import pytest

import zuki
from zuki.integrations import prometheus


def no_package(monkeypatch, package):
    """Let a package not be installed."""
    found = importlib.import_module

    def import_now(name):
        if name.split(".")[0] == package:
            raise ImportError(name)
        return found(name)

    monkeypatch.setattr(prometheus, "import_now", import_now)


def test_a_scrape_reads_what_is_counted():
    client = pytest.importorskip("prometheus_client")
    registry = client.CollectorRegistry()
    with zuki.SingleThreadedExecutor(name="mine") as executor:
        registry.register(prometheus.Collector(executor))
        for _ in range(3):
            executor.submit(abs, -1)
        with pytest.raises(ZeroDivisionError):
            executor.submit(divmod, 1, 0).result()
        labels = {"executor": "mine", "kind": "calls"}
        assert registry.get_sample_value("zuki_tasks_spawned_total", labels) == 4
        assert registry.get_sample_value("zuki_tasks_ended_total", {**labels, "outcome": "run"}) == 3
        assert registry.get_sample_value("zuki_tasks_ended_total", {**labels, "outcome": "failed"}) == 1
        graph = zuki.Graph()
        graph.add(abs, -1)
        graph.run(executor)
        labels = {"executor": "mine", "worker": "0"}
        assert registry.get_sample_value("zuki_worker_tasks_total", labels) == 1
        running = registry.get_sample_value("zuki_worker_seconds_total", {**labels, "activity": "running"})
        assert running > 0


def test_the_text_has_each_family_once():
    client = pytest.importorskip("prometheus_client")
    registry = client.CollectorRegistry()
    with zuki.Executor(max_threads=1, name="a") as one, zuki.SingleThreadedExecutor(name="b") as other:
        registry.register(prometheus.Collector(one, other))
        text = client.generate_latest(registry).decode()
    families = re.findall(r"^# TYPE (\w+)", text, re.MULTILINE)
    assert len(families) == len(set(families)) > 10
    assert 'zuki_threads{executor="a"} 0.0' in text
    assert 'zuki_threads{executor="b"} 0.0' in text


def test_the_default_executor_is_read():
    pytest.importorskip("prometheus_client")
    names = {
        sample.labels["executor"] for family in prometheus.Collector().collect() for sample in family.samples
    }
    assert names == {zuki.default_executor().name}


def test_bad_input(monkeypatch):
    pytest.importorskip("prometheus_client")
    with pytest.raises(TypeError, match="executor must be a"):
        prometheus.Collector("mine")
    no_package(monkeypatch, "prometheus_client")
    with pytest.raises(ImportError, match=r"pip install 'zuki\[prometheus\]'"):
        prometheus.Collector()
