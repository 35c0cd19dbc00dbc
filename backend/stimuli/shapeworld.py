"""ShapeWorld: textured outlines in categories, the networks' embedded picture world.

Source: 06-sparse-coding, section 4; the order in which random numbers are drawn is the
specification's, so the sets are the same everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SIDE = 32
"""Pixels of a side."""
TRAIN_SEED, TEST_SEED, TRANSFER_SEED = 1, 2, 3
TRAINED_CATEGORIES_SEED, NEW_CATEGORIES_SEED = 100, 777
CHUNK = 256
"""Exemplars drawn to pixels at once, so that memory stays small."""

Pictures = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Images (n, 32, 32, 3) float32 from 0 to 1, category (n,) int64, curvy outline (n,) bool."""


@dataclass(frozen=True)
class Category:
    """One outline with one texture.

    Attributes
    ----------
    curvy : Fourier outline (amplitudes, phases for k = 2 to 6), else boxy (edge normals in rad,
        offsets).
    outline : the two arrays.
    orientation : of the texture in rad. frequency : of the texture.
    """

    curvy: bool
    outline: tuple[np.ndarray, np.ndarray]
    orientation: float
    frequency: float

    def radius(self, angle: np.ndarray) -> np.ndarray:
        """Distance of the outline from the centre, in units of the exemplar's scale."""
        first, second = self.outline
        if self.curvy:
            order = np.arange(2, 7)
            waves = np.zeros_like(angle)
            for k, amplitude, phase in zip(order, first, second, strict=True):
                waves += amplitude * np.cos(k * angle + phase)
            return 0.8 * np.clip(1 + waves, 0.15, 1.8)
        nearest = np.full_like(angle, np.inf)
        for normal, offset in zip(first, second, strict=True):
            cosine = np.cos(angle - normal)
            distance = np.where(cosine > 0.05, offset / np.maximum(cosine, 0.05), np.inf)
            nearest = np.minimum(nearest, distance)
        return 0.95 * np.clip(nearest, 0, 1.8)


def categories(outlines: int = 32, seed: int = TRAINED_CATEGORIES_SEED) -> tuple[Category, ...]:
    """Two categories an outline, low texture band first; even outlines are curvy."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(outlines):
        curvy = number % 2 == 0
        outline = _curvy(rng) if curvy else _boxy(rng)
        for band in (1.5, 4.0):
            orientation = rng.uniform(0, np.pi)
            found.append(Category(curvy, outline, orientation, band * rng.uniform(0.8, 1.25)))
    return tuple(found)


def _curvy(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    amplitudes = rng.uniform(-1, 1, 5) * 0.55 / np.arange(2, 7) ** 0.8
    return amplitudes, rng.uniform(0, 2 * np.pi, 5)


def _boxy(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    n = int(rng.integers(3, 7))
    jitter = rng.uniform(-0.3, 0.3, n)
    normals = 2 * np.pi * (np.arange(n) + jitter) / n + rng.uniform(0, 2 * np.pi)
    return normals, rng.uniform(0.55, 1, n)


def images(of: tuple[Category, ...], exemplars: int, seed: int) -> np.ndarray:
    """(categories x exemplars, 3, 32, 32) float32 from 0 to 1, category after category."""
    rng = np.random.default_rng(seed)
    pictures = np.empty((len(of) * exemplars, 3, SIDE, SIDE), np.float32)
    for number, category in enumerate(of):
        draws = _draws(rng, exemplars)
        for start in range(0, exemplars, CHUNK):
            stop = min(start + CHUNK, exemplars)
            part = {key: values[start:stop] for key, values in draws.items()}
            first = number * exemplars
            pictures[first + start : first + stop] = _rendered(category, part)
    return pictures


def _draws(rng: np.random.Generator, n: int) -> dict[str, np.ndarray]:
    """The random numbers of n exemplars, in the specification's order."""
    return {
        "x": 16 + rng.uniform(-2, 2, n),
        "y": 16 + rng.uniform(-2, 2, n),
        "scale": 9.5 * rng.uniform(0.85, 1.15, n),
        "rotation": rng.uniform(-0.2, 0.2, n),
        "phase": rng.uniform(0, 2 * np.pi, n),
        "colour": rng.uniform(0.25, 0.75, (n, 3)),
        "ground": rng.uniform(-0.2, 0.2, (n, 3)),
        "pink": rng.standard_normal((n, SIDE, SIDE)),
        "pixel": rng.standard_normal((n, 3, SIDE, SIDE)),
    }


def _rendered(category: Category, draws: dict[str, np.ndarray]) -> np.ndarray:
    """(n, 3, 32, 32) pictures of one category."""
    rows, columns = np.mgrid[0:SIDE, 0:SIDE].astype(float)
    scale = draws["scale"][:, None, None]
    x = (columns - draws["x"][:, None, None]) / scale
    y = (rows - draws["y"][:, None, None]) / scale
    turn = draws["rotation"][:, None, None]
    angle = np.arctan2(y, x) - turn
    inside = 1.5 * scale * (category.radius(angle) - np.hypot(x, y))
    mask = 1 / (1 + np.exp(-np.clip(inside, -60, 60)))[:, None]
    direction = category.orientation + turn
    along = x * np.cos(direction) + y * np.sin(direction)
    grating = np.sin(np.pi * category.frequency * along + draws["phase"][:, None, None])
    colour = draws["colour"][:, :, None, None]
    figure = colour + 0.25 * grating[:, None]
    ground = np.clip(1 - colour + draws["ground"][:, :, None, None], 0.1, 0.9)
    ground = ground + 0.1 * _pink(draws["pink"])[:, None]
    picture = mask * figure + (1 - mask) * ground + 0.03 * draws["pixel"]
    return np.clip(picture, 0, 1).astype(np.float32)


def _pink(white: np.ndarray) -> np.ndarray:
    """Noise fields with amplitude 1/|f|, no mean, unit standard deviation."""
    frequency = np.hypot(np.fft.fftfreq(SIDE)[:, None], np.fft.fftfreq(SIDE)[None])
    frequency[0, 0] = np.inf
    field = np.fft.ifft2(np.fft.fft2(white) / frequency).real
    return field / field.std(axis=(1, 2), keepdims=True)


def train_set() -> Pictures:
    """TRAIN: the 64 categories, 72 exemplars each."""
    return labelled(categories(), 72, TRAIN_SEED)


def test_set(exemplars: int = 16) -> Pictures:  # noqa: PT028
    """TEST: the trained categories, other exemplars; 16 each unless said."""
    return labelled(categories(), exemplars, TEST_SEED)


def transfer_set(
    n_categories: int = 64, exemplars: int = 16, exemplar_seed: int = TRANSFER_SEED
) -> Pictures:
    """TRANSFER: categories that no embedded network was trained on."""
    of = categories(-(-n_categories // 2), NEW_CATEGORIES_SEED)[:n_categories]
    return labelled(of, exemplars, exemplar_seed)


def labelled(of: tuple[Category, ...], exemplars: int, seed: int) -> Pictures:
    """Pictures (n, 32, 32, 3), category (n,), whether it is curvy (n,), of any categories."""
    pictures = np.ascontiguousarray(images(of, exemplars, seed).transpose(0, 2, 3, 1))
    curvy = np.repeat([category.curvy for category in of], exemplars)
    return pictures, np.repeat(np.arange(len(of)), exemplars), curvy
