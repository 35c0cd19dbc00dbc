"""What the command palette can find: actions, panels, studies, presets, runs and views."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from app.actions import ACTIONS, PANELS
from backend.studies import find, ids
from widgets.palette import Entry

if TYPE_CHECKING:
    from app.window import MainWindow

Row = tuple[str, str, str, str, str, Callable[[], object]]
"""Title, where, shortcut, icon, kind, call."""


@dataclass(frozen=True)
class Found:
    """An entry of the palette and what choosing it does."""

    entry: Entry
    call: Callable[[], object]


def finds(window: MainWindow) -> dict[str, Found]:
    """Everything that can be found now, most general first, by entry id."""
    rows = [*actions(window), *studies(window), *objects(window)]
    return {
        str(number): Found(Entry(str(number), title, where, shortcut, icon, kind), call)
        for number, (title, where, shortcut, icon, kind, call) in enumerate(rows)
    }


def actions(window: MainWindow) -> list[Row]:
    """Actions that are possible now, and the panels."""
    rows: list[Row] = []
    for a in ACTIONS:
        if window.possible(a) and a.id != "view.palette":
            kind = "help" if a.menu == "Help" else "action"
            icon = a.icon or "chevron-right"
            rows.append((a.text, a.menu, a.shortcut, icon, kind, partial(window.do, a)))
    if window.page is not None:
        for procedure in window.page.procedures:
            start = partial(window.page.start, procedure.id)
            where = window.page.controller.study.title
            rows.append((procedure.button, where, "", procedure.icon, "action", start))
    for number, panel in enumerate(PANELS, 1):
        call = partial(window.show_panel, panel.id)
        rows.append((f"Go to {panel.word}", "Panel", f"Ctrl+{number}", panel.icon, "action", call))
    return rows


def studies(window: MainWindow) -> list[Row]:
    """Studies and their presets."""
    rows: list[Row] = []
    for name in ids():
        study = find(name)
        call = partial(window.open_study, name)
        rows.append((study.title, "Study", "", "pulse", "study", call))
        for preset in study.presets:
            load = partial(window.open_preset, name, preset.name)
            title = f"{preset.name} · {preset.title}"
            rows.append((title, study.title, "", "tune", "study", load))
    return rows


def objects(window: MainWindow) -> list[Row]:
    """Parameters of the page in front, and runs of the history."""
    rows: list[Row] = []
    if window.page is not None:
        form = window.page.form
        for name, declared in form.declarations.items():
            if form.is_shown(name):
                call = partial(form.show_parameter, name)
                where = f"Parameter · {declared.group}"
                rows.append((declared.label, where, "", "tune", "object", call))
    for record in window.runner.store.records()[:50]:
        title = f"{record.preset} · {record.started.replace('T', ' ')}"
        call = partial(window.commands.reopen_run, record)
        rows.append((title, "Run", "", "history", "object", call))
    return rows
