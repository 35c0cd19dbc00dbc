"""Experiments that run at once on embedded stimuli, one function each."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

from backend.core.parameters import unknown_name
from backend.stage import templates_faces as faces
from backend.stage import templates_shapes as shapes
from backend.stage import templates_streams as streams
from backend.stage.design import Design


@dataclass(frozen=True)
class Template:
    """A template as the list shows it."""

    id: str
    title: str
    make: Callable[[], Design]


def _listed() -> dict[str, Template]:
    made = [
        Template("face-gender-2afc", "Face gender by noise, two pictures", faces.two_afc),
        Template("face-gender-yes-no", "Face gender by noise, one picture", faces.yes_no),
        Template("face-old-new", "Face identification, old or new", faces.old_new),
        Template("topology-same-different", "Topology, same or different", shapes.same_different),
        Template("topology-hole-disc", "Topology, hole against disc", shapes.hole_disc),
        Template("rsvp-pedestrians", "RSVP search for pedestrians", streams.pedestrians),
        Template("oddball", "Oddball, rare tilted gratings", streams.oddball),
    ]
    for letter in shapes.EXPERIMENTS:
        made.append(
            Template(
                f"shape-transfer-{letter.lower()}",
                f"Shape learning and transfer, experiment {letter}",
                functools.partial(shapes.transfer, letter),
            )
        )
    return {one.id: one for one in made}


TEMPLATES = _listed()
"""Templates by id, in the order of lists."""


def template(identifier: str) -> Design:
    """A fresh design from a template; ParameterError with the nearest ids if there is none."""
    if identifier not in TEMPLATES:
        raise unknown_name(identifier, TEMPLATES, "template")
    return TEMPLATES[identifier].make()
