"""The job strip: primary button, state, progress, what is being done, and tools of the run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRect, QSize, Signal
from PySide6.QtGui import QAccessible, QAccessibleEvent, QAction, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QInputDialog, QMenu, QSizePolicy, QWidget

from widgets import icons, theme
from widgets.parts import Button, Chip, Combo, Elided, Panel, Separator, Tick, Tool

SPEEDS: tuple[tuple[str, float | None], ...] = (
    ("as fast as it goes", None),
    ("real time", 1000.0),
    ("× 0.1", 100.0),
    ("× 0.01", 10.0),
    ("× 0.001", 1.0),
    ("× 0.0001", 0.1),
)
"""Words and model milliseconds a wall second."""

WORDS = {
    "idle": "Idle", "running": "Running", "rebuilding": "Rebuilding", "paused": "Paused",
    "done": "Done", "cancelled": "Cancelled", "failed": "Failed",
}  # fmt: skip
ALIVE = ("running", "rebuilding", "paused")


@dataclass(frozen=True)
class StripState:
    """What the strip shows of a run."""

    state: str = "idle"
    endless: bool = True
    done: float | None = None
    total: float | None = None
    activity: str = ""
    detail: str = ""
    reason: str = ""
    waiting: int = 0


class Progress(QWidget):
    """A flat bar 180 px wide, without easing."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._share = 0.0
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Progress")

    def show_share(self, share: float) -> None:
        """Show a share between 0 and 1."""
        share = min(max(share, 0.0), 1.0)
        if share != self._share:
            self._share = share
            self.setAccessibleDescription(f"{100 * share:.0f} %")
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(theme.dp(180), theme.dp(6))

    minimumSizeHint = sizeHint

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.token("border"))
        width = round(self.width() * self._share)
        painter.fillRect(QRect(0, 0, width, self.height()), theme.token("fill"))
        painter.end()


class JobStrip(Panel):
    """Signals: ``primary()`` Run, Pause or Continue; ``stop()``; ``step()``; ``restart()``;
    ``rebuild()``; ``speed_changed(ms a second or None)``; ``draw_changed(bool)``;
    ``procedure(id)``; ``continue_for(ms)``; ``stop_when(monitor, above, bound)``.
    """

    primary = Signal()
    stop = Signal()
    step = Signal()
    restart = Signal()
    rebuild = Signal()
    speed_changed = Signal(object)
    draw_changed = Signal(bool)
    procedure = Signal(str)
    continue_for = Signal(float)
    stop_when = Signal(str, bool, float)

    def __init__(self, time_unit: str = "ms", parent: QWidget | None = None) -> None:
        super().__init__("bottom", "window", parent)
        self.time_unit = time_unit
        self.monitors: dict[str, str] = {}
        self.state = StripState()
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(theme.dp(12), 0, theme.dp(12), 0)
        self.row.setSpacing(theme.dp(6))
        self._make_controls()
        self._make_words()
        self.buttons: dict[str, Button] = {}
        self.right = QHBoxLayout()
        self.right.setSpacing(theme.dp(6))
        self.row.addLayout(self.right)
        self._make_tools()
        self.setFixedHeight(theme.dp(40))
        self.show_state(StripState())

    def _make_controls(self) -> None:
        self.run_button = Button("Run", "play", primary=True)
        self.run_button.setMinimumWidth(theme.dp(92))
        self.run_button.setToolTip("Run, pause or continue (Ctrl+Enter)")
        self.run_button.clicked.connect(self.primary)
        self.step_button = Tool("step-forward", "Single step (Ctrl+Right)", framed=True)
        self.step_button.clicked.connect(self.step)
        self.stop_button = Tool("stop", "Stop (Ctrl+.)", framed=True)
        self.stop_button.clicked.connect(self.stop)
        self.restart_button = Tool("restart", "Restart (Ctrl+Shift+R)", framed=True)
        self.restart_button.clicked.connect(self.restart)
        for part in (self.run_button, self.step_button, self.stop_button, self.restart_button):
            self.row.addWidget(part)
        self.row.addWidget(Separator())

    def _make_words(self) -> None:
        self.chip = Chip(strong=True)
        self.bar = Progress()
        self.activity = Elided("", "body", "text")
        self.detail = Elided("", "caption", "text3")
        self.row.addWidget(self.chip)
        self.row.addWidget(self.bar)
        self.row.addWidget(self.activity)
        self.row.addWidget(self.detail)
        self.rebuild_button = Button("Rebuild", "hammer")
        self.rebuild_button.clicked.connect(self.rebuild)
        self.rebuild_button.setToolTip("Build the network with the waiting values (Ctrl+B)")
        self.row.addWidget(self.rebuild_button)
        self.row.addStretch(1)

    def _make_tools(self) -> None:
        self.speed_words = Elided("Speed", "body", "text2")
        self.speed = Combo()
        self.speed.setAccessibleName("Speed")
        self.speed.addItems([words for words, _ in SPEEDS])
        self.speed.setMinimumWidth(theme.dp(120))
        self.speed.currentIndexChanged.connect(lambda i: self.speed_changed.emit(SPEEDS[i][1]))
        self.draw = Tick("Draw")
        self.draw.setChecked(True)
        self.draw.setToolTip("Off leaves a still picture and gives the model everything")
        self.draw.toggled.connect(self.draw_changed)
        self.more = Tool("dots-vertical", "Continue for, stop when")
        self.menu = QMenu(self)
        for text, call in (
            (f"Continue for… ({self.time_unit})", self.ask_duration),
            ("Stop when…", self.ask_condition),
        ):
            action = QAction(text, self)
            action.triggered.connect(call)
            self.menu.addAction(action)
        self.more.setMenu(self.menu)
        for part in (self.speed_words, self.speed, self.draw, self.more):
            self.row.addWidget(part)

    def set_procedures(self, shown: Sequence[tuple[str, str, str, str]]) -> None:
        """Buttons of the measuring procedures: (id, words, icon, help), in order.

        Each button is made once and hidden when its procedure does not apply.
        """
        wanted = {identifier for identifier, *_ in shown}
        for identifier, words, icon, help_text in shown:
            if identifier not in self.buttons:
                button = Button(words, icon)
                button.setToolTip(help_text)
                button.clicked.connect(lambda _, name=identifier: self.procedure.emit(name))
                self.buttons[identifier] = button
                self.right.addWidget(button)
            self.buttons[identifier].setText(words)
        for identifier, button in self.buttons.items():
            button.setVisible(identifier in wanted)

    def set_compact(self, compact: bool) -> None:
        """Narrow windows: procedure buttons lose their words, Speed its label."""
        self.speed_words.setVisible(not compact)
        for button in self.buttons.values():
            button.set_words(not compact)

    # ---- state ---------------------------------------------------------------------------

    def show_state(self, state: StripState) -> None:
        """Show a run's state; cheap when nothing changed."""
        before, self.state = self.state, state
        alive = state.state in ALIVE
        words = {"paused": "Continue"}.get(state.state, "Pause" if alive else "Run")
        if self.run_button.text() != words:
            self.run_button.setText(words)
            self.run_button.setAccessibleName(words)
            self.run_button.set_icon("pause" if words == "Pause" else "play")
        self.run_button.setEnabled(alive or not state.reason)
        self.step_button.setEnabled(state.state == "paused")
        self.stop_button.setEnabled(alive)
        self.restart_button.setEnabled(not state.reason)
        self.stop_button.setToolTip(f"{'Stop' if state.endless else 'Cancel'} (Ctrl+.)")
        self.stop_button.set_icon("stop" if state.endless else "cancel")
        self.more.setEnabled(alive)
        for button in self.buttons.values():
            button.setEnabled(not alive and not state.reason)
        self.chip.show_state(state.state, WORDS[state.state], icons.STATE[state.state])
        self.bar.setVisible(state.done is not None)
        if state.done is not None:
            self.bar.show_share(state.done / state.total if state.total else 0.0)
        self._say(self.activity, state.reason or state.activity)
        self._say(self.detail, state.detail)
        self.rebuild_button.setVisible(bool(state.waiting) and alive)
        if state.waiting:
            self.rebuild_button.setText(f"Rebuild ({state.waiting})")
        if before.state != state.state:
            self.setAccessibleDescription(WORDS[state.state])
            event = QAccessibleEvent(self.chip, QAccessible.Event.NameChanged)
            QAccessible.updateAccessibility(event)

    @staticmethod
    def _say(label: Elided, text: str) -> None:
        if label.text() != text:
            label.setText(text)
            label.setVisible(bool(text))

    # ---- small questions -----------------------------------------------------------------

    def ask_duration(self) -> None:
        """Ask for how long to continue."""
        value, sure = QInputDialog.getDouble(
            self, "Continue for", f"Model time ({self.time_unit})", 100.0, 0.001, 1e9, 3
        )
        if sure:
            self.continue_for.emit(value)

    def ask_condition(self) -> None:
        """Ask for a condition such as *E rate > 100 Hz*."""
        choices = [
            f"{name} {sign} … {unit}".rstrip()
            for name, unit in self.monitors.items()
            for sign in (">", "<")
        ]
        if not choices:
            return
        chosen, sure = QInputDialog.getItem(self, "Stop when", "Condition", choices, 0, False)
        if not sure:
            return
        name, sign = chosen.split(" … ")[0].rsplit(" ", 1)
        bound, sure = QInputDialog.getDouble(
            self, "Stop when", f"{name} {sign} ({self.monitors[name]})", 100.0, -1e9, 1e9, 3
        )
        if sure:
            self.stop_when.emit(name, sign == ">", bound)

    def sizeHint(self) -> QSize:
        return QSize(theme.dp(700), theme.dp(40))


def seconds_left(share: float, elapsed: float) -> str:
    """Remaining time in words, from the share done and the seconds it took."""
    if share <= 0.02 or elapsed < 1:
        return ""
    left = elapsed * (1 - share) / share
    return f"about {left:.0f} s left" if left < 100 else f"about {left / 60:.0f} min left"
