"""Population sparseness of category responses, its other indices, and its width-matched null.

The index compares units *after* each has been standardised over categories, so it measures the
shape of tuning over categories and not how many activations are zero (06-sparse-coding, 2.5).
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Literal

import numpy as np

Rescale = Literal["per category", "per layer", "none", "absolute"]
Index = Literal["PSI", "a", "Treves-Rolls", "kurtosis", "fraction above zero", "lifetime"]

DEAD = 1e-8
"""A unit whose SD over categories is below this share of the layer's largest mean is dead."""
NULL_DRAWS = 200
NULL_NUMBERS = 60_000_000
"""Normal numbers a null may draw; wide layers make do with fewer draws."""


@dataclass(frozen=True)
class Sparseness:
    """Sparseness of one layer.

    ``psi``, ``a`` (categories,); ``response`` (categories, live units) as compared; ``live``
    (units,) bool. All NaN when fewer than two units are alive.
    """

    psi: np.ndarray
    a: np.ndarray
    response: np.ndarray
    live: np.ndarray

    @property
    def dead(self) -> int:
        """Number of units without variance over categories."""
        return int((~self.live).sum())

    @property
    def median(self) -> float:
        """Median PSI over categories; NaN for a dead layer."""
        return float(np.median(self.psi))


def live_units(means: np.ndarray) -> np.ndarray:
    """Which units vary over categories.

    Parameters
    ----------
    means : (categories, units), any unit of activation.

    Returns
    -------
    (units,) bool. Source: 06-sparse-coding, section 3 (dead-unit tolerance) and 8.9.
    """
    spread = means.std(axis=0)
    return spread > DEAD * max(float(np.abs(means).max(initial=0.0)), np.finfo(float).tiny)


def activity_ratio(response: np.ndarray) -> np.ndarray:
    """Rolls and Tovee's a = mean(r)² / mean(r²) over units, one a category.

    ``response`` (..., units), not negative; a row of zeros gives NaN (equation of 2.5).
    """
    first = response.mean(axis=-1) ** 2
    second = (response**2).mean(axis=-1)
    return np.divide(first, second, out=np.full_like(first, np.nan), where=second > 0)


def index_of(response: np.ndarray) -> np.ndarray:
    """PSI = (1 − a) / (1 − 1/N): 0 all units alike, 1 a single unit (Vinje and Gallant).

    ``response`` (..., units), not negative.
    """
    units = response.shape[-1]
    if units < 2:
        return np.full(response.shape[:-1], np.nan)
    return (1.0 - activity_ratio(response)) / (1.0 - 1.0 / units)


def standardise(means: np.ndarray) -> np.ndarray:
    """z over categories, per unit, population SD (2.3); dead units must be gone."""
    return (means - means.mean(axis=0)) / means.std(axis=0)


def rescaled(means: np.ndarray, how: Rescale = "per category") -> np.ndarray:
    """Category responses in the form the index compares.

    Parameters
    ----------
    means : (categories, live units).
    how : "per category" (the paper, 2.4), "per layer" (one minimum and maximum), "none" (raw
        responses, negative ones cut to 0), "absolute" (abs(z), the paper's control, 2.11).
    """
    if how == "none":
        return np.maximum(means, 0.0)
    z = standardise(means)
    if how == "absolute":
        return np.abs(z)
    if how == "per layer":
        return (z - z.min()) / (z.max() - z.min())
    low, high = z.min(axis=1, keepdims=True), z.max(axis=1, keepdims=True)
    return (z - low) / np.where(high > low, high - low, np.nan)


def sparseness(means: np.ndarray, how: Rescale = "per category") -> Sparseness:
    """PSI of every category in one layer (06-sparse-coding, 2.2 to 2.5).

    Parameters
    ----------
    means : (categories, units) mean response of each unit to each category.
    """
    means = np.asarray(means, dtype=np.float64)
    live = live_units(means)
    if live.sum() < 2 or len(means) < 2:
        nothing = np.full(len(means), np.nan)
        return Sparseness(nothing, nothing.copy(), means[:, :0], live)
    response = rescaled(means[:, live], how)
    return Sparseness(index_of(response), activity_ratio(response), response, live)


def indices(means: np.ndarray, response: np.ndarray, index: Index) -> np.ndarray:
    """Another index of the same responses.

    Parameters
    ----------
    means : (categories, live units) raw responses; response : the same rescaled.
    index : "a", "Treves-Rolls" (1 − a of raw responses cut at 0), "kurtosis" (excess, of
        the rescaled responses over units), "fraction above zero" (share of units with a
        positive raw response: the more, the less sparse), "lifetime" (PSI over categories,
        one value a unit; every other index has one value a category).
    """
    if index == "PSI":
        return index_of(response)
    if index == "a":
        return activity_ratio(response)
    if index == "Treves-Rolls":
        return 1.0 - activity_ratio(np.maximum(means, 0.0))
    if index == "fraction above zero":
        return (means > 0).mean(axis=1)
    if index == "lifetime":
        return index_of(np.maximum(means, 0.0).T)
    centred = response - response.mean(axis=1, keepdims=True)
    return (centred**4).mean(axis=1) / (centred**2).mean(axis=1) ** 2 - 3.0


@functools.lru_cache(maxsize=256)
def null_medians(units: int, categories: int, draws: int = NULL_DRAWS, seed: int = 0) -> np.ndarray:
    """Median PSI of layers of independent Gaussian units: what width alone gives (2.12).

    Returns
    -------
    (draws,) medians over categories; fewer than asked where one draw is very large.
    """
    if units < 2 or categories < 2:
        return np.full(1, np.nan)
    draws = int(np.clip(NULL_NUMBERS // (units * categories), min(draws, 10), draws))
    rng = np.random.default_rng([seed, units, categories])
    medians = np.empty(draws)
    for draw in range(draws):
        z = standardise(rng.standard_normal((categories, units), dtype=np.float32))
        low = z.min(axis=1, keepdims=True)
        response = (z - low) / (z.max(axis=1, keepdims=True) - low)
        medians[draw] = np.median(index_of(response.astype(np.float64)))
    return medians


def equal_width(
    means: np.ndarray, units: int, how: Rescale = "per category", draws: int = 50, seed: int = 0
) -> np.ndarray:
    """PSI with ``units`` random live units, mean of ``draws`` subsets (2.12).

    Returns (categories,); NaN where the layer has fewer live units.
    """
    means = np.asarray(means, dtype=np.float64)[:, live_units(means)]
    if not 2 <= units <= means.shape[1]:
        return np.full(len(means), np.nan)
    rng = np.random.default_rng([seed, units])
    chosen = (rng.permutation(means.shape[1])[:units] for _ in range(draws))
    return np.mean([index_of(rescaled(means[:, one], how)) for one in chosen], axis=0)


class CategoryMeans:
    """Running mean responses of all layers, per category, for both halves of the exemplars.

    Holds sums, never images or activations: memory is categories × units, whatever the set's
    size. Exemplars of a category go to the halves in turn, by their number in the whole set,
    so that batch size and order do not matter.

    Parameters
    ----------
    widths : units of each layer. categories : number of categories.
    """

    def __init__(self, widths: dict[str, int], categories: int) -> None:
        self.sums = {name: np.zeros((2, categories, n)) for name, n in widths.items()}
        self.counts = np.zeros((2, categories), dtype=np.int64)

    def add(self, category: np.ndarray, half: np.ndarray, values: dict[str, np.ndarray]) -> None:
        """Add a batch: ``category`` and ``half`` (n,) int, ``values`` layer → (n, units)."""
        np.add.at(self.counts, (half, category), 1)
        for name, block in values.items():
            np.add.at(self.sums[name], (half, category), block)

    @property
    def seen(self) -> np.ndarray:
        """(categories,) bool: at least one exemplar was added."""
        return self.counts.sum(axis=0) > 0

    def means(self, layer: str, half: int | None = None) -> np.ndarray:
        """(categories seen, units) mean response; of one half of the exemplars if asked."""
        sums, counts = self.sums[layer], self.counts
        total = sums.sum(axis=0) if half is None else sums[half]
        n = counts.sum(axis=0) if half is None else counts[half]
        return total[self.seen] / np.maximum(n[self.seen], 1)[:, None]

    def reliability(self, layer: str, how: Rescale = "per category") -> float:
        """Correlation over categories of the two halves' PSI; NaN if a half is empty."""
        if (self.counts[:, self.seen] == 0).any():
            return float("nan")
        one, two = (sparseness(self.means(layer, half), how).psi for half in (0, 1))
        if not (np.isfinite(one).all() and np.isfinite(two).all()) or len(one) < 3:
            return float("nan")
        return float(np.corrcoef(one, two)[0, 1])
