"""Every action of the window, listed once: menus, shortcuts and the palette come from here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Menu = Literal["File", "Edit", "View", "Study", "Run", "Tools", "Window", "Help"]


@dataclass(frozen=True)
class Action:
    """One action.

    ``call`` is a method of the main window, or of one of its parts ("keeper.open"); ``needs`` a
    condition under which it is enabled (see ``MainWindow.possible``): "" always, "study" when a
    study is open, "run" when its run is alive, "result" when it has one, "undo", "redo", and what
    the panel in front can do: "work", "running", "form", "views", "words", "file".
    """

    id: str
    text: str
    menu: Menu
    call: str
    shortcut: str = ""
    icon: str = ""
    needs: str = ""
    separator: bool = False
    role: Literal["", "about", "preferences", "quit"] = ""


ACTIONS = (
    Action("session.new", "New session", "File", "keeper.new", "Ctrl+N", "plus"),
    Action("session.open", "Open session…", "File", "keeper.open", "Ctrl+O", "folder-open-outline"),
    Action("session.save", "Save session", "File", "keeper.save", "Ctrl+S", "content-save-outline"),
    Action("session.save_as", "Save session as…", "File", "keeper.save_as", "Ctrl+Alt+S"),
    Action(
        "file.import",
        "Open a file…",
        "File",
        "commands.import_file",
        "Ctrl+I",
        "folder-open-outline",
        "file",
        separator=True,
    ),
    Action(
        "file.export",
        "Export…",
        "File",
        "commands.export",
        "Ctrl+E",
        "export-variant",
        "result",
        separator=True,
    ),
    Action(
        "file.report",
        "Save report…",
        "File",
        "commands.save_report",
        "",
        "file-chart-outline",
        "result",
    ),
    Action("file.quit", "Quit", "File", "close", "Ctrl+Q", role="quit", separator=True),
    Action("edit.undo", "Undo", "Edit", "undo", "Ctrl+Z", "undo", "undo"),
    Action("edit.redo", "Redo", "Edit", "redo", "Ctrl+Shift+Z", "redo", "redo"),
    Action(
        "edit.reset_all",
        "Reset all to the preset",
        "Edit",
        "commands.reset_all",
        "",
        "restore",
        "form",
        separator=True,
    ),
    Action(
        "edit.copy_picture",
        "Copy picture of view",
        "Edit",
        "commands.copy_picture",
        "Ctrl+Shift+C",
        "camera-outline",
        "views",
    ),
    Action(
        "edit.copy_result",
        "Copy result table",
        "Edit",
        "commands.copy_result",
        "",
        "content-copy",
        "study",
    ),
    Action(
        "edit.preferences",
        "Preferences…",
        "Edit",
        "preferences",
        "Ctrl+,",
        "cog-outline",
        role="preferences",
        separator=True,
    ),
    Action(
        "view.palette",
        "Find an action, study, preset or object",
        "View",
        "open_palette",
        "Ctrl+K",
        "magnify",
    ),
    Action("view.next", "Next region", "View", "next_region", "F6", separator=True),
    Action("view.previous", "Previous region", "View", "previous_region", "Shift+F6"),
    Action(
        "view.maximise",
        "Maximise view",
        "View",
        "commands.maximise_view",
        "F11",
        "arrow-expand-all",
        "views",
    ),
    Action(
        "view.theme",
        "Light or dark",
        "View",
        "switch_theme",
        "",
        "theme-light-dark",
        separator=True,
    ),
    Action(
        "study.script",
        "Show the script",
        "Study",
        "commands.show_script",
        "Ctrl+Shift+S",
        "code-tags",
        "words",
    ),
    Action(
        "study.methods",
        "Methods paragraph…",
        "Study",
        "commands.show_methods",
        "",
        "text-box-outline",
        "words",
    ),
    Action(
        "study.cite",
        "Citation…",
        "Study",
        "commands.show_citation",
        "",
        "information-outline",
        "study",
    ),
    Action(
        "study.compare",
        "Compare with the preset…",
        "Study",
        "commands.show_changes",
        "",
        "not-equal-variant",
        "form",
    ),
    Action(
        "run.primary",
        "Run, pause or continue",
        "Run",
        "commands.run_or_pause",
        "Ctrl+Return",
        "play",
        "work",
    ),
    Action("run.stop", "Stop or cancel", "Run", "commands.stop_run", "Ctrl+.", "stop", "running"),
    Action(
        "run.step",
        "Single step",
        "Run",
        "commands.single_step",
        "Ctrl+Right",
        "step-forward",
        "run",
    ),
    Action(
        "run.restart", "Restart", "Run", "commands.restart_run", "Ctrl+Shift+R", "restart", "study"
    ),
    Action(
        "run.rebuild",
        "Rebuild the network",
        "Run",
        "commands.rebuild_network",
        "Ctrl+B",
        "hammer",
        "run",
    ),
    Action(
        "run.measure",
        "Measure this preset",
        "Run",
        "commands.measure_preset",
        "Ctrl+M",
        "chart-bell-curve",
        "study",
        separator=True,
    ),
    Action("tools.trash", "Empty the trash of runs…", "Tools", "empty_trash", "", "delete-outline"),
    Action(
        "help.field", "Help of the focused field", "Help", "field_help", "F1", "help-circle-outline"
    ),
    Action("help.keys", "Keyboard map", "Help", "keyboard_map", "Ctrl+/", "keyboard-outline"),
    Action("help.hints", "First-run hints", "Help", "show_hints", "", "information-outline"),
    Action(
        "help.about",
        "About Isomorph, versions and hardware",
        "Help",
        "about",
        "",
        "information-outline",
        role="about",
        separator=True,
    ),
)


@dataclass(frozen=True)
class PanelEntry:
    """One panel of the rail: id, word, icon, and ``module:Class`` imported on first visit."""

    id: str
    word: str
    icon: str
    factory: str


PANELS = (
    PanelEntry("home", "Home", "home-outline", "app.panels.home:HomePanel"),
    PanelEntry(
        "stimuli", "Stimuli", "image-multiple-outline", "app.panels.stimuli.panel:StimuliPanel"
    ),
    PanelEntry("stage", "Stage", "presentation-play", "app.panels.stage.panel:StagePanel"),
    PanelEntry("simulate", "Simulate", "pulse", "app.panels.simulate.panel:SimulatePanel"),
    PanelEntry("explorer", "Explorer", "layers-outline", "app.panels.explorer.panel:ExplorerPanel"),
    PanelEntry("brain", "Brain", "brain", "app.panels.brain.panel:BrainPanel"),
    PanelEntry("sweeps", "Sweeps", "grid", "app.panels.sweeps.panel:SweepsPanel"),
    PanelEntry("runs", "Runs", "history", "app.panels.runs.panel:RunsPanel"),
)
"""Panels in the order of the rail; Ctrl+1 … reaches them."""
