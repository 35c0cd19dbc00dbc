"""Sound as a network's input: log-mel patches, as VGGish takes them (Hershey et al. 2017)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from backend.core.parameters import ParameterError
from backend.networks.network import Preprocessing

if TYPE_CHECKING:
    from torch import Tensor

RATE = 16_000
WINDOW, HOP, TRANSFORM = 400, 160, 512
"""Samples of a window, between windows, and of the Fourier transform."""
LOW, HIGH = 125.0, 7500.0
OFFSET = 0.01
"""Added before the logarithm."""


@dataclass(frozen=True)
class SoundPreprocessing(Preprocessing):
    """Waveforms (n, samples) from -1 to 1 to log-mel patches (n, 1, height, width).

    Attributes
    ----------
    height : windows of a patch, 10 ms apart; a longer sound gives its middle, a shorter one is
        filled with silence. width : mel bands from 125 to 7500 Hz.
    rate : samples a second of what is given; other rates are resampled to 16 kHz.
    """

    rate: int = RATE

    def example(self, n: int) -> Tensor:
        """The patches of silence."""
        return self.prepare(np.full((n, self.height, self.width), np.log(OFFSET), np.float32))

    def inputs(self, images: np.ndarray) -> Tensor:
        """The patches of sounds; of patches (n, height, width) themselves."""
        from backend.networks.runtime import torch

        given = np.asarray(images)
        if given.ndim == 3 and given.shape[1:] == (self.height, self.width):
            patches = given.astype(np.float32)
        elif given.ndim == 2 and given.dtype.kind == "f" and np.abs(given).max(initial=0) <= 1.001:
            patches = np.stack([self.patch(sound) for sound in given])
        else:
            shape = " × ".join(str(size) for size in given.shape)
            raise ParameterError(
                "pictures", f"Sounds are n × samples with values from -1 to 1, or n × {self.height}"
                f" × {self.width} log-mel patches; these are {shape} of {given.dtype}.",
            )  # fmt: skip
        return torch().from_numpy(patches)[:, None]

    def patch(self, sound: np.ndarray) -> np.ndarray:
        """(height, width) log-mel magnitudes of one sound's middle."""
        samples = resampled(np.asarray(sound, float), self.rate)
        needed = (self.height - 1) * HOP + WINDOW
        if len(samples) < needed:
            samples = np.pad(samples, (0, needed - len(samples)))
        start = (len(samples) - needed) // 2 // HOP * HOP
        samples = samples[start : start + needed]
        windows = np.lib.stride_tricks.sliding_window_view(samples, WINDOW)[::HOP]
        hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)  # periodic
        spectrum = np.abs(np.fft.rfft(windows * hann, TRANSFORM))
        return np.log(spectrum @ mel_weights(self.width) + OFFSET).astype(np.float32)


def resampled(samples: np.ndarray, rate: int) -> np.ndarray:
    """At 16 kHz."""
    if rate == RATE:
        return samples
    from math import gcd

    from scipy.signal import resample_poly

    common = gcd(rate, RATE)
    found: np.ndarray = resample_poly(samples, RATE // common, rate // common)
    return found


def mel_weights(bands: int) -> np.ndarray:
    """(bins, bands) triangles that are evenly spaced in mel, 1127 ln(1 + f / 700)."""
    bins = 1127.0 * np.log1p(np.linspace(0, RATE / 2, TRANSFORM // 2 + 1) / 700.0)
    first, last = 1127.0 * np.log1p(np.array([LOW, HIGH]) / 700.0)
    edges = np.linspace(first, last, bands + 2)
    low, centre, high = edges[:-2], edges[1:-1], edges[2:]
    rising = (bins[:, None] - low) / (centre - low)
    falling = (high - bins[:, None]) / (high - centre)
    weights = np.maximum(0.0, np.minimum(rising, falling))
    weights[0] = 0.0  # no constant
    return weights


def example_sound(seconds: float = 0.975) -> np.ndarray:
    """A short clip to try a network of sounds with: a rising tone with harmonics, 16 kHz."""
    time = np.arange(round(seconds * RATE)) / RATE
    phase = 2 * np.pi * (300.0 * time + 400.0 * time**2)
    sound = sum(np.sin(order * phase) / order for order in (1, 2, 3))
    return np.asarray(0.4 * sound * np.sin(np.pi * time / seconds) ** 2, np.float32)


def example_clip(frames: int = 16, side: int = 128) -> np.ndarray:
    """A short clip to try a network of films with: a ShapeWorld figure that moves to the right.

    (frames, side, side, 3) from 0 to 1, the same every time; ``side`` is at least 32 px.
    """
    from backend.stimuli import shapeworld

    figure = shapeworld.images(shapeworld.categories(1)[:1], 1, seed=0)[0].transpose(1, 2, 0)
    times = max(1, side // 2 // shapeworld.SIDE)
    large = figure.repeat(times, 0).repeat(times, 1)
    extent = len(large)
    clip = np.full((frames, side, side, 3), 0.5, np.float32)
    top = (side - extent) // 2
    for frame, left in enumerate(np.linspace(0, side - extent, frames).round().astype(int)):
        clip[frame, top : top + extent, left : left + extent] = large
    return clip
