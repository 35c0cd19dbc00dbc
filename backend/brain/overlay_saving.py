"""Overlays written as the field's programs read them: GIFTI, CIFTI, MGH, annot, label, NPY."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from backend.brain.cortex import Cortex, Hemisphere
from backend.brain.overlay_files import STRUCTURES
from backend.brain.overlays import Label, Overlay
from backend.brain.surface_map import write_image
from backend.brain.surfaces import side_of
from backend.core.files import FileProblem, replacing, write_sentence


def save_overlay(overlay: Overlay, cortex: Cortex, path: Path) -> list[Path]:
    """Write an overlay in the format of the file's ending; one file a hemisphere where the format
    holds one only. Returns what was written; FileProblem for an ending that cannot hold it."""
    name = path.name.lower()
    if name.endswith((".dscalar.nii", ".dtseries.nii", ".dlabel.nii")):
        return [_save_cifti(overlay, cortex, path)]
    if name.endswith(".npy"):
        with replacing(path) as file:
            np.save(file, np.concatenate(overlay.values, axis=1), allow_pickle=False)
        return [path]
    for ending, write in (
        (".label.gii", _save_gii), (".func.gii", _save_gii), (".shape.gii", _save_gii),
        (".gii", _save_gii), (".mgh", _save_mgh), (".mgz", _save_mgh), (".annot", _save_annot),
    ):  # fmt: skip
        if name.endswith(ending):
            written = []
            for number, half in enumerate(cortex.hemispheres):
                if overlay_is_there(overlay, number):
                    place = path.with_name(sided(path.name, half.side, ending))
                    write(overlay, number, half, place)
                    written.append(place)
            return written
    raise FileProblem(
        f"{path.name} is none of the kinds an overlay is saved as: .func.gii, .label.gii, .mgh, "
        ".annot, .npy, and .dscalar.nii when it came from CIFTI."
    )


def overlay_is_there(overlay: Overlay, number: int) -> bool:
    """Whether a hemisphere has any value."""
    values = overlay.values[number]
    return bool((values != 0).any() if overlay.labels else np.isfinite(values).any())


def sided(name: str, side: str, ending: str) -> str:
    """A file's name for one hemisphere, as its format's programs write it."""
    if not side or side_of(Path(name)) == side:
        return name
    stem = name[: -len(ending)]
    for word in ("lh.", "rh."):
        stem = stem.removeprefix(word)
    for word in (".L", ".R"):
        stem = stem.removesuffix(word)
    if ending.endswith(".gii"):
        return f"{stem}.{'L' if side == 'left' else 'R'}{ending}"
    return f"{'lh' if side == 'left' else 'rh'}.{stem}{ending}"


def _save_gii(overlay: Overlay, number: int, half: Hemisphere, path: Path) -> None:
    from nibabel import gifti

    side = {"left": "CortexLeft", "right": "CortexRight"}.get(half.side, "Cortex")
    words = {"AnatomicalStructurePrimary": side, "Name": overlay.name,
             "Description": overlay.synthetic or overlay.note}  # fmt: skip
    table = None
    rows, kind, intent = overlay.values[number], "NIFTI_TYPE_FLOAT32", "NIFTI_INTENT_NONE"
    if overlay.labels:
        table, rows = _label_table(overlay), _keys(overlay, number)
        kind, intent = "NIFTI_TYPE_INT32", "NIFTI_INTENT_LABEL"
    elif overlay.times is not None:
        intent = "NIFTI_INTENT_TIME_SERIES"
    made = gifti.GiftiImage(meta=gifti.GiftiMetaData(words), labeltable=table)
    for row, name in zip(rows, overlay.maps, strict=True):
        about = {"Name": name}
        if overlay.times is not None:
            about["TimeStep"] = repr(float(np.diff(overlay.times).mean()) / 1000)
        made.add_gifti_data_array(
            gifti.GiftiDataArray(
                np.ascontiguousarray(row), intent=intent, datatype=kind, meta=about
            )
        )
    write_image(made, path, ".gii")


def _label_table(overlay: Overlay) -> Any:
    from nibabel import gifti

    table = gifti.GiftiLabelTable()
    entries = [Label("???", (0, 0, 0), 0), *overlay.labels]
    for label in {one.key: one for one in entries}.values():
        entry: Any = gifti.GiftiLabel()
        entry.key, (entry.red, entry.green, entry.blue) = label.key, (c / 255 for c in label.colour)
        entry.alpha = 0.0 if label.name == "???" else 1.0
        entry.label = label.name
        table.labels.append(entry)
    return table


def _keys(overlay: Overlay, number: int) -> np.ndarray:
    keys = np.array([0, *(one.key for one in overlay.labels)], np.int32)
    return keys[overlay.values[number].astype(int)]


def _save_mgh(overlay: Overlay, number: int, half: Hemisphere, path: Path) -> None:
    import nibabel

    rows = overlay.values[number].T[:, None, None, :]
    rows = rows[..., 0] if rows.shape[-1] == 1 else rows
    made = nibabel.MGHImage(np.ascontiguousarray(rows, np.float32), np.eye(4))
    write_image(made, path, path.suffix)


def _save_annot(overlay: Overlay, number: int, half: Hemisphere, path: Path) -> None:
    from nibabel.freesurfer.io import write_annot

    if not overlay.labels:
        raise FileProblem(f"{overlay.name} has no parcels; .annot holds parcels only. Use .mgh.")
    index = overlay.values[number][0].astype(int) - 1
    colours = np.array([[*one.colour, 0, 0] for one in overlay.labels], np.int32)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_annot(str(path), index, colours, [one.name for one in overlay.labels],
                    fill_ctab=True)  # fmt: skip
    except OSError as error:
        raise FileProblem(write_sentence(path, error)) from error


def save_label(path: Path, half: Hemisphere, vertices: np.ndarray, values: np.ndarray) -> None:
    """FreeSurfer's label of some vertices, with their places on the folded surface in mm."""
    points = half.shapes[half.folded]
    lines = [f"#!ascii label, from Isomorph, {half.side or 'simulated'}", str(len(vertices))]
    for v, value in zip(vertices.tolist(), values.tolist(), strict=True):
        x, y, z = points[v]
        lines.append(f"{v}  {x:.6f}  {y:.6f}  {z:.6f} {value:.10f}")
    with replacing(path, "w") as file:
        file.write("\n".join(lines) + "\n")


def _save_cifti(overlay: Overlay, cortex: Cortex, path: Path) -> Path:
    import nibabel

    if overlay.source is None:
        raise FileProblem(f"{overlay.name} did not come from a CIFTI file, whose geometry "
                          f"{path.name} would need. Use .func.gii.")  # fmt: skip
    own = overlay.source.path.name.lower()
    ending = next(one for one in (".dscalar.nii", ".dtseries.nii", ".dlabel.nii")
                  if own.endswith(one))  # fmt: skip
    if not path.name.lower().endswith(ending):
        raise FileProblem(f"{overlay.name} is saved as {ending}, as it came.")
    source = overlay.source.source
    first, places = source.header.get_axis(0), source.header.get_axis(1)
    data = np.array(overlay.source.data, np.float32)
    for structure, place, model in places.iter_structures():
        side = next((s for s, name in STRUCTURES.items() if name == structure), "")
        index = cortex.index(side) if side else -1
        if index >= 0:
            rows = _keys(overlay, index) if overlay.labels else overlay.values[index]
            data[:, place] = rows[:, model.vertex]
    made = nibabel.Cifti2Image(data, header=(first, places), nifti_header=source.nifti_header)
    write_image(made, path, "." + path.name.split(".", 1)[1])
    return path
