"""What a network is shown as a picture for people: a frame of a clip, the bands of a sound."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from backend.core.parameters import ParameterError
from backend.stimuli.set_files import as_bytes

if TYPE_CHECKING:
    from backend.networks.network import Network

KINDS = {"image": "pictures", "video": "clips", "audio": "sounds"}


def moment(frames: int, frame: int, of: int) -> int | None:
    """Index among ``frames`` of frame number ``frame`` of ``of``; None for the mean over them.

    >>> moment(8, 5, 16)
    2
    """
    if frame < 1 or of < 1:
        return None
    return min((min(frame, of) - 1) * frames // of, frames - 1)


def as_picture(network: Network, given: np.ndarray, frame: int = 0) -> np.ndarray:
    """(H, W) or (H, W, 3) uint8 of one picture, clip or sound.

    Of a clip the frame that the network takes as its number ``frame``, or the middle one; of a
    sound its log-mel patch, time downwards and low notes left.
    """
    given = np.asarray(given)
    if network.kind == "audio":
        patch = network.preprocessing.prepare(given[None])[0, 0].numpy()
        low, high = float(patch.min()), float(patch.max())
        return as_bytes((patch - low) / max(high - low, 1e-12))
    if given.ndim == 4:
        at = moment(len(given), frame, network.preprocessing.frames)
        given = given[len(given) // 2 if at is None else at]
    image = as_bytes(given)
    return image[..., 0] if image.ndim == 3 and image.shape[2] == 1 else image


def made_picture(values: np.ndarray, frame: int = 0) -> np.ndarray:
    """(H, W, 3) uint8 of a made picture (H, W, C) or clip (frames, H, W, C) with values in 0..1;
    one channel becomes shades of grey."""
    if values.ndim == 4:
        at = moment(len(values), frame, len(values))
        values = values[len(values) // 2 if at is None else at]
    image = np.round(255 * values).astype(np.uint8)
    return image.repeat(3, axis=-1) if image.shape[-1] == 1 else image


def of_frame(maps: np.ndarray, frame: int, of: int) -> np.ndarray:
    """(n, C, H, W) of attributions that may have frames, (n, C, frames, H, W)."""
    if maps.ndim < 5:
        return maps
    at = moment(maps.shape[2], frame, of)
    found: np.ndarray = maps.mean(axis=2) if at is None else maps[:, :, at]
    return found


def words(network: Network, given: np.ndarray, frame: int = 0) -> str:
    """What a user has to know of the picture shown, "" when nothing."""
    frames = network.preprocessing.frames
    if network.kind == "audio":
        return "log-mel, time down, 125 to 7500 Hz"
    if not frames:
        return ""
    if np.ndim(given) < 4:
        return f"a still, repeated as {frames} frames"
    return f"frame {min(frame, frames)} of {frames}" if frame else f"middle of {frames} frames"


def axes(network: Network) -> dict[str, str]:
    """Titles of the axes where a picture is of a sound: of columns and of rows."""
    heard = network.kind == "audio"
    return {"x_title": "mel band", "y_title": "time (frames of 10 ms)"} if heard else {}


def fits(network: Network, pictures: str) -> None:
    """ParameterError for a choice of pictures that the network cannot be shown."""
    if (network.kind == "audio") == (pictures in ("sound", "own")) or (
        network.kind != "audio" and pictures == "own"
    ):
        return
    if network.kind == "audio":
        raise ParameterError("pictures", f"{network.name} hears sounds. Choose the example sounds "
                             "or your own WAV files.", "sound")  # fmt: skip
    raise ParameterError("pictures", f"{network.name} sees {KINDS[network.kind]}, not sounds.",
                         "transfer")  # fmt: skip
