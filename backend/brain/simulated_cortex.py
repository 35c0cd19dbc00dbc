"""A simulated ventral temporal cortex whose vertices read known layers of a network.

Everything here is SIMULATED: the sphere is not anatomy, and the responses are made so that an
analysis can be judged by what it recovers (05-dnnbrain, section 4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from backend.analysis.compression import z_scored_patterns
from backend.analysis.cross_validation import principal_fold, relative_gram
from backend.analysis.inputs import Check, nothing, same_rows
from backend.core.parameters import ParameterError

VERTICES_OF_LAYERS = (10, 20, 30, 60, 80)
"""Vertices that read conv1 to conv5, posterior to anterior."""
COMPONENTS = 50
LABEL = "SIMULATED cortex (a sphere, not anatomy)"


@dataclass(frozen=True)
class SimulatedCortex:
    """Responses with their ground truth.

    Attributes
    ----------
    responses : (n_stim, 200) float64, every vertex z-scored over images.
    layer : (200,) index of the layer that a vertex reads.
    snr : (200,) signal variance over noise variance.
    """

    responses: np.ndarray
    layer: np.ndarray
    snr: np.ndarray

    @property
    def ceiling(self) -> np.ndarray:
        """(200,) correlation of a vertex's signal with its response: sqrt(snr / (1 + snr))."""
        return np.sqrt(self.snr / (1.0 + self.snr))


def simulated_cortex(
    layers: Sequence[np.ndarray], seed: int = 0, check: Check = nothing
) -> SimulatedCortex:
    """Responses y = sqrt(snr) zscore(P w) + e of vertices to images.

    Parameters
    ----------
    layers : five arrays (n_stim, ...), each layer's output after its ReLU, all positions. P holds
        the z-scored first 50 principal components of the patterns, each z-scored first;
        w_k = N(0, 1) / sqrt(1 + k), e = N(0, 1), snr = U(0.1, 1).
    seed : draws all snr first, then for each vertex its weights and its noise.

    Returns
    -------
    SimulatedCortex. A component's sign is arbitrary in the definition; here its largest score is
    positive, so that a seed gives the same vertices everywhere.
    """
    if len(layers) != len(VERTICES_OF_LAYERS):
        raise ParameterError(
            "", f"The simulated cortex reads {len(VERTICES_OF_LAYERS)} layers, not {len(layers)}."
        )
    stimuli = len(layers[0])
    for features in layers:
        same_rows(stimuli, len(features), "a layer's activations")
    if stimuli <= COMPONENTS:
        raise ParameterError(
            "", f"The simulated cortex needs more than {COMPONENTS} images; these are {stimuli}."
        )
    rng = np.random.default_rng(seed)
    total = sum(VERTICES_OF_LAYERS)
    snr = rng.uniform(0.1, 1.0, total)
    layer = np.repeat(np.arange(len(layers)), VERTICES_OF_LAYERS)
    fall = 1.0 / np.sqrt(1.0 + np.arange(COMPONENTS))
    responses = np.empty((stimuli, total))
    axes = components(layers[0])
    for vertex in range(total):
        check()
        if vertex and layer[vertex] != layer[vertex - 1]:
            axes = components(layers[layer[vertex]])
        weights = rng.standard_normal(COMPONENTS) * fall
        noise = rng.standard_normal(stimuli)
        signal = axes @ weights[: axes.shape[1]]
        responses[:, vertex] = np.sqrt(snr[vertex]) * z_scored(signal) + noise
    return SimulatedCortex(z_scored(responses), layer, snr)


def components(features: np.ndarray) -> np.ndarray:
    """First 50 principal components (n_stim, 50) of z-scored patterns, each z-scored."""
    products = relative_gram(z_scored_patterns(features), exact=True)
    every = np.arange(len(products))
    scores = principal_fold(products, every, every[:0], COMPONENTS).scores
    largest = scores[np.abs(scores).argmax(axis=0), np.arange(scores.shape[1])]
    return z_scored(scores * np.sign(largest))


def z_scored(values: np.ndarray) -> np.ndarray:
    """Mean 0 and SD 1 over images."""
    return (values - values.mean(axis=0)) / values.std(axis=0)
