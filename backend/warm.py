"""Compile the kernels once, after installation, so that the first run starts at once.

``python -m backend.warm`` runs every study for a moment and draws one picture of every stimulus
generator; numba keeps what it compiled.
"""

from __future__ import annotations

import sys
import time

from backend.core.run import Run
from backend.stimuli import generators
from backend.studies import find, ids


def warm() -> None:
    """Run each layout of each study for a few steps, saying how long it took."""
    for identifier in ids():
        study = find(identifier)
        for parameters in study.warm_settings():
            began = time.perf_counter()
            run = Run(study, parameters, "free", duration=study.warm_duration)
            run.drawing = True
            study.run(run)
            run.close()
            seconds = time.perf_counter() - began
            print(f"compiled {study.title} in {seconds:.0f} s", file=sys.stderr, flush=True)


def warm_stimuli() -> None:
    """Draw a small preview of each preset of each generator, saying how long it took."""
    for identifier in generators.ids():
        generator = generators.find(identifier)
        began = time.perf_counter()
        for preset in generator.presets:
            generator.preview(generator.parameters_of(preset.name), side=64)
        seconds = time.perf_counter() - began
        print(f"compiled {generator.title} in {seconds:.0f} s", file=sys.stderr, flush=True)


if __name__ == "__main__":
    warm()
    warm_stimuli()
