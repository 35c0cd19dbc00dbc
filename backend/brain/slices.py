"""Three slices through a volume at a place of the cortex, over the MNI template of nilearn."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from backend.brain.cortex import FSAVERAGE, Cortex
from backend.brain.overlays import Look, Overlay, row_of, table

TEMPLATE = "mni_icbm152_t1_tal_nlin_sym_09a_converted.nii.gz"
STEP_MM = 1.5
BOX = ((-90.0, 90.0), (-126.0, 92.0), (-74.0, 110.0))
"""What is shown of MNI space: x, y and z in mm."""
PLANES = (("sagittal", "x", 0, (1, 2)), ("coronal", "y", 1, (0, 2)), ("axial", "z", 2, (0, 1)))


@dataclass(frozen=True, eq=False)
class Volume:
    """Maps in space: data (k, x, y, z), affine (4, 4) from voxel to mm."""

    data: np.ndarray
    affine: np.ndarray


@dataclass(frozen=True, eq=False)
class Slice:
    """One plane.

    Attributes
    ----------
    title : "x = 42 mm". pixels : (H, W, 3) uint8, row 0 at the top. axes : which coordinates go
        to the right and up. low : mm at the left and at the bottom. step : mm a pixel.
    at : the place in mm. fixed : the coordinate that the plane holds.
    """

    title: str
    pixels: np.ndarray
    axes: tuple[int, int]
    low: tuple[float, float]
    step: float
    at: np.ndarray
    fixed: int

    def place(self, x: float, y: float) -> np.ndarray:
        """(3,) mm of a place given in shares of the picture from the left and the top."""
        high, wide = self.pixels.shape[:2]
        found = self.at.astype(float)
        found[self.axes[0]] = self.low[0] + x * wide * self.step
        found[self.axes[1]] = self.low[1] + (1 - y) * high * self.step
        return found

    def share(self) -> tuple[float, float]:
        """Where the cross-hair lies, in shares from the left and the top."""
        high, wide = self.pixels.shape[:2]
        across = (self.at[self.axes[0]] - self.low[0]) / (wide * self.step)
        up = (self.at[self.axes[1]] - self.low[1]) / (high * self.step)
        return float(across), float(1 - up)


@functools.cache
def template() -> Volume | None:
    """The MNI template, for the ground; None where nilearn is not whole."""
    import importlib.util

    import nibabel

    found = importlib.util.find_spec("nilearn")
    if found is None or not found.origin:
        return None
    path = Path(found.origin).parent / "datasets" / "data" / TEMPLATE
    if not path.is_file():
        return None
    image = nibabel.Nifti1Image.from_filename(str(path))
    data = np.asarray(image.dataobj, np.float32)
    return Volume((data / (np.quantile(data, 0.995) or 1.0))[None], np.asarray(image.affine))


def slices(
    cortex: Cortex, overlay: Overlay, look: Look, moment: float, at: np.ndarray
) -> list[Slice]:
    """Three planes through a place (3,) in mm; none for an overlay without a volume."""
    volume = overlay.volume
    if volume is None:
        return []
    row = min(row_of(overlay, look, moment), len(volume.data) - 1)
    ground = template() if cortex.name == FSAVERAGE else None
    colours, (low, high) = table(overlay, look), look.ends
    found = []
    for _, letter, fixed, axes in PLANES:
        points = plane(at, fixed, axes)
        values = sampled(volume, row, points) / overlay.factor
        grey = np.zeros(values.shape)
        if ground is not None:
            grey = 0.8 * np.nan_to_num(sampled(ground, 0, points))
        pixels = np.repeat((255 * np.clip(grey, 0, 1))[..., None], 3, axis=2)
        size = np.abs(values) if look.signed else values
        drawn = np.isfinite(values) & (values != 0)
        drawn &= (size >= look.threshold) | (look.threshold == 0)
        share = np.clip(255 * (values - low) / max(high - low, 1e-12), 0, 255)
        pixels[drawn] = colours[np.nan_to_num(share[drawn]).astype(int)]
        words = f"{letter} = {at[fixed]:.0f} mm".replace("-", "\u2212")
        found.append(Slice(words, pixels[::-1].astype(np.uint8).copy(), axes,
                           (BOX[axes[0]][0], BOX[axes[1]][0]), STEP_MM, at, fixed))  # fmt: skip
    return found


def plane(at: np.ndarray, fixed: int, axes: tuple[int, int]) -> np.ndarray:
    """(H, W, 3) mm of the pixels of a plane, lowest row first."""
    across = np.arange(*BOX[axes[0]], STEP_MM) + STEP_MM / 2
    up = np.arange(*BOX[axes[1]], STEP_MM) + STEP_MM / 2
    points = np.empty((len(up), len(across), 3))
    points[..., axes[0]], points[..., axes[1]] = across[None], up[:, None]
    points[..., fixed] = at[fixed]
    return points


def sampled(volume: Volume, row: int, points: np.ndarray) -> np.ndarray:
    """Values at places (..., 3) in mm, mixed from the voxels around; NaN outside."""
    from scipy.ndimage import map_coordinates

    inverse = np.linalg.inv(volume.affine)
    voxels = points @ inverse[:3, :3].T + inverse[:3, 3]
    found: np.ndarray = map_coordinates(
        volume.data[row], np.moveaxis(voxels, -1, 0), order=1, cval=np.nan, mode="constant"
    )
    return found


def nearest_vertex(cortex: Cortex, at: np.ndarray) -> tuple[int, int]:
    """Hemisphere and vertex of the folded surface nearest to a place in mm."""
    best = (0, 0, np.inf)
    for number, half in enumerate(cortex.hemispheres):
        away = ((half.shapes[half.folded] - at) ** 2).sum(axis=1)
        vertex = int(away.argmin())
        if away[vertex] < best[2]:
            best = (number, vertex, float(away[vertex]))
    return best[0], best[1]
