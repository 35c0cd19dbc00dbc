"""A tiny study for tests of the core: a drifting walk whose numbers any cut of the run repeats."""

from __future__ import annotations

import time
from typing import Any, Literal

import numpy as np

from backend.core.channels import Latest, Ring
from backend.core.parameters import Notice, Parameters, parameter
from backend.core.result import Quantity, Reference
from backend.core.run import Run
from backend.core.study import Citation, Preset, Procedure, Study, refuse
from backend.core.views import Axis, Series, View, column


class Walk(Parameters):
    gain: float = parameter(1.0, "Gain", symbol="g", unit="mV", low=0.0, high=10.0, step=0.1)
    noise: float = parameter(0.5, "Noise", low=0.01, high=10.0)
    size: int = parameter(10, "Cells", unit="cells", low=1, high=1000, change="rebuild")
    mode: Literal["walk", "fail", "bad"] = parameter(
        "walk", "Mode", labels={"walk": "Random walk"}, change="rebuild"
    )
    barrier: bool = parameter(False, "Barrier")
    window: float = parameter(5.0, "Window", unit="ms", low=0.5, high=50.0, change="recompute")
    film: str = parameter("", "Film", kind="file", formats=("npy",))
    seed: int = parameter(0, "Seed", low=0, high=2**31 - 1, change="rebuild")
    own_process: bool = parameter(False, "Own process", change="rebuild")


class Toy(Study):
    id = "toy"
    number = 0
    title = "Toy walk"
    question = "Does the walk repeat?"
    panel = "simulate"
    family = "Spiking"
    citation = Citation("Nobody", 2026, "A walk", "Journal of Walks")
    Parameters = Walk
    presets = (
        Preset("Figure 1", "One walk", {"gain": 2.0}),
        Preset(
            "Figure 2", "Batch of means", {}, "batch",
            (
                Reference("mean", 0.0, 0.5, source="paper", where="Fig. 2"),
                Reference("steps", low=10, where="Fig. 2B"),
                Reference("nothing", where="text"),
            ),
        ),
    )  # fmt: skip
    procedures = (
        Procedure("free", "Run", endless=True),
        Procedure("batch", "Measure means…"),
    )
    quantities = {
        "mean": Quantity("Mean position", "mV"),
        "steps": Quantity("Steps made"),
        "nothing": Quantity("Not printed"),
    }
    channels = {"walk": Ring(("t", "x"), 1000), "cells": Latest()}
    views = (
        View("walk", "Walk", "traces", "walk", x=Axis("time", "ms"), y=Axis("x", "mV"),
             series=(Series("x", "walk", "E"),)),
        View("cells", "Cells", "image", "cells", unit="mV"),
    )  # fmt: skip
    layout = {"all": column("walk", "cells")}
    monitors = {"position": "mV"}
    synthetic = "All data are synthetic."

    def check(self, parameters: Any, procedure: str = "free") -> list[Notice]:
        refuse(parameters.mode == "bad", "mode", "Mode bad cannot run. Choose walk.", "walk")
        return [Notice("gain", "Gain is zero.", "Nothing drifts.")] if parameters.gain == 0 else []

    def isolated(self, parameters: Any) -> bool:
        return bool(parameters.own_process)

    def run(self, run: Run) -> None:
        if run.parameters.mode == "fail":
            raise RuntimeError("the walker fell")
        if run.procedure == "batch":
            self.batch(run)
            return
        x = np.zeros(run.parameters.size)
        run.offer("positions", "Last positions", lambda: x.copy())
        for block in run.blocks(0.1):
            for step in range(block.start, block.start + block.steps):
                x += run.parameters.noise * normal(run.parameters.seed, step, len(x))
                x += 0.01 * run.parameters.gain
            if block.publish:
                run.channel("walk").publish(block.time, x[0])
                run.channel("cells").publish(image=x.reshape(1, -1).copy())
            run.monitor("position", x.mean())
            run.measure("steps", block.start + block.steps)
            run.measure("mean", x.mean())

    def batch(self, run: Run) -> None:
        means = []
        for trial in range(20):
            run.progress(trial, 20, "trials")
            means.append(run.cells.do((trial,), lambda trial=trial: trial_mean(run, trial)))
        run.progress(20, 20)
        run.measure("mean", float(np.mean(means)), float(np.std(means)), 20)
        run.measure("steps", 20)
        run.lead("mean", "Mean of 20 trials.")
        run.table("trials", {"trial": list(range(20)), "mean": means})


def normal(seed: int, step: int, n: int) -> np.ndarray:
    return np.random.default_rng((seed, step)).normal(size=n)


def trial_mean(run: Run, trial: int) -> float:
    end = time.monotonic() + 0.02
    while time.monotonic() < end:
        run.check()
    return float(normal(run.parameters.seed, trial, 100).mean())


STUDY = Toy()
