"""The screen and its signals: monitor profiles, photodiode, trigger self-test, pre-flight fixes."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from backend.core.files import FileProblem
from backend.core.tasks import Task
from backend.stage import monitors
from backend.stage.monitors import MonitorProfile
from widgets import theme
from widgets.banner import Banner
from widgets.inputs import Combo
from widgets.parts import Button, Words

if TYPE_CHECKING:
    from app.panels.stage.panel import StagePanel

SLOW_MS = 200


class ScreenSettings(QWidget):
    """Foot of the Session column: which screen, which monitor profile."""

    def __init__(self, panel: StagePanel) -> None:
        super().__init__(panel)
        self.panel = panel
        self.monitor: MonitorProfile = monitors.profiles()[0]
        self.screen_box = Combo()
        self.screen_box.setAccessibleName("Screen of the stage")
        self.monitors = Combo()
        self.monitors.setAccessibleName("Monitor profile")
        self.edit_monitor = Button("Edit…", "tune", flat=True)
        self.test: Task | None = None
        self.test_timer = QTimer(self)
        self.test_timer.setInterval(SLOW_MS)
        self.test_timer.timeout.connect(self._tested)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.dp(12), theme.dp(8), theme.dp(12), theme.dp(4))
        column.setSpacing(theme.dp(6))
        for word, widget, extra in (
            ("Screen", self.screen_box, None),
            ("Monitor", self.monitors, self.edit_monitor),
        ):
            line = QHBoxLayout()
            label = Words(word, "body", "text2")
            label.setFixedWidth(theme.dp(56))
            line.addWidget(label)
            line.addWidget(widget, 1)
            if extra is not None:
                line.addWidget(extra)
            column.addLayout(line)
        self.monitors.activated.connect(lambda row: self.use_monitor(self.monitors.itemData(row)))
        self.edit_monitor.clicked.connect(self.ask_monitor)
        self.screen_box.activated.connect(lambda _: panel.conduct.forget_check())

    def fix(self, what: str) -> None:
        """A button of the pre-flight page."""
        conduct = self.panel.conduct
        facts = conduct.facts
        if what == "awake":
            conduct.link.tell("awake")
            conduct.check()
        elif what == "again":
            conduct.check()
        elif what == "use-rate" and facts is not None:
            self._keep_monitor(dataclasses.replace(self.monitor, hz=round(facts.hz, 3)))
        elif what == "use-size" and facts is not None:
            pitch, across, down = self.monitor.mm_per_px, facts.width_px, facts.height_px
            self._keep_monitor(dataclasses.replace(
                self.monitor, width_px=across, height_px=down,
                width_mm=across * pitch, height_mm=down * pitch,
            ))  # fmt: skip

    def _keep_monitor(self, profile: MonitorProfile) -> None:
        try:
            monitors.save(profile)
        except FileProblem as problem:
            self.panel.say("The profile was not kept", str(problem))
        self.use_monitor(profile)

    def use_monitor(self, profile: MonitorProfile) -> None:
        """Plan and draw for another monitor profile."""
        self.monitor = profile
        self.list_screens()
        self.panel.conduct.show_preflight()
        self.panel._session_changed()

    def ask_monitor(self) -> None:
        from app.panels.stage.monitor_dialog import MonitorDialog

        dialog = MonitorDialog(self.monitor, self.panel)
        dialog.accepted_with.connect(self._keep_monitor)
        dialog.open()

    def list_screens(self) -> None:
        here = self.screen_box.currentData()
        self.screen_box.clear()
        for number, one in enumerate(QGuiApplication.screens(), 1):
            size = one.size()
            words = f"{number}: {size.width()} × {size.height()}, {one.refreshRate():.0f} Hz"
            self.screen_box.addItem(words, one.name())
        row = self.screen_box.findData(here)
        self.screen_box.setCurrentIndex(row if row >= 0 else self.screen_box.count() - 1)
        self.monitors.clear()
        known = monitors.profiles()
        if self.monitor not in known:
            known = [self.monitor, *[p for p in known if p.name != self.monitor.name]]
        for profile in known:
            self.monitors.addItem(profile.name, profile)
        self.monitors.setCurrentIndex(known.index(self.monitor))

    def ask_diode(self) -> None:
        from app.panels.stage.diode import DiodeDialog

        dialog = DiodeDialog(self.panel)
        dialog.accepted_with.connect(self._start_diode)
        dialog.open()

    def _start_diode(self, port: str) -> None:
        self.panel.conduct.state = "diode"
        self.panel.conduct.link.tell(
            "diode", port=port, triggers=self.panel.history.parameters.outputs
        )
        self.panel.conduct.changed.emit()

    def test_triggers(self) -> None:
        """Send codes round a loop and say how long they took."""
        from backend.stage import triggers

        parameters = self.panel.history.parameters

        def work(task: Any) -> list[str]:
            found = []
            if parameters.triggers == "lsl":
                found.append(triggers.loop_lsl().sentence)
            else:
                port = parameters.port if parameters.triggers == "serial" else "loop://"
                found.append(triggers.loop_serial(port or "loop://").sentence)
            return found

        self.test = self.panel.window_.runner.task("Test triggers", work, "stage")
        self.test_timer.start()

    def _tested(self) -> None:
        if self.test is None or not self.test.finished:
            return
        self.test_timer.stop()
        failure = self.test.failure
        text = failure.text if failure is not None else " ".join(self.test.result or [])
        self.panel.banners.show_banner("triggers", Banner("Trigger self-test", text, "warning"))
