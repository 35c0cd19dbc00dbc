"""The navigation rail: one button a panel, a dot while a run of that panel is alive."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolBar, QToolButton, QWidget

from app.actions import PANELS
from widgets import icons, theme


class RailButton(QToolButton):
    """Icon above word, accent bar when active, dot when a run is alive."""

    def __init__(self, action: QAction, icon: str) -> None:
        super().__init__()
        self.setDefaultAction(action)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        self.setAccessibleName(action.text())
        self.icon_name = icon
        self.alive = False
        self.restyle()

    def restyle(self) -> None:
        """Sizes and fonts of the theme in force."""
        self.setFixedSize(theme.dp(60), theme.dp(54))
        self.setIconSize(QSize(theme.dp(22), theme.dp(22)))
        self.setFont(theme.font("caption"))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        active = self.isChecked()
        if active:
            painter.fillRect(self.rect(), theme.token("panel"))
            painter.fillRect(0, 0, theme.dp(3), self.height(), theme.token("accent"))
        elif self.underMouse():
            painter.fillRect(self.rect(), theme.token("window"))
        role = "accent" if active else "text2"
        size = theme.dp(22)
        picture = icons.pixmap(self.icon_name, role, size, self.devicePixelRatioF())
        painter.drawPixmap((self.width() - size) // 2, theme.dp(8), picture)
        painter.setFont(self.font())
        painter.setPen(theme.token(role))
        words = self.rect().adjusted(0, theme.dp(32), 0, -theme.dp(4))
        painter.drawText(words, Qt.AlignmentFlag.AlignCenter, self.text())
        if self.hasFocus():
            painter.setPen(theme.token("accent"))
            painter.drawRect(self.rect().adjusted(1, 1, -2, -2))
        if self.alive:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.token("accent"))
            painter.drawEllipse(
                QPointF(self.width() - theme.dp(12), theme.dp(10)), theme.dp(4), theme.dp(4)
            )
        painter.end()


class Rail(QToolBar):
    """Left tool bar with the panels and the settings button.

    Signals: ``chosen(panel id)``, ``settings_asked()``.
    """

    chosen = Signal(str)
    settings_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Panels", parent)
        self.setObjectName("rail")
        self.setMovable(False)
        self.setFloatable(False)
        self.setOrientation(Qt.Orientation.Vertical)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self._group = QActionGroup(self)
        self.buttons: dict[str, RailButton] = {}
        for number, entry in enumerate(PANELS, 1):
            action = QAction(entry.word, self)
            action.setCheckable(True)
            action.setShortcut(f"Ctrl+{number % 10}")
            action.setToolTip(f"{entry.word} (Ctrl+{number % 10})")
            action.triggered.connect(lambda _, name=entry.id: self.chosen.emit(name))
            self._group.addAction(action)
            button = RailButton(action, entry.icon)
            self.addWidget(button)
            self.buttons[entry.id] = button
        spacer = QWidget()
        spacer.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.addWidget(spacer)
        settings = QAction("Settings", self)
        settings.triggered.connect(lambda: self.settings_asked.emit())
        self.settings_button = RailButton(settings, "cog-outline")
        self.addWidget(self.settings_button)
        self.restyle()
        theme.signals().changed.connect(self.restyle)

    def restyle(self) -> None:
        """Follow the theme."""
        ground, edge = theme.token("rail").name(), theme.token("border").name()
        self.setStyleSheet(
            f"QToolBar#rail{{background:{ground};border:0;border-right:1px solid {edge};"
            f"padding:{theme.dp(4)}px;spacing:{theme.dp(2)}px}}"
        )
        self.setFixedWidth(theme.dp(68))
        for button in [*self.buttons.values(), self.settings_button]:
            button.restyle()

    def show_active(self, panel: str) -> None:
        """Mark a panel as the one shown."""
        self.buttons[panel].defaultAction().setChecked(True)

    def show_alive(self, panel: str, alive: bool) -> None:
        """Show or hide the dot of a living run."""
        button = self.buttons[panel]
        if button.alive != alive:
            button.alive = alive
            button.update()
