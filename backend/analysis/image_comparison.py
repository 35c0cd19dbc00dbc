"""Comparing observers' classification images (07-face-gender-reverse-correlation, section 2.7)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backend.analysis.reverse_correlation import WeightImage
from backend.stimuli.noise_basis import CYCLES, NoiseBasis


def pearson(a: np.ndarray, b: np.ndarray) -> float:
    """Pearson r over all pixels; NaN when one is flat."""
    x, y = np.ravel(a).astype(float), np.ravel(b).astype(float)
    x, y = x - x.mean(), y - y.mean()
    size = np.sqrt((x @ x) * (y @ y))
    return float(x @ y / size) if size > 0 else float("nan")


def pearson_by_scale(a: WeightImage, b: WeightImage, side: int = 64) -> list[float]:
    """r of each scale's images; NaN for scales that ``side`` px do not resolve."""
    pairs = zip(a.basis.scales, a.bands(side), b.bands(side), strict=True)
    return [pearson(x, y) if resolved(k, side) else float("nan") for k, x, y in pairs]


def resolved(scale: int, side: int) -> bool:
    """Whether a scale lies below the Nyquist frequency of ``side`` px."""
    return 2 * CYCLES[scale] < side


def structural_similarity(a: np.ndarray, b: np.ndarray) -> float:
    """SSIM of two images, each stretched to [0, 1] first (skimage, 7 × 7 window)."""
    from skimage.metrics import structural_similarity as ssim

    def unit(image: np.ndarray) -> np.ndarray:
        low, high = float(image.min()), float(image.max())
        return (image - low) / (high - low) if high > low else np.zeros(image.shape)

    return float(ssim(unit(a), unit(b), data_range=1.0))


def permutation_interval(
    shuffled: np.ndarray, reference: np.ndarray, basis: NoiseBasis, confidence: float = 0.95
) -> tuple[float, float]:
    """Interval of r with a reference image that shuffled answers give.

    Parameters
    ----------
    shuffled : (m, count) weights from ``shuffled_weights``.
    reference : (side, side) image at the basis's side.
    """
    images = basis.images(shuffled.astype(np.float32))
    r = [pearson(image, reference) for image in images]
    tail = 50.0 * (1.0 - confidence)
    low, high = np.percentile(r, [tail, 100.0 - tail])
    return float(low), float(high)


@dataclass(frozen=True)
class TopSet:
    """The fewest weights that carry a share of Σ|d| of one observer.

    Attributes
    ----------
    chosen : (count,) bool; ``size`` of them.
    share : part of another observer's Σ|d| on them; ``chance``: their part of all weights.
    """

    chosen: np.ndarray
    size: int
    share: float
    chance: float


def top_set(reference: np.ndarray, other: np.ndarray, part: float = 0.8) -> TopSet:
    """Highly contributing weights of a reference observer, from d (count,) of both.

    Pure noise puts 50.4 % of the weights into the 80 % set and the same share of any other
    observer, so compare ``share`` with ``chance``.
    """
    size = np.abs(reference)
    order = np.argsort(-size, kind="stable")
    needed = int(np.searchsorted(np.cumsum(size[order]), part * size.sum())) + 1
    chosen = np.zeros(size.size, bool)
    chosen[order[:needed]] = True
    share = float(np.abs(other)[chosen].sum() / np.abs(other).sum())
    return TopSet(chosen, int(chosen.sum()), share, chosen.mean())


def spearman_by_scale(a: WeightImage, b: WeightImage, signed: bool = True) -> list[float]:
    """Rank correlation of d (or |d|) per scale within the top 80 % set of ``a``."""
    from scipy.stats import spearmanr

    x, y = (a.d, b.d) if signed else (np.abs(a.d), np.abs(b.d))
    chosen = top_set(a.d, b.d).chosen
    found = []
    for part in a.basis.slices:
        inside = chosen[part]
        enough = inside.sum() > 2
        found.append(float(spearmanr(x[part][inside], y[part][inside])[0]) if enough else np.nan)
    return found


def across_observers(images: list[WeightImage]) -> tuple[np.ndarray, np.ndarray]:
    """Mean weights of several observers' images, and t of each weight between observers.

    Pooling all trials treats observers as fixed; this test lets the result speak for the people
    they were drawn from (section 8). t has one degree of freedom less than there are observers.

    Raises
    ------
    ValueError : fewer than two observers.
    """
    if len(images) < 2:
        raise ValueError(f"A test between observers needs at least two; there is {len(images)}.")
    w = np.stack([image.w for image in images])
    mean = w.mean(axis=0)
    return mean, mean / (w.std(axis=0, ddof=1) / np.sqrt(len(images)))


def frequency_profile(image: WeightImage) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What each scale carries: cycles/image, mean d², and mean d² expected of random answers."""
    parts, d = image.basis.slices, image.d
    cycles = np.array([CYCLES[k] for k in image.basis.scales])
    power = np.array([(d[part] ** 2).mean() for part in parts])
    return cycles, power, np.full(len(parts), 3.0 * image.variance)


def prototypes(
    base: np.ndarray, image: np.ndarray, amplitude: float = 0.25
) -> tuple[np.ndarray, np.ndarray]:
    """Female and male prototype, base ± c CI with c max|CI| = amplitude, in [0, 1]."""
    scaled = image * (amplitude / max(float(np.abs(image).max()), 1e-12))
    return np.clip(base + scaled, 0, 1), np.clip(base - scaled, 0, 1)


def one_layer(
    image: np.ndarray, faces: np.ndarray, female: np.ndarray, seed: int = 0
) -> tuple[float, float]:
    """Cohen's d between genders of the dot product of faces with an image, and with it shuffled.

    Parameters
    ----------
    faces : (n, side, side) aligned to the base; female : (n,) bool. The second number is the
        baseline of one shuffling of the image's pixels.
    """
    flat = faces.reshape(len(faces), -1).astype(float)
    shuffled = np.random.default_rng(seed).permutation(image.ravel())
    return _cohen(flat @ image.ravel(), female), _cohen(flat @ shuffled, female)


def _cohen(values: np.ndarray, female: np.ndarray) -> float:
    a, b = values[female], values[~female]
    within = ((a - a.mean()) ** 2).sum() + ((b - b.mean()) ** 2).sum()
    return float((a.mean() - b.mean()) / np.sqrt(within / (len(values) - 2)))
