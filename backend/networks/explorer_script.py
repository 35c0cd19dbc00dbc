"""Words of the explorer: the Python that shows the same, and the methods paragraph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backend.networks.explorer_parameters import TITLES, ExplorerParameters

if TYPE_CHECKING:
    from backend.networks.explorer import Explorer


def write_script(p: ExplorerParameters, unit: Any, lesions: tuple[Any, ...]) -> str:
    """Python that opens the network, shows the picture and looks at the unit."""
    changed = p.differences(ExplorerParameters())
    values = ", ".join(f"{name}={mine!r}" for name, (mine, _) in changed.items())
    lines = [
        "from backend.networks.attribution import attribute",
        "from backend.networks.explorer import evolve, opened",
        "from backend.networks.explorer_parameters import ExplorerParameters",
        "from backend.networks.lesions import Lesion",
        "from backend.networks.units import Unit",
        "",
        f"p = ExplorerParameters().changed({values})",
        "explorer = opened(p)",
    ]
    if lesions:
        listed = ", ".join(repr(one) for one in lesions)
        lines.append(f"explorer.set_lesions([{listed}])")
    lines += [
        "shown = explorer.show(p.picture - 1)",
        "print({name: maps.shape for name, maps in shown.maps.items()})",
        "print(shown.answer)",
    ]
    if unit is not None:
        lines += [
            f"unit = {unit!r}",
            *_attribution(p),
            "for step in evolve(explorer.copy(), lambda: p, unit, lambda: None):",
            "    print(step.index, step.activation)",
        ]
    return "\n".join(lines) + "\n"


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


def methods(
    explorer: Explorer | None, p: ExplorerParameters, unit: Any, lesions: tuple[Any, ...]
) -> str:
    """Sentences on the network, the pictures, the unit and how it was looked at."""
    if explorer is None:
        return "No network is open."
    network = explorer.network
    size = network.preprocessing
    text = (
        f"{TITLES.get(p.network, network.name)} ({network.parameters:,} parameters, weights: "
        f"{network.provenance.get('weights', 'random')}) was shown pictures of {size.width} × "
        f"{size.height} px in evaluation mode."
    )
    if explorer.synthetic:
        text += f" The pictures were {explorer.synthetic}."
    if lesions:
        text += " Lesions: " + "; ".join(one.label() for one in lesions) + "."
    if unit is not None:
        text += (
            f" The unit was {unit.label(network)}. Attribution: {p.method}. Its optimal stimulus "
            f"was grown by Adam for {p.steps} steps (rate {p.learning_rate:g}, total variation "
            f"{p.total_variation:g}, L2 {p.l2:g}, blur {p.blur:g} px every {p.blur_every} steps, "
            f"gradient smoothed by 1/f to the power {p.fourier:g}, jitter {p.jitter} px, seed "
            f"{p.seed}), kept in the range of displayable values."
        )
    return text
