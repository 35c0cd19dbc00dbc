"""What can be set of the surface viewer: the overlay in hand, the surface, the moment."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from backend.brain.overlays import OWN_COLOURS, PALETTES, Look
from backend.core.colours import DIVERGING
from backend.core.parameters import Parameters, parameter

OVERLAY, REGION, SURFACE, TIME = "Overlay", "Region", "Surface", "Time"
SEQUENTIAL = tuple(one for one in PALETTES if one not in DIVERGING)
FAR = 1e12
"""Values have no limits of their own; the form shows those of the overlay in hand."""


class BrainParameters(Parameters):
    """The overlay in hand, the surface, the moment."""

    threshold: float = parameter(
        0.0, "Threshold", low=0.0, high=FAR, group=OVERLAY, log=False,
        help="Below it nothing is drawn; of signed palettes on both sides of 0.",
    )  # fmt: skip
    soft: float = parameter(
        0.0, "Soft edge", low=0.0, high=FAR, group=OVERLAY, log=False,
        help="Width above the threshold over which the colour comes in.",
    )  # fmt: skip
    limit: float = parameter(
        1.0, "Limit", low=0.0, high=FAR, group=OVERLAY, log=False,
        help="The value at the end of the palette.",
    )  # fmt: skip
    low: float = parameter(
        0.0, "From", low=-FAR, high=FAR, group=OVERLAY, log=False,
        shown_if=("palette", SEQUENTIAL), help="The value at the start of the palette.",
    )  # fmt: skip
    opacity: float = parameter(
        100.0, "Opacity", unit="%", low=0.0, high=100.0, step=1.0, group=OVERLAY, log=False,
    )  # fmt: skip
    palette: Literal[
        "hot-cold", "warm", "CET-D1A", "CET-CBD1", "viridis", "cividis", "magma", "inferno",
        "CET-L1", "CET-C6", "labels",
    ] = parameter("hot-cold", "Palette", labels={**PALETTES, OWN_COLOURS: "own colours"},
                  group=OVERLAY, help="Own colours are those of parcels.")  # fmt: skip
    map_number: int = parameter(
        1, "Map", low=1, high=100_000, group=OVERLAY, log=False,
        help="Which map of the file; of a time series the moment chooses.",
    )  # fmt: skip
    min_area: float = parameter(
        0.0, "Min. area", unit="mm²", low=0.0, high=2000.0, step=1.0, group=OVERLAY, log=False,
        change="recompute", help="Smaller clusters are not drawn, and not in the table.",
    )  # fmt: skip
    outline: bool = parameter(False, "Outline only", group=OVERLAY)
    brush: float = parameter(
        8.0, "Brush", unit="mm", low=0.5, high=40.0, step=0.5, group=REGION, log=False,
        help="Radius of the brush, along the folded surface.",
    )  # fmt: skip
    mesh: Literal["fsaverage5", "simulated sphere", "own"] = parameter(
        "fsaverage5", "Mesh", change="rebuild", group=SURFACE,
        labels={"own": "your surfaces", "simulated sphere": "simulated sphere"},
        help="The simulated sphere carries the simulated cortex of DNN and brain.",
    )  # fmt: skip
    surface: str = parameter(
        "", "Surface file", kind="file", change="rebuild", group=SURFACE,
        shown_if=("mesh", ("own",)),
        formats=("surf.gii", "gii", "pial", "white", "inflated", "sphere"),
        help="A surface of FreeSurfer or GIFTI; its siblings in the folder come with it.",
    )  # fmt: skip
    shape: Literal["white", "pial", "inflated", "sphere", "flat"] = parameter(
        "inflated", "Shape", group=SURFACE,
        help="A shape that the surfaces lack is drawn as the folded one.",
    )  # fmt: skip
    inflation: float = parameter(
        1.0, "Morph", low=0.0, high=1.0, step=0.01, group=SURFACE,
        help="From the folded surface (0) to the shape chosen (1).",
    )  # fmt: skip
    light: float = parameter(0.6, "Light", low=0.0, high=1.0, step=0.01, group=SURFACE)
    layout: Literal["four", "dorsal", "front", "left", "right", "lateral"] = parameter(
        "four", "Views", group=SURFACE,
        labels={"four": "lateral and medial", "dorsal": "dorsal and ventral",
                "front": "anterior and posterior", "left": "left, from four sides",
                "right": "right, from four sides", "lateral": "lateral"},
    )  # fmt: skip
    moment: float = parameter(
        0.0, "Moment", unit="ms", low=-FAR, high=FAR, group=TIME, log=False,
        help="Of overlays with a course in time.",
    )  # fmt: skip
    speed: float = parameter(
        0.1, "Play at", unit="× real", low=0.01, high=10.0, step=0.01, group=TIME,
        help="1 plays a second of data in a second.",
    )  # fmt: skip


LOOK = tuple(name for name in asdict(Look()) if name != "visible")
"""Parameters that belong to the overlay in hand."""


@dataclass(frozen=True)
class BrainPreset:
    """A named arrangement of views."""

    name: str
    title: str
    changes: dict[str, Any] = field(default_factory=dict)


PRESETS = (
    BrainPreset("Lateral and medial", "inflated"),
    BrainPreset("Folded", "pial, lateral and medial", {"shape": "pial"}),
    BrainPreset("Dorsal and ventral", "inflated", {"layout": "dorsal"}),
    BrainPreset("Anterior and posterior", "inflated", {"layout": "front"}),
    BrainPreset("Left hemisphere", "from four sides", {"layout": "left"}),
    BrainPreset("Right hemisphere", "from four sides", {"layout": "right"}),
    BrainPreset("Spheres", "lateral", {"shape": "sphere", "layout": "lateral"}),
    BrainPreset("Flat maps", "cut along the calcarine", {"shape": "flat", "layout": "lateral"}),
    BrainPreset("Simulated cortex", "the sphere of DNN and brain", {"mesh": "simulated sphere"}),
)


class BrainSource:
    """Presets and parameters, as :class:`app.history.ParameterHistory` wants them.

    ``base`` is how the overlay in hand appeared at first: what its fields are reset to.
    """

    Parameters = BrainParameters
    presets = PRESETS

    def __init__(self) -> None:
        self.base: dict[str, Any] = {}

    def parameters_of(self, name: str) -> BrainParameters:
        """The full parameter set of a preset."""
        chosen = next((one for one in PRESETS if one.name == name), PRESETS[0])
        return BrainParameters().changed(**{**self.base, **chosen.changes})


def look_of(p: BrainParameters, visible: bool) -> Look:
    """The look that the form describes."""
    return Look(**{name: getattr(p, name) for name in LOOK}, visible=visible)


def values_of(look: Look) -> dict[str, Any]:
    """A look as values of the form."""
    return {name: getattr(look, name) for name in LOOK}
