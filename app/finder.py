"""What the command palette can find: actions, panels, studies, presets, runs and views."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from app.actions import ACTIONS, PANELS
from backend.studies import find, ids
from widgets.palette import Entry

if TYPE_CHECKING:
    from app.window import MainWindow


def entries(window: MainWindow) -> list[Entry]:
    """Everything that can be found now, most general first."""
    found = [
        Entry(a.text, a.menu, a.icon, "help" if a.menu == "Help" else "action",
              partial(window.do, a), a.shortcut)
        for a in ACTIONS
        if window.possible(a) and a.id != "view.palette"
    ]  # fmt: skip
    found += [
        Entry(f"Go to {p.word}", "Panel", p.icon, "action", partial(window.show_panel, p.id))
        for p in PANELS
    ]
    for identifier in ids():
        study = find(identifier)
        found.append(
            Entry(study.title, "Study", "pulse", "study", partial(window.open_study, identifier))
        )
        found += [
            Entry(f"{preset.name} · {preset.title}", study.title, "tune", "study",
                  partial(window.open_preset, identifier, preset.name))
            for preset in study.presets
        ]  # fmt: skip
    if window.page is not None:
        page = window.page
        found += [
            Entry(f"{declared.label}", f"Parameter · {declared.group}", "tune", "object",
                  partial(page.form.show_parameter, name))
            for name, declared in page.form.declarations.items()
            if page.form.is_shown(name)
        ]  # fmt: skip
    found += [
        Entry(f"{record.preset} · {record.started.replace('T', ' ')}", "Run", "history", "object",
              partial(window.reopen_run, record))
        for record in window.runner.store.records()[:50]
    ]  # fmt: skip
    return found
