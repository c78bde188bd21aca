"""OpenTelemetry metrics: an executor's counters as observable instruments, read when they are collected."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from zuki.later import import_now
from zuki.metrics.counts import Worker
from zuki.metrics.exported import COUNTER, samples_of
from zuki.runtime.default import checked_executor
from zuki.runtime.executor import Executor


def instrument(executor: Executor | None = None, meter: Any = None) -> list[Any]:
    """Let a meter observe an executor; needs ``zuki[opentelemetry]``.

    Parameters
    ----------
    executor : Executor, optional
        Whose metrics; default: the default executor, which is looked for at each collection.
    meter : opentelemetry.metrics.Meter, optional
        Default: that of the name ``zuki`` of the global provider.

    Returns
    -------
    list
        The instruments.

    Raises
    ------
    ImportError
        The package opentelemetry-api is not installed.
    TypeError
        It is no executor of zuki's.
    """
    try:
        api = import_now("opentelemetry.metrics")
    except ImportError as error:
        raise ImportError("instrument needs opentelemetry-api: pip install 'zuki[opentelemetry]'") from error
    if executor is not None:
        checked_executor(executor)
    if meter is None:
        meter = api.get_meter("zuki")
    metrics = checked_executor(executor).metrics()
    steals = metrics.steals._replace(by_victim=(0,))
    whole = replace(metrics, workers=(Worker(),), steals=steals)  # there may be no worker yet
    known = {sample.name: sample for sample in samples_of(whole)}
    return [_make(meter, sample.name, sample.kind, sample.about, _reader(api, executor, sample.name))
            for sample in known.values()]  # fmt: skip


def _make(meter: Any, name: str, kind: str, about: str, read: Callable[[Any], Any]) -> Any:
    make = meter.create_observable_counter if kind == COUNTER else meter.create_observable_gauge
    return make(name, callbacks=[read], description=about)


def _reader(api: Any, executor: Executor | None, name: str) -> Callable[[Any], Any]:
    def read(options: Any) -> Any:
        metrics = checked_executor(executor).metrics()
        return [api.Observation(one.value, one.labels) for one in samples_of(metrics) if one.name == name]

    return read
