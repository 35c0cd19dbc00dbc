"""What the command palette can find: actions, panels, studies, presets, runs and views."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from app import exporting
from app.actions import ACTIONS, PANELS
from backend.stimuli.set_store import SetStore
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
    rows = [*actions(window), *studies(window), *makers(window), *objects(window)]
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
    front = window.front
    for procedure in getattr(front, "procedures", ()):
        start = partial(front.start, procedure.id)
        rows.append((procedure.button, front.board.title, "", procedure.icon, "action", start))
    page = window.page
    job = page.controller.job if page is not None else None
    for offer in list(job.run.offers.values()) if job is not None else []:
        if page is not None and offer.maps:
            send = partial(exporting.send_to_cortex, page, job, offer)
            rows.append((f"Send {offer.label} to cortex", "Brain", "", "brain", "action", send))
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


def makers(window: MainWindow) -> list[Row]:
    """Stimulus generators with their presets, and experiments."""
    from backend.stage.templates import TEMPLATES
    from backend.stimuli import generators

    rows: list[Row] = []
    for name, words in generators.TITLES.items():
        call = partial(open_generator, window, name, "")
        rows.append((words, "Stimuli", "", "image-multiple-outline", "study", call))
        if "stimuli" not in window.panels:
            continue  # presets come with the kernels, which the palette must not wait for
        for preset in generators.find(name).presets:
            title = f"{preset.name} · {preset.title}"
            load = partial(open_generator, window, name, preset.name)
            rows.append((title, words, "", "tune", "study", load))
    for one in TEMPLATES.values():
        call = partial(open_experiment, window, one.id)
        rows.append((one.title, "Experiment", "", "presentation-play", "study", call))
    return rows


def open_generator(window: MainWindow, name: str, preset: str) -> None:
    """Show a generator in the studio, with a preset when one is named."""
    window.show_panel("stimuli")
    panel = window.panels["stimuli"]
    panel.show_generator(name)
    if preset:
        panel.history.set_preset(preset)


def open_experiment(window: MainWindow, identifier: str) -> None:
    """Put a template on the stage's desk."""
    window.show_panel("stage")
    window.panels["stage"].open_template(identifier)


def objects(window: MainWindow) -> list[Row]:
    """Parameters of the page in front, and runs of the history."""
    rows: list[Row] = []
    form = getattr(window.front, "form", None)
    if form is not None:
        for name, declared in form.declarations.items():
            if form.is_shown(name):
                call = partial(form.show_parameter, name)
                where = f"Parameter · {declared.group}"
                rows.append((declared.label, where, "", "tune", "object", call))
    for stored in SetStore().records()[:50]:
        call = partial(window.show_set, stored)
        icon = "image-multiple-outline"
        rows.append((stored.name, f"Stimulus set · {stored.size}", "", icon, "object", call))
    for record in window.runner.store.records()[:50]:
        title = f"{record.preset} · {record.started.replace('T', ' ')}"
        call = partial(window.commands.reopen_run, record)
        rows.append((title, "Run", "", "history", "object", call))
    return rows
