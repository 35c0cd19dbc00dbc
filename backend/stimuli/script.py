"""The Python that makes a stimulus set again through the backend."""

from __future__ import annotations

from typing import Any

from backend.core.provenance import version
from backend.stimuli.generator import Generator


def write_script(generator: Generator, preset: str, parameters: Any) -> str:
    """A script that makes the same images: preset, and what differs from it."""
    changes = {
        name: mine
        for name, (mine, _) in parameters.differences(generator.parameters_of(preset)).items()
    }
    changed = "".join(f"\n    {name}={value!r}," for name, value in changes.items())
    parameters_line = f'generator.parameters_of("{preset}")'
    if changes:
        parameters_line += f".changed({changed}\n)"
    return (
        f'"""{generator.title}: {preset}. Written by Isomorph {version()}."""\n\n'
        "from pathlib import Path\n\n"
        "from backend.stimuli.generator import make_set\n"
        "from backend.stimuli.generators import find\n\n"
        f'generator = find("{generator.id}")\n'
        f"parameters = {parameters_line}\n"
        f'stimuli = make_set(generator, parameters, "{generator.id}")\n'
        f'stimuli.save(Path("{generator.id}"))\n'
        "print(stimuli.size)\n"
    )
