"""Files dropped on the panel: which parameters take them in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

PHOTOS = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".gif")


def changes_for_file(parameters: Any, path: Path) -> dict[str, Any]:
    """Parameter changes for a dropped file; empty when its kind is not known.

    Arrays are told apart by their header: two dimensions are a photograph, zeros and ones events,
    other numbers grey video.
    """
    ending = path.suffix.lower()
    if ending in (".csv", ".tsv", ".txt"):
        mode = parameters.mode if parameters.mode in ("S1", "S2") else "S2"
        return {"mode": mode, "mu_kind": "file", "mu_file": str(path)}
    kind = ""
    if ending in PHOTOS:
        kind = "photo"
    elif ending in (".dat", ".bin"):
        kind = "packed"
    elif ending in (".npy", ".npz"):
        kind = _array_kind(path)
    if not kind:
        return {}
    changes = {"mode": "S3", "stimulus": kind, "stimulus_file": str(path)}
    return changes | ({"frame_ms": 16.7} if kind == "film" else {})


def _array_kind(path: Path) -> str:
    from backend.core.parameters import ParameterError
    from backend.stimuli.camera_files import load_array

    try:
        array = load_array(path, "stimulus_file", (2, 3))
    except ParameterError:
        return "events"  # refused with its sentence when the run reads it
    if array.ndim == 2:
        return "photo"
    sample = array[:: max(1, len(array) // 8)]
    return "events" if ((sample == 0) | (sample == 1)).all() else "film"
