"""Words of the surface viewer: the Python that draws the same, and the methods paragraph."""

from __future__ import annotations

from backend.brain.cortex import FSAVERAGE
from backend.brain.scene import Scene
from backend.brain.viewer_parameters import BrainParameters
from backend.core.parameters import show_number


def write_script(scene: Scene | None, p: BrainParameters) -> str:
    """Python that draws the scene and prints its clusters."""
    if scene is None:
        return ""
    surfaces = [path for half in scene.cortex.hemispheres for path in half.files.values()]
    hand = scene.hand
    files = [str(path) for path in surfaces[:1]]
    if hand is not None:
        files += [str(path) for path in hand.overlay.files[:1]]
    changed = p.differences(BrainParameters())
    values = {n: mine for n, (mine, _) in changed.items() if n not in ("mesh", "surface", "speed")}
    lines = [
        "from pathlib import Path",
        "",
        "from backend.brain import montage",
        "from backend.brain.viewer_headless import cluster_table, opened",
        "",
    ]
    if hand is not None and not hand.overlay.files:
        lines.append(f"# {hand.overlay.name} has no file; without files the example is drawn.")
    listed = ", ".join(f"Path({one!r})" for one in files)
    lines += [
        f"found = opened([{listed}], { ({n: str(v) for n, v in values.items()})!r})",
        "made = montage.picture(found.scene, found.parameters)",
        'montage.save(made, Path("surface.png"))',
        'montage.save(made, Path("surface.svg"))',
        "print(cluster_table(found.scene, found.parameters))",
    ]
    return "\n".join(lines) + "\n"


def methods(scene: Scene | None, p: BrainParameters) -> str:
    """How the picture was made, in sentences."""
    if scene is None:
        return "No surface is open."
    cortex = scene.cortex
    shape = p.shape if p.shape in cortex.shapes else cortex.hemispheres[0].folded
    what = {FSAVERAGE: "the fsaverage5 template of FreeSurfer (10,242 vertices a hemisphere)"}
    words = [
        f"Values were drawn on the {shape} surface of {what.get(cortex.name, cortex.name)}, the "
        "cortex shaded by sulcal depth."
    ]
    hand = scene.hand
    if hand is not None:
        look, overlay = hand.look, hand.overlay
        if overlay.synthetic:
            words.append(f"{overlay.name} is {overlay.synthetic}.")
        if look.threshold > 0 and not overlay.labels:
            size = "an absolute value" if look.signed else "a value"
            words.append(f"{overlay.name} is shown where it has {size} of at least "
                         f"{show_number(look.threshold)}, colours end at "
                         f"{show_number(look.limit)}.")  # fmt: skip
        if look.min_area > 0:
            words.append(
                f"Clusters below {show_number(look.min_area)} mm² (connected vertices of one sign, "
                f"area on the {cortex.hemispheres[0].folded} surface) were left out."
            )
        if overlay.times is not None:
            words.append(f"The moment shown is {show_number(round(p.moment, 1))} ms.")
    if any(half.files for half in cortex.hemispheres):
        words.append("The surfaces were read with nibabel.")
    elif cortex.name == FSAVERAGE:
        words.append("The template is distributed with nilearn.")
    return " ".join(words)
