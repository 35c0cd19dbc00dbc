"""Head of a panel: study, paper, preset, what was changed, and Script, Methods, Report, Export."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QSizePolicy, QWidget

from widgets import theme
from widgets.inputs import Combo
from widgets.parts import Button, Elided, Panel, Separator
from widgets.strokes import draw_arrow


class StudyButton(QPushButton):
    """Name of the study in 12 pt with the menu of the panel's studies."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        metrics = QFontMetrics(theme.font("title"))
        return QSize(metrics.horizontalAdvance(self.text()) + theme.dp(24), theme.dp(28))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.dp(90), theme.dp(28))

    def paintEvent(self, event: QPaintEvent) -> None:
        from PySide6.QtCore import QPointF, QRect

        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font("title"))
        painter.setPen(theme.token("text"))
        room = QRect(theme.dp(2), 0, self.width() - theme.dp(20), self.height())
        text = painter.fontMetrics().elidedText(
            self.text(), Qt.TextElideMode.ElideRight, room.width()
        )
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, text)
        x = room.left() + painter.fontMetrics().horizontalAdvance(text) + theme.dp(10)
        draw_arrow(painter, QPointF(x, self.height() / 2 + 1), theme.dp(3.5), False, "text2")
        if self.hasFocus():
            painter.setPen(QPen(theme.token("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)  # the arrow left its own
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))
        painter.end()


class PanelHeader(Panel):
    """40 px, never two rows; words of the buttons go on narrow windows.

    Signals: ``study_chosen(id)``, ``citation_asked``, ``preset_chosen(name)``, ``changes_asked``,
    ``script_asked``, ``methods_asked``, ``report_asked``, ``export_asked(id)``.
    """

    study_chosen = Signal(str)
    citation_asked = Signal()
    preset_chosen = Signal(str)
    changes_asked = Signal()
    script_asked = Signal()
    methods_asked = Signal()
    report_asked = Signal()
    export_asked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("bottom", parent=parent)
        self.setFixedHeight(theme.dp(40))
        self._collapsed = False
        self.study = StudyButton()
        self.study.setToolTip("Choose another study of this panel")
        self.study.setMenu(QMenu(self.study))
        self.paper = Button("", flat=True)
        self.paper.setToolTip("How to cite the paper")
        self.paper.clicked.connect(self.citation_asked)
        self.preset = Combo()
        self.preset.setAccessibleName("Preset")
        self.preset.setMinimumWidth(theme.dp(150))
        self.preset.setMaximumWidth(theme.dp(320))
        self.preset.activated.connect(
            lambda row: self.preset_chosen.emit(str(self.preset.itemData(row)))
        )
        self.changed = Button("", "not-equal-variant", flat=True)
        self.changed.setToolTip("Compare with the preset")
        self.changed.clicked.connect(self.changes_asked)
        self.changed.hide()
        self.synthetic = Button("Synthetic data", "flask-outline", flat=True)
        self.synthetic.hide()
        self.script = Button("Script", "code-tags", flat=True)
        self.methods = Button("Methods", "text-box-outline", flat=True)
        self.report = Button("Report", "file-chart-outline", flat=True)
        self.export = Button("Export", "export-variant", flat=True)
        self.script.clicked.connect(self.script_asked)
        self.methods.clicked.connect(self.methods_asked)
        self.report.clicked.connect(self.report_asked)
        self.export.setMenu(QMenu(self.export))
        self.outputs = (self.script, self.methods, self.report, self.export)
        self._lay_out()

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.dp(10), 0, theme.dp(6), 1)
        row.setSpacing(theme.dp(6))
        self._line = Separator()
        self._preset_word = Elided("Preset", "body", "text2")
        for widget in (self.study, self.paper, self._line, self._preset_word, self.preset):
            row.addWidget(widget)
        row.setStretchFactor(self.preset, 1)
        row.addWidget(self.changed)
        row.addWidget(self.synthetic)
        row.addStretch(1)
        for button in self.outputs:
            row.addWidget(button)

    def set_studies(self, studies: Iterable[tuple[str, str, int]]) -> None:
        """Studies of this panel: (id, title, number)."""
        menu = self.study.menu()
        menu.clear()
        for identifier, title, number in studies:
            action = menu.addAction(f"{number:02d}  {title}" if number else title)
            action.triggered.connect(lambda _=False, i=identifier: self.study_chosen.emit(i))

    def set_study(self, title: str, number: int) -> None:
        """The study at hand."""
        self.study.setText(title)
        self.study.setAccessibleName(f"Study {title}")
        self.study.updateGeometry()
        self.paper.setText(f"Paper {number:02d}" if number else "")
        self.paper.setVisible(bool(number))
        self.paper.updateGeometry()

    def set_presets(self, presets: Iterable[tuple[str, str]]) -> None:
        """Presets: (name, title)."""
        self.preset.clear()
        for name, title in presets:
            self.preset.addItem(f"{name} · {title}" if title else name, name)
        words = (self.preset.itemText(i) for i in range(self.preset.count()))
        width = max((self.fontMetrics().horizontalAdvance(word) for word in words), default=0)
        wide = min(max(width + theme.dp(36), theme.dp(150)), theme.dp(320))
        self.preset.setMinimumWidth(min(wide, theme.dp(200)))
        self.preset.setMaximumWidth(wide)

    def set_preset(self, name: str) -> None:
        """The preset the form started from."""
        row = self.preset.findData(name)
        if row >= 0:
            self.preset.setCurrentIndex(row)

    def set_changed(self, count: int) -> None:
        """Number of values that differ from the preset."""
        self.changed.setVisible(count > 0)
        self.changed.setText(f"{count} changed")
        self.changed.setAccessibleName(f"{count} values differ from the preset")
        self.changed.updateGeometry()

    def set_synthetic(self, text: str) -> None:
        """Chip that says which data are synthetic; empty for none."""
        self.synthetic.setVisible(bool(text))
        self.synthetic.setToolTip(text)

    def set_exports(self, exports: Iterable[tuple[str, str]]) -> None:
        """Entries of the Export menu: (id, words); ("", "") draws a line."""
        menu = self.export.menu()
        menu.clear()
        for identifier, words in exports:
            if not identifier:
                menu.addSeparator()
                continue
            action = menu.addAction(words)
            action.triggered.connect(lambda _=False, i=identifier: self.export_asked.emit(i))

    def resizeEvent(self, event: QEvent) -> None:
        narrow = self.width() < theme.dp(1240)
        for button in (*self.outputs, self.synthetic):
            button.set_words(not narrow)
        self.paper.setVisible(bool(self.paper.text()) and self.width() >= theme.dp(860))
        self._preset_word.setVisible(self.width() >= theme.dp(760))
