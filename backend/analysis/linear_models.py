"""Linear models on a fold's principal components, all vertices at once (05-dnnbrain, 2.6, 2.7).

Training scores are uncorrelated, so that least squares, ridge and lasso need no solver: every
coefficient follows from one product of scores and responses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from backend.analysis.cross_validation import Fold
from backend.analysis.eigen import leading_eigenvectors
from backend.core.parameters import ParameterError

Estimator = Literal["OLS", "ridge", "lasso", "PLS"]

PENALTIES = np.logspace(-3, 6, 10)
"""Ridge penalties tried by leave-one-out when none is given (05-dnnbrain, 8.3)."""
LASSO_PENALTY = 0.01
VERTICES = 2000
"""Vertices treated at a time where a matrix of images by vertices is made a penalty."""


@dataclass(frozen=True)
class Model:
    """A linear readout of a layer.

    Attributes
    ----------
    estimator : "OLS", "ridge", "lasso" or "PLS".
    components : principal components before it, fitted in the fold; below 1 a share of variance;
        None for all features.
    penalty : of ridge (added to the eigenvalues of X'X) or lasso (scikit-learn's alpha). None: a
        ridge penalty for every vertex by leave-one-out over 1e-3 to 1e6; 0.01 for lasso.
    latent : latent pairs of PLS.
    """

    estimator: Estimator = "OLS"
    components: int | float | None = 100
    penalty: float | None = None
    latent: int = 10

    def __post_init__(self) -> None:
        if self.penalty is not None and self.penalty < 0:
            raise ParameterError("penalty", f"A penalty of {self.penalty:g} rewards size.", 0.0)
        if self.latent < 1:
            raise ParameterError("latent", "PLS needs at least one latent pair.", 1)


def predict(model: Model, fold: Fold, responses: np.ndarray) -> np.ndarray:
    """Predicted responses of the fold's test images (n_test, n_vertex) float64.

    ``responses`` (n_stim, n_vertex) of all images; only the training rows are read.
    """
    train = len(fold.train)
    mean = (responses.sum(axis=0) - responses[fold.test].sum(axis=0)) / train
    prediction = fold.test_scores @ coefficients(model, fold, responses, mean)
    prediction += mean
    return prediction


def coefficients(model: Model, fold: Fold, responses: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Weights (k, n_vertex) of the components for responses about their training mean."""
    if model.estimator == "PLS":
        return pls_weights(fold.scores[fold.train], responses[fold.train] - mean, model.latent)
    products = fold.scores.T @ responses
    variance = fold.variance[:, None]
    if model.estimator == "OLS":
        products /= variance
        return products
    if model.estimator == "ridge":
        if model.penalty is None:
            return products / (variance + best_penalty(fold, responses, mean, products))
        return products / (variance + model.penalty)
    alpha = LASSO_PENALTY if model.penalty is None else model.penalty
    shrunk = np.maximum(np.abs(products) - alpha * len(fold.train), 0.0)
    return np.copysign(shrunk, products) / variance


def best_penalty(
    fold: Fold, responses: np.ndarray, mean: np.ndarray, products: np.ndarray
) -> np.ndarray:
    """The penalty (n_vertex,) with the least leave-one-out error, by the hat matrix's diagonal."""
    scores = fold.scores[fold.train]
    power = scores**2
    errors = np.zeros((len(PENALTIES), responses.shape[1]))
    for start in range(0, responses.shape[1], VERTICES):
        place = slice(start, start + VERTICES)
        centred = responses[fold.train, place] - mean[place]
        for row, penalty in enumerate(PENALTIES):
            shrink = 1.0 / (fold.variance + penalty)
            left = 1.0 - 1.0 / len(scores) - power @ shrink
            residual = centred - scores @ (shrink[:, None] * products[:, place])
            residual /= left[:, None]
            errors[row, place] = np.einsum("ij,ij->j", residual, residual)
    return PENALTIES[errors.argmin(axis=0)]


def pls_weights(scores: np.ndarray, responses: np.ndarray, latent: int) -> np.ndarray:
    """Coefficients (k, n_vertex) of PLS regression with deflation, no column scaling (2.7).

    Each pair maximises the covariance of t = Xw and u = Yq: w is the first left singular vector of
    X'Y. Deflating X alone gives the same weights as deflating both.
    """
    left = scores.copy()
    latent = min(latent, left.shape[1])
    weights = np.zeros((left.shape[1], latent))
    loadings = np.zeros_like(weights)
    targets = np.zeros((latent, responses.shape[1]))
    across = left.T @ responses
    floor = np.finfo(float).eps * np.sqrt((across**2).sum())
    for step in range(latent):
        w = first_direction(across)
        t = left @ w
        length = t @ t
        targets[step] = (t @ responses) / length if length > 0 else 0.0
        if length <= 0 or np.abs(w @ across).max() <= floor:
            latent = step
            break
        p = (t @ left) / length
        left -= np.outer(t, p)
        across -= np.outer(p, t @ responses)
        weights[:, step], loadings[:, step] = w, p
    weights, loadings, targets = weights[:, :latent], loadings[:, :latent], targets[:latent]
    return weights @ np.linalg.solve(loadings.T @ weights, targets)


def first_direction(across: np.ndarray) -> np.ndarray:
    """First left singular vector of X'Y (k, n_vertex), from its smaller side."""
    rows, columns = across.shape
    small = across @ across.T if rows <= columns else across.T @ across
    vector = leading_eigenvectors(small, 1)[1][:, 0]
    if rows > columns:
        vector = across @ vector
    return vector / np.sqrt(vector @ vector) if vector.any() else vector
