"""Learning and transfer: the transfer index of 09-shapenet-transfer, per epoch and by area.

Accuracies are in percent, chance is 50. An epoch is a training epoch of a network or a block of a
person.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

CHANCE = 50.0
LEAST_LEARNING = 2.0
"""Points above or below chance that learning must have for an index to exist (section 2.4)."""


@dataclass(frozen=True)
class Regression:
    """Transfer against learning over the epochs: T = intercept + slope L, R = |Pearson r|.

    All NaN (n/a) when the learning accuracy is constant.
    """

    intercept: float
    slope: float
    r: float


@dataclass(frozen=True)
class Transfer:
    """Indices of one transfer test.

    Attributes
    ----------
    per_epoch : (E,) 100 (T - 50) / (L - 50); NaN where abs(L - 50) < 2.
    area : (E,) ratio of the areas up to each epoch; its first value is the epoch's.
    """

    learning: np.ndarray
    transfer: np.ndarray
    per_epoch: np.ndarray
    area: np.ndarray
    regression: Regression


def accuracy_of(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Accuracy in percent of a pair, from the response rates of its two categories.

    Parameters
    ----------
    first : share of the first category's images called response 1; ``second`` likewise of the
        second category's. Both sets have the same size.
    """
    return 50.0 * (np.asarray(first, float) + 1.0 - np.asarray(second, float))


def transfer_index(learning: np.ndarray, transfer: np.ndarray) -> Transfer:
    """The transfer index of a test (equation 1 and section 2.4).

    Parameters
    ----------
    learning, transfer : (E,) accuracies in percent.

    Raises
    ------
    ValueError : lengths differ, no epoch, or values outside 0 to 100.
    """
    learned, moved = np.asarray(learning, float), np.asarray(transfer, float)
    if learned.shape != moved.shape or learned.ndim != 1 or learned.size == 0:
        raise ValueError(
            f"Learning has {learned.size} epochs and transfer {moved.size}; they must be the same."
        )
    if np.any((np.stack([learned, moved]) < 0) | (np.stack([learned, moved]) > 100)):
        raise ValueError("Accuracies are percentages from 0 to 100.")
    return Transfer(
        learned,
        moved,
        _ratio(moved - CHANCE, learned - CHANCE, learned - CHANCE),
        _areas(learned - CHANCE, moved - CHANCE),
        regression(learned, moved),
    )


def _ratio(over: np.ndarray, under: np.ndarray, learned: np.ndarray) -> np.ndarray:
    """100 over / under, NaN where learning is too near to chance."""
    ratio = np.full(over.shape, math.nan)
    exists = (np.abs(learned) >= LEAST_LEARNING) & (under != 0)
    np.divide(100.0 * over, under, out=ratio, where=exists)
    return ratio


def _areas(learned: np.ndarray, moved: np.ndarray) -> np.ndarray:
    """Index by areas (trapezoid) up to each epoch; the first epoch has its own index.

    It does not exist where the mean learning up to there is too near to chance.
    """
    areas = [
        np.concatenate([[0.0], np.cumsum((values[1:] + values[:-1]) / 2.0)])
        for values in (moved, learned)
    ]
    length = np.maximum(1.0, np.arange(learned.size))
    found = _ratio(areas[0], areas[1], areas[1] / length)
    found[0] = _ratio(moved[:1], learned[:1], learned[:1])[0]
    return found


def regression(learning: np.ndarray, transfer: np.ndarray) -> Regression:
    """Least squares of transfer on learning over the epochs (section 2.4)."""
    learned, moved = np.asarray(learning, float), np.asarray(transfer, float)
    across, along = learned - learned.mean(), moved - moved.mean()
    spread = float(np.dot(across, across))
    if spread < 1e-12:
        return Regression(math.nan, math.nan, math.nan)
    slope = float(np.dot(across, along)) / spread
    other = float(np.dot(along, along))
    r = math.nan if other < 1e-12 else abs(slope) * math.sqrt(spread / other)
    return Regression(float(moved.mean() - slope * learned.mean()), slope, r)


def transfer_of_blocks(
    learning: Sequence[float], tests: Mapping[str, float], last: int = 1
) -> dict[str, float]:
    """A person's transfer index of each test: block accuracy against the last learning blocks.

    Parameters
    ----------
    learning : accuracy of each learning block in percent; the mean of the ``last`` ones counts.
    tests : accuracy of each transfer block in percent.

    Returns
    -------
    {test: index}, NaN where learning is within two points of chance.
    """
    if not learning:
        raise ValueError("There are no learning blocks; the index needs one.")
    reached = np.array([float(np.mean(learning[-last:])) - CHANCE])
    return {
        name: float(_ratio(np.array([value - CHANCE]), reached, reached)[0])
        for name, value in tests.items()
    }
