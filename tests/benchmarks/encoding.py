"""Ten-fold PCA-100 encoding of 10,000 vertices from 43,264 units and 2,000 images.

Run with ``python tests/benchmarks/encoding.py``; prints JSON rows {name, value, unit, peer,
peer_value, ratio, bar, met}. The peer is scikit-learn's PCA and LinearRegression for all vertices
at once, on the features in double precision with the exact solver, because the randomised one does
not give the same predictions; one of its folds is measured and counted ten times. Ours starts from
the features too: inner products are part of the time.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))
from backend.analysis.compression import relative_gram
from backend.analysis.cross_validation import splits
from backend.analysis.encoding import encode, encoding_scores
from backend.analysis.linear_models import Model

IMAGES, UNITS, VERTICES, FOLDS = 2000, 43_264, 10_000, 10


def simulated() -> tuple[np.ndarray, np.ndarray]:
    """Rectified activations with a spectrum, and vertices that read 50 of its axes."""
    generator = np.random.default_rng(0)
    axes = generator.standard_normal((IMAGES, IMAGES), np.float32)
    axes /= np.sqrt(1 + np.arange(IMAGES, dtype=np.float32))
    features = axes @ generator.standard_normal((IMAGES, UNITS), np.float32)
    np.maximum(features, 0, out=features)
    brain = axes[:, :50] @ generator.standard_normal((50, VERTICES), np.float32)
    return features, brain + generator.standard_normal(brain.shape)


def plain_fold(features: np.ndarray, brain: np.ndarray, solver: str) -> tuple[float, np.ndarray]:
    """Seconds and predictions of scikit-learn's first fold."""
    from sklearn.decomposition import PCA
    from sklearn.linear_model import LinearRegression

    train, test = splits(IMAGES, FOLDS)[0]
    began = time.perf_counter()
    pca = PCA(100, svd_solver=solver, random_state=0)
    line = LinearRegression().fit(pca.fit_transform(features[train]), brain[train])
    predicted = line.predict(pca.transform(features[test]))
    return time.perf_counter() - began, predicted


def measure() -> list[dict[str, Any]]:
    """All rows."""
    features, brain = simulated()
    splits(IMAGES, FOLDS)  # scikit-learn's import is nobody's work
    began = time.perf_counter()
    products = relative_gram(features, exact=True)
    compressed = time.perf_counter() - began
    encoding_scores(products, brain)
    took = time.perf_counter() - began
    first = next(encode(products, brain)).prediction
    began = time.perf_counter()
    encoding_scores(products, brain, Model("PLS"))
    latent = time.perf_counter() - began
    fast, _ = plain_fold(features, brain, "auto")
    exact, predicted = plain_fold(features.astype(np.float64), brain, "full")
    difference = float(np.abs(first - predicted).max())
    nobody: dict[str, Any] = {"peer": "", "peer_value": None, "ratio": None, "bar": "", "met": None}
    name = f"encoding, {FOLDS} folds, {VERTICES:,} vertices, {UNITS:,} units, {IMAGES:,} images"
    ratio = FOLDS * exact / took
    return [
        {"name": name, "value": took, "unit": "s", "peer": "scikit-learn, exact PCA",
         "peer_value": FOLDS * exact, "ratio": ratio, "bar": ">= 20 x", "met": ratio >= 20},
        {"name": "encoding, the same", "value": took, "unit": "s",
         "peer": "scikit-learn, randomised PCA in single precision", "peer_value": FOLDS * fast,
         "ratio": FOLDS * fast / took, "bar": "", "met": None},
        nobody | {"name": "encoding, largest difference of predictions", "value": difference,
                  "unit": "", "bar": "<= 1e-6", "met": difference <= 1e-6},
        nobody | {"name": "encoding, inner products alone", "value": compressed, "unit": "s"},
        nobody | {"name": "encoding, 10 folds of PLS(10)", "value": latent, "unit": "s"},
    ]  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(measure()))
