"""The Python that reproduces a run through the backend, and the methods paragraph."""

from __future__ import annotations

from typing import Any

from backend.core.parameters import show_number
from backend.core.provenance import version, versions
from backend.core.run import ChangeAt
from backend.core.study import Study


def write_script(
    study: Study,
    preset: str,
    parameters: Any,
    procedure: str,
    schedule: tuple[ChangeAt, ...] = (),
    duration: float | None = None,
) -> str:
    """A script that gives the same numbers: preset, what differs from it, changes by step."""
    changes = {
        name: mine
        for name, (mine, _) in parameters.differences(study.parameters_of(preset)).items()
    }
    arguments = [f'"{study.id}"', f'preset="{preset}"']
    if changes:
        arguments.append(f"changes={_dictionary(changes)}")
    arguments.append(f'procedure="{procedure}"')
    if duration is not None and study.endless(parameters, procedure):
        arguments.append(f"duration={duration:g},  # {study.time_unit}".replace(",  #", "  #"))
    if schedule:
        lines = ",\n        ".join(f"ChangeAt({c.step}, {dict(c.values)!r})" for c in schedule)
        arguments.append(f"schedule=(\n        {lines},\n    )")
    imports = "from backend.core.headless import run"
    if schedule:
        imports += "\nfrom backend.core.run import ChangeAt"
    body = "".join(_argument(argument) for argument in arguments)
    return (
        f'"""{study.title}: {preset}. Written by Isomorph {version()}."""\n\n'
        f"{imports}\n\n"
        f"result = run(\n{body})\n"
        "for name, measured in result.values.items():\n"
        "    print(name, measured.value)\n"
    )


def _argument(argument: str) -> str:
    code, hash_sign, comment = argument.partition("  #")
    return f"    {code},{hash_sign}{comment}\n"


def _dictionary(values: dict[str, Any]) -> str:
    items = ",\n        ".join(f"{name!r}: {value!r}" for name, value in values.items())
    return f"{{\n        {items},\n    }}"


def write_methods(study: Study, preset: str, parameters: Any, procedure: str) -> str:
    """The methods paragraph: model, settings that matter, seed, software and citation."""
    own = study.methods(parameters, procedure)
    changes = parameters.differences(study.parameters_of(preset))
    changed = "; ".join(describe_value(study, name, mine) for name, (mine, _) in changes.items())
    lines = [own] if own else []
    settings = f'Settings were those of the preset "{preset}"'
    lines.append(f"{settings}, except {changed}." if changed else f"{settings}.")
    software = ", ".join(f"{n} {number}" for n, number in versions(study.software).items())
    what = "Simulations were" if study.family == "spiking" else "Everything was"
    lines.append(
        f"{what} run with Isomorph {version()} ({software}), seed {getattr(parameters, 'seed', 0)}."
    )
    synthetic = study.synthetic_of(parameters)
    if synthetic:
        lines.append(synthetic)
    return " ".join(lines) + "\n\nReference: " + study.citation.text


def describe_value(study: Study, name: str, value: Any) -> str:
    """One parameter in words: label, value, unit."""
    declared = study.Parameters.declaration(name)
    if declared.kind in ("array", "points"):
        return f"{declared.label} as drawn"
    shown = show_number(value) if declared.numeric else dict(declared.choices).get(value, value)
    return f"{declared.label} {shown} {declared.unit}".strip()
