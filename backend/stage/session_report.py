"""The result of a session as files: table, figures, arrays and one page, beside the dataset."""

from __future__ import annotations

import base64
import math
from html import escape
from pathlib import Path

import numpy as np

from backend.core import figures, provenance
from backend.core.files import replacing, write_json, write_text
from backend.core.objects import Table
from backend.core.parameters import show_number
from backend.core.report import STYLE
from backend.stage.analysis import Analysis, Check, Line, analyse
from backend.stage.bids import Session


def write_report(session: Session, check: Check = lambda: None) -> tuple[Path, Analysis]:
    """Analyse a session that was read and write ``derivatives/isomorph/…``; the page's path.

    Raises
    ------
    FileProblem : the folder cannot be written.
    """
    hz = float(session.header["measured_hz"])
    made = analyse(session.design, session.records, hz, check)
    folder = session.root / "derivatives" / "isomorph"
    _describe(folder)
    place = folder / f"sub-{session.subject}" / f"ses-{session.session}"
    stem = place / session.stem
    write_text(Path(f"{stem}_result.tsv"), table_of(made).text("\t"))
    for name, array in made.arrays.items():
        with replacing(Path(f"{stem}_{name}.npy")) as file:
            np.save(file, array, allow_pickle=False)
    pictures = []
    for view, data in made.figures:
        image = figures.render(view, data)
        with replacing(Path(f"{stem}_{view.id}.png")) as file:
            file.write(image)
        pictures.append((view.title, view.note, image))
    page = Path(f"{stem}_report.html")
    write_text(page, page_of(session, made, pictures))
    return page, made


def _describe(folder: Path) -> None:
    """The description that BIDS asks of derivatives."""
    generated = [{"Name": "Isomorph", "Version": provenance.version()}]
    write_json(
        folder / "dataset_description.json",
        {"Name": "Isomorph session results", "BIDSVersion": "1.8.0", "DatasetType": "derivative",
         "GeneratedBy": generated},
    )  # fmt: skip


def table_of(made: Analysis) -> Table:
    """The lines as columns."""
    lines = made.lines
    return Table(
        name="result",
        columns={
            "name": [line.name for line in lines],
            "value": [line.value for line in lines],
            "low": [line.interval[0] for line in lines],
            "high": [line.interval[1] for line in lines],
            "unit": [line.unit or "n/a" for line in lines],
            "n": [line.n for line in lines],
            "note": [line.note or "n/a" for line in lines],
        },
    )


def shown(line: Line) -> str:
    """Value with interval and unit in words."""
    if math.isnan(line.value):
        return "not defined"
    words = show_number(line.value, 3)
    low, high = line.interval
    if not (math.isnan(low) or math.isnan(high)):
        words += f" [{show_number(low, 3)}, {show_number(high, 3)}]"
    return f"{words} {line.unit}".strip()


def text_of(made: Analysis) -> str:
    """The table as text for the window."""
    width = max((len(line.name) for line in made.lines), default=0)
    return "\n".join(
        f"{line.name:<{width}}  {shown(line):<28} {line.note}".rstrip() for line in made.lines
    )


def page_of(session: Session, made: Analysis, pictures: list[tuple[str, str, bytes]]) -> str:
    """One HTML page with the figures inside."""
    rows = "".join(
        f"<tr><td>{escape(line.name)}</td><td class=n>{escape(shown(line))}</td>"
        f"<td class=n>{line.n}</td><td><small>{escape(line.note)}</small></td></tr>"
        for line in made.lines
    )
    figures_html = "".join(
        f'<figure><img alt="{escape(title)}" src="data:image/png;base64,'
        f'{base64.b64encode(image).decode("ascii")}"><figcaption>{escape(title)}'
        f"{'. ' + escape(note) if note else ''}</figcaption></figure>"
        for title, note, image in pictures
    )
    header, design = session.header, session.design
    who = header.get("simulated") or ""
    warn = f"<p class=warn>Simulated participant: {escape(who)}.</p>" if who else ""
    ended = header.get("ended", "broken off")
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(session.stem)}</title>"
        f"<style>{STYLE}</style><h1>{escape(design.title or design.name)}</h1>"
        f"<p>sub-{escape(session.subject)}, ses-{escape(session.session)}, "
        f"{len(session.records)} trials, {escape(str(ended))}; begun {escape(header['started'])}; "
        f"stimuli: {escape(design.synthetic or 'own pictures')}.</p>{warn}"
        f"<p><small>Intervals are 95 %.</small></p>"
        f"<table><tr><th>Measure</th><th>Value</th><th>n</th><th></th></tr>{rows}</table>"
        f"{figures_html}<p><small>Isomorph {escape(provenance.version())}, seed "
        f"{header['seed']}, {float(header['measured_hz']):.3f} Hz measured.</small></p></html>\n"
    )
