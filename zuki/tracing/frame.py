"""A trace as a table of pandas'."""

from typing import Any

import numpy as np

from zuki.later import import_now
from zuki.tracing.events import KINDS, Events


def data_frame_of(events: Events) -> Any:
    """Return a trace as a table of pandas'.

    Parameters
    ----------
    events : Events
        The trace.

    Returns
    -------
    pandas.DataFrame
        A row for each event, by its begin.

    Raises
    ------
    ImportError
        pandas is not installed.
    """
    try:
        pandas = import_now("pandas")
    except ImportError as error:
        raise ImportError("Trace.to_dataframe needs pandas: pip install 'zuki[pandas]'") from error
    executors = np.array([track.executor for track in events.tracks], object)
    labels = np.array([track.label for track in events.tracks], object)
    return pandas.DataFrame(
        {
            "executor": pandas.Categorical(executors[events.track] if len(events) else []),
            "track": pandas.Categorical(labels[events.track] if len(events) else []),
            "kind": pandas.Categorical.from_codes(events.kind, KINDS),
            "name": pandas.Categorical.from_codes(events.name, events.names),
            "label": [events.label_of(event) for event in range(len(events))],
            "start": events.begun * 1e-9,
            "duration": (events.ended - events.begun) * 1e-9,
            "run": events.run,
            "node": np.where(events.run >= 0, events.detail, -1),
        }
    )
