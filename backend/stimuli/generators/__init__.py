"""The generators, one module each, found here by their id."""

from __future__ import annotations

import functools
import importlib

from backend.core.parameters import unknown_name
from backend.stimuli.generator import Generator

MODULES = {
    "faces": "faces",
    "noise": "noise",
    "faces-noise": "faces_noise",
    "topology": "topology",
    "shapes": "shapes",
    "strokes": "strokes",
    "scenes": "scenes",
    "objects": "objects",
    "gratings": "gratings",
    "dots": "dots",
}
"""Module of each generator, in the order of the studio's list."""


TITLES = {
    "faces": "Faces",
    "noise": "Noise",
    "faces-noise": "Faces + noise",
    "topology": "Topology figures",
    "shapes": "Shape categories",
    "strokes": "Stroke alphabet",
    "scenes": "Street scenes",
    "objects": "Objects",
    "gratings": "Gratings",
    "dots": "Dots",
}
"""Their titles, for lists that must not wait for their kernels."""


def ids() -> list[str]:
    """Ids of all generators."""
    return list(MODULES)


@functools.cache
def find(identifier: str) -> Generator:
    """The generator of this id; ParameterError with the nearest ids if there is none.

    Each module defines ``GENERATOR``.
    """
    if identifier not in MODULES:
        raise unknown_name(identifier, MODULES, "generator")
    module = importlib.import_module(f"backend.stimuli.generators.{MODULES[identifier]}")
    generator: Generator = module.GENERATOR
    assert (generator.id, generator.title) == (identifier, TITLES[identifier])
    return generator
