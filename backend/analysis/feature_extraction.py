"""Features of activations: components, histograms, spectra (05-dnnbrain, section 2.3)."""

from __future__ import annotations

from typing import Literal

import numpy as np

from backend.analysis.compression import relative_gram
from backend.analysis.cross_validation import principal_fold
from backend.analysis.inputs import Check, finite, nothing
from backend.core.parameters import ParameterError

Method = Literal["pca", "hist", "psd"]
Axis = Literal["chn", "row_col"]


def extracted(
    activations: np.ndarray,
    method: Method,
    features: float,
    axis: Axis | None = None,
    check: Check = nothing,
) -> np.ndarray:
    """Features in the place of units.

    Parameters
    ----------
    activations : (n_stim, n_chn, n_row, n_col).
    method : "pca" principal components over all stimuli (use in-fold components where something is
        predicted); "hist" counts in bins whose edges all stimuli share; "psd" the first values of
        the periodogram, as scipy's.
    features : how many; for "pca" below 1 the share of variance, for each place the same number:
        that of the place that needs most (components a place lacks are 0).
    axis : None over the whole layer → (n, features, 1, 1); "chn" over channels at each place →
        (n, features, n_row, n_col); "row_col" over places of each channel → (n, n_chn, features,
        1).
    """
    finite(activations, "The network's activations")
    stimuli, channels, rows, columns = activations.shape
    flat = activations.reshape(stimuli, channels, rows * columns)
    if axis is None:
        flat = flat.reshape(stimuli, 1, -1)
    elif axis == "chn":
        flat = flat.transpose(0, 2, 1)
    refuse(method, features, flat.shape[2], stimuli)
    made = []
    for place in range(flat.shape[1]):
        check()
        made.append(one_place(np.ascontiguousarray(flat[:, place]), method, features))
    most = max(part.shape[1] for part in made)
    whole = np.zeros((stimuli, len(made), most))
    for place, part in enumerate(made):
        whole[:, place, : part.shape[1]] = part
    if axis == "row_col":
        return whole[..., None].astype(np.float32)
    by_feature = whole.transpose(0, 2, 1)
    shape = (rows, columns) if axis == "chn" else (1, 1)
    return by_feature.reshape(stimuli, most, *shape).astype(np.float32)


def refuse(method: str, features: float, width: int, stimuli: int) -> None:
    """ParameterError for a number of features that cannot be had."""
    if method not in ("pca", "hist", "psd"):
        raise ParameterError("-meth", f'There is no method "{method}". Choose pca, hist or psd.')
    share = method == "pca" and 0 < features < 1
    if not share and (features < 1 or features != int(features)):
        raise ParameterError("-meth", f"{method} needs a number of features from 1 up; "
                             f"{features:g} was given.", 1)  # fmt: skip
    most = {"pca": min(stimuli - 1, width), "psd": width // 2 + 1}.get(method)
    if most is not None and features > most:
        why = f"{stimuli} stimuli of {width} units" if method == "pca" else f"{width} units"
        raise ParameterError("-meth", f"{method} gives at most {most} features from {why}; "
                             f"{features:g} were asked.", most)  # fmt: skip


def one_place(values: np.ndarray, method: str, features: float) -> np.ndarray:
    """(n_stim, n_feat) of units (n_stim, n_unit)."""
    if method == "pca":
        return components(values, features)
    if method == "psd":
        from scipy.signal import periodogram

        return periodogram(values, axis=1)[1][:, : int(features)]
    low, high = float(values.min()), float(values.max())
    span = (low, high) if high > low else (low - 0.5, low + 0.5)
    return np.stack([np.histogram(row, int(features), span)[0] for row in values])


def components(values: np.ndarray, features: float) -> np.ndarray:
    """Principal component scores; none where nothing varies."""
    if not np.ptp(values, axis=0).any():
        return np.zeros((len(values), 1 if features < 1 else int(features)))
    every = np.arange(len(values))
    wanted = features if features < 1 else int(features)
    return principal_fold(relative_gram(values, True), every, every[:0], wanted).scores
