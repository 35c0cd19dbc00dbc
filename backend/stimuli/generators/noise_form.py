"""What the noise generators share: scale switches, base pictures, weights kept or made again."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numpy as np

from backend.core.parameters import Notice, ParameterError, parameter
from backend.stimuli.noise_basis import (
    CYCLES,
    SCALES,
    NoiseBasis,
    check_side,
    noise_basis,
    stretched,
    theta_rows,
)
from backend.stimuli.pictures import EXAMPLES, FORMATS, PictureProblem, area_weights, read_picture

LARGEST_THETA = 200 << 20
"""Bytes of weights that a set carries; above it, seeds."""

STRIP = 96


def scale_parameter(cycles: int, shown_if: tuple[str, Any] | None = None) -> Any:
    """Switch of one scale."""
    weights = 12 * (cycles // 2) ** 2
    return parameter(
        True, f"{cycles} cycles/image", group="Noise", shown_if=shown_if,
        help=f"{weights} weights, {(cycles // 2) ** 2} patches.",
    )  # fmt: skip


def file_parameter(default: str, shown_if: tuple[str, Any], group: str = "Noise") -> Any:
    """A picture file or the name of a bundled one."""
    return parameter(
        default, "Picture", kind="file", formats=FORMATS, group=group, shown_if=shown_if,
        help=f"A square picture file, or one of {', '.join(EXAMPLES)}.",
    )  # fmt: skip


def scales_of(parameters: Any) -> tuple[int, ...]:
    """Indices of the scales that are on."""
    return tuple(k for k, cycles in enumerate(CYCLES) if getattr(parameters, f"scale_{cycles}"))


def basis_of(parameters: Any, side: int) -> NoiseBasis:
    """The basis of these settings at a side; ParameterError if there is none."""
    kind = getattr(parameters, "basis", getattr(parameters, "kind", "")).split()[0]
    return noise_basis(side, None, kind, checked_scales(parameters))


def basis_words(parameters: Any) -> str:
    """The basis for a methods paragraph; the sinusoids are those of the literature."""
    basis = basis_of(parameters, 16)
    kind = getattr(parameters, "basis", getattr(parameters, "kind", ""))
    source = " (Mangini and Biederman, 2004)" if kind.startswith("sinusoid") else ""
    scales = ", ".join(str(CYCLES[k]) for k in scales_of(parameters))
    return f"{basis.count} {kind}{source} at {scales} cycles per image"


def checked_scales(parameters: Any) -> tuple[int, ...]:
    """Scales that are on; ParameterError if none is."""
    scales = scales_of(parameters)
    if not scales:
        raise ParameterError(
            "scale_2", "No noise scale is switched on. Switch on at least one.", True
        )
    return scales


def check_basis(parameters: Any) -> None:
    """ParameterError for a side that is not a multiple of 16, or no scale."""
    check_side(parameters.side)
    checked_scales(parameters)


def weight_count(parameters: Any) -> int:
    """Weights of one image."""
    return sum(12 * SCALES[k] ** 2 for k in scales_of(parameters))


def theta_bytes(parameters: Any, count: int) -> int:
    """Memory of the weights that a set of ``count`` images carries."""
    return 0 if stores_seeds(parameters, count) else 4 * count * weight_count(parameters)


def stores_seeds(parameters: Any, count: int) -> bool:
    """Whether the weights are too many to carry."""
    return 4 * count * weight_count(parameters) > LARGEST_THETA


def theta_note(parameters: Any, count: int) -> list[Notice]:
    """Say when weights are kept as seeds."""
    if not stores_seeds(parameters, count):
        return []
    megabytes = 4 * count * weight_count(parameters) / 1e6
    return [
        Notice(
            "n",
            "The set keeps seeds in place of weights.",
            f"{count} × {weight_count(parameters)} weights would need {megabytes:.0f} MB; they are "
            "made again from the seed when they are needed.",
        )
    ]


def set_theta(stimuli: Any, start: int = 0, stop: int | None = None) -> np.ndarray:
    """Signed weights of images start .. stop - 1 of a noise set, carried or made again.

    Parameters
    ----------
    stimuli : a StimulusSet of the generator "noise" or "faces-noise", whole or selected from.

    Raises
    ------
    ValueError : a set that holds neither weights nor what made them.
    """
    stop = len(stimuli) if stop is None else stop
    if "theta" in stimuli.arrays:
        return np.asarray(stimuli.arrays["theta"][start:stop])
    if not stimuli.generator or "trial" not in stimuli.table:
        raise ValueError(f"The set {stimuli.name} holds no noise weights. Make it anew.")
    document = stimuli.generator["parameters"]
    count = sum(12 * (c // 2) ** 2 for c in CYCLES if document[f"scale_{c}"])
    seeds, trials = (stimuli.table[key][start:stop] for key in ("seed", "trial"))
    signs = stimuli.table.get("sign", ["+"] * len(stimuli))[start:stop]
    theta = np.empty((len(trials), count), np.float32)
    for k, (seed, trial, sign) in enumerate(zip(seeds, trials, signs, strict=True)):
        theta[k] = _row(int(seed), int(trial), count) * (1 if sign == "+" else -1)
    return theta


def _row(seed: int, trial: int, count: int) -> np.ndarray:
    block = _block(seed, trial // 100, count)
    return block[trial % 100]


@functools.lru_cache(maxsize=4)
def _block(seed: int, block: int, count: int) -> np.ndarray:
    return theta_rows(seed, 100 * block, 100 * (block + 1), count)


def scale_strip(parameters: Any, theta: np.ndarray) -> tuple[tuple[str, np.ndarray], ...]:
    """Each scale's noise alone, spread over black to white for the eye."""
    basis = basis_of(parameters, STRIP)
    shown = []
    for place, scale in enumerate(basis.scales):
        image = basis.images(theta, place)
        stretch = np.clip(0.5 + image / (6 * max(float(image.std()), 1e-9)), 0, 1)
        shown.append((str(CYCLES[scale]), (stretch * 255 + 0.5).astype(np.uint8)))
    return tuple(shown)


def base_picture(source: str, side: int) -> np.ndarray:
    """A square picture at (side, side) float32 in [0, 1] by area averaging.

    Raises
    ------
    ParameterError : not readable, not square, or every pixel alike.
    """
    try:
        stamp = Path(source).stat().st_mtime if source not in EXAMPLES else 0.0
    except (OSError, ValueError):
        stamp = 0.0
    try:
        return _base_picture(source, side, stamp)
    except (PictureProblem, ValueError) as problem:
        raise ParameterError("file", str(problem)) from None


@functools.lru_cache(maxsize=8)
def _base_picture(source: str, side: int, stamp: float) -> np.ndarray:
    picture = read_picture(source)
    height, width = picture.shape
    if height != width:
        raise ValueError(
            f"{Path(source).name} is {width} × {height} px. A base picture must be square; "
            "crop it first."
        )
    stretched(picture)
    shares = area_weights(height, side).astype(np.float32)
    made = shares @ picture @ shares.T
    made.setflags(write=False)
    return made
