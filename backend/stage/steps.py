"""A planned trial as a flat list of steps, everything made that its frame loop will need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from backend.stage.display import Layer
from backend.stage.monitors import MonitorProfile
from backend.stage.plan import ONSET_KINDS, Layers, PlannedPhase, PlannedTrial, patch

Sizes = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class Step:
    """What is shown without a change of picture: a phase, or one picture of a stream.

    Attributes
    ----------
    frames : 0 waits. ``page`` steps end at any answer key, which is no answer to the trial.
    """

    name: str
    trial_type: str
    frames: int
    layers: Layers
    outcomes: Mapping[str, Layers]
    code: int
    accepts: bool
    until_answer: bool
    skip_if_answered: bool
    page: bool
    onset_kind: bool
    reference: str = ""
    label: str = ""


def steps_of(trial: PlannedTrial, sizes: Sizes, screen: MonitorProfile, diode: bool) -> list[Step]:
    """Steps of a trial; ``sizes`` are the shapes of its textures by name."""
    return [step for phase in trial.phases for step in _steps(phase, sizes, screen, diode)]


def _steps(phase: PlannedPhase, sizes: Sizes, screen: MonitorProfile, diode: bool) -> list[Step]:
    page = phase.kind == "text"
    shown = [layer.texture for layer in phase.layers if ":" in layer.texture]
    step = Step(
        name=phase.name,
        trial_type=phase.event,
        frames=phase.frames,
        layers=fitted(phase.layers, phase, sizes) if phase.kind != "stream" else (),
        outcomes={key: fitted(value, phase, sizes) for key, value in phase.outcomes.items()},
        code=phase.code,
        accepts=phase.answers and not page,
        until_answer=phase.until_answer,
        skip_if_answered=phase.skip_if_answered,
        page=page,
        onset_kind=phase.kind in ONSET_KINDS,
        reference=next((name for name in shown if name not in phase.texts), ""),
    )
    if phase.kind != "stream":
        return [step]
    return [
        replace(
            step,
            trial_type=picture.rpartition(":")[0],
            layers=(
                *fitted(_with_picture(phase.layers, picture), phase, sizes),
                *((patch(screen),) if diode and number % 2 == 0 else ()),
            ),
            code=phase.codes[number],
            reference=picture,
            label=phase.labels[number],
        )
        for number, picture in enumerate(phase.pictures)
    ]


def _with_picture(layers: Layers, picture: str) -> Layers:
    return tuple(replace(one, texture=picture) if not one.texture else one for one in layers)


def fitted(layers: Layers, phase: PlannedPhase, sizes: Sizes) -> Layers:
    """Layers with the heights of their pictures; texts have their texture's own size."""
    return tuple(_fit(layer, layer.texture in phase.texts, sizes) for layer in layers)


def _fit(layer: Layer, text: bool, sizes: Sizes) -> Layer:
    if layer.texture not in sizes:
        return layer
    height, width = sizes[layer.texture][:2]
    if text:
        return replace(layer, width=float(width), height=float(height))
    return replace(layer, height=layer.width * height / width)
