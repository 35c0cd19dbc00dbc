"""From parameters to a figure and kernel settings; refusals and warnings of section 6."""

from __future__ import annotations

import functools
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from backend.core.files import array_of_text
from backend.core.parameters import Notice, ParameterError, show_number
from backend.core.study import refuse
from backend.stimuli.pictures import PictureProblem, darkness_of, read_picture
from backend.stimuli.topology import (
    KINDS,
    Figure,
    Sizes,
    figure_from_darkness,
    make_figure,
)
from backend.studies.gap_junction.parameters import GapJunctionParameters, grid

if TYPE_CHECKING:
    from backend.spiking.gap_junction import ReadOutSettings, SheetSettings

GRIDS = {
    "breach": ("breach_angles",),
    "radius": ("hole_radii",),
    "gap": ("gap_widths",),
    "noise": ("noise_levels",),
    "plane": ("plane_J", "plane_gamma"),
}
"""Procedure → the grid parameters it needs."""

SCANNED_SHAPES = {
    "breach": ("ring",),
    "radius": ("ring", "two holes", "hollow triangle"),
    "gap": ("closed segments", "hollow square"),
    "discriminate": ("two holes", "ring"),
}
"""Procedure → shapes it makes sense for; others are refused with the first as the fix."""

LONGEST_STEP = 0.02
"""Largest Δt of the time-step check, ms."""


def sizes_of(p: GapJunctionParameters) -> Sizes:
    """The sizes of the figure."""
    return Sizes(
        radius=p.radius, outer=p.outer_radius, hole=p.hole_radius, breach=p.breach,
        outer_two=p.outer_two, offset=p.offset, half_width=p.half_width,
        half_height=p.half_height, band=p.band, gap=p.gap, shift=p.shift, dot=p.dot,
        pitch=p.pitch, edge=p.edge,
    )  # fmt: skip


def figure_of(p: GapJunctionParameters) -> Figure:
    """The figure shown to the sheet.

    Raises ParameterError for a picture or drawing that cannot be used.
    """
    if p.figure in KINDS:
        return make_figure(p.figure, p.H, p.W, sizes_of(p))
    darkness = picture_darkness(p) if p.figure == "picture" else drawing_darkness(p)
    if p.levels == "two levels":
        darkness = (darkness >= max(p.level, 1e-6)).astype(np.float32)
    return figure_from_darkness(darkness)


def picture_darkness(p: GapJunctionParameters) -> np.ndarray:
    """Darkness of the imported picture on the sheet, (H, W) in [0, 1]."""
    source = p.picture or p.example
    try:
        changed = Path(source).stat().st_mtime_ns if p.picture else 0
    except OSError:
        changed = 0  # reading it says what is wrong
    try:
        return _darkness(source, changed, p.H, p.W)
    except PictureProblem as problem:
        raise ParameterError("picture", str(problem)) from None


@functools.lru_cache(maxsize=8)
def _darkness(source: str, changed: int, height: int, width: int) -> np.ndarray:
    """Read once for as long as the file's time of change stays, so that sliders do not wait."""
    darkness = darkness_of(read_picture(source), height, width)
    darkness.flags.writeable = False
    return darkness


def drawing_darkness(p: GapJunctionParameters) -> np.ndarray:
    """Darkness of what was painted, (H, W) in [0, 1]; an empty drawing is all gray."""
    if not p.drawing:
        return np.zeros((p.H, p.W), np.float32)
    try:
        levels = array_of_text(p.drawing)
    except ValueError as problem:
        raise ParameterError("drawing", f"{str(problem).capitalize()}. Paint it again.") from None
    if levels.ndim != 2 or levels.dtype.kind not in "buif":
        raise ParameterError(
            "drawing", f"The drawing must be a gray picture; its shape is {levels.shape}."
        )
    darkness = 1.0 - np.nan_to_num(levels.astype(np.float32)) / 255.0
    darkness = np.clip(darkness, 0.0, 1.0)
    if darkness.shape != (p.H, p.W):
        darkness = 1.0 - darkness_of(darkness, p.H, p.W)
    return darkness


def sheet_settings(p: GapJunctionParameters) -> SheetSettings:
    """What the kernel needs of the encoding neurons."""
    from backend.spiking.gap_junction import SheetSettings

    return SheetSettings(p.J, p.gamma, p.s, p.tau, p.tau_arp, p.V_th, int(p.neighbours))


def readout_settings(p: GapJunctionParameters) -> ReadOutSettings:
    """What the kernel needs of the read-out neuron."""
    from backend.spiking.gap_junction import ReadOutSettings

    return ReadOutSettings(
        tau=p.tau_R, refractory=p.tau_arp_R, mean=p.mu_noise, noise=p.Delta, weight=p.J_R,
        delay=p.D, noise_rule=p.noise_rule,
    )  # fmt: skip


def trial_options(p: GapJunctionParameters) -> dict[str, Any]:
    """Keyword arguments of :func:`backend.spiking.gap_junction_observe.run_figure`."""
    return {
        "settings": sheet_settings(p),
        "readout": readout_settings(p),
        "black": p.mu_black,
        "gray": p.mu_gray,
        "duration": p.duration,
        "dt": p.dt,
        "initial": p.init,
    }


def refuse_unstable(p: GapJunctionParameters) -> None:
    """ParameterError when the explicit scheme is not stable at this step."""
    from backend.spiking.gap_junction_theory import largest_stable_step

    largest = largest_stable_step(p.J, p.tau, int(p.neighbours))
    fix = math.floor(largest * 1000) / 1000
    refuse(
        p.dt > largest,
        "dt",
        f"Δt is too long for this coupling. With J = {show_number(p.J)}, "
        f"τ = {show_number(p.tau)} ms and {p.neighbours} neighbours the largest stable step is "
        f"{show_number(fix)} ms.",
        fix,
    )
    bound = math.floor(2000 * p.tau_R) / 1000
    refuse(
        p.dt > 2 * p.tau_R,
        "dt",
        f"Δt is too long for the read-out neuron. With τ_R = {show_number(p.tau_R)} ms the largest "
        f"stable step is {show_number(bound)} ms.",
        bound,
    )


def check(p: GapJunctionParameters, procedure: str) -> list[Notice]:
    """Warnings; raises ParameterError for settings that cannot run."""
    refuse_unstable(p)
    for name in GRIDS.get(procedure, ()):
        grid(p, name)
    shapes = SCANNED_SHAPES.get(procedure, (p.figure,))
    refuse(
        p.figure not in shapes,
        "figure",
        f'This batch needs {" or ".join(shapes)} as the shape; "{p.figure}" is chosen.',
        shapes[0],
    )
    if procedure == "plane":
        refuse_unstable(p.changed(J=max(grid(p, "plane_J"))))
    if procedure == "step":
        refuse_unstable(p.changed(dt=LONGEST_STEP))
    return notices(p, figure_of(p))


def notices(p: GapJunctionParameters, figure: Figure) -> list[Notice]:
    """What a user should know before the run; nothing here stops it."""
    found = []
    if p.mu_gray <= p.V_th:
        found.append(
            Notice(
                "mu_gray",
                "The background cannot fire.",
                f"The gray drive of {show_number(p.mu_gray)} mV does not exceed the threshold of "
                f"{show_number(p.V_th)} mV. Use more than that to see background and holes.",
                min(60.0, p.V_th + 2.0),
            )
        )
    if p.duration > 8.5:
        found.append(
            Notice(
                "duration",
                "The figure fires again.",
                f"Black cells fire a second time near {show_number(refire_time(p), 2)} ms, so "
                "counts rise beyond 8.5 ms. Use 8 ms to count volleys once.",
                8.0,
            )
        )
    if float(np.ptp(figure.darkness)) == 0.0:
        found.append(Notice("figure", "The image is uniform.", "One region: 1 volley is expected."))
    return found


def refire_time(p: GapJunctionParameters) -> float:
    """When an uncoupled black cell fires for the second time, ms."""
    from backend.spiking.gap_junction_theory import charge_up_time

    first = charge_up_time(p.mu_black, p.V_th / 2, p.tau, p.V_th)
    return first + p.tau_arp + charge_up_time(p.mu_black, 0.0, p.tau, p.V_th)
