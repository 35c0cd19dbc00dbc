"""Luminance, histogram and spectrum of a set made equal, with the measurable result.

The operations of the SHINE toolbox (Willenbockel et al. 2010, Behav Res Methods 42: 671-684):
lumMatch, histMatch (exact specification), specMatch and sfMatch (rotational average), in any order
and number of rounds. Grey values go from 0 to 255; arithmetic is in float64 until the end.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from backend.core.parameters import ParameterError
from backend.stimuli.stimulus_set import StimulusSet

Step = Literal["luminance", "histogram", "spectrum", "rotational"]
Region = Literal["whole", "figure", "ground"]
WORDS = {
    "luminance": "mean and contrast",
    "histogram": "histograms",
    "spectrum": "amplitude spectra",
    "rotational": "rotational averages of the amplitude spectra",
}
MEASURES: dict[str, tuple[str, Callable[..., Any]]] = {
    "mean": ("SD of mean luminance", np.std),
    "sd": ("SD of contrast (SD of grey values)", np.std),
    "rms": ("SD of RMS contrast", np.std),
    "histogram": ("Mean distance of histograms", np.mean),
    "spectrum": ("Mean distance of spectra (log10)", np.mean),
}
SMALL = 1e-12
LARGEST = 1 << 28
"""Pixels of the largest set that is matched at once (float64 and complex copies: about 15 GB)."""


@dataclass(frozen=True)
class Report:
    """Before and after, one value an image.

    Attributes
    ----------
    table : column → n values; ``mean``, ``sd`` (grey values), ``rms`` (sd over mean),
        ``histogram`` (half the summed difference from the set's mean histogram, 0 to 1),
        ``spectrum`` (RMS log10 ratio of rotational averages to the set's mean), each with
        ``_before`` and ``_after``; ``ssim`` to the original; ``clipped`` share of pixels.
    """

    table: dict[str, list[float]]

    def lines(self) -> list[tuple[str, float, float]]:
        """(measure, spread or distance before, after): SDs over images, mean distances."""
        found = []
        for name, (words, of_all) in MEASURES.items():
            before, after = (self.table[f"{name}_{when}"] for when in ("before", "after"))
            found.append((words, float(of_all(before)), float(of_all(after))))
        return found


# ---- the four operations on (n, H, W) float64 in grey values ---------------------------------


def match_luminance(
    images: np.ndarray,
    masks: np.ndarray | None = None,
    target: tuple[float, float] | None = None,
) -> np.ndarray:
    """Give all images one mean and standard deviation (lumMatch), inside the masks.

    ``target`` (mean, sd) defaults to the means over the set. A flat image only gets the mean.
    """
    inside = np.ones(images.shape, bool) if masks is None else masks
    means = np.array([image[m].mean() for image, m in zip(images, inside, strict=True)])
    spreads = np.array([image[m].std() for image, m in zip(images, inside, strict=True)])
    mean, spread = target or (means.mean(), spreads.mean())
    made = images.copy()
    for index, mask in enumerate(inside):
        factor = spread / spreads[index] if spreads[index] > SMALL else 0.0
        made[index][mask] = (images[index][mask] - means[index]) * factor + mean
    return made


def match_histogram(
    images: np.ndarray,
    masks: np.ndarray | None = None,
    target: np.ndarray | None = None,
    seed: int = 0,
) -> np.ndarray:
    """Give all images exactly one histogram (histMatch); values become whole numbers 0 .. 255.

    ``target`` (256,) counts or shares default to the mean histogram. Pixels are ordered by value,
    equal ones by the means of their 3 × 3 and 5 × 5 surroundings, then by a seeded draw.
    """
    inside = np.ones(images.shape, bool) if masks is None else masks
    if target is None:
        shares = [histogram(image[m]) / m.sum() for image, m in zip(images, inside, strict=True)]
        target = np.mean(shares, axis=0)
    made = images.copy()
    for index, mask in enumerate(inside):
        counts = whole_counts(target, int(mask.sum()))
        values = np.repeat(np.arange(256.0), counts)
        rng = np.random.Generator(np.random.Philox(key=[seed, index]))
        made[index][mask] = assigned(images[index], mask, values, rng)
    return made


def histogram(values: np.ndarray) -> np.ndarray:
    """(256,) counts of grey values, rounded and clipped."""
    return np.bincount(np.clip(np.rint(values), 0, 255).astype(int).ravel(), minlength=256)


def whole_counts(shares: np.ndarray, total: int) -> np.ndarray:
    """Whole numbers in these proportions that sum to ``total`` (largest remainders)."""
    exact = np.asarray(shares, float) / np.sum(shares) * total
    counts = np.floor(exact).astype(int)
    order = np.argsort(counts - exact, kind="stable")
    counts[order[: total - counts.sum()]] += 1
    return counts


def assigned(
    image: np.ndarray, mask: np.ndarray, values: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Sorted ``values`` given to the pixels of the mask in their order."""
    from scipy import ndimage

    near = ndimage.uniform_filter(image, 3, mode="nearest")[mask]
    wide = ndimage.uniform_filter(image, 5, mode="nearest")[mask]
    own = image[mask]
    order = np.lexsort((rng.random(own.size), wide, near, own))
    made = np.empty(own.size)
    made[order] = values
    return made


def match_spectrum(images: np.ndarray, target: np.ndarray | None = None) -> np.ndarray:
    """Give all images one amplitude spectrum and keep their phases (specMatch).

    ``target`` (H, W) amplitudes default to the mean over the set.
    """
    spectra = np.fft.fft2(images)
    amplitude = np.abs(spectra).mean(axis=0) if target is None else target
    return np.real(np.fft.ifft2(amplitude * unit_phase(spectra)))


def unit_phase(spectra: np.ndarray) -> np.ndarray:
    """exp(i phase); 1 where there is only rounding noise, whose phase means nothing."""
    size = np.abs(spectra)
    noise = SMALL * size.max(axis=(-2, -1), keepdims=True) + SMALL
    return np.where(size > noise, spectra / np.maximum(size, noise), 1.0)


def match_rotational(images: np.ndarray, target: np.ndarray | None = None) -> np.ndarray:
    """Give all images one rotational average of the amplitude spectrum (sfMatch).

    Every image keeps its distribution over orientations, and stays empty at radii where it has no
    energy that could be scaled. ``target`` (radii,) defaults to the mean.
    """
    spectra, radius = np.fft.fft2(images), radius_index(*images.shape[1:])
    amplitudes = np.abs(spectra)
    averages = np.array([radial_mean(one, radius) for one in amplitudes])
    wanted = averages.mean(axis=0) if target is None else target
    noise = SMALL * amplitudes.max(axis=(1, 2))[:, None] + SMALL
    gain = np.where(averages > noise, wanted / np.maximum(averages, noise), 1.0)
    return np.real(np.fft.ifft2(spectra * gain[:, radius]))


def radius_index(height: int, width: int) -> np.ndarray:
    """(H, W) whole radius in cycles per image, in the layout of fft2."""
    y = np.fft.fftfreq(height, 1 / height)[:, None]
    x = np.fft.fftfreq(width, 1 / width)[None, :]
    return np.rint(np.hypot(x, y)).astype(int)


def radial_mean(values: np.ndarray, radius: np.ndarray) -> np.ndarray:
    """(radii,) mean of ``values`` (H, W) at each radius."""
    sums = np.bincount(radius.ravel(), values.ravel())
    return sums / np.maximum(np.bincount(radius.ravel()), 1)


# ---- whole sets ------------------------------------------------------------------------------


def match(
    stimuli: StimulusSet,
    steps: Sequence[Step],
    *,
    iterations: int = 1,
    target: int | None = None,
    region: Region = "whole",
    masks: np.ndarray | None = None,
    rescale: bool = False,
    exact: bool = False,
    seed: int = 0,
    check: Callable[[], None] | None = None,
) -> tuple[StimulusSet, Report]:
    """Match a grey set; the last step is the one that holds exactly.

    Parameters
    ----------
    steps : in their order; repeated ``iterations`` times.
    target : index of the image whose values all get; None takes the mean of the set.
    region : "figure" and "ground" are told apart by the border's grey (see :func:`figure_masks`);
        ``masks`` (n, H, W) bool gives the region itself.
    rescale : bring values beyond black and white back by one common linear map, not by clipping.
    exact : keep float32 instead of rounding to 8 bits.

    Raises
    ------
    ParameterError
    """
    refuse(stimuli, steps, region, masks)
    if masks is None and region != "whole":
        figure = figure_masks(stimuli.images)
        masks = figure if region == "figure" else ~figure
        if not masks.any(axis=(1, 2)).all():
            raise ParameterError("region", f"An image has no {region}. Choose the whole image.")
    before = grey_values(stimuli.images)
    after = before
    for _ in range(iterations):
        for step in steps:
            after = done(step, after, before, masks, target, seed)
            if check is not None:
                check()
    low, high = float(after.min()), float(after.max())
    if rescale and (low < 0 or high > 255):
        after = (after - min(low, 0)) * (255 / (max(high, 255) - min(low, 0)))
    clipped = np.mean((after < -0.5) | (after > 255.5), axis=(1, 2))
    made = np.clip(after, 0, 255)
    images = (made / 255).astype(np.float32) if exact else np.rint(made).astype(np.uint8)
    said = said_of(steps, iterations, region if masks is not None else "whole", target, stimuli)
    matched = dataclasses.replace(stimuli, images=images, history=(*stimuli.history, said))
    return matched, report(before, grey_values(images), clipped)


def done(
    step: Step,
    images: np.ndarray,
    originals: np.ndarray,
    masks: np.ndarray | None,
    target: int | None,
    seed: int,
) -> np.ndarray:
    """One step on all images."""
    if target is None:
        if step == "histogram":
            return match_histogram(images, masks, seed=seed)
        if step == "luminance":
            return match_luminance(images, masks)
        return match_spectrum(images) if step == "spectrum" else match_rotational(images)
    model = originals[target]
    inside = model if masks is None else model[masks[target]]
    if step == "luminance":
        return match_luminance(images, masks, (float(inside.mean()), float(inside.std())))
    if step == "histogram":
        return match_histogram(images, masks, histogram(inside), seed)
    amplitude = np.abs(np.fft.fft2(model))
    if step == "spectrum":
        return match_spectrum(images, amplitude)
    return match_rotational(images, radial_mean(amplitude, radius_index(*model.shape)))


def refuse(
    stimuli: StimulusSet, steps: Sequence[Step], region: Region, masks: np.ndarray | None
) -> None:
    """Refuse what cannot be matched, with a sentence."""
    if not len(stimuli):
        raise ParameterError("", "The set has no images to match.")
    if stimuli.images.size > LARGEST:
        most = LARGEST // stimuli.images[0].size
        raise ParameterError(
            "", f"Sets of this size are matched up to {most} images; this one has {len(stimuli)}. "
            "Match a sample, or make the images smaller.",
        )  # fmt: skip
    if stimuli.images.ndim == 4:
        raise ParameterError("", "Colour sets are not matched. Make the set grey first.")
    unknown = [step for step in steps if step not in WORDS]
    if not steps or unknown:
        known = ", ".join(WORDS)
        raise ParameterError("steps", f"Choose what to match: {known}.", "luminance")
    if masks is not None and masks.shape != stimuli.images.shape:
        raise ParameterError("masks", "The masks do not have the shape of the images.")
    spectral = any(step in ("spectrum", "rotational") for step in steps)
    if spectral and (region != "whole" or masks is not None):
        raise ParameterError(
            "region", "Spectra belong to whole images. Match them without a mask.", "whole"
        )


def figure_masks(images: np.ndarray) -> np.ndarray:
    """(n, H, W) bool: not of the border's commonest grey, or enclosed by what is not."""
    from scipy import ndimage

    masks = np.empty(images.shape[:3], bool)
    for index, image in enumerate(grey_values(images)):
        border = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
        ground = float(np.argmax(histogram(border)))
        masks[index] = ndimage.binary_fill_holes(np.abs(image - ground) > 0.5)
    return masks


def grey_values(images: np.ndarray) -> np.ndarray:
    """Float64 grey values, 0 to 255."""
    return images.astype(float) * (1.0 if images.dtype == np.uint8 else 255.0)


def said_of(
    steps: Sequence[Step], iterations: int, region: Region, target: int | None, stimuli: StimulusSet
) -> str:
    """The sentence for the history."""
    what = ", then ".join(WORDS[step] for step in steps)
    to = "to the set's mean" if target is None else f"to {stimuli.names[target]}"
    where = "" if region == "whole" else f", {region} only"
    rounds = f", {iterations} rounds" if iterations > 1 else ""
    return f"Matched {what} {to}{where}{rounds}."


def report(before: np.ndarray, after: np.ndarray, clipped: np.ndarray) -> Report:
    """Measures of every image before and after."""
    table: dict[str, list[float]] = {}
    for when, images in (("before", before), ("after", after)):
        for name, values in measures(images).items():
            table[f"{name}_{when}"] = values
    table["ssim"] = [similarity(a, b) for a, b in zip(before, after, strict=True)]
    table["clipped"] = clipped.tolist()
    return Report(table)


def measures(images: np.ndarray) -> dict[str, list[float]]:
    """Mean, sd, RMS contrast, distance of histogram and spectrum from the set's mean."""
    means, spreads = images.mean(axis=(1, 2)), images.std(axis=(1, 2))
    shares = np.array([histogram(image) for image in images]) / images[0].size
    radius = radius_index(*images.shape[1:])
    spectra = np.array([radial_mean(np.abs(np.fft.fft2(one)), radius)[1:] for one in images])
    logs = np.log10(np.maximum(spectra, 1e-6))
    return {
        "mean": means.tolist(),
        "sd": spreads.tolist(),
        "rms": (spreads / np.maximum(means, SMALL)).tolist(),
        "histogram": (np.abs(shares - shares.mean(axis=0)).sum(axis=1) / 2).tolist(),
        "spectrum": np.sqrt(((logs - logs.mean(axis=0)) ** 2).mean(axis=1)).tolist(),
    }


def similarity(one: np.ndarray, two: np.ndarray) -> float:
    """Structural similarity (Wang et al. 2004: Gaussian window, SD 1.5 px)."""
    from scipy.ndimage import gaussian_filter

    def smooth(values: np.ndarray) -> np.ndarray:
        return gaussian_filter(values, 1.5, truncate=3.5)

    first, second = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    a, b = smooth(one), smooth(two)
    aa, bb, ab = smooth(one * one) - a * a, smooth(two * two) - b * b, smooth(one * two) - a * b
    upper = (2 * a * b + first) * (2 * ab + second)
    return float(np.mean(upper / ((a * a + b * b + first) * (aa + bb + second))))
