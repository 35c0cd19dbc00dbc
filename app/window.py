"""The main window: menus, rail, panels, docks, status bar, palette; runs and sessions behind it."""

from __future__ import annotations

import importlib
import operator
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import (
    QAction,
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QKeySequence,
    QUndoGroup,
)
from PySide6.QtWidgets import (
    QApplication,
    QDockWidget,
    QHBoxLayout,
    QMainWindow,
    QMenu,
    QMenuBar,
    QMessageBox,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app import exporting
from app import settings as preferences
from app.actions import ACTIONS, PANELS, Action
from app.collector import Collector
from app.commands import StudyCommands
from app.docks.jobs import JobsView
from app.docks.workspace import WorkspaceView
from app.finder import Found, finds
from app.keeper import SessionKeeper
from app.rail import Rail
from app.recovery import show_offer
from app.settings import Settings
from app.statusbar import StatusBar
from backend.core.files import FileProblem
from backend.core.runner import Job, Runner
from backend.core.store import Store
from backend.core.tasks import Task
from backend.studies import find, ids
from widgets import icons, theme
from widgets.banner import Banner, BannerArea
from widgets.code_view import CodeView
from widgets.palette import CommandPalette
from widgets.parts import Button

if TYPE_CHECKING:
    from app.panels.simulate.page import StudyPage
    from app.panels.studies import StudyPanel
    from backend.core.objects import WorkspaceObject
    from backend.stimuli.set_store import StoredSet

SMALLEST = QSize(1100, 640)
LARGEST = QSize(1600, 1000)
SLOW_MS = 250
FRAME_MS = 16


class MainWindow(QMainWindow):
    """The program's one window."""

    def __init__(self, settings: Settings, store: Store | None = None) -> None:
        super().__init__()
        self.settings = settings
        self.collector = Collector(self)
        self.runner = Runner(store or Store())
        self.undo_group = QUndoGroup(self)
        self.panels: dict[str, Any] = {}
        self.waiting: dict[str, dict[str, Any]] = {}
        self.panel = ""
        self.actions_: dict[str, QAction] = {}
        self.keeper = SessionKeeper(self)
        self.commands = StudyCommands(self)
        self.status = StatusBar(self.runner, self)
        self.setStatusBar(self.status)
        self.problems = BannerArea()
        self.stack = QStackedWidget()
        self.rail = Rail(self)
        self.palette_: CommandPalette | None = None
        self.found: dict[str, Found] = {}
        self.slow_timer = QTimer(self)
        self.slow_timer.setInterval(SLOW_MS)
        self.slow_timer.timeout.connect(self._slow)
        self._build()
        self.show_panel("home")
        self.slow_timer.start()
        self.frame_timer = QTimer(self)
        self.frame_timer.setInterval(FRAME_MS)
        self.frame_timer.timeout.connect(self.status.tick)
        self.frame_timer.start()

    # ---- building --------------------------------------------------------------------------

    def _build(self) -> None:
        self.setObjectName("main")
        self.setMinimumSize(SMALLEST)
        self.setAcceptDrops(True)
        self.setWindowIcon(icons.icon("vector-intersection", "accent"))
        screen = QGuiApplication.primaryScreen().availableSize()
        self.resize((screen * 0.9).boundedTo(LARGEST).expandedTo(SMALLEST))
        centre = QWidget()
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.problems)
        column.addWidget(self.stack, 1)
        self.setCentralWidget(centre)
        self.addToolBar(Qt.ToolBarArea.LeftToolBarArea, self.rail)
        self.rail.chosen.connect(self.show_panel)
        self.rail.settings_asked.connect(self.preferences)
        self._menus()
        self._docks()
        self.show_title()

    def _menus(self) -> None:
        bar = QMenuBar()
        bar.setNativeMenuBar(False)
        self.menus: dict[str, QMenu] = {}
        for action in ACTIONS:
            if action.menu not in self.menus:
                self.menus[action.menu] = bar.addMenu(action.menu)
                self.menus[action.menu].aboutToShow.connect(self.enable_actions)
                self.menus[action.menu].aboutToHide.connect(self._enable_soon)
            if action.separator:
                self.menus[action.menu].addSeparator()
            self.menus[action.menu].addAction(self._action(action))
        field = Button("Find an action, study, preset or object      Ctrl+K", "magnify")
        field.clicked.connect(lambda: self.open_palette())
        top = QWidget()
        row = QHBoxLayout(top)
        row.setContentsMargins(0, theme.dp(1), theme.dp(6), theme.dp(1))
        row.addWidget(bar, 1)
        row.addWidget(field)
        self.setMenuWidget(top)

    def _action(self, declared: Action) -> QAction:
        action = QAction(declared.text, self)
        if declared.shortcut:
            action.setShortcut(QKeySequence(declared.shortcut))
        roles = {
            "about": QAction.MenuRole.AboutRole,
            "preferences": QAction.MenuRole.PreferencesRole,
            "quit": QAction.MenuRole.QuitRole,
        }
        action.setMenuRole(roles.get(declared.role, QAction.MenuRole.NoRole))
        action.triggered.connect(lambda _=False: self.do(declared))
        self.actions_[declared.id] = action
        return action

    def _docks(self) -> None:
        self.workspace = WorkspaceView(self.runner)
        self.workspace.export_asked.connect(self._export_offer)
        self.workspace.set_asked.connect(self.show_set)
        self.jobs = JobsView(self.runner)
        self.jobs.opened.connect(self._open_job)
        self.script = CodeView()
        self.docks: dict[str, QDockWidget] = {}
        for name, icon, content in (
            ("Workspace", "briefcase-outline", self.workspace),
            ("Jobs", "progress-clock", self.jobs),
            ("Script", "code-tags", self.script),
        ):
            dock = QDockWidget(name, self)
            dock.setObjectName(name.lower())
            dock.setWidget(content)
            dock.setAllowedAreas(
                Qt.DockWidgetArea.RightDockWidgetArea | Qt.DockWidgetArea.BottomDockWidgetArea
            )
            self.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
            dock.hide()
            dock.visibilityChanged.connect(self._slow_soon)
            self.docks[name.lower()] = dock
            self.status.add_toggle(dock.toggleViewAction(), icon)

    # ---- actions ---------------------------------------------------------------------------

    def do(self, declared: Action) -> None:
        """Do an action of the list, if its condition holds."""
        if self.possible(declared):
            operator.attrgetter(declared.call)(self)()

    def possible(self, declared: Action) -> bool:
        """Whether an action's condition holds now."""
        page, front = self.page, self.front
        needs: dict[str, Callable[[], bool]] = {
            "": lambda: True,
            "study": lambda: page is not None,
            "work": lambda: hasattr(front, "run_or_pause"),
            "form": lambda: hasattr(front, "history"),
            "views": lambda: hasattr(front, "board"),
            "words": lambda: hasattr(front, "script"),
            "file": lambda: hasattr(front, "take_file"),
            "running": lambda: bool(getattr(front, "alive", False)),
            "run": lambda: page is not None and page.controller.alive,
            "result": lambda: page is not None and page.controller.job is not None,
            "undo": lambda: self.undo_group.canUndo(),
            "redo": lambda: self.undo_group.canRedo(),
        }
        return needs[declared.needs]()

    def enable_actions(self) -> None:
        """Grey out what cannot be done now; undo and redo say what they would do."""
        for declared in ACTIONS:
            self.actions_[declared.id].setEnabled(self.possible(declared))
        for name, text in (("undo", self.undo_group.undoText()),
                           ("redo", self.undo_group.redoText())):  # fmt: skip
            self.actions_[f"edit.{name}"].setText(f"{name.capitalize()} {text}".strip())

    def _enable_soon(self) -> None:
        """A disabled action would swallow its shortcut; ``do`` checks the condition anyway."""
        QTimer.singleShot(0, self, self._enable_all)

    def _enable_all(self) -> None:
        for action in self.actions_.values():
            action.setEnabled(True)

    # ---- panels ----------------------------------------------------------------------------

    def show_panel(self, name: str) -> None:
        """Bring a panel to the front, making it on the first visit."""
        entry = next((entry for entry in PANELS if entry.id == name), PANELS[0])
        if entry.id not in self.panels:
            module, factory = entry.factory.split(":")
            panel = getattr(importlib.import_module(module), factory)(self)
            self.panels[entry.id] = panel
            self.stack.addWidget(panel)
            if entry.id in self.waiting and hasattr(panel, "restore"):
                panel.restore(self.waiting.pop(entry.id))
        self.panel = entry.id
        self.stack.setCurrentWidget(self.panels[entry.id])
        self.rail.show_active(entry.id)
        self.show_undo()
        show_offer(self)
        self.session_changed()

    def show_undo(self) -> None:
        """Undo is that of the page in front."""
        stack = getattr(self.front, "undo_stack", None)
        if stack is not None:
            if stack not in self.undo_group.stacks():
                self.undo_group.addStack(stack)
            self.undo_group.setActiveStack(stack)

    def studies(self, panel: str) -> StudyPanel:
        """A panel of studies (made when first asked for)."""
        if panel not in self.panels:
            here = self.panel
            self.show_panel(panel)
            self.show_panel(here)
        made: StudyPanel = self.panels[panel]
        return made

    def study_page(self, identifier: str) -> StudyPage:
        """The page of a study, in whichever panel it lives."""
        return self.studies(find(identifier).panel).page(identifier)

    @property
    def page(self) -> StudyPage | None:
        """The study page in front, if a study is in front."""
        panel = self.panels.get(self.panel)
        shown = getattr(panel, "study", "")
        return panel.page(shown) if panel is not None and shown else None

    @property
    def front(self) -> Any:
        """What menus and shortcuts act on: the study page, or the panel in front.

        It may have ``kept`` and ``restore`` (a session's dictionary), ``undo_stack``,
        ``history`` and ``form``, ``board`` (its views), ``run_or_pause``, ``stop`` and ``alive``,
        ``procedures`` and ``start``, ``script`` and ``show_methods``, ``take_file``, ``regions``
        and ``shut``; an action is possible when the front has what it needs.
        """
        panel = self.panels.get(self.panel)
        return getattr(panel, "front", panel)

    def running_in(self, panel: str) -> bool:
        """True while a run of a study of this panel is alive."""
        return any(not job.draft and job.study.panel == panel for job in self.runner.alive)

    def open_study(self, identifier: str) -> StudyPage:
        """Show a study's page."""
        panel = find(identifier).panel
        page = self.studies(panel).show_study(identifier)
        self.show_panel(panel)
        return page

    def open_page(self, identifier: str) -> None:
        """A study by its id; any other name is the front page of the panel in front."""
        if identifier in ids():
            self.open_study(identifier)
        else:
            self.panels[self.panel].show_explore()

    def open_study_running(self, identifier: str) -> None:
        """Show a study and start it: the second click of the first minute."""
        page = self.open_study(identifier)
        if page.controller.job is None:
            page.run_or_pause()

    def open_preset(self, identifier: str, preset: str) -> None:
        """Show a study with one of its presets."""
        self.open_study(identifier).choose_preset(preset)

    def show_set(self, stored: StoredSet) -> None:
        """Show a stored stimulus set in the studio."""
        self.show_panel("stimuli")
        panel = self.panels["stimuli"]
        panel.browser.choose(stored.id)
        panel.sets.show(stored)

    def show_maps(self, maps: WorkspaceObject) -> None:
        """Draw maps of a study on the cortex."""
        from backend.brain.surface_map import SurfaceMap

        if not isinstance(maps, SurfaceMap):
            self.say(f"{maps.name} has no places on a surface; export it as a table.")
            return
        self.show_panel("brain")
        self.panels["brain"].show_explore().files.send(maps)

    # ---- runs ------------------------------------------------------------------------------

    def _open_job(self, job: Job | Task) -> None:
        """Show where a row of the Jobs dock belongs."""
        if isinstance(job, Task):
            self.show_panel(job.panel)
        else:
            self.open_study(job.study.id)

    def _export_offer(self, job: Job, offer: Any) -> None:
        exporting.export_offer(self.study_page(job.study.id), job, offer)

    # ---- edit, view ------------------------------------------------------------------------

    def undo(self) -> None:
        self.undo_group.undo()

    def redo(self) -> None:
        self.undo_group.redo()

    def preferences(self) -> None:
        """Open the preferences; every change acts at once."""
        from app.dialogs.preferences import Preferences

        dialog = Preferences(self.settings, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.changed.connect(self.set_preferences)
        dialog.open()

    def set_preferences(self, settings: Settings) -> None:
        """Use and store other preferences."""
        from app.main import show_theme

        look = ("theme", "font_size", "system_font", "high_contrast")
        changed = {n for n in look if getattr(settings, n) != getattr(self.settings, n)}
        self.settings = settings
        application = QApplication.instance()
        if changed and isinstance(application, QApplication):
            show_theme(application, settings)
        if changed & {"font_size", "system_font"}:
            self._make_anew()
        try:
            preferences.save(settings)
        except FileProblem as problem:
            self.say(str(problem))

    def _make_anew(self) -> None:
        """Lengths follow the font, so panels are made again; living runs are not disturbed."""
        if self.runner.alive:
            self.say("The font size reaches everything when the runs have ended.")
            return
        session = self.keeper.collect()
        self.drop_panels()
        self.keeper.take(session)

    def drop_panels(self) -> None:
        """Forget every panel with what it shows; Home is made anew."""
        self.commands.close_view_windows()
        for panel in self.panels.values():
            self._shut_panel(panel)
            self.stack.removeWidget(panel)
            panel.hide()
            panel.deleteLater()
        self.panels, self.panel = {}, ""
        self.show_panel("home")

    @staticmethod
    def _shut_panel(panel: Any) -> None:
        if hasattr(panel, "shut"):
            panel.shut()

    def switch_theme(self) -> None:
        """From light to dark and back."""
        wanted = "light" if theme.is_dark() else "dark"
        self.set_preferences(self.settings.changed(theme=wanted))

    def next_region(self) -> None:
        self._move_region(1)

    def previous_region(self) -> None:
        self._move_region(-1)

    def _move_region(self, step: int) -> None:
        """F6: rail, header, strip, set-up, views, result, docks."""
        regions: list[QWidget] = [self.rail]
        regions += getattr(self.front, "regions", None) or [self.panels[self.panel]]
        regions += [dock for dock in self.docks.values() if dock.isVisible()]
        focus = QApplication.focusWidget()
        here = next((i for i, r in enumerate(regions) if focus and r.isAncestorOf(focus)), -step)
        for offset in range(1, len(regions) + 1):
            region = regions[(here + step * offset) % len(regions)]
            child = next(
                (c for c in region.findChildren(QWidget)
                 if c.isVisible() and c.isEnabled()
                 and c.focusPolicy() & Qt.FocusPolicy.TabFocus),
                None,
            )  # fmt: skip
            if child is not None:
                child.setFocus(Qt.FocusReason.TabFocusReason)
                return

    def open_palette(self, text: str = "") -> None:
        """Ctrl+K."""
        if self.palette_ is None:
            self.palette_ = CommandPalette(self)
            self.palette_.chosen.connect(lambda name: self.found[name].call())
        self.found = finds(self)
        self.palette_.open_with([one.entry for one in self.found.values()], text)

    # ---- tools, help -----------------------------------------------------------------------

    def empty_trash(self) -> None:
        """Delete trashed runs for good, after a question."""
        box = QMessageBox(self)
        box.setIcon(QMessageBox.Icon.Question)
        box.setText("Delete the runs in the trash for good?")
        delete = box.addButton("Delete for good", QMessageBox.ButtonRole.DestructiveRole)
        box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
        box.exec()
        if box.clickedButton() is delete:
            self.runner.store.empty_trash()
            if "runs" in self.panels:
                self.panels["runs"].undo_stack.clear()

    def field_help(self) -> None:
        """Help of the focused field, beside it and in the status bar."""
        from PySide6.QtWidgets import QToolTip

        focus = QApplication.focusWidget()
        form = getattr(self.front, "form", None)
        if focus is None or form is None:
            self.say("Open a study and choose a field, then press F1.")
            return
        for name, row in form.rows.items():
            if row is focus or row.isAncestorOf(focus):
                declared = form.declarations[name]
                parts = (declared.help, f"It goes {declared.limits_text}.", declared.source)
                words = " ".join(p for p in parts if p and (p != parts[1] or declared.numeric))
                corner = row.mapToGlobal(row.rect().bottomLeft())
                QToolTip.showText(corner, words, row)
                self.say(f"{declared.label}: {words}")
                return
        self.say(focus.toolTip() or focus.accessibleDescription() or "No help for this.")

    def keyboard_map(self) -> None:
        """All shortcuts."""
        rows = [f"{a.shortcut:<16} {a.text}" for a in ACTIONS if a.shortcut]
        rows += [f"{'Ctrl+' + str(i):<16} {entry.word}" for i, entry in enumerate(PANELS, 1)]
        rows += [f"{'Ctrl+Backspace':<16} Reset the field to the preset"]
        self.show_text("Keyboard map", "Everything can be reached by keys.", "\n".join(rows))

    def show_hints(self) -> None:
        """Show the first-run hints on Home again."""
        self.set_preferences(self.settings.changed(hints=True))
        self.show_panel("home")

    def about(self) -> None:
        from app.dialogs.about import about

        dialog = about(self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def show_text(self, title: str, sentence: str, text: str) -> None:
        """A dialog with text that can be copied."""
        from app.dialogs.about import TextDialog

        dialog = TextDialog(self, title, sentence, text)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    # ---- words -----------------------------------------------------------------------------

    def say(self, text: str) -> None:
        """One line in the status bar for eight seconds."""
        self.status.say(text)

    def report_problem(self, title: str, text: str, details: str = "") -> None:
        """A problem above everything; nothing a user does ends the program."""
        self.problems.show_banner("problem", Banner(title, text, "error", (), details))

    def show_title(self) -> None:
        """Session, then the program."""
        name = self.keeper.path.name if self.keeper.path is not None else "Untitled session"
        self.setWindowTitle(f"{name}[*] — Isomorph")

    def started(self, seconds: float) -> None:
        """Say how long the start took."""
        self.status.saved.setText(f"✓ Ready in {seconds:.1f} s")
        self.status.saved.updateGeometry()

    # ---- time ------------------------------------------------------------------------------

    def session_changed(self) -> None:
        """Something worth keeping changed."""
        self.keeper.changed()

    def _slow_soon(self, *_: Any) -> None:
        if self.slow_timer.isActive():  # docks also say goodbye while the window is destroyed
            QTimer.singleShot(0, self, self._slow)

    def _slow(self) -> None:
        """Docks and job count, four times a second."""
        self.status.show_jobs()
        if self.docks["jobs"].isVisible():
            self.jobs.model.refresh()
        if self.docks["workspace"].isVisible():
            self.workspace.model.refresh()
        if self.docks["script"].isVisible() and hasattr(self.front, "script"):
            self.script.set_code(self.front.script())

    # ---- files, end ------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [Path(u.toLocalFile()) for u in event.mimeData().urls() if u.isLocalFile()]
        event.acceptProposedAction()
        for path in paths[:1]:
            self.take_file(path)

    def take_file(self, path: Path) -> None:
        """A session opens; anything else goes to the study or panel in front."""
        if path.suffix == ".isomorph":
            self.keeper.open_file(path)
        elif hasattr(self.front, "take_file"):
            self.front.take_file(path)
        else:
            self.say("Open a study first, then drop the file on it.")

    def confirm_runs(self, verb: str) -> bool:
        """Ask once when runs are alive; cancels them when the user agrees."""
        names = [f"{job.study.title} · {job.record.preset}" for job in self.runner.alive
                 if not job.draft]  # fmt: skip
        tasks = [f"{task.title}. {task.ends}" for task in self.runner.busy]
        stage = self.panels.get("stage")
        if stage is not None and stage.alive:
            names.append(f"Session {stage.next_stem}")
        if not names and not tasks:
            return True
        words = ["Runs are alive. What they found so far is kept."] if names else []
        words += ["Work is under way."] if tasks else []
        box = QMessageBox(self)
        box.setIcon(QMessageBox.Icon.Question)
        box.setText(" ".join(words))
        box.setInformativeText("\n".join([*names, *tasks]))
        go = box.addButton(verb, QMessageBox.ButtonRole.AcceptRole)
        box.setDefaultButton(box.addButton("Stay", QMessageBox.ButtonRole.RejectRole))
        box.exec()
        if box.clickedButton() is not go:
            return False
        return self.runner.shutdown()

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self.confirm_runs("Cancel runs and close"):
            event.ignore()
            return
        self.shut()
        super().closeEvent(event)

    def shut(self) -> None:
        """Stop timers and runs and keep the session (also used by tests)."""
        self.commands.close_view_windows()
        for timer in (self.slow_timer, self.frame_timer, self.status.quiet):
            timer.stop()
        for panel in self.panels.values():
            self._shut_panel(panel)
        self.runner.shutdown()
        self.keeper.close()
        self.collector.stop()
