"""Trends over layers and their tests; links with performance; stepwise regression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np


class Trend(NamedTuple):
    """Kendall tau-b and its p value (normal approximation or exact, as scipy chooses)."""

    tau: float
    p: float
    n: int


class Link(NamedTuple):
    """A correlation: r, p, ends of the 95 % interval (Fisher), n."""

    r: float
    p: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Regression:
    """A stepwise model: kept columns, F(k, n − k − 1), p, R², adjusted R², coefficients.

    ``beta`` are standardised; ``history`` says what entered and left, with its p.
    """

    kept: tuple[int, ...]
    f: float
    p: float
    r2: float
    adjusted: float
    beta: np.ndarray
    n: int
    history: tuple[tuple[str, int, float], ...]


def layer_trend(values: np.ndarray) -> Trend:
    """Kendall tau-b between layer number and value over all points (06-sparse-coding, 2.6).

    ``values`` (points, layers); NaN points are left out.
    """
    from scipy.stats import kendalltau

    values = np.atleast_2d(values)
    layer = np.broadcast_to(np.arange(values.shape[1]), values.shape)
    good = np.isfinite(values)
    if good.sum() < 3 or len(np.unique(values[good])) < 2:
        return Trend(float("nan"), float("nan"), int(good.sum()))
    found = kendalltau(layer[good], values[good])
    return Trend(float(found.statistic), float(found.pvalue), int(good.sum()))


def trend_p(tau: float, n: int) -> float:
    """Two-sided p of a tau by the normal approximation, z = 3τ√(n(n−1)) / √(2(2n+5)) (2.6)."""
    from scipy.stats import norm

    z = 3.0 * tau * np.sqrt(n * (n - 1)) / np.sqrt(2.0 * (2 * n + 5))
    return float(2.0 * norm.sf(abs(z)))


def category_trends(values: np.ndarray) -> tuple[np.ndarray, float]:
    """Tau over layers of each category, and Wilcoxon's p that their median is 0 (8.10).

    Points of one category are dependent, so this is the test; the tau of all points is not.
    ``values`` (categories, layers).
    """
    from scipy.stats import wilcoxon

    values = values[:, np.isfinite(values).all(axis=0)]
    if values.shape[1] < 3:
        return np.full(len(values), np.nan), float("nan")
    n = values.shape[1]
    first, second = np.triu_indices(n, 1)
    signs = np.sign(values[:, second] - values[:, first])
    taus = signs.sum(axis=1) / np.sqrt((signs != 0).sum(axis=1) * len(first)).clip(1)
    if not taus.any():
        return taus, float("nan")
    return taus, float(wilcoxon(taus).pvalue)


def bootstrap_trend(values: np.ndarray, draws: int = 500, seed: int = 0) -> tuple[float, float]:
    """95 % interval of the tau over all points, resampling categories (8.10)."""
    values = values[:, np.isfinite(values).all(axis=0)]
    if values.shape[1] < 2 or len(values) < 3:
        return float("nan"), float("nan")
    rng = np.random.default_rng(seed)
    pairs = _pair_signs(values)
    taus = np.empty(draws)
    points = values.size
    total = points * (points - 1) / 2
    same = values.shape[1] * len(values) * (len(values) - 1) / 2
    scale = np.sqrt((total - same) * total)
    for draw in range(draws):
        weight = np.bincount(rng.integers(len(values), size=len(values)), minlength=len(values))
        taus[draw] = weight @ pairs @ weight / scale
    low, high = np.percentile(taus, (2.5, 97.5))
    return float(low), float(high)


def _pair_signs(values: np.ndarray) -> np.ndarray:
    """(categories, categories): concordant minus discordant pairs between two categories."""
    n, layers = values.shape
    counts = np.zeros((n, n))
    for low in range(layers):
        for high in range(low + 1, layers):
            counts += np.sign(values[:, high][None, :] - values[:, low][:, None])
    return counts


def link(x: np.ndarray, y: np.ndarray) -> Link:
    """Pearson r with p and Fisher's interval; NaN where one side is constant (2.7)."""
    from scipy.stats import norm, pearsonr

    good = np.isfinite(x) & np.isfinite(y)
    x, y, n = x[good], y[good], int(good.sum())
    if n < 4 or np.ptp(x) == 0 or np.ptp(y) == 0:
        nothing = float("nan")
        return Link(nothing, nothing, nothing, nothing, n)
    found = pearsonr(x, y)
    r = float(np.clip(found.statistic, -0.999999, 0.999999))
    half = norm.ppf(0.975) / np.sqrt(n - 3)
    low, high = np.tanh(np.arctanh(r) - half), np.tanh(np.arctanh(r) + half)
    return Link(r, float(found.pvalue), float(low), float(high), n)


def spearman_brown(r: float) -> float:
    """Reliability of the whole from the correlation of its halves: 2r / (1 + r)."""
    return 2.0 * r / (1.0 + r) if r > -1 else float("nan")


def adjusted_r2(f: float, k: int, rest: int) -> float:
    """Adjusted R² of a model from its F(k, rest) (2.9)."""
    r2 = f * k / (f * k + rest)
    return 1.0 - (1.0 - r2) * (k + rest) / rest


def stepwise(
    x: np.ndarray, y: np.ndarray, enter: float = 0.05, remove: float = 0.10
) -> Regression | None:
    """Forward selection with backward checks by partial F tests (06-sparse-coding, 2.9).

    Parameters
    ----------
    x : (n, columns) predictors; y : (n,).
    enter, remove : p below which a column enters, above which it leaves; enter < remove.

    Returns
    -------
    The final model, or None when no column enters. Columns without variance never enter.
    """
    from scipy.stats import f as f_distribution

    if not enter < remove:
        raise ValueError("enter must be below remove, else selection may go round for ever")
    keep = np.flatnonzero(x.std(axis=0) > 0)
    x = (x - x.mean(axis=0)) / np.where(x.std(axis=0) > 0, x.std(axis=0), 1.0)
    y = (y - y.mean()) / (y.std() or 1.0)
    n, model, history = len(y), list[int](), list[tuple[str, int, float]]()
    while True:
        entered = _best_entry(x, y, model, [c for c in keep if c not in model])
        if entered is None or entered[1] >= enter:
            break
        model.append(int(entered[0]))
        history.append(("enters", int(entered[0]), entered[1]))
        worst = _worst(x, y, model)
        if worst is not None and worst[1] > remove:
            model.remove(worst[0])
            history.append(("leaves", worst[0], worst[1]))
    if not model:
        return None
    beta, rss = _fit(x[:, model], y)
    k, rest = len(model), n - len(model) - 1
    r2 = 1.0 - rss / float(y @ y)
    f = (r2 / k) / ((1.0 - r2) / rest) if r2 < 1 else np.inf
    return Regression(
        tuple(sorted(model)), float(f), float(f_distribution.sf(f, k, rest)), r2,
        1.0 - (1.0 - r2) * (n - 1) / rest, beta[np.argsort(model)], n, tuple(history),
    )  # fmt: skip


def _fit(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, float]:
    """Least squares by QR: coefficients and residual sum of squares (both centred)."""
    q, r = np.linalg.qr(x)
    beta = np.linalg.lstsq(r, q.T @ y, rcond=None)[0]
    residual = y - x @ beta
    return beta, float(residual @ residual)


def _partial_p(small: float, full: float, rest: int) -> float:
    from scipy.stats import f as f_distribution

    if full <= 0:
        return 0.0
    return float(f_distribution.sf((small - full) / (full / rest), 1, rest))


def _best_entry(
    x: np.ndarray, y: np.ndarray, model: list[int], candidates: list[int]
) -> tuple[int, float] | None:
    rest = len(y) - len(model) - 2
    if not candidates or rest < 1:
        return None
    now = _fit(x[:, model], y)[1] if model else float(y @ y)
    tried = [(c, _partial_p(now, _fit(x[:, [*model, c]], y)[1], rest)) for c in candidates]
    return min(tried, key=lambda pair: pair[1])


def _worst(x: np.ndarray, y: np.ndarray, model: list[int]) -> tuple[int, float] | None:
    if len(model) < 2:
        return None
    rest = len(y) - len(model) - 1
    full = _fit(x[:, model], y)[1]
    tried = [
        (c, _partial_p(_fit(x[:, [m for m in model if m != c]], y)[1], full, rest)) for c in model
    ]
    return max(tried, key=lambda pair: pair[1])
