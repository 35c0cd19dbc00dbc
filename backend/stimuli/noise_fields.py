"""Random luminance fields of a wanted spectrum and RMS contrast, and the spectrum of a picture."""

from __future__ import annotations

import numpy as np


def white(rng: np.random.Generator, side: int) -> np.ndarray:
    """(side, side) float32 Gaussian white noise of unit variance."""
    return rng.standard_normal((side, side), np.float32)


def pink(rng: np.random.Generator, side: int, exponent: float = 1.0) -> np.ndarray:
    """Noise of amplitude 1 / f^exponent, unit variance; 1 is the slope of natural scenes."""
    f = frequencies(side)
    f[0, 0] = np.inf
    return _filtered(white(rng, side), (f**-exponent).astype(np.float32))


def band_passed(rng: np.random.Generator, side: int, low: float, high: float) -> np.ndarray:
    """Noise of low <= f <= high cycles/image alone, unit variance.

    Raises
    ------
    ValueError : no frequency of the image lies in the band.
    """
    f = frequencies(side)
    inside = (f >= low) & (f <= high) & (f > 0)
    if not inside.any():
        raise ValueError(f"No frequency of a {side} px image lies between {low:g} and {high:g}.")
    return _filtered(white(rng, side), inside.astype(np.float32))


def phase_scrambled(rng: np.random.Generator, picture: np.ndarray) -> np.ndarray:
    """The picture's amplitudes with the phases of white noise, unit variance.

    Parameters
    ----------
    picture : (side, side) luminance.

    Raises
    ------
    ValueError : every pixel is alike, so there is no spectrum to keep.
    """
    from scipy import fft

    side = picture.shape[0]
    amplitude = np.abs(fft.rfft2(picture.astype(np.float32)))
    amplitude[0, 0] = 0.0
    if amplitude.max() < 1e-4 * side:
        raise ValueError(f"Every pixel of the picture is {round(255 * float(picture[0, 0]))}.")
    phases = fft.rfft2(white(rng, side))
    turned = amplitude * phases / np.maximum(np.abs(phases), 1e-12)
    return _unit(fft.irfft2(turned, s=(side, side)))


def at_contrast(field: np.ndarray, rms: float, mean: float = 0.5) -> tuple[np.ndarray, float]:
    """A field of unit variance as luminance, and the share of pixels that had to be clipped.

    ``rms`` is the standard deviation of luminance in [0, 1] before clipping.
    """
    wanted = np.float32(mean) + np.float32(rms) * field
    clipped = float(((wanted < 0) | (wanted > 1)).mean())
    return np.clip(wanted, 0.0, 1.0), clipped


def radial_spectrum(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean power of a square picture by spatial frequency.

    Returns
    -------
    frequencies (m,) whole cycles/image from 1 to Nyquist; power (m,), mean of |FFT|² over the ring
    half a cycle to either side, divided by the number of pixels.
    """
    from scipy import fft

    side = image.shape[0]
    power = np.abs(fft.fft2(np.asarray(image, float) - np.mean(image))) ** 2 / image.size
    turns = fft.fftfreq(side, 1 / side)
    ring = np.rint(np.hypot(turns[:, None], turns)).astype(int).ravel()
    total = np.bincount(ring, power.ravel())
    counts = np.bincount(ring)
    cycles = np.arange(1, side // 2 + 1)
    return cycles.astype(float), total[cycles] / counts[cycles]


def frequencies(side: int) -> np.ndarray:
    """(side, side // 2 + 1) radial frequency in cycles/image of a real transform."""
    from scipy import fft

    return np.hypot(fft.fftfreq(side, 1 / side)[:, None], fft.rfftfreq(side, 1 / side))


def _filtered(field: np.ndarray, gain: np.ndarray) -> np.ndarray:
    from scipy import fft

    spectrum = fft.rfft2(field) * gain
    spectrum[0, 0] = 0.0
    return _unit(fft.irfft2(spectrum, s=field.shape))


def _unit(field: np.ndarray) -> np.ndarray:
    field = field - field.mean()
    return np.asarray(field / field.std(), np.float32)
