"""How much single units of a layer tell categories apart, whatever the sign of their answers."""

from __future__ import annotations

import numpy as np


def selectivity(activity: np.ndarray, categories: np.ndarray) -> np.ndarray:
    """(C,) distance of each unit's best category from the others, in SD within categories.

    Parameters
    ----------
    activity : (n, C) one number a picture and unit. categories : (n,) numbers or names.

    Returns
    -------
    max over categories of (mean - mean of the other categories) / SD within categories. It knows no
    zero, so that it is defined in a rotated basis; units that never vary have 0.
    """
    from backend.analysis.rdm import label_means

    rows = np.asarray(activity, np.float64)
    means, names = label_means(rows, categories)
    within = rows - means[np.searchsorted(names, categories)]
    spread = np.sqrt((within**2).sum(axis=0) / max(len(rows) - len(names), 1))
    others = (means.sum(axis=0) - means) / max(len(names) - 1, 1)
    best = (means - others).max(axis=0)
    return np.divide(best, spread, out=np.zeros_like(best), where=spread > 1e-12)
