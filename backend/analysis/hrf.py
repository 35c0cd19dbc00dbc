"""Haemodynamic response: events to BOLD volumes (05-dnnbrain, 2.10)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from backend.analysis.inputs import finite, flat, same_rows
from backend.core.parameters import ParameterError

LENGTH_S = 32.0
OVERSAMPLING = 100


def canonical(times: np.ndarray) -> np.ndarray:
    """SPM's canonical response h(t) = t^5 e^-t / 5! - (1/6) t^15 e^-t / 15! at times in s.

    0 before 0 s and after 32 s; not normalised. Peak 5.0 s, minimum 15.75 s, ratio -0.089.
    """
    t = np.clip(np.asarray(times, dtype=np.float64), 0.0, None)
    response = t**5 * np.exp(-t) / math.factorial(5)
    response -= t**15 * np.exp(-t) / (6.0 * math.factorial(15))
    return np.where((np.asarray(times) >= 0) & (t <= LENGTH_S), response, 0.0)


def kernel(samples_per_s: int = OVERSAMPLING) -> np.ndarray:
    """The response up to 32 s at so many samples a second, of unit sum."""
    response = canonical(np.arange(round(LENGTH_S * samples_per_s) + 1) / samples_per_s)
    return response / response.sum()


def design(
    onsets: Sequence[float] | np.ndarray,
    durations: Sequence[float] | np.ndarray,
    volumes: int,
    repetition_s: float,
    samples_per_s: int = OVERSAMPLING,
) -> np.ndarray:
    """Response (n_vol, n_event) of every volume to an event of height 1.

    Parameters
    ----------
    onsets, durations : s from the first volume, rounded to 1/samples_per_s. Events may begin before
        it; they may overlap, and then add up. An event of 0 s is an impulse of the area of 1 s.
    volumes, repetition_s : volume k is taken at k TR.
    """
    start, length = (np.asarray(v, dtype=np.float64) for v in (onsets, durations))
    same_rows(len(start), len(length), "durations")
    if not (repetition_s > 0 and volumes >= 1):
        raise ParameterError("TR", "Give a repetition time above 0 s and at least one volume.", 2.0)
    finite(start, "The onsets")
    finite(length, "The durations")
    if (length < 0).any():
        row = int(np.argmax(length < 0))
        raise ParameterError("duration", f"Event {row + 1} lasts {length[row]:g} s.", 0.0)
    shape = kernel(samples_per_s)
    summed = np.concatenate([[0.0], np.cumsum(shape)])
    now = np.round(np.arange(volumes) * repetition_s * samples_per_s).astype(np.int64)[:, None]
    begin = np.round(start * samples_per_s).astype(np.int64)
    end = begin + np.round(length * samples_per_s).astype(np.int64)

    def reached(border: np.ndarray) -> np.ndarray:
        return summed[np.clip(now - border + 1, 0, len(shape))]

    response = reached(begin) - reached(end)
    impulse = end == begin
    if impulse.any():
        delay = now - begin[impulse]
        inside = (delay >= 0) & (delay < len(shape))
        value = shape[np.clip(delay, 0, len(shape) - 1)] * samples_per_s
        response[:, impulse] = np.where(inside, value, 0.0)
    return response


def convolved(
    values: np.ndarray,
    onsets: Sequence[float] | np.ndarray,
    durations: Sequence[float] | np.ndarray,
    volumes: int,
    repetition_s: float,
    samples_per_s: int = OVERSAMPLING,
) -> np.ndarray:
    """Activations of events (n_event, ...) as BOLD predictors (n_vol, ...): DNNBrain's db_hrf.

    The event train of heights ``values``, convolved with the response, at the volumes' times; one
    matrix product whatever the number of features.
    """
    rows = flat(values, "The events' values")
    finite(rows, "The events' values")
    same_rows(len(rows), len(onsets), "the event table")
    matrix = design(onsets, durations, volumes, repetition_s, samples_per_s)
    return (matrix @ rows).reshape(volumes, *np.shape(values)[1:])
