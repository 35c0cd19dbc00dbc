"""Simulated BOLD run and MEG epochs with known answers (05-dnnbrain, section 4). SIMULATED."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from backend.analysis.hrf import convolved
from backend.analysis.inputs import same_rows
from backend.brain.simulated_cortex import components

REPETITION_S = 2.0
VOLUMES = 30
EVENTS = 6
SAMPLES_HZ = 100
FIRST_MS, LAST_MS = -100, 500
CHANNELS = 30
TRIALS = 10
PEAK_MS, PEAK_STEP_MS, PEAK_WIDTH_MS = 80, 40, 20


@dataclass(frozen=True)
class BoldRun:
    """A run of 60 s, TR 2 s: onsets, durations (6,) in s; values (6, n_feat); bold (30, n_feat)."""

    onsets: np.ndarray
    durations: np.ndarray
    values: np.ndarray
    bold: np.ndarray


@dataclass(frozen=True)
class Epochs:
    """Trials (n_trial, n_channel, n_time) with each trial's stimulus, and times in ms."""

    trials: np.ndarray
    stimulus: np.ndarray
    times_ms: np.ndarray

    def averaged(self) -> np.ndarray:
        """(n_stim, n_channel, n_time), mean over a stimulus' trials."""
        count = int(self.stimulus.max()) + 1
        return np.stack([self.trials[self.stimulus == one].mean(axis=0) for one in range(count)])


def simulated_bold(features: int = 50, noise: float = 0.2, seed: int = 0) -> BoldRun:
    """Six events of 1 s, 9 s apart, through the response, with white noise of this SD."""
    rng = np.random.default_rng(seed)
    onsets = 2.0 + 9.0 * np.arange(EVENTS)
    durations = np.ones(EVENTS)
    values = rng.standard_normal((EVENTS, features))
    signal = convolved(values, onsets, durations, VOLUMES, REPETITION_S)
    bold = signal + noise * signal.std() * rng.standard_normal(signal.shape)
    return BoldRun(onsets, durations, values, bold)


def simulated_epochs(layers: Sequence[np.ndarray], noise: float = 3.0, seed: int = 0) -> Epochs:
    """Trials in which layer l (from 1) is seen most at 80 + 40 l ms.

    Parameters
    ----------
    layers : (n_stim, ...) activations, more than 50 stimuli. Each layer's z-scored components go to
        the 30 channels by weights N(0, 1) / sqrt(1 + k) and rise and fall as a Gaussian in time
        (SD 20 ms). Noise N(0, 1) times ``noise``, ten trials a stimulus, 100 samples a second.
    """
    rng = np.random.default_rng(seed)
    times = np.arange(FIRST_MS, LAST_MS + 1, 1000 // SAMPLES_HZ)
    stimuli = len(layers[0])
    signal = np.zeros((stimuli, CHANNELS, len(times)))
    for number, features in enumerate(layers, 1):
        same_rows(stimuli, len(features), "a layer's activations")
        axes = components(features)
        weights = rng.standard_normal((axes.shape[1], CHANNELS))
        pattern = axes @ (weights / np.sqrt(1.0 + np.arange(axes.shape[1]))[:, None])
        course = np.exp(-0.5 * ((times - PEAK_MS - PEAK_STEP_MS * number) / PEAK_WIDTH_MS) ** 2)
        signal += pattern[:, :, None] * course
    stimulus = np.repeat(np.arange(stimuli), TRIALS)
    trials = signal[stimulus] + noise * rng.standard_normal((len(stimulus), *signal.shape[1:]))
    return Epochs(trials.astype(np.float32), stimulus, times)
