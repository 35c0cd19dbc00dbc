"""Live data from a running model to whoever looks: pulled, never pushed.

A slow or hidden reader loses frames and never slows the model: a :class:`Latest` keeps only the
newest value, a :class:`Ring` overwrites its oldest rows.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np


class Channel(Protocol):
    """What every channel can do, whatever feeds it."""

    revision: int

    def publish(self, *args: Any, **kwargs: Any) -> None: ...

    def snapshot(self) -> dict[str, Any]: ...

    def fresh(self) -> Channel: ...


class Latest:
    """Newest value wins: images, matrices, histograms, fits.

    ``publish(image=..., markers=...)`` replaces everything; arrays are stored as given, so publish
    a copy of what the kernel goes on writing.
    """

    def __init__(self) -> None:
        self._data: dict[str, Any] = {}
        self.revision = 0
        self._lock = threading.Lock()

    def publish(self, **data: Any) -> None:
        with self._lock:
            self._data = data
            self.revision += 1

    def snapshot(self) -> dict[str, Any]:
        """The newest value; empty before the first."""
        return self._data

    def fresh(self) -> Latest:
        return Latest()


class Ring:
    """Ring buffer of rows for events and time series.

    Parameters
    ----------
    columns : names of the columns; the first is time or x.
    capacity : rows kept.

    ``extent`` = (first, last) x of a run whose end is known; views then show all of it.
    """

    def __init__(self, columns: tuple[str, ...], capacity: int = 100_000) -> None:
        self.columns = columns
        self.capacity = capacity
        self._rows = np.empty((0, len(columns)))
        self._written = 0
        self.revision = 0
        self.extent: tuple[float, float] | None = None
        self._lock = threading.Lock()

    def publish(self, *columns: Any) -> None:
        """Append one value or one array of equal length per column."""
        if len(columns) != len(self.columns):
            raise ValueError(f"{len(columns)} columns given, {len(self.columns)} declared")
        block = np.column_stack([np.atleast_1d(column) for column in columns])
        if not len(block):
            return
        block = block[-self.capacity :]
        with self._lock:
            if len(self._rows) == 0:
                self._rows = np.empty((self.capacity, len(self.columns)))
            start = self._written % self.capacity
            first = min(len(block), self.capacity - start)
            self._rows[start : start + first] = block[:first]
            self._rows[: len(block) - first] = block[first:]
            self._written += len(block)
            self.revision += 1

    def since(self, cursor: int) -> tuple[np.ndarray, int]:
        """Rows written after ``cursor`` (0 at first) that are still held, and the new cursor."""
        with self._lock:
            end = self._written
            if cursor > end:  # cleared since the last look
                cursor = 0
            begin = max(cursor, end - self.capacity, 0)
            if begin == end:
                return np.empty((0, len(self.columns))), end
            start, stop = begin % self.capacity, end % self.capacity
            if start < stop:
                return self._rows[start:stop].copy(), end
            return np.concatenate([self._rows[start:], self._rows[:stop]]), end

    def clear(self) -> None:
        """Forget all rows (a finite run starts again)."""
        with self._lock:
            self._written = 0
            self._rows = np.empty((0, len(self.columns)))
            self.revision += 1

    def snapshot(self) -> dict[str, np.ndarray]:
        """All rows held, as one array per column; empty before the first."""
        rows, _ = self.since(0)
        if not len(rows):
            return {}
        return {name: rows[:, i] for i, name in enumerate(self.columns)}

    def fresh(self) -> Ring:
        return Ring(self.columns, self.capacity)


def make(declared: Mapping[str, Channel]) -> dict[str, Channel]:
    """Empty channels for one run from a study's declaration."""
    return {name: channel.fresh() for name, channel in declared.items()}
