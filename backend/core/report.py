"""The HTML report of a run: values beside the paper's, figures, parameters, provenance, script."""

from __future__ import annotations

import base64
import json
from html import escape
from pathlib import Path
from typing import Any

from backend.core import figures
from backend.core.files import plain, write_text
from backend.core.parameters import show_number
from backend.core.result import Comparison, Verdict
from backend.core.runner import Job
from backend.core.script import write_methods, write_script

WORDS = {
    Verdict.AGREE: "✓ agrees",
    Verdict.DIFFER: "≠ differs",
    Verdict.NOT_COMPARABLE: "– not comparable",
    Verdict.PENDING: "pending",
}
STYLE = """
body{font:14px/1.4 Inter,system-ui,sans-serif;max-width:960px;margin:32px auto;color:#1B1F24}
table{border-collapse:collapse;margin:8px 0 24px}td,th{padding:3px 12px 3px 0;text-align:left}
td.n{text-align:right;font-variant-numeric:tabular-nums}tr{border-bottom:1px solid #D3D8DE}
figure{margin:0 0 24px}figcaption,small{color:#5C6671}img{max-width:100%}
pre{background:#F3F5F7;padding:12px;overflow:auto}
.agree{color:#1A6E44}.differ{color:#8A5A00}.warn{background:#FBF0D6;padding:8px 12px}
"""


def write(directory: Path, job: Job) -> None:
    """Write ``report.html`` and one PNG a view into ``figures/`` of a folder."""
    drawn = []
    for view in shown_views(job):
        data = job.run.channels[view.channel].snapshot()
        if not data:
            continue
        figures.export(directory / "figures" / f"{view.id}.png", view, data)
        image = (directory / "figures" / f"{view.id}.png").read_bytes()
        drawn.append((view.title, view.note, image))
    write_text(directory / "report.html", page(job, drawn))


def shown_views(job: Job) -> list[Any]:
    """Views of the layout in force, and those of the result column, in reading order."""
    study = job.study
    layout = study.layout[study.layout_of(job.run.parameters, job.record.procedure)]
    names = flatten(layout)
    placed = [study.view(name) for name in names]
    return placed + [v for v in study.views if v.place == "result" and v.id not in names]


def flatten(split: Any) -> list[str]:
    """View ids of a layout, in reading order."""
    names: list[str] = []
    for item in split.items:
        names += [item] if isinstance(item, str) else flatten(item)
    return names


def page(job: Job, drawn: list[tuple[str, str, bytes]]) -> str:
    """The whole report, figures inside."""
    study, record, result = job.study, job.record, job.run.result
    state = "complete" if result.complete else "incomplete"
    parts = [
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(study.title)}</title>",
        f"<style>{STYLE}</style><h1>{escape(study.title)}</h1>",
        f"<p>{escape(study.question)}<br><small>{escape(record.preset)} · {record.procedure} · "
        f"{escape(record.started)} · {state}</small></p>",
    ]
    synthetic = study.synthetic_of(job.start_parameters)
    if synthetic:
        parts.append(f"<p><small>{escape(synthetic)}</small></p>")
    if result.lead and result.lead in result.values:
        quantity = study.quantities[result.lead]
        value = shown_value(result.values[result.lead].value, quantity.digits)
        parts.append(f"<h2>{value} {escape(quantity.unit)}</h2><p>{escape(result.sentence)}</p>")
    parts += [f"<p class=warn>{escape(note)}</p>" for note in result.notes]
    parts.append("<h2>Compare with the paper</h2>" + comparison_table(job.comparisons()))
    for title, note, image in drawn:
        encoded = base64.b64encode(image).decode("ascii")
        parts.append(
            f'<figure><img alt="{escape(title)}" src="data:image/png;base64,{encoded}">'
            f"<figcaption>{escape(title)}. {figures.plain_text(note)}</figcaption></figure>"
        )
    schedule = tuple(job.run.changes)
    arguments = (study, record.preset, job.start_parameters, record.procedure)
    parts.append(f"<h2>Methods</h2><p>{escape(write_methods(*arguments))}</p>")
    script = write_script(*arguments, schedule, record.duration)
    parts.append(f"<h2>Script</h2><pre>{escape(script)}</pre>")
    parts.append("<h2>Parameters</h2>" + parameter_table(study, job.start_parameters))
    parts.append("".join(f"<p>{escape(note)}</p>" for note in study.notes))
    provenance = json.dumps(plain(job.provenance()), indent=1, ensure_ascii=False)
    parts.append(f"<h2>Provenance</h2><pre>{escape(provenance)}</pre></html>")
    return "\n".join(parts)


def shown_value(value: float, digits: int = 3) -> str:
    """A measured value at its significant figures."""
    return show_number(float(f"{value:.{digits}g}"))


def comparison_table(lines: list[Comparison]) -> str:
    """Measured and reference values as an HTML table."""
    rows = ["<tr><th>Quantity<th>here<th>paper; <i>theory</i><th>verdict<th>where"]
    for entry in lines:
        measured = "" if entry.measured is None else shown_value(entry.measured.value, entry.digits)
        if entry.measured is not None and entry.measured.sd is not None:
            measured += f" ± {shown_value(entry.measured.sd, 2)}"
        where = entry.reference.where if entry.reference else ""
        rows.append(
            f"<tr><td>{escape(entry.label)}<td class=n>{measured} {escape(entry.unit)}"
            f"<td class=n>{source_text(entry)}"
            f'<td class="{entry.verdict}">{WORDS[entry.verdict]}<td>{escape(where)}'
        )
    return f"<table>{''.join(rows)}</table>"


def source_text(entry: Comparison) -> str:
    """The reference, in italics where it is not the paper's own number."""
    text = escape(reference_text(entry))
    printed = entry.reference is None or entry.reference.source == "paper"
    return text if printed else f"<i>{text}</i>"


def reference_text(entry: Comparison) -> str:
    """The reference in words: "0.25 ± 0.01 ms", "≥ 0.99", "no number"."""
    reference = entry.reference
    if reference is None:
        return "no number"
    unit = f" {entry.unit}" if entry.unit else ""
    if reference.low is not None and reference.high is not None:
        return f"{show_number(reference.low)} to {show_number(reference.high)}{unit}"
    if reference.low is not None:
        return f"≥ {show_number(reference.low)}{unit}"
    if reference.high is not None:
        return f"≤ {show_number(reference.high)}{unit}"
    if reference.value is None:
        return "no number"
    tolerance = f" ± {show_number(reference.tolerance)}" if reference.tolerance else ""
    return f"{show_number(reference.value)}{tolerance}{unit}"


def parameter_table(study: Any, parameters: Any) -> str:
    """All parameters with units, as an HTML table."""
    rows = []
    for name, declared in study.Parameters.declarations().items():
        if declared.kind in ("array", "points"):
            continue
        value = getattr(parameters, name)
        shown = show_number(value) if declared.numeric else str(value)
        rows.append(
            f"<tr><td>{escape(declared.label)}<td>{name}<td class=n>{escape(shown)}"
            f"<td>{escape(declared.unit)}"
        )
    return f"<table>{''.join(rows)}</table>"
