"""What is shown beside the history: one run's numbers and settings, or two runs side by side."""

from __future__ import annotations

from html import escape
from typing import Any

from PySide6.QtWidgets import QTextBrowser, QWidget

from backend.core.files import FileProblem, read_json
from backend.core.parameters import ParameterError, show_number
from backend.core.report import shown_value
from backend.core.store import Record
from backend.studies import find
from widgets import theme

VERDICTS = {"agree": "✓ agrees", "differ": "≠ differs", "not comparable": "– not comparable"}


class RunDetail(QTextBrowser):
    """Read-only page on the selected run or runs."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setOpenLinks(False)
        self.setAccessibleName("Details of the selected runs")

    def show_runs(self, records: list[Record]) -> None:
        """One run in full; two as a comparison; otherwise what to do."""
        if len(records) == 1:
            page = one_run(records[0])
        elif len(records) == 2:
            page = two_runs(records[0], records[1])
        else:
            page = "<p>Select one run to see it, two to compare them.</p>"
        colour = theme.token("text2").name()
        style = (
            f"<style>th{{color:{colour};text-align:left}}td,th{{padding:2px 10px 2px 0}}</style>"
        )
        self.setHtml(style + page)


def document_of(record: Record) -> dict[str, Any]:
    """The stored result of a run; empty when there is none."""
    try:
        return dict(read_json(record.path / "result.json"))
    except (FileProblem, ValueError, TypeError):
        return {}


def one_run(record: Record) -> str:
    """Numbers beside references, then the settings that differ from the preset."""
    document = document_of(record)
    state = f"{record.state}{'' if document.get('complete') else ', incomplete'}"
    parts = [f"<h3>{escape(record.preset)} · {escape(record.procedure)}</h3><p>{state}"]
    parts.append(f" · started {escape(record.started)} · {escape(record.id)}</p>")
    if record.note:
        parts.append(f"<p>{escape(record.note)}</p>")
    rows = [
        f"<tr><td>{escape(v.get('label') or name)}<td align=right><b>{value_text(v)}</b>"
        f"<td align=right>{reference_text(v)}<td>{VERDICTS.get(v.get('verdict'), '')}"
        for name, v in document.get("values", {}).items()
        if v.get("value") is not None
    ]
    if rows:
        head = "<tr><th>Quantity<th>here<th>paper or theory<th>"
        parts.append(f"<table>{head}{''.join(rows)}</table>")
    parts += [f"<p>{escape(note)}</p>" for note in document.get("notes", [])]
    parts.append("<h4>Settings other than the preset's</h4>" + settings_table(record))
    if record.changes:
        parts.append("<h4>Changed while it ran</h4>" + changes_table(record))
    return "".join(parts)


def value_text(value: dict[str, Any]) -> str:
    number = value.get("value")
    return "" if number is None else f"{shown_value(number, 4)} {escape(value.get('unit') or '')}"


def reference_text(value: dict[str, Any]) -> str:
    reference, tolerance = value.get("reference"), value.get("tolerance")
    unit = escape(value.get("unit") or "")
    if reference is None:
        return "no number"
    if isinstance(tolerance, list):
        low, high = tolerance
        if low is not None and high is not None:
            return f"{show_number(low)} to {show_number(high)} {unit}"
        return f"≥ {show_number(low)} {unit}" if high is None else f"≤ {show_number(high)} {unit}"
    spread = f" ± {show_number(tolerance)}" if tolerance else ""
    return f"{show_number(reference)}{spread} {unit}"


def preset_values(record: Record) -> dict[str, Any]:
    """Values of the run's preset in this version."""
    try:
        return dict(find(record.study).parameters_of(record.preset).document())
    except ParameterError:
        return {}


def settings_table(record: Record) -> str:
    """Parameters that differ from the preset, with both values."""
    known = preset_values(record)
    rows = [
        f"<tr><td>{escape(name)}<td align=right><b>{short(value)}</b><td>{short(known.get(name))}"
        for name, value in record.parameters.items()
        if known.get(name) != value
    ]
    if not rows:
        return "<p>None.</p>"
    return f"<table><tr><th>Parameter<th>this run<th>preset{''.join(rows)}</table>"


def changes_table(record: Record) -> str:
    """What was changed at which step."""
    rows = [
        f"<tr><td align=right>{change['step']}<td>{escape(name)}<td align=right>{short(value)}"
        for change in record.changes
        for name, value in change["values"].items()
    ]
    return f"<table><tr><th>step<th>parameter<th>new value{''.join(rows)}</table>"


def short(value: Any) -> str:
    """A value in at most 40 characters."""
    text = show_number(value) if isinstance(value, float) else str(value)
    return escape(text if len(text) <= 40 else text[:37] + "…")


def two_runs(first: Record, second: Record) -> str:
    """Parameters and results that differ, side by side."""
    a, b = document_of(first), document_of(second)
    names = list(dict.fromkeys([*first.parameters, *second.parameters]))
    settings = [
        f"<tr><td>{escape(n)}<td>{short(first.parameters.get(n, '–'))}"
        f"<td>{short(second.parameters.get(n, '–'))}"
        for n in names
        if first.parameters.get(n) != second.parameters.get(n)
    ]
    values_a, values_b = a.get("values", {}), b.get("values", {})
    results = [
        result_row(n, values_a.get(n, {}), values_b.get(n, {}))
        for n in dict.fromkeys([*values_a, *values_b])
    ]
    head = f"<tr><th>{{}}<th>{escape(first.started)}<th>{escape(second.started)}"
    same = "<p>The settings are the same.</p>"
    table = f"<table>{head.format('Parameter')}{''.join(settings)}</table>" if settings else same
    return (
        f"<h3>Two runs</h3><p>{escape(first.preset)} and {escape(second.preset)}</p>"
        f"<h4>Settings that differ</h4>{table}<h4>Results</h4>"
        f"<table>{head.format('Quantity')}<th>difference{''.join(r for r in results if r)}</table>"
    )


def result_row(name: str, a: dict[str, Any], b: dict[str, Any]) -> str:
    """One quantity of two runs and its difference."""
    x, y = a.get("value"), b.get("value")
    if x is None and y is None:
        return ""
    label = escape(a.get("label") or b.get("label") or name)
    difference = ""
    if x is not None and y is not None:
        difference = "identical" if x == y else shown_value(y - x)
    return f"<tr><td>{label}<td>{value_text(a)}<td>{value_text(b)}<td>{difference}"
