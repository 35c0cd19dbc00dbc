"""Sinusoid noise of Mangini and Biederman: weights, images, and the way back.

Five scales of 1, 4, 16, 64, 256 patches, each holding two cycles, in six orientations and two
phases: N = B theta with 4092 weights (07-face-gender-reverse-correlation, sections 2.1 and 2.2).
B is never built. A patch is a sum of products of functions of x and of y, and so is its area
average, so that an image is written row by row from seven functions of x a scale.
"""

from __future__ import annotations

import functools
import itertools
from dataclasses import dataclass

import numpy as np
from numba import njit

from backend.core.parameters import ParameterError
from backend.stimuli.pictures import area_weights

SCALES = (1, 2, 4, 8, 16)
"""Patches a side; a scale has twice as many cycles per image."""

CYCLES = tuple(2 * patches for patches in SCALES)
ANGLES = np.deg2rad(np.arange(0, 180, 30))
LAYERS = 12
"""Orientations × phases of a scale."""

BLOCK = 100
"""Trials whose weights come from one random stream."""

GABOR_SD = 25.0
"""Standard deviation of the Gabor window in px of a 512 px image."""

_FUNCTIONS = 7


@dataclass(frozen=True, eq=False)
class NoiseBasis:
    """The basis B of images of ``side`` px; make it with :func:`noise_basis`.

    Attributes
    ----------
    source : side of the stimulus whose area average the images are; ``side`` for the stimulus.
    kind : "sinusoid" or "gabor"; scales : indices into ``SCALES`` of the scales in use.
    across : one (7, q) float32 a scale, functions of x over a patch of q px.
    down : one (q, 7, 12) float32 a scale, what each layer puts on them in each row.
    """

    side: int
    source: int
    kind: str
    scales: tuple[int, ...]
    across: tuple[np.ndarray, ...]
    down: tuple[np.ndarray, ...]

    @property
    def counts(self) -> tuple[int, ...]:
        """Weights of each scale."""
        return tuple(LAYERS * SCALES[k] ** 2 for k in self.scales)

    @property
    def count(self) -> int:
        """Weights in all; 4092 with five scales."""
        return sum(self.counts)

    @property
    def slices(self) -> tuple[slice, ...]:
        """Where each scale's weights are."""
        ends = np.cumsum((0, *self.counts))
        return tuple(slice(int(a), int(b)) for a, b in itertools.pairwise(ends))

    def images(self, theta: np.ndarray, only: int | None = None) -> np.ndarray:
        """N = B theta.

        Parameters
        ----------
        theta : (count,) or (n, count) weights, order scale, orientation, phase, column, row.
        only : position in ``scales`` of the one scale to draw (the divisor stays that of all).

        Returns
        -------
        (side, side) or (n, side, side) float32.

        Raises
        ------
        ValueError : the wrong number of weights.
        """
        weights = np.atleast_2d(np.asarray(theta, np.float32))
        if weights.ndim != 2 or weights.shape[1] != self.count:
            raise ValueError(
                f"These scales have {self.count} weights an image; {np.shape(theta)} was given."
            )
        out = np.zeros((len(weights), self.side, self.side), np.float32)
        chosen = range(len(self.scales)) if only is None else [only]
        for k in chosen:
            patches = SCALES[self.scales[k]]
            part = np.ascontiguousarray(weights[:, self.slices[k]])
            by_layer = part.reshape(-1, LAYERS, patches, patches)
            _add_scale(by_layer, self.across[k], self.down[k], out)
        return out[0] if np.ndim(theta) == 1 else out

    def adjoint(self, images: np.ndarray) -> np.ndarray:
        """Bᵀ of images (side, side) or (n, side, side): (count,) or (n, count) float64."""
        stack = np.asarray(images, float).reshape(-1, self.side, self.side)
        parts = []
        for k, scale in enumerate(self.scales):
            patches = SCALES[scale]
            q = self.side // patches
            cells = stack.reshape(-1, patches, q, patches, q)
            projected = cells @ self.across[k].T.astype(float)
            back = np.tensordot(projected, self.down[k].astype(float), axes=([2, 4], [0, 1]))
            parts.append(back.transpose(0, 3, 2, 1).reshape(len(stack), -1))
        found = np.concatenate(parts, axis=1)
        return found[0] if np.ndim(images) == 2 else found

    def table(self) -> dict[str, np.ndarray]:
        """Columns of a weight table: scale (cycles/image), orientation (°), phase (°), col, row."""
        columns: dict[str, list[np.ndarray]] = {
            "scale": [], "orientation": [], "phase": [], "col": [], "row": [],
        }  # fmt: skip
        for scale in self.scales:
            s = SCALES[scale]
            angle, phase, column, row = np.indices((6, 2, s, s)).reshape(4, -1)
            values = (np.full(angle.size, CYCLES[scale]), 30 * angle, 90 * phase, column, row)
            for name, value in zip(columns, values, strict=True):
                columns[name].append(value)
        return {name: np.concatenate(parts) for name, parts in columns.items()}


@functools.lru_cache(maxsize=16)
def noise_basis(
    side: int,
    source: int | None = None,
    kind: str = "sinusoid",
    scales: tuple[int, ...] = (0, 1, 2, 3, 4),
) -> NoiseBasis:
    """The basis of images of ``side`` px.

    Parameters
    ----------
    source : side of the stimulus; images are its exact area average (section 2.2).
    kind : "sinusoid" or "gabor" (window of sd 25 px of 512 about each patch's centre).
    scales : indices 0 to 4 of the scales in use.

    Raises
    ------
    ParameterError : a side that is not a multiple of 16, or no scale.
    """
    source = side if source is None else source
    for value in (side, source):
        check_side(value)
    if not scales:
        raise ParameterError("scales", "No noise scale is switched on. Switch on at least one.")
    across, down = [], []
    for scale in scales:
        x, y = _factors(side, source, SCALES[scale], kind)
        across.append(x)
        down.append(y / np.float32(LAYERS * len(scales)))
    return NoiseBasis(side, source, kind, scales, tuple(across), tuple(down))


def check_side(side: int) -> None:
    """ParameterError unless the side is a multiple of 16 px."""
    if side % 16 or side < 16:
        below = max(16, side // 16 * 16)
        fixes = f"{below} or {below + 16}" if below < side else "16"
        nearest = below if side - below <= 8 else below + 16
        raise ParameterError("side", f"Side {side} is not a multiple of 16. Use {fixes}.", nearest)


def _factors(side: int, source: int, patches: int, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Functions of x (7, q) and what layers put on them by row (q, 7, 12) of one scale.

    sin(ax + by + f) = sin(ax) cos(by + f) + cos(ax) sin(by + f); |cos| of the angles is 1, 0.866,
    0.5 or 0, so the functions of x are three sines, three cosines and a constant.
    """
    places = 2.0 * np.pi * np.linspace(0.0, 2.0, source // patches)
    shrink = area_weights(source // patches, side // patches)
    window = np.ones_like(places)
    if kind == "gabor":
        away = np.arange(places.size) - (places.size - 1) / 2
        window = np.exp(-0.5 * (away / (GABOR_SD * source / 512)) ** 2)
    rates = np.cos(ANGLES[:3])
    functions = [np.sin(rate * places) for rate in rates]
    functions += [np.cos(rate * places) for rate in rates]
    functions.append(np.ones_like(places))
    across = (np.array(functions) * window) @ shrink.T
    down = np.zeros((side // patches, _FUNCTIONS, LAYERS))
    for layer in range(LAYERS):
        turn, phase = layer // 2, (layer % 2) * np.pi / 2
        along = places * np.sin(ANGLES[turn]) + phase
        with_sine, with_cosine = (
            shrink @ (window * np.cos(along)),
            shrink @ (window * np.sin(along)),
        )
        if turn == 3:
            down[:, 6, layer] = with_cosine
            continue
        rate = turn if turn < 3 else 6 - turn
        down[:, rate, layer] = with_sine if turn < 3 else -with_sine
        down[:, 3 + rate, layer] = with_cosine
    return across.astype(np.float32), down.astype(np.float32)


@njit(nogil=True, cache=True, error_model="numpy")
def _add_scale(theta, across, down, out):  # type: ignore[no-untyped-def]
    """Add one scale to images (n, side, side); theta (n, 12, columns, rows)."""
    patches, q = theta.shape[2], across.shape[1]
    put = np.empty((7, patches), np.float32)
    for b in range(theta.shape[0]):
        for row in range(patches):
            for y in range(q):
                put[:] = 0.0
                for i in range(7):
                    for layer in range(12):
                        share = down[y, i, layer]
                        if share != 0.0:
                            for column in range(patches):
                                put[i, column] += share * theta[b, layer, column, row]
                line = out[b, row * q + y]
                for column in range(patches):
                    _add_functions(line[column * q : (column + 1) * q], put[:, column], across)


@njit(nogil=True, cache=True, error_model="numpy", inline="always")
def _add_functions(part, put, across):  # type: ignore[no-untyped-def]
    """part += put · across."""
    a, b, c, d, e, f, g = put[0], put[1], put[2], put[3], put[4], put[5], put[6]
    for x in range(part.size):
        part[x] += (
            a * across[0, x] + b * across[1, x] + c * across[2, x] + d * across[3, x]
            + e * across[4, x] + f * across[5, x] + g * across[6, x]
        )  # fmt: skip


def theta_rows(seed: int, start: int, stop: int, count: int = 4092) -> np.ndarray:
    """Weights of trials start .. stop - 1, uniform in [-1, 1], (stop - start, count) float32.

    Block b of 100 trials is the stream Philox(key = (seed, b)), so any trial can be made again
    from the seed alone (section 10).
    """
    parts = []
    for block in range(start // BLOCK, (max(stop, start + 1) - 1) // BLOCK + 1):
        rng = np.random.Generator(np.random.Philox(key=[seed, block]))
        first = block * BLOCK
        needed = min(stop - first, BLOCK)
        drawn = rng.random((needed, count), np.float32) * np.float32(2) - np.float32(1)
        parts.append(drawn[max(0, start - first) :])
    return np.concatenate(parts)[: stop - start]


def mixed(base: np.ndarray, noise: np.ndarray, gain: float = 1.0) -> np.ndarray:
    """Base face T and noise N as a stimulus, (0.5 + g N / 0.6 + T) / 2 in [0, 1] (section 2.2)."""
    half = 0.5 * np.asarray(base, np.float32) + np.float32(0.25)
    return np.clip(half + np.float32(gain / 1.2) * noise, 0.0, 1.0, dtype=np.float32)


def stretched(base: np.ndarray) -> np.ndarray:
    """A picture rescaled to [0, 1].

    Raises
    ------
    ValueError : every pixel is alike.
    """
    low, high = float(base.min()), float(base.max())
    if high <= low:
        raise ValueError(f"Every pixel of the base picture is {round(255 * low)}.")
    return ((base - low) / (high - low)).astype(np.float32)
