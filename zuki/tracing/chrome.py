"""A trace in the Trace Event Format of Chrome, which Perfetto loads."""

import gzip
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from zuki.tracing.events import JOINED, KINDS, NODE, PYTHON, STOLEN, WOKEN, Events

_AT_ONCE = 1000  # events that are written in one go


def chrome_events(events: Events) -> Iterator[dict[str, Any]]:
    """Yield the events of a trace as dictionaries.

    Parameters
    ----------
    events : Events
        The trace.

    Yields
    ------
    dict
        First the names of processes (executors) and threads (workers), then a complete event for each that
        takes time and an instant one for each wake-up; microseconds since the begin of the trace.
    """
    for pool, name in sorted({(track.pool, track.executor) for track in events.tracks}):
        yield _named("process_name", pool + 1, 0, f"executor {name}")
    for number, track in enumerate(events.tracks):
        yield _named("thread_name", track.pool + 1, number + 1, track.label)
        yield {**_named("thread_sort_index", track.pool + 1, number + 1, ""), "args": {"sort_index": number}}
    columns = (events.track, events.kind, events.begun, events.ended, events.detail, events.run)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    for number, (track, kind, begun, ended, detail, run) in enumerate(rows):
        event: dict[str, Any] = {
            "name": events.label_of(number),
            "cat": KINDS[kind],
            "ph": "X",
            "ts": begun / 1000,
            "dur": (ended - begun) / 1000,
            "pid": events.tracks[track].pool + 1,
            "tid": track + 1,
        }
        if kind == WOKEN:
            del event["dur"]
            event.update(ph="i", s="t")
        elif kind == STOLEN:
            event["args"] = {"from worker": detail}
        elif kind == JOINED:
            event["name"] = f"join {event['name']}"
        elif kind in (NODE, PYTHON) and run >= 0:
            task = events.names[int(events.name[number])]
            event["args"] = {"task": task, "node": detail, "run of": events.runs[run].outline.name}
        yield event


def _named(what: str, process: int, thread: int, name: str) -> dict[str, Any]:
    return {"name": what, "ph": "M", "pid": process, "tid": thread, "args": {"name": name}}


def save(events: Events, path: Any) -> None:
    """Write a trace to a file; whole, or not at all.

    Parameters
    ----------
    events : Events
        The trace.
    path : str or path
        Where to; with the ending ``.gz`` it is compressed.
    """
    target = Path(path)
    handle, made = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            if target.suffix == ".gz":
                with gzip.GzipFile(target.stem, "wb", fileobj=file) as packed:
                    _write(events, packed)
            else:
                _write(events, file)
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(made, 0o666 & ~mask)  # as any file, not as one that nobody else may see
        os.replace(made, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(made)
        raise


def _write(events: Events, file: IO[bytes] | gzip.GzipFile) -> None:
    file.write(b'{"displayTimeUnit": "ns", "traceEvents": [\n')
    waiting: list[str] = []
    between = ""
    for event in chrome_events(events):
        waiting.append(json.dumps(event))
        if len(waiting) == _AT_ONCE:
            file.write((between + ",\n".join(waiting)).encode())
            waiting, between = [], ",\n"
    if waiting:
        file.write((between + ",\n".join(waiting)).encode())
    about = {"tasks": int(events.is_task.sum()), "dropped events": events.dropped}
    file.write(f'\n], "otherData": {json.dumps(about)}}}\n'.encode())
