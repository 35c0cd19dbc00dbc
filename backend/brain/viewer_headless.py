"""``isomorph brain``: pictures and cluster tables of files, without a display."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from backend.brain import montage
from backend.brain.cortex import fsaverage5
from backend.brain.scene import (
    Opened,
    Scene,
    clusters_in_hand,
    example_scene,
    first_moment,
    region,
    scene_of_files,
)
from backend.brain.viewer_parameters import LOOK, BrainParameters, look_of, values_of
from backend.core.files import write_text
from backend.core.parameters import ParameterError

HEAD = ("side", "region", "area_mm2", "peak", "vertex", "x", "y", "z")


def opened(paths: Sequence[Path], values: Mapping[str, str]) -> Opened:
    """The scene of some files, with settings; without files the synthetic example.

    Settings of an overlay go to the file named last.
    """
    if paths:
        found = scene_of_files(paths)
    else:
        scene = example_scene(fsaverage5())
        found = Opened(scene, BrainParameters().changed(moment=first_moment(scene)))
    p = found.parameters
    if found.scene.hand is not None and not any(str(one).endswith(".brain.json") for one in paths):
        p = p.changed(**values_of(found.scene.hand.look))
    for name in ("mesh", "surface"):
        if name in values:
            raise ParameterError(name, f"{name} is not set here. Give surface files as FILE.")
    p = p.changed(**dict(values))
    scene = found.scene
    if set(values) & set(LOOK):
        scene = scene.looked(look_of(p, visible=True))
    if p.shape not in scene.cortex.shapes:
        fitting = ", ".join(scene.cortex.shapes)
        raise ParameterError("shape", f"{scene.cortex.name} has no {p.shape} surface. It has "
                             f"{fitting}.", scene.cortex.shapes[0])  # fmt: skip
    return Opened(scene, p, found.problems)


def draw(
    found: Opened, pictures: Sequence[Path], cell: tuple[int, int], dark: bool, table: Path | None
) -> list[Path]:
    """Write the pictures and the table of clusters; returns what was written."""
    written = list(pictures)
    if pictures:
        made = montage.picture(found.scene, found.parameters, cell, dark)
        for path in pictures:
            montage.save(made, path)
    if table is not None:
        write_text(table, cluster_table(found.scene, found.parameters))
        written.append(table)
    return written


def cluster_table(scene: Scene, p: BrainParameters) -> str:
    """Clusters of the overlay in hand as tab-separated text; places in mm."""
    from backend.brain.scene import position

    lines = ["\t".join(HEAD)]
    for one in clusters_in_hand(scene, p.moment):
        x, y, z = position(scene.cortex, one.hemisphere, one.vertex)
        where = region(scene, one.hemisphere, one.vertex)
        words = (one.side or "n/a", where, f"{one.area:.1f}", f"{one.peak:.6g}", str(one.vertex),
                 f"{x:.1f}", f"{y:.1f}", f"{z:.1f}")  # fmt: skip
        lines.append("\t".join(words))
    return "\n".join(lines) + "\n"
