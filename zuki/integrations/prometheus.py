"""A Prometheus collector: an executor's metrics, read when Prometheus asks."""

from collections.abc import Iterator
from typing import Any

from zuki.later import import_now
from zuki.metrics.exported import COUNTER, samples_of
from zuki.runtime.default import checked_executor
from zuki.runtime.executor import Executor


class Collector:
    """What a Prometheus registry takes; needs ``zuki[prometheus]``.

    Between two scrapes it costs nothing.

    Parameters
    ----------
    *executors : Executor
        Whose metrics; their names tell them apart. Default: the default executor, which is looked for at
        each scrape.

    Raises
    ------
    ImportError
        The package prometheus-client is not installed.

    Examples
    --------
    >>> from prometheus_client import REGISTRY  # doctest: +SKIP
    >>> REGISTRY.register(zuki.integrations.prometheus.Collector())  # doctest: +SKIP
    """

    def __init__(self, *executors: Executor) -> None:
        try:
            self._core: Any = import_now("prometheus_client.core")
        except ImportError as error:
            raise ImportError(
                "the collector needs prometheus-client: pip install 'zuki[prometheus]'"
            ) from error
        self._executors = tuple(map(checked_executor, executors))

    def describe(self) -> list[Any]:
        """Return nothing: so registering does not read the executors.

        Returns
        -------
        list
            Empty.
        """
        return []

    def collect(self) -> Iterator[Any]:
        """Yield the families of all metrics as they are now.

        Yields
        ------
        prometheus_client.Metric
            A counter or a gauge with its samples.
        """
        families: dict[str, Any] = {}
        for executor in self._executors or (checked_executor(None),):
            for sample in samples_of(executor.metrics()):
                family = families.get(sample.name)
                if family is None:
                    kind = "CounterMetricFamily" if sample.kind == COUNTER else "GaugeMetricFamily"
                    made = getattr(self._core, kind)
                    family = made(sample.name, sample.about, labels=list(sample.labels))
                    families[sample.name] = family
                family.add_metric(list(sample.labels.values()), sample.value)
        yield from families.values()
