"""How an optimal stimulus came about: its steps, kept in little memory, saved as a film or data."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from backend.core.files import FileProblem, replacing
from backend.networks.seen import made_picture

if TYPE_CHECKING:
    from backend.networks.synthesis import Step

KEPT = 120
"""Pictures kept at most; of more steps every second, then every fourth, ..."""
FRAME_MS = 60
LAST_MS = 1500
LEAST_PX = 256
"""Side of a saved film: small pictures are enlarged pixel by pixel."""
SIZE = 1 << 28
"""Bytes of the kept pictures at most."""


class Film:
    """The steps so far.

    Attributes
    ----------
    activations, penalties : of every step. pictures : {step: (H, W, C) or (frames, H, W, C)
        float32 in 0..1} of evenly spaced steps and the last one.
    """

    def __init__(self) -> None:
        self.activations: list[float] = []
        self.penalties: list[float] = []
        self.pictures: dict[int, np.ndarray] = {}
        self.every = 1
        self._last: tuple[int, np.ndarray] | None = None

    def __len__(self) -> int:
        return len(self.activations)

    def add(self, step: Step) -> None:
        """Take a step in."""
        self.activations.append(step.activation)
        self.penalties.append(step.penalty)
        self._last = (step.index, step.picture)
        if step.index % self.every:
            return
        self.pictures[step.index] = step.picture
        if len(self.pictures) > max(2, min(KEPT, SIZE // step.picture.nbytes)):
            self.every *= 2
            self.pictures = {i: p for i, p in self.pictures.items() if i % self.every == 0}

    def shown(self) -> dict[int, np.ndarray]:
        """The kept pictures, the last one with them."""
        last = dict([self._last]) if self._last else {}
        return self.pictures | last

    def save(self, path: Path, settings: Mapping[str, Any], frame: int = 0) -> str:
        """Write a ``.gif``, the ``.npz`` of the steps or ``.png`` pictures of them; what was made.

        Parameters
        ----------
        settings : kept in the ``.npz``. frame : of a clip, in the film.

        Raises
        ------
        FileProblem for another ending, before a step was made, and when it cannot be written.
        """
        if not len(self):
            raise FileProblem("There is no stimulus yet. Press Evolve stimulus.")
        ending = path.suffix.lower()
        writers = {".gif": self._gif, ".png": self._png}
        if ending == ".npz":
            return self._npz(path, settings)
        if ending in (".mp4", ".avi", ".mov"):
            raise FileProblem(f"{path.name} needs a video encoder that is not installed. Save a "
                              "GIF, or the steps as PNG pictures.")  # fmt: skip
        if ending not in writers:
            raise FileProblem(f"{path.name} ends in none of .gif, .png, .npz.")
        pictures = {i: enlarged(made_picture(p, frame)) for i, p in self.shown().items()}
        return writers[ending](path, pictures)

    def _gif(self, path: Path, pictures: Mapping[int, np.ndarray]) -> str:
        from PIL import Image

        frames = [Image.fromarray(picture) for picture in pictures.values()]
        times = [FRAME_MS] * (len(frames) - 1) + [LAST_MS]
        memory = io.BytesIO()
        frames[0].save(memory, "GIF", save_all=True, append_images=frames[1:], duration=times,
                       loop=0)  # fmt: skip
        with replacing(path) as target:
            target.write(memory.getbuffer())
        return f"{path.name} shows {len(frames)} of {len(self)} steps."

    def _png(self, path: Path, pictures: Mapping[int, np.ndarray]) -> str:
        from PIL import Image

        for step, picture in pictures.items():
            memory = io.BytesIO()
            Image.fromarray(picture).save(memory, "PNG")
            with replacing(path.with_name(f"{path.stem}-{step:05d}.png")) as target:
                target.write(memory.getbuffer())
        return f"{path.stem}-00000.png and {len(pictures) - 1} more were written."

    def _npz(self, path: Path, settings: Mapping[str, Any]) -> str:
        shown = self.shown()
        with replacing(path) as target:
            np.savez_compressed(
                target, step=np.array(list(shown)), picture=np.stack(list(shown.values())),
                activation=np.array(self.activations), penalty=np.array(self.penalties),
                settings=np.array(json.dumps(dict(settings), default=str)),
            )  # fmt: skip
        return f"{path.name} holds {len(shown)} pictures and {len(self)} activations."


def enlarged(picture: np.ndarray) -> np.ndarray:
    """At least ``LEAST_PX`` on its longer side, pixel by pixel."""
    times = max(1, -(-LEAST_PX // max(picture.shape[:2])))
    return picture.repeat(times, 0).repeat(times, 1)
