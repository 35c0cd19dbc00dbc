"""Words of the explorer: the Python that shows the same, and the methods paragraph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from backend.networks.explorer_parameters import TITLES, ExplorerParameters

if TYPE_CHECKING:
    from backend.networks.explorer import Explorer

DRIVEN = {"unit": "", "difference": "(of its difference from unit {}) ",
          "layer": "(of the norm of its layer) "}  # fmt: skip


def write_script(p: ExplorerParameters, unit: Any, state: Any) -> str:
    """Python that opens the network, shows the picture and looks at the unit.

    ``state`` has the ``lesions`` of the network and the ``masks`` of its layers.
    """
    changed = p.differences(ExplorerParameters())
    values = ", ".join(f"{name}={mine!r}" for name, (mine, _) in changed.items())
    lines = [
        "from backend.networks.attribution import attribute",
        "from backend.networks.explorer import evolve, objective, opened",
        "from backend.networks.explorer_parameters import ExplorerParameters",
        "from backend.networks.lesions import Lesion",
        "from backend.networks.norm_unit import SumOfSizes",
        "from backend.networks.units import Unit",
        "",
        f"p = ExplorerParameters().changed({values})",
        "explorer = opened(p)",
    ]
    if state.lesions:
        listed = ", ".join(repr(one) for one in state.lesions)
        lines.append(f"explorer.set_lesions([{listed}])")
    lines += [
        "shown = explorer.show(p.picture - 1, frame=p.frame)",
        "print({name: maps.shape for name, maps in shown.maps.items()})",
        "print(shown.answer)",
    ]
    if unit is not None:
        lines += [
            f"unit = {unit!r}",
            *_attribution(p),
            f"driven = objective(explorer, {unit.layer!r}, unit, p)",
            "for step in evolve(explorer.copy(), lambda: p, driven, lambda: None):",
            "    print(step.index, step.activation)",
        ]
    if state.masks:
        lines += _recording(p, state.masks)
    return "\n".join(lines) + "\n"


def _recording(p: ExplorerParameters, masks: Mapping[str, Any]) -> list[str]:
    """The part of all pictures' activations that the masks keep, to a file."""
    pooling = None if p.pooling == "none" else p.pooling
    return [
        "from pathlib import Path",
        "from backend.analysis.dnnbrain_files import Mask",
        "from backend.networks.act_edit import scan_masked",
        f"masks = {dict(masks)!r}",
        'scan_masked(Path("masked.act.h5"), explorer.network, explorer.images, masks, '
        f"{pooling!r}, precision={p.precision!r})",
    ]


def _attribution(p: ExplorerParameters) -> list[str]:
    if p.method == "occluder":
        return [
            "from backend.networks.occluder import occluder_map",
            "found = occluder_map(explorer.network, shown.picture, unit, "
            f"({p.window}, {p.window}), ({p.stride}, {p.stride}))",
        ]
    others = {
        "map": ("empirical_field", "upsampling_map"),
        "minimal image": ("minimal_image", "minimal_image"),
        "masked image": ("masked_image", "masked_image"),
    }
    if p.method in others:
        module, name = others[p.method]
        return [
            f"from backend.networks.{module} import {name}",
            f"found = {name}(explorer.network, shown.picture, unit)",
        ]
    return [
        "from backend.networks.attribution import Options",
        f"options = Options(samples={p.samples}, sd={p.sd}, steps={p.path}, seed={p.seed})",
        f"found = attribute(explorer.network, shown.picture[None], unit, {p.method!r}, options)",
    ]


def methods(explorer: Explorer | None, p: ExplorerParameters, unit: Any, state: Any) -> str:
    """Sentences on the network, the pictures, its lesions and mask (``state``), the unit and how
    it was looked at."""
    if explorer is None:
        return "No network is open."
    from backend.networks.act_edit import kept_shape
    from backend.networks.layer_masks import words

    network = explorer.network
    size = network.preprocessing
    text = (
        f"{TITLES.get(p.network, network.name)} ({network.parameters:,} parameters, weights: "
        f"{network.provenance.get('weights', 'random')}) was shown pictures of {size.width} × "
        f"{size.height} px in evaluation mode."
    )
    if explorer.synthetic:
        text += f" The pictures were {explorer.synthetic}."
    if state.lesions:
        text += " Lesions: " + "; ".join(one.label() for one in state.lesions) + "."
    if state.masks:
        used = [f"of {name} {words(mask, kept_shape(explorer.layer(name)))}"
                for name, mask in state.masks.items()]  # fmt: skip
        text += f" Used were {'; '.join(used)}."
    if unit is not None:
        text += (
            f" The unit was {unit.label(network)}. Attribution: {p.method}. Its optimal stimulus "
            f"{DRIVEN[p.objective].format(p.second)}was grown by Adam for {p.steps} steps (rate "
            f"{p.learning_rate:g}, total variation {p.total_variation:g}, L2 {p.l2:g}, blur "
            f"{p.blur:g} px every {p.blur_every} steps, gradient smoothed by 1/f to the power "
            f"{p.fourier:g}, jitter {p.jitter} px, seed {p.seed}), kept in the range of "
            "displayable values."
        )
    return text
