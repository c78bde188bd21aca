"""What OpenTelemetry collects of an executor."""

import importlib

import pytest

import zuki
from zuki.integrations import opentelemetry


def test_a_collection_reads_what_is_counted():
    metrics = pytest.importorskip("opentelemetry.sdk.metrics")
    export = importlib.import_module("opentelemetry.sdk.metrics.export")
    reader = export.InMemoryMetricReader()
    provider = metrics.MeterProvider([reader], shutdown_on_exit=False)
    with zuki.SingleThreadedExecutor(name="mine") as executor:
        made = opentelemetry.instrument(executor, provider.get_meter("test"))
        for _ in range(3):
            executor.submit(abs, -1)
        graph = zuki.Graph()
        graph.add(abs, -1)
        graph.run(executor)
        (resource,) = reader.get_metrics_data().resource_metrics
        found = {metric.name: metric.data for scope in resource.scope_metrics for metric in scope.metrics}
        assert len(found) == len(made)
        points = {point.attributes["kind"]: point.value for point in found["zuki_tasks_spawned"].data_points}
        assert points["calls"] == 3
        assert points["nodes"] == 1
        assert found["zuki_tasks_spawned"].is_monotonic
        (tasks,) = found["zuki_worker_tasks"].data_points
        assert (tasks.value, tasks.attributes["worker"]) == (1, "0")
    provider.shutdown()


def test_bad_input(monkeypatch):
    pytest.importorskip("opentelemetry.metrics")
    with pytest.raises(TypeError, match="executor must be a"):
        opentelemetry.instrument("mine")

    def import_now(name):
        raise ImportError(name)

    monkeypatch.setattr(opentelemetry, "import_now", import_now)
    with pytest.raises(ImportError, match=r"pip install 'zuki\[opentelemetry\]'"):
        opentelemetry.instrument()
