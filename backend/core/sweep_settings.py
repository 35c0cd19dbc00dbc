"""What can be set of a sweep in the window, and presets of sweeps."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from backend.core.parameters import ParameterError, Parameters, parameter
from backend.core.sweeps import Axis, Plan, values_of


class SweepSettings(Parameters):
    """A sweep as people write it: values are texts, an empty second parameter is none."""

    study: str = parameter("gap-junction-topology", "Study", help="What every job runs.")
    preset: str = parameter("", "Preset", help="The settings that are not varied.")
    procedure: str = parameter("", "Procedure", help="What every job does.")
    first: str = parameter("J", "First parameter", help="Varied down the map.")
    first_values: str = parameter(
        "0, 1, 2, 3, 4.5, 6", "Values", help="1, 2, 5, or from:to:how many."
    )
    second: str = parameter("gamma", "Second parameter", help="Varied across the map, or none.")
    second_values: str = parameter(
        "0, 0.05, 0.1, 0.15, 0.2", "Values", help="1, 2, 5, or from:to:how many."
    )
    trials: int = parameter(3, "Trials", low=1, high=10_000, help="Jobs a cell, each with a seed.")
    seed: int = parameter(0, "First seed", low=0, high=2**31 - 1, help="Trials count up from it.")
    duration: float = parameter(
        0.0, "Duration", low=0.0, high=1e9, help="Of runs that do not end by themselves; 0: the "
        "usual."
    )  # fmt: skip
    scheduler: str = parameter(
        "", "Scheduler", help="Address of a Dask scheduler; empty: this machine."
    )
    workers: int = parameter(
        0, "Workers here", low=0, high=256, help="Processes; 0: one fewer than cores."
    )
    quantity: str = parameter("temporal_volleys", "Shown", help="The value that is drawn.")


@dataclass(frozen=True)
class SweepPreset:
    """A named sweep."""

    name: str
    title: str
    changes: dict[str, Any] = field(default_factory=dict)


PRESETS = (
    SweepPreset("Coupling and spikelet", "Volleys of the gap-junction sheet, J by γ"),
    SweepPreset(
        "Figure 5 of paper 13", "Efficiency by excitation threshold and T_d",
        {"study": "criticality-fc", "procedure": "free", "first": "threshold", "second": "td",
         "first_values": "0.1, 0.2, 0.3, 0.4, 0.44, 0.48, 0.5, 0.52, 0.54, 0.56, 0.6, 0.65, 0.7, "
         "0.8, 1, 1.4",
         "second_values": "0.1, 0.15, 0.2", "trials": 20, "duration": 400_000.0,
         "quantity": "global_efficiency"},
    ),
    SweepPreset(
        "Figure 6 of paper 01", "Phase lag by period and synaptic scale",
        {"study": "ei-balanced-network", "preset": "Figure 5B", "procedure": "flicker",
         "first": "k", "first_values": "0.4, 1, 2", "second": "period",
         "second_values": "300, 200, 100, 50", "trials": 3, "quantity": "phase_lag"},
    ),
)  # fmt: skip


class SweepSource:
    """Presets and settings, as a form's history wants them."""

    Parameters = SweepSettings
    presets = PRESETS

    @staticmethod
    def parameters_of(name: str) -> SweepSettings:
        """The full settings of a preset."""
        chosen = next((one for one in PRESETS if one.name == name), PRESETS[0])
        return SweepSettings().changed(**chosen.changes)


def plan_of_settings(p: SweepSettings) -> Plan:
    """The plan that these settings describe; ParameterError names the field that is wrong."""
    from backend.studies import find

    study = find(p.study)
    axes = []
    for name, text in ((p.first, p.first_values), (p.second, p.second_values)):
        if name:
            axes.append(Axis(name, values_of(text, study, name)))
    if not axes:
        raise ParameterError("first", "A sweep needs a parameter to vary. Choose one.")
    return Plan(p.study, tuple(axes), p.preset, p.procedure, {}, p.trials, p.seed,
                p.duration or None)  # fmt: skip


def methods_of(p: SweepSettings) -> str:
    """What was varied, how often, with which statistics."""
    from backend.studies import find

    study = find(p.study)
    varied = " and ".join(
        f"{study.Parameters.declaration(name).label} ({text})"
        for name, text in ((p.first, p.first_values), (p.second, p.second_values))
        if name
    )
    return (
        f"{study.title} ({study.citation.text}) was run over {varied or 'no parameter'}, with the "
        f"other settings of the preset {p.preset or study.presets[0].name}, {p.trials} times a "
        f"cell with seeds from {p.seed}. Means are given with 95 % intervals by Student's t over "
        "trials."
    )


def script_of(p: SweepSettings) -> str:
    """The Python that computes the same; what is wrong with the settings as a comment."""
    try:
        plan = plan_of_settings(p)
    except ParameterError as problem:
        return f"# {problem}\n"
    axes = "".join(f"        Axis({a.parameter!r}, {a.values!r}),\n" for a in plan.axes)
    rest = "".join(
        f"    {name}={getattr(plan, name)!r},\n"
        for name in ("preset", "procedure", "trials", "seed", "duration")
        if getattr(plan, name)
    )
    where = f'"{p.scheduler}"' if p.scheduler else f"workers={p.workers}" if p.workers else ""
    show = f"    print(sweep.summary({p.quantity!r}))\n" if p.quantity else ""
    return f"""from pathlib import Path

from backend.core.dask_cluster import cluster
from backend.core.sweeps import Axis, Plan, Sweep, steps

plan = Plan(
    {plan.study!r},
    (
{axes}    ),
{rest})

if __name__ == "__main__":
    sweep = Sweep(plan, Path("sweep"))
    with cluster({where}) as found:
        for _ in steps(sweep, found.client, lambda: None, lambda: False):
            print(f"{{len(sweep.outcomes)}} of {{plan.size}}")
{show}"""
