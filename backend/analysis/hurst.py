"""Hurst exponent by rescaled range, and fractional Gaussian noise to calibrate it (13, 2.7)."""

from __future__ import annotations

import numpy as np

from backend.core.parameters import ParameterError

FEWEST = 32
"""Samples below which no exponent is given."""
SMALLEST_BLOCK = 8
WINDOWS = 15


def hurst(series: np.ndarray) -> np.ndarray:
    """Hurst exponent of each series by R/S, which is biased: see :func:`calibration`.

    Parameters
    ----------
    series : (n_time,) or (n_time, n_series), at least 32 samples.

    Returns
    -------
    (n_series,) slopes of ln(R/S) on ln n; NaN for a constant series.
    """
    values = np.asarray(series, float)
    values = values[:, None] if values.ndim == 1 else values
    length = len(values)
    if length < FEWEST:
        raise ParameterError("", f"{length} samples give no Hurst exponent; {FEWEST} are needed.")
    windows = np.unique(np.geomspace(SMALLEST_BLOCK, length / 2, WINDOWS).astype(int))
    scaled = np.stack([rescaled_range(values, window) for window in windows])
    x = np.log(windows)
    x = x - x.mean()
    with np.errstate(divide="ignore", invalid="ignore"):
        return x @ np.log(scaled) / (x @ x)


def rescaled_range(values: np.ndarray, window: int) -> np.ndarray:
    """Mean R/S (n_series,) over blocks whose SD is above 0; NaN when there is none."""
    blocks = len(values) // window
    parts = values[: blocks * window].reshape(blocks, window, -1)
    centred = parts - parts.mean(axis=1, keepdims=True)
    walk = np.cumsum(centred, axis=1)
    spread = walk.max(axis=1) - walk.min(axis=1)
    sd = parts.std(axis=1)
    good = sd > 1e-12 * np.abs(parts).max(axis=1).clip(1e-300)
    total = np.where(good, spread / np.where(good, sd, 1.0), 0.0).sum(axis=0)
    count = good.sum(axis=0)
    return np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)


def fractional_noise(
    exponent: float, length: int, series: int, rng: np.random.Generator
) -> np.ndarray:
    """Fractional Gaussian noise (length, series) of variance 1 (Davies and Harte 1987)."""
    if not 0 < exponent < 1:
        raise ParameterError("", f"A Hurst exponent lies between 0 and 1; {exponent:g} does not.")
    lag = np.arange(length + 1, dtype=float)
    power = 2 * exponent
    covariance = 0.5 * ((lag + 1) ** power - 2 * lag**power + np.abs(lag - 1) ** power)
    ring = np.concatenate([covariance, covariance[-2:0:-1]])
    spectrum = np.fft.fft(ring).real.clip(0)
    size = len(ring)
    white = rng.standard_normal((size, series)) + 1j * rng.standard_normal((size, series))
    made = np.fft.fft(np.sqrt(spectrum / size)[:, None] * white, axis=0)
    return made.real[:length]


def calibration(
    length: int, exponents: tuple[float, ...] = (0.5, 0.6, 0.7, 0.8, 0.9), series: int = 600,
    seed: int = 0,
) -> list[tuple[float, float, float]]:  # fmt: skip
    """(true exponent, mean estimate, SD of one series) of noise as long as the data."""
    rng = np.random.default_rng(seed)
    found = []
    for exponent in exponents:
        estimates = hurst(fractional_noise(exponent, length, series, rng))
        found.append((exponent, float(estimates.mean()), float(estimates.std(ddof=1))))
    return found
