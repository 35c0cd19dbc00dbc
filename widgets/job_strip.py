"""The strip that says what a run is doing, and the buttons that steer it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleEvent, QAction, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QMenu, QWidget

from widgets import icons, theme
from widgets.inputs import Combo, LineEdit, Tick
from widgets.parts import Button, Chip, Elided, Panel, Separator, Tool

STATES = ("idle", "running", "rebuilding", "paused", "done", "cancelled", "failed")
PRIMARY = {
    "running": ("Pause", "pause"), "rebuilding": ("Pause", "pause"), "paused": ("Continue", "play"),
}  # fmt: skip
NEEDED_PX = 860  # buttons, chip, clock and words on the left; Draw and more on the right
WORK_PX = 580  # the same of work that is no simulation: primary button, chip, progress, words
SPEEDS: tuple[tuple[str, float | None], ...] = (("as fast as it goes", None),)


class Progress(QWidget):
    """180 × 6 px bar; without easing."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.share = 0.0
        self.setFixedSize(theme.dp(180), theme.dp(20))
        self.setAccessibleName("Progress")

    def set_share(self, share: float) -> None:
        """Show a share from 0 to 1."""
        share = min(max(share, 0.0), 1.0)
        if share != self.share:
            self.share = share
            self.setAccessibleDescription(f"{round(100 * share)} percent")
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        high = theme.dp(6)
        box = QRectF(0, (self.height() - high) / 2, self.width(), high)
        painter.setBrush(theme.token("border"))
        painter.drawRoundedRect(box, 3, 3)
        box.setWidth(self.width() * self.share)
        painter.setBrush(theme.token("fill"))
        painter.drawRoundedRect(box, 3, 3)
        painter.end()


class ContinuePopup(QFrame):
    """*Continue for…* and *Stop when…*, beside the button that opened it; not a dialog."""

    continue_for_asked = Signal(float)
    stop_when_asked = Signal(str, bool, float)

    def __init__(self, unit: str, monitors: Mapping[str, str], parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setFrameShape(QFrame.Shape.Box)
        grid = QGridLayout(self)
        grid.setContentsMargins(*(theme.dp(10),) * 4)
        grid.setSpacing(theme.dp(6))
        self.duration = LineEdit()
        self.duration.setText("100")
        self.duration.setAccessibleName(f"Continue for, {unit}")
        go = Button("Continue", "play")
        go.clicked.connect(self._continue)
        grid.addWidget(Elided(f"Continue for ({unit})"), 0, 0)
        grid.addWidget(self.duration, 0, 1, 1, 2)
        grid.addWidget(go, 0, 3)
        self.monitor, self.side, self.bound = Combo(), Combo(), LineEdit()
        for name, monitor_unit in monitors.items():
            self.monitor.addItem(f"{name} ({monitor_unit})" if monitor_unit else name, name)
        self.side.addItem("above", True)
        self.side.addItem("below", False)
        self.bound.setText("0")
        self.bound.setAccessibleName("Bound")
        self.monitor.setMinimumWidth(theme.dp(120))
        for box in (self.duration, self.bound):
            box.setFixedWidth(theme.dp(80))
        if monitors:
            stop = Button("Set", "pause")
            stop.clicked.connect(self._stop)
            grid.addWidget(Elided("Stop when"), 1, 0)
            grid.addWidget(self.monitor, 1, 1)
            grid.addWidget(self.side, 1, 2)
            grid.addWidget(self.bound, 1, 3)
            grid.addWidget(stop, 1, 4)

    def _continue(self) -> None:
        value = number(self.duration)
        if value is not None and value > 0:
            self.continue_for_asked.emit(value)
            self.close()

    def _stop(self) -> None:
        value = number(self.bound)
        if value is not None:
            self.stop_when_asked.emit(self.monitor.currentData(), self.side.currentData(), value)
            self.close()


def number(box: LineEdit) -> float | None:
    """Number of a line edit, outlined when it holds none."""
    try:
        value = float(box.text().replace("\u2212", "-"))
    except ValueError:
        box.refused = True
        box.update()
        return None
    box.refused = False
    box.update()
    return value


class JobStrip(Panel):
    """40 px: primary button, step, stop, restart, state, progress or clock; speed and Draw right.

    Signals: ``run_asked``, ``pause_asked``, ``continue_asked``, ``step_asked``, ``stop_asked``,
    ``restart_asked``, ``rebuild_asked``, ``procedure_asked(id)``, ``speed_changed(value)`` (None:
    as fast as it goes), ``draw_changed(on)``, ``continue_for_asked(duration)``,
    ``stop_when_asked(monitor, above, bound)``.
    """

    run_asked = Signal()
    pause_asked = Signal()
    continue_asked = Signal()
    step_asked = Signal()
    stop_asked = Signal()
    restart_asked = Signal()
    rebuild_asked = Signal()
    procedure_asked = Signal(str)
    speed_changed = Signal(object)
    draw_changed = Signal(bool)
    continue_for_asked = Signal(float)
    stop_when_asked = Signal(str, bool, float)

    def __init__(
        self,
        words: Mapping[str, tuple[str, str]] | None = None,
        simulation: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        """``words`` = {state: (verb, icon)} of the primary button; work that is no simulation has
        neither steps nor a speed."""
        super().__init__("bottom", parent=parent)
        self.setFixedHeight(theme.dp(40))
        self.state = "idle"
        self._primary_words = {"idle": ("Run", "play")} | PRIMARY | dict(words or {})
        self._simulation = simulation
        self._endless = simulation
        self._can_run, self._reason = True, ""
        self._unit = "ms"
        self._monitors: dict[str, str] = {}
        self._words = ("", "", "")
        self._procedures: list[Button] = []
        self._more_procedures: tuple[Any, ...] = ()
        self._compact = False
        self._make_buttons()
        self._make_words()
        self._lay_out()
        self.set_state("idle")

    # ---- making --------------------------------------------------------------------------

    def _make_buttons(self) -> None:
        self.primary = Button("Continue", "play", primary=True)
        # One width for all its words, so that the next button never moves.
        widths = []
        for text, _ in self._primary_words.values():
            self.primary.setText(text)
            widths.append(self.primary.sizeHint().width())
        self.primary.setFixedWidth(max(theme.dp(92), *widths))
        self.primary.setToolTip("Run, pause, continue (Ctrl+Enter)")
        self.primary.clicked.connect(self._press_primary)
        self.step = Tool("step-forward", "One step (Ctrl+Right)", framed=True)
        self.step.clicked.connect(self.step_asked)
        self.stop = Tool("stop", "Stop (Ctrl+.)", framed=True)
        self.stop.clicked.connect(self.stop_asked)
        self.restart = Tool("restart", "Start again", framed=True)
        self.restart.clicked.connect(self.restart_asked)
        self.rebuild = Button("Rebuild", "hammer")
        self.rebuild.setToolTip("Build the network anew with the values you changed")
        self.rebuild.clicked.connect(self.rebuild_asked)
        self.rebuild.hide()
        self.speed = Combo()
        self.speed.setAccessibleName("Speed")
        self.speed.activated.connect(lambda row: self.speed_changed.emit(self.speed.itemData(row)))
        self.set_speeds(SPEEDS)
        self.draw = Tick("Draw")
        self.draw.setChecked(True)
        self.draw.setToolTip("Off: the views keep a still picture and the run goes faster")
        self.draw.toggled.connect(self.draw_changed)
        self.more = Tool("dots-vertical", "More about the run")
        self.more.clicked.connect(self.open_menu)

    def _make_words(self) -> None:
        self.chip = Chip(strong=True)
        self.progress = Progress()
        self.progress.hide()
        self.clock = Elided("", "body", "text", whole=True)
        self.activity = Elided("", "body", "text2")
        self.note = Elided("", "body", "text3")
        self.speed_label = Elided("Speed", "body", "text2")

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.dp(12), 0, theme.dp(8), 1)
        row.setSpacing(theme.dp(6))
        for button in (self.primary, self.step, self.stop, self.restart, self.rebuild):
            row.addWidget(button)
        row.addSpacing(theme.dp(2))
        row.addWidget(Separator())
        row.addSpacing(theme.dp(2))
        row.addWidget(self.chip)
        for word in (self.progress, self.clock, self.activity, self.note):
            row.addWidget(word)
        row.addStretch(1)
        self._right = QHBoxLayout()
        self._right.setSpacing(theme.dp(6))
        row.addLayout(self._right)
        simulation = (self.step, self.restart, self.speed_label, self.speed, self.draw)
        for part in simulation[2:]:
            row.addWidget(part)
        for widget in simulation:
            widget.setVisible(self._simulation)
        row.addWidget(self.more)
        self.more.setVisible(self._simulation)

    # ---- state ---------------------------------------------------------------------------

    def set_state(self, state: str, word: str = "") -> None:
        """Show a state; ``word`` replaces its name ("Presenting" on the stage)."""
        if state not in STATES:
            raise ValueError(f"unknown state {state!r}")
        changed = state != self.state
        self.state = state
        self.chip.show_state(state, word or state.capitalize(), icons.STATE[state])
        text, icon = self._primary_words.get(state, self._primary_words["idle"])
        self.primary.setText(text)
        self.primary.setAccessibleName(text)
        self.primary.set_icon(icon)
        alive = state in ("running", "rebuilding", "paused")
        self.primary.setEnabled(alive or self._can_run)
        possible: dict[QWidget, bool] = {
            self.step: state == "paused", self.stop: alive,
            self.restart: alive or (state != "idle" and self._can_run),
            **dict.fromkeys(self._procedures, self._can_run and not alive),
        }  # fmt: skip
        if any(button.hasFocus() and not on for button, on in possible.items()):
            self.primary.setFocus()  # a button that is greyed out would send the focus away
        for button, on in possible.items():
            button.setEnabled(on)
        self._show_words()
        if changed and QAccessible.isActive():
            event = QAccessibleEvent(self.chip, QAccessible.Event.NameChanged)
            QAccessible.updateAccessibility(event)

    def set_primary_words(self, words: Mapping[str, tuple[str, str]]) -> None:
        """Other verbs of the primary button, by state; its width stays."""
        self._primary_words = {**self._primary_words, **words}

    def _press_primary(self) -> None:
        if self.state == "paused":
            self.continue_asked.emit()
        elif self.state in ("running", "rebuilding"):
            self.pause_asked.emit()
        else:
            self.run_asked.emit()

    def set_can_run(self, on: bool, reason: str = "") -> None:
        """Enable Run, or say beside it why it is off."""
        self._can_run, self._reason = on, reason
        self.set_state(self.state, self.chip.text())

    def set_endless(self, endless: bool) -> None:
        """*Stop* for endless simulations, *Cancel* for finite jobs."""
        self._endless = endless
        words = "Stop" if endless else "Cancel"
        self.stop.setToolTip(f"{words} (Ctrl+.)")
        self.stop.setAccessibleName(words)

    def set_progress(self, done: float | None, total: float | None = None) -> None:
        """Show how far a finite job is; None hides the bar."""
        shown = done is not None and bool(total)
        if shown == self.progress.isHidden():
            self.progress.setVisible(shown)
        if done is not None and total:
            self.progress.set_share(done / total)

    def set_words(self, clock: str = "", activity: str = "", note: str = "") -> None:
        """Clock ("t = 1284 ms"), what it is doing, and the time left."""
        self._words = (clock, activity, note)
        self._show_words()

    def _show_words(self) -> None:
        clock, activity, note = self._words
        if not self._can_run and self.state not in ("running", "rebuilding", "paused"):
            activity = self._reason or activity
        for label, text in ((self.clock, clock), (self.activity, activity), (self.note, note)):
            if label.text() != text:
                label.setText(text)
                label.updateGeometry()
            if bool(text) == label.isHidden():
                label.setVisible(bool(text))

    def set_rebuild_waiting(self, waiting: bool) -> None:
        """Show the *Rebuild* button: values that need a new network were edited."""
        self.rebuild.setVisible(waiting)

    def add_right(self, widget: QWidget) -> None:
        """A button at the right end."""
        self._right.addWidget(widget)

    # ---- what the study offers -----------------------------------------------------------

    def set_procedures(self, procedures: Iterable[Any], more: Iterable[Any] = ()) -> None:
        """Buttons of the study's procedures (id, button, icon, help); ``more`` go to the menu."""
        self._more_procedures = tuple(more)
        self.more.setVisible(self._simulation or bool(self._more_procedures))
        if any(button.hasFocus() for button in self._procedures):
            self.primary.setFocus()
        last: QWidget = self.more
        for button in self._procedures:
            self._right.removeWidget(button)
            button.hide()
            button.deleteLater()
        self._procedures = []
        for procedure in procedures:
            button = Button(procedure.button, procedure.icon)
            button.setToolTip(procedure.help)
            button.clicked.connect(lambda _=False, p=procedure.id: self.procedure_asked.emit(p))
            self._right.addWidget(button)
            self._procedures.append(button)
            QWidget.setTabOrder(last, button)
            last = button
        self.set_state(self.state, self.chip.text())
        self._fold()

    def set_speeds(self, speeds: Iterable[tuple[str, float | None]]) -> None:
        """Choices of the speed combo: (words, model time per second of wall time or None)."""
        self.speed.clear()
        for words, value in speeds:
            self.speed.addItem(words, value)
        width = max(
            (self.fontMetrics().horizontalAdvance(self.speed.itemText(i))
             for i in range(self.speed.count())), default=0,
        )  # fmt: skip
        self.speed.setFixedWidth(width + theme.dp(34))

    def set_monitors(self, unit: str, monitors: Mapping[str, str]) -> None:
        """Unit of model time, and {monitor: unit} for *Stop when…*."""
        self._unit, self._monitors = unit, dict(monitors)

    def set_compact(self, compact: bool) -> None:
        """On low windows Speed goes into the *more* menu."""
        self._compact = compact
        self._fold()

    def resizeEvent(self, event: QEvent) -> None:
        self._fold()

    def _fold(self) -> None:
        """What the run does keeps its room: words of buttons go first, then Speed."""
        for button in self._procedures:
            button.set_words(True)
        words = sum(button.sizeHint().width() + theme.dp(6) for button in self._procedures)
        if not self._simulation:
            narrow = theme.dp(WORK_PX) + words > self.width()
            for button in self._procedures:
                button.set_words(not narrow)
            return
        speed = self.speed.width() + self.speed_label.sizeHint().width() + theme.dp(12)
        needed = theme.dp(NEEDED_PX)
        narrow = needed + speed + words > self.width()
        for button in self._procedures:
            button.set_words(not narrow)
        words = len(self._procedures) * theme.dp(34) if narrow else words
        hidden = self._compact or needed + speed + words > self.width()
        self.speed.setVisible(not hidden)
        self.speed_label.setVisible(not hidden)

    # ---- menu ----------------------------------------------------------------------------

    def open_menu(self) -> None:
        """*Continue for…*, *Stop when…*, and Speed where it has no room."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if self._simulation:
            words = "Continue for, stop when…" if self._monitors else "Continue for…"
            action = QAction(words, menu)
            action.triggered.connect(self.open_popup)
            menu.addAction(action)
        if self._simulation and self._more_procedures:
            menu.addSeparator()
        idle = self._can_run and self.state not in ("running", "rebuilding", "paused")
        for procedure in self._more_procedures:
            entry = menu.addAction(procedure.button)
            entry.setToolTip(procedure.help)
            entry.setEnabled(idle)
            entry.triggered.connect(lambda _=False, p=procedure.id: self.procedure_asked.emit(p))
        if self._simulation and self.speed.isHidden():
            menu.addSeparator()
            for row in range(self.speed.count()):
                entry = menu.addAction(f"Speed: {self.speed.itemText(row)}")
                entry.setCheckable(True)
                entry.setChecked(row == self.speed.currentIndex())
                entry.triggered.connect(lambda _=False, r=row: self._choose_speed(r))
        menu.popup(self.more.mapToGlobal(QPoint(0, self.more.height())))

    def _choose_speed(self, row: int) -> None:
        self.speed.setCurrentIndex(row)
        self.speed_changed.emit(self.speed.itemData(row))

    def open_popup(self) -> ContinuePopup:
        """Open the fields of *Continue for…* and *Stop when…*."""
        popup = ContinuePopup(self._unit, self._monitors, self)
        popup.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        popup.continue_for_asked.connect(self.continue_for_asked)
        popup.stop_when_asked.connect(self.stop_when_asked)
        popup.adjustSize()
        corner = self.more.mapToGlobal(QPoint(self.more.width(), self.more.height()))
        popup.move(corner - QPoint(popup.width(), 0))
        popup.show()
        popup.duration.setFocus()
        return popup

    def sizeHint(self) -> QSize:
        return QSize(theme.dp(900), theme.dp(40))
